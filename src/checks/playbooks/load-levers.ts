import { refOf } from '../../analysis/config/edit-types.ts'
import type { Settings } from '../../analysis/config/model.ts'
import { counted, listed } from '../../core/text.ts'
import { type Answerer, answerersOf } from './answerers.ts'
import type { Facts } from './incident-context.ts'
import type { LimitCause, LimitKind } from './limits.ts'
import type { EditRemedy } from './playbook.ts'
import { told } from './read-facts.ts'

/** A gateway on its own has no limit of concurrency: `credential-concurrency` is for clusters (contract, files 1.2). */
export const NO_CONCURRENCY_LIMIT = 'the gateway has no limit of concurrency'

/** What fewer requests help against; a used-up quota is not among them. */
const BY_LOAD: readonly LimitKind[] = ['short-limit', 'capacity', 'upstream-errors']

/** Changes that send a limited provider fewer requests and take no model from anybody, the gentlest first. */
export function loadRemedies(facts: Facts, causes: readonly LimitCause[]): readonly EditRemedy[] {
  const config = told(facts.config)?.offers.config
  const busy = causes.filter(({ kind }) => BY_LOAD.includes(kind))
  if (config === undefined || busy.length === 0) return []
  return [
    ...retriesRemedy(config.settings),
    ...spreadRemedy(facts, config.settings, busy),
    ...stepBackRemedy(facts, busy),
  ]
}

function retriesRemedy({ requestRetry }: Settings): EditRemedy[] {
  if (requestRetry === 0) return []
  return [
    {
      kind: 'edit',
      name: 'retries',
      title: `request-retry ${requestRetry} to 0: no ${requestRetry === 1 ? 'second round' : 'further rounds'} for a refused request`,
      edits: [{ kind: 'set-setting', key: 'request-retry', value: 0 }],
      askFirst: [],
      mind: `${NO_CONCURRENCY_LIMIT}; its retries multiply what a provider gets. Clients see a refusal at once and have to wait themselves; it holds for every provider`,
      proof: { kind: 'time' },
    },
  ]
}

/** Under fill-first one credential takes everything until it fails (contract, files 1.9). */
function spreadRemedy(facts: Facts, { strategy }: Settings, causes: readonly LimitCause[]): EditRemedy[] {
  const [wide] = hotAnswerers(facts, causes).filter(({ answerer }) => answerer.credentials > 1)
  if (strategy !== 'fill-first' || wide === undefined) return []
  return [
    {
      kind: 'edit',
      name: 'spread',
      title: `routing.strategy fill-first to round-robin: spread the requests over the ${wide.answerer.credentials} credentials of ${wide.answerer.label}`,
      edits: [{ kind: 'set-setting', key: 'routing.strategy', value: 'round-robin' }],
      askFirst: [],
      mind: `${NO_CONCURRENCY_LIMIT}; each credential then gets a share instead of everything. Prompt caches of one account are hit less; it holds for every provider`,
      proof: { kind: 'time' },
    },
  ]
}

/** Where another provider answers the same name, the limited one is asked only when that one fails. */
function stepBackRemedy(facts: Facts, causes: readonly LimitCause[]): EditRemedy[] {
  const shared = hotAnswerers(facts, causes).flatMap(({ id, answerer, others }) => {
    const beside = others.filter(({ priority }) => priority === answerer.priority)
    return answerer.entry !== null && beside.length > 0
      ? [{ id, entry: answerer.entry, answerer, beside }]
      : []
  })
  const [first] = shared
  if (first === undefined) return []
  const { entry, answerer, beside } = first
  const ids = shared.filter((one) => one.entry === entry).map(({ id }) => id)
  const below = answerer.priority - 1
  return [
    {
      kind: 'edit',
      name: 'priority',
      title: `lower ${answerer.label} to priority ${below}: ${listed(
        beside.map(({ label }) => label),
        2,
      )} answers ${listed(ids, 3)} first`,
      edits: [{ kind: 'set-priority', entry: refOf(entry), priority: below }],
      askFirst: [],
      mind: 'the priority holds for every model of the block; where it alone offers a model nothing changes',
      proof: { kind: 'symptom' },
    },
  ]
}

interface HotAnswerer {
  readonly id: string
  readonly answerer: Answerer
  readonly others: readonly Answerer[]
}

/** Who answers the limited models at the limited provider, and who else does. */
export function hotAnswerers(facts: Facts, causes: readonly LimitCause[]): readonly HotAnswerer[] {
  const offers = told(facts.config)?.offers
  if (offers === undefined) return []
  return causes.flatMap(({ provider, models }) =>
    models.flatMap((id) => {
      const all = answerersOf(facts, offers, id)
      const own = all.filter((one) => one.provider === provider)
      return own.map((answerer) => ({ id, answerer, others: all.filter((one) => !own.includes(one)) }))
    }),
  )
}

/** What the gateway itself makes of one request, for a person: rounds of retries, and how it spreads. */
export function loadWords({ requestRetry, strategy }: Settings): string {
  const rounds =
    requestRetry === 0
      ? 'request-retry 0: a refused request is not tried in further rounds'
      : `request-retry ${requestRetry}: a refused request is tried in up to ${counted(requestRetry + 1, 'round')} over all credentials`
  return `${NO_CONCURRENCY_LIMIT}; ${rounds}; ${strategy === 'fill-first' ? 'fill-first: one credential takes everything until it fails' : `${strategy} over the credentials`}`
}
