import type { Burst } from '../../analysis/logs/bursts.ts'
import type { RefusalEvent } from '../../analysis/logs/events.ts'
import type { FailureGroup } from '../../analysis/logs/failures.ts'
import type { LogScan } from '../../analysis/logs/log-scan.ts'
import { providerName } from '../../analysis/windows.ts'
import { counted, listed, printable } from '../../core/text.ts'
import type { Refusal } from '../../wire/refusals.ts'
import type { Facts, IncidentScope } from './incident-context.ts'
import { told } from './read-facts.ts'

/** "Repeated" in the runbook's headings: once is an accident, twice a coincidence. */
export const REPEATED = 3

/** The party of a refusal whose provider neither log nor configuration names. */
export const UNNAMED_PROVIDER = 'a provider'

/** How often clients were refused so. */
export function refusedTimes(scan: LogScan, matches: (event: RefusalEvent) => boolean): number {
  let count = 0
  for (const event of scan.refusals) if (matches(event)) count++
  return count
}

/** Failures of providers with one of these statuses, as far as they are in the scope. */
export function failuresWith(
  facts: Facts,
  scope: IncidentScope,
  matches: (status: number | null) => boolean,
): readonly FailureGroup[] {
  const groups = told(facts.log)?.scan.upstream.groups ?? []
  return groups.filter((group) => matches(group.status) && inScope(group, scope))
}

export function inScope(
  { provider, model }: { readonly provider: string | null; readonly model: string | null },
  scope: IncidentScope,
): boolean {
  const named = provider === null ? null : providerName(provider)
  if (scope.provider !== null && named !== providerName(scope.provider)) return false
  if (scope.models.length > 0 && (model === null || !scope.models.includes(model))) return false
  return scope.prefix === null || model === null || model.startsWith(`${scope.prefix}/`)
}

export function total(groups: readonly { readonly count: number }[]): number {
  return groups.reduce((sum, { count }) => sum + count, 0)
}

/** Server errors, time-outs and broken streams: a provider that fails by itself. 429 and 40x have causes of their own. */
export function isTrouble(status: number | null): boolean {
  return status === null || status === 408 || status >= 500
}

/** `31 server errors (500, 502)`, `12 failures without a status in the log`. */
export function failureWords(groups: readonly FailureGroup[]): string {
  const statuses = [...new Set(groups.flatMap(({ status }) => status ?? []))].sort()
  return statuses.length === 0
    ? `${counted(total(groups), 'failure')} without a status in the log,`
    : `${counted(total(groups), 'server error')} (${statuses.join(', ')})`
}

/** The masked credentials of some failures, for one line. */
export function credentialWords(groups: readonly FailureGroup[]): string {
  return listed([...new Set(groups.flatMap(({ credential }) => credential ?? []))], 3) || 'not named'
}

/** Who is asked about: somebody else's burst says nothing of it. `provider` null: one that the log does not name. */
export type BurstParty =
  | { readonly kind: 'anybody' }
  | { readonly kind: 'gateway' }
  | { readonly kind: 'provider'; readonly provider: string | null }

/** Since when a sustained burst of these statuses by this party is going on; null when there is none. */
export function ongoingSince(facts: Facts, statuses: readonly number[], party: BurstParty): number | null {
  const bursts = told(facts.log)?.bursts ?? []
  const own = bursts.filter(
    (burst) => burst.state === 'ongoing' && statuses.includes(burst.status) && isOf(burst, party),
  )
  return own.length === 0 ? null : Math.min(...own.map(({ startMs }) => startMs))
}

/** One chain of events can hold those of several parties; a few strangers among them make it nobody else's. */
function isOf(burst: Burst, party: BurstParty): boolean {
  if (party.kind === 'anybody') return true
  if (burst.kind === 'client' && burst.routeClass !== 'client-api') return false
  const local = burst.kind === 'client' ? burst.origins.local : 0
  if (party.kind === 'gateway') return local >= REPEATED
  if (local === burst.count) return false
  const { provider } = party
  if (provider === null || burst.providers.length === 0) return true
  return burst.providers.some(({ name, count }) => sameProvider(name, provider) && count >= REPEATED)
}

function sameProvider(a: string, b: string): boolean {
  return providerName(a) === providerName(b)
}

/** What a provider said when it refused one of these models, by the log's own lines, else by the error logs. */
export function wordsOf(
  facts: Facts,
  provider: string | null,
  models: readonly string[],
  matches: (refusal: Refusal) => boolean,
): Refusal | null {
  const lines = (told(facts.log)?.words ?? []).filter(
    (one) => (provider === null || one.provider === provider) && models.includes(one.model),
  )
  const dumps = (told(facts.refusals) ?? []).filter(({ model }) => model !== null && models.includes(model))
  return [...lines, ...dumps].map(({ refusal }) => refusal).find(matches) ?? null
}

/**
 * What clients ask for when a log names a model: failure lines have the provider's name for it, others the client's
 * (contract, files 4.5). The name itself where the configuration does not tell.
 */
export function clientIds(
  facts: Facts,
  provider: string | null,
  models: readonly string[],
): readonly string[] {
  const offers = told(facts.config)?.offers
  const ids = models.flatMap((model) => {
    if (!offers || offers.byId.has(model)) return [model]
    const own = offers.list.filter(
      ({ credential }) =>
        provider === null || providerName(credential.providerKey) === providerName(provider),
    )
    const behind = own.flatMap(({ ids: offered }) =>
      offered.filter(({ items }) => items.some(({ name }) => name === model)).map(({ id }) => id),
    )
    return behind.length > 0 ? behind : [model]
  })
  return [...new Set(ids)]
}

/** Wanted ids that the gateway does not list at the moment; none where the list could not be read. */
export function unlisted(facts: Facts, ids: readonly string[]): readonly string[] {
  if (facts.models.kind !== 'list' || facts.models.list.hasMore) return []
  const listed = new Set(facts.models.list.models.map(({ id }) => id))
  return ids.filter((id) => !listed.has(id))
}

/** The first few names, cleaned. */
export function modelWords(models: readonly string[]): string {
  return listed(
    models.map((model) => printable(model, 60)),
    3,
  )
}
