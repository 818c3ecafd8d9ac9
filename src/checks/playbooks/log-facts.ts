import type { RefusalEvent } from '../../analysis/logs/events.ts'
import type { FailureGroup } from '../../analysis/logs/failures.ts'
import type { LogScan } from '../../analysis/logs/log-scan.ts'
import { providerName } from '../../analysis/windows.ts'
import { listed, printable } from '../../core/text.ts'
import type { Refusal } from '../../wire/refusals.ts'
import type { Facts, IncidentScope } from './incident-context.ts'
import { told } from './read-facts.ts'

/** "Repeated" in the runbook's headings: once is an accident, twice a coincidence. */
export const REPEATED = 3

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

/** Whether a sustained burst of these statuses is going on, and since when. */
export function ongoingSince(facts: Facts, statuses: readonly number[]): number | null {
  const bursts = told(facts.log)?.bursts ?? []
  const [first] = bursts.filter(({ status, state }) => state === 'ongoing' && statuses.includes(status))
  return first?.startMs ?? null
}

/** `2026-11-28T02:34Z`. */
export function instantOf(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16)}Z`
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
