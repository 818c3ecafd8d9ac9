import { benchOfAccount, stalenessOf } from '../../analysis/quota/bench.ts'
import { maskFileName } from '../../analysis/quota/names.ts'
import { providerName } from '../../analysis/windows.ts'
import { counted, listed, percent, printable, span } from '../../core/text.ts'
import { ratioLevel, type Thresholds } from '../../core/thresholds.ts'
import type { RefusalCause } from '../../wire/refusal-rules.ts'
import type { Facts, IncidentScope } from './incident-context.ts'
import {
  clientIds,
  failuresWith,
  inScope,
  instantOf,
  ongoingSince,
  REPEATED,
  refusedTimes,
  total,
  wordsOf,
} from './log-facts.ts'
import { told } from './read-facts.ts'

/** What stands behind a 429, or behind a provider that answers 5xx for want of capacity. */
export type LimitKind =
  | 'stale-cooldown'
  | 'local-cooldown'
  | 'plan-quota'
  | 'short-limit'
  | 'money'
  | 'capacity'
  | 'policy'

export interface LimitCause {
  readonly kind: LimitKind
  readonly provider: string
  readonly models: readonly string[]
  readonly saw: string
  /** Clients feel it, or will: the rest is a sign. */
  readonly severe: boolean
  /** When the first credential is back; null: not told. */
  readonly untilMs: number | null
  /** For the reset of a cooldown. */
  readonly authIndex: string | null
}

/** Everything that limits providers within the scope, the most telling first. */
export function limitCauses(
  facts: Facts,
  scope: IncidentScope,
  thresholds: Thresholds,
): readonly LimitCause[] {
  return [
    ...benchCauses(facts, scope),
    ...refusalCauses(facts, scope),
    ...localCauses(facts, scope),
    ...troubleCauses(facts, scope, thresholds),
  ]
}

/** Accounts that the gateway itself holds back for their quota. */
function benchCauses(facts: Facts, scope: IncidentScope): LimitCause[] {
  return (told(facts.accounts) ?? []).flatMap((account): LimitCause[] => {
    const bench = benchOfAccount(account, facts.atMs)
    if (
      bench?.cause !== 'quota' ||
      !inScope({ provider: account.provider, model: null }, { ...scope, models: [], prefix: null })
    )
      return []
    const stale = stalenessOf(bench, null, facts.atMs)
    const left =
      bench.untilMs === null ? '' : ` until ${instantOf(bench.untilMs)} (${span(bench.untilMs - facts.atMs)})`
    const models = facts.accountModels.find(({ file }) => file === account.name)?.ids ?? []
    return [
      {
        kind: stale ? 'stale-cooldown' : 'local-cooldown',
        provider: providerName(account.provider),
        models,
        saw: `${printable(maskFileName(account.name, account.email), 60)} is benched by the gateway${left}: "${printable(account.statusMessage ?? '', 60)}"${stale ? '; so long a bench often outlasts its quota, and nothing reaches the provider that could tell' : ''}`,
        severe: true,
        untilMs: bench.untilMs,
        authIndex: account.authIndex,
      },
    ]
  })
}

const KINDS: Partial<Record<RefusalCause, LimitKind>> = {
  quota: 'plan-quota',
  rate: 'short-limit',
  capacity: 'capacity',
  money: 'money',
  policy: 'policy',
  upstream: 'capacity',
}

/** 429 that providers answered, with what their words say of the limit. */
function refusalCauses(facts: Facts, scope: IncidentScope): LimitCause[] {
  const groups = failuresWith(facts, scope, (status) => status === 429)
  const dumps = (told(facts.refusals) ?? []).filter(
    ({ refusal }) => refusal.by === 'provider' && refusal.status === 429,
  )
  const providers = [...new Set(groups.map(({ provider }) => provider))]
  const fromLog = providers.flatMap((provider): LimitCause[] => {
    const own = groups.filter((group) => group.provider === provider)
    if (total(own) < REPEATED) return []
    const named = [...new Set(own.flatMap(({ model }) => model ?? []))]
    const models = clientIds(facts, provider, named)
    const words = wordsOf(facts, provider, models, ({ by, cause }) => by !== 'gateway' && cause in KINDS)
    const waitMs = words?.wait?.delayMs ?? null
    const since = ongoingSince(facts, [429])
    return [
      {
        kind: words === null ? 'short-limit' : (KINDS[words.cause] ?? 'short-limit'),
        provider: provider === null ? 'a provider' : providerName(provider),
        models,
        saw: `${counted(total(own), 'refusal')} 429 by ${provider ?? 'a provider'} for ${listed(
          models.map((m) => printable(m, 60)),
          3,
        )}, credential ${listed([...new Set(own.flatMap(({ credential }) => credential ?? []))], 3) || 'not named'}${since === null ? '' : ', still going'}${words === null ? '' : `: "${printable(words.message, 80)}"`}`,
        severe: since !== null,
        untilMs: waitMs === null ? null : facts.atMs + waitMs,
        authIndex: null,
      },
    ]
  })
  const [first] = dumps
  if (
    fromLog.length > 0 ||
    first === undefined ||
    !inScope({ provider: scope.provider, model: first.model }, scope)
  )
    return fromLog
  return [
    {
      kind: KINDS[first.refusal.cause] ?? 'short-limit',
      provider: 'a provider',
      models: [...new Set(dumps.flatMap(({ model }) => model ?? []))],
      saw: `${counted(dumps.length, 'error log')} of 429: "${printable(first.refusal.message, 80)}"`,
      severe: false,
      untilMs: first.refusal.wait === null ? null : facts.atMs + first.refusal.wait.delayMs,
      authIndex: null,
    },
  ]
}

