import { type Cause, whyMissing } from '../../analysis/config/why-missing.ts'
import { counted, instantOf, printable, span } from '../../core/text.ts'
import { momentMs } from '../../wire/moments.ts'
import type { ConfigView, Facts, IncidentContext } from './incident-context.ts'
import { REPEATED } from './log-facts.ts'
import { told } from './read-facts.ts'

/** An id that is not listed, and the first cause that explains it. */
export interface Missing {
  readonly id: string
  /** Somebody asked for it: by flag, by `expect-models`, or by a configuration that offers it. */
  readonly wanted: boolean
  readonly cause:
    | { readonly kind: 'config'; readonly cause: Cause }
    | { readonly kind: 'suspended'; readonly saw: string; readonly unserved: boolean }
    /** It is listed, and the provider does not know it. */
    | { readonly kind: 'unserved'; readonly saw: string }
    | { readonly kind: 'not-known' }
}

/** What is wanted and not listed; null where the list does not tell. */
export function missingIn(facts: Facts, context: IncidentContext): readonly Missing[] | null {
  if (facts.models.kind !== 'list' || facts.models.list.hasMore) return null
  const listedIds = new Set(facts.models.list.models.map(({ id }) => id))
  const config = told(facts.config)
  const named = [...context.scope.models, ...context.expectedModels]
  const ids = named.length > 0 ? named : expectedIds(facts)
  return [...new Set(ids)]
    .filter((id) => !listedIds.has(id))
    .map((id) => ({ id, ...causeOf(id, facts, config, named.includes(id)) }))
}

/** Ids that are listed although the provider refuses them as unknown, by the newest error logs. */
export function unservedIn(facts: Facts, { scope, spark }: IncidentContext): readonly Missing[] {
  if (facts.models.kind !== 'list') return []
  const refused = (told(facts.refusals) ?? []).filter(
    ({ refusal }) => refusal.by === 'provider' && refusal.cause === 'model',
  )
  const isWanted = ({ id }: { id: string }) =>
    id !== spark.model && (scope.models.length === 0 || scope.models.includes(id))
  return facts.models.list.models.filter(isWanted).flatMap(({ id }): Missing[] => {
    const own = refused.filter(({ model }) => model === id)
    const [first] = own
    if (first === undefined || own.length < REPEATED) return []
    const saw = `listed, and the provider refuses it: ${counted(own.length, 'error log')} of ${first.refusal.status} "${printable(first.refusal.message, 80)}"`
    return [{ id, wanted: true, cause: { kind: 'unserved', saw } }]
  })
}

/** What should be listed by what the configuration and the accounts offer. */
export function expectedIds(facts: Facts): readonly string[] {
  const config = told(facts.config)
  return [...(config ? candidates(config) : []), ...facts.accountModels.flatMap(({ ids }) => ids)]
}

/** Ids that some entry holds, whether it comes out of it or not. */
function candidates({ offers }: ConfigView): string[] {
  const written = offers.config.entries.flatMap(({ models }) =>
    models.flatMap(({ id, kept }) => (kept && id !== '' ? [id] : [])),
  )
  return [...new Set([...offers.byId.keys(), ...(offers.config.settings.forceModelPrefix ? [] : written)])]
}

function causeOf(id: string, facts: Facts, config: ConfigView | null, named: boolean): Omit<Missing, 'id'> {
  const registered = facts.accountModels.some(({ ids }) => ids.includes(id))
  const explanation = config ? whyMissing(config.offers, id) : null
  if (explanation?.kind === 'offered' || registered)
    return { wanted: true, cause: { kind: 'suspended', ...suspension(id, facts) } }
  if (explanation === null) return { wanted: named, cause: { kind: 'not-known' } }
  return { wanted: named, cause: { kind: 'config', cause: explanation.causes[0] } }
}

/** What is known of a bench: the words of the last refusal, and the end where an account tells it. */
function suspension(id: string, facts: Facts): { saw: string; unserved: boolean } {
  const dump = told(facts.refusals)?.find(
    ({ model, refusal }) => refusal.by === 'provider' && (model === id || model?.endsWith(`/${id}`)),
  )
  const group = told(facts.log)?.scan.upstream.groups.find(
    ({ model }) => model === id || model?.endsWith(`/${id}`),
  )
  const holders = facts.accountModels.filter(({ ids }) => ids.includes(id)).map(({ file }) => file)
  const untilMs = (told(facts.accounts) ?? [])
    .filter(({ name }) => holders.includes(name))
    .flatMap(({ nextRetryAfter }) => momentMs(nextRetryAfter) ?? [])
    .sort((a, b) => a - b)[0]
  const status = group?.status ?? dump?.refusal.status ?? null
  const until =
    untilMs === undefined
      ? suspensionLength(status)
      : `until ${instantOf(untilMs)}, ${span(untilMs - facts.atMs)} from now`
  const words = dump && dump.refusal.by === 'provider' ? `: "${printable(dump.refusal.message, 80)}"` : ''
  return {
    saw: `${holders.length > 0 ? 'an account has it' : 'the configuration offers it'} and the gateway does not list it: its credentials are suspended (${until})${status === null ? '' : `, last refusal ${status}`}${words}`,
    unserved: status === 404 || dump?.refusal.cause === 'model' || dump?.refusal.cause === 'entitlement',
  }
}

/** Contract, HTTP 7.4. */
function suspensionLength(status: number | null): string {
  if (status === 401 || status === 402 || status === 403) return 'for up to 30 minutes'
  return status === 400 || status === 404 ? 'for up to 12 hours' : 'for 30 minutes or 12 hours'
}

/** The cause as one line. */
export function causeWords({ cause }: Missing): string {
  switch (cause.kind) {
    case 'config':
      return `${cause.cause.message}${cause.cause.at === null ? '' : ` (line ${cause.cause.at.line})`}`
    case 'suspended':
    case 'unserved':
      return cause.saw
    case 'not-known':
      return 'the configuration could not be read, so nothing explains it'
  }
}