/** 429 that the gateway answered by itself, where no account shows a bench: keys of config.yaml do not. */
function localCauses(facts: Facts, scope: IncidentScope): LimitCause[] {
  const scan = told(facts.log)?.scan
  if (!scan || scope.models.length > 0) return []
  const local = refusedTimes(
    scan,
    ({ status, origin, routeClass, provider }) =>
      status === 429 &&
      origin === 'local' &&
      routeClass === 'client-api' &&
      inScope({ provider, model: null }, scope),
  )
  if (local < REPEATED) return []
  const cooling = scan.models.filter(({ coolingLines }) => coolingLines > 0).map(({ model }) => model)
  return [
    {
      kind: 'local-cooldown',
      provider: 'gateway',
      models: cooling,
      saw: `the gateway itself answered 429 ${counted(local, 'time')}${cooling.length > 0 ? ` for ${listed(cooling, 3)}` : ''}: every credential is benched, and nothing reached the provider`,
      severe: ongoingSince(facts, [429]) !== null,
      untilMs: null,
      authIndex: null,
    },
  ]
}

/** So few failures that were hidden are the noise of any hour. */
const TELLING_HIDDEN = 10

/** Providers that fail with 5xx or inside their streams: overload, which a shift of traffic cures like a limit. */
function troubleCauses(facts: Facts, scope: IncidentScope, thresholds: Thresholds): LimitCause[] {
  const groups = failuresWith(facts, scope, (status) => status === null || status === 408 || status >= 500)
  const providers = [...new Set(groups.flatMap(({ provider }) => provider ?? []))]
  return providers.flatMap((provider): LimitCause[] => {
    const own = groups.filter((group) => group.provider === provider)
    const hidden = own.reduce((sum, group) => sum + group.hidden, 0)
    const window = facts.windows.find((one) => one.provider === providerName(provider))
    const level = window ? ratioLevel(window.failures, window.requests, thresholds['error-ratio']) : 'too-few'
    const failing = level === 'warn' || level === 'critical'
    if (!(failing && total(own) >= REPEATED) && hidden < TELLING_HIDDEN) return []
    const share =
      window && window.requests > 0
        ? `, ${percent(window.failures / window.requests)} of its last ${window.requests} requests`
        : ''
    const models = clientIds(facts, provider, [...new Set(own.flatMap(({ model }) => model ?? []))])
    return [
      {
        kind: 'capacity',
        provider: providerName(provider),
        models,
        saw: `${counted(total(own), 'failure')} of ${providerName(provider)} (no limit, no refusal)${share}, credential ${listed([...new Set(own.flatMap(({ credential }) => credential ?? []))], 3) || 'not named'}${hidden > 0 ? `; ${counted(hidden, 'one', 'of them')} behind a status 200: fail-over hid it, or the stream broke with an error inside` : ''}`,
        severe: level === 'critical' || hidden >= TELLING_HIDDEN,
        untilMs: null,
        authIndex: null,
      },
    ]
  })
}

export const LIMIT_ACTIONS: {
  readonly [Kind in LimitKind]: { readonly means: string; readonly next: string }
} = {
  'stale-cooldown': {
    means: 'the gateway answers 429 by itself, whatever the provider would say',
    next: 'end the cooldown with the reset command of rate-limit.proposal, then ask once',
  },
  'local-cooldown': {
    means: 'every credential of the model is benched; the gateway answers by itself within milliseconds',
    next: 'wait for the first credential, or add one; nothing reaches the provider meanwhile',
  },
  'plan-quota': {
    means:
      'the quota of the plan is used up until its window ends; retrying costs full prompts and changes nothing',
    next: 'add a credential with quota, or move traffic until the reset',
  },
  'short-limit': {
    means: 'too many requests for a short limit of the provider',
    next: 'lower the concurrency of clients, add a key to the block, or move part of the traffic',
  },
  money: {
    means: 'the account has to pay before it may go on',
    next: 'settle the bill; no wait and no reset helps',
  },
  capacity: {
    means: 'the provider fails or is overloaded; no quota of yours is involved and no key helps',
    next: 'move the traffic to a fallback prefix until the provider is well',
  },
  policy: {
    means: 'the provider refuses what the prompt asks for, and calls it a limit',
    next: 'ask a neutral prompt with the same account: when that answers, the prompt is the cause',
  },
}
