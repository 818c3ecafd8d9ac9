import type { FailureGroup } from '../../analysis/logs/failures.ts'
import { providerName } from '../../analysis/windows.ts'
import { counted, listed, percent, printable } from '../../core/text.ts'
import { ratioLevel, type Thresholds } from '../../core/thresholds.ts'
import type { RefusalCause } from '../../wire/refusal-rules.ts'
import type { Refusal } from '../../wire/refusals.ts'
import { soleProvider } from './answerers.ts'
import type { LoggedRefusal } from './error-log.ts'
import type { Facts, IncidentScope } from './incident-context.ts'
import { benchCauses } from './limit-benches.ts'
import { countedCauses, unavailableCauses } from './limit-untold.ts'
import type { LimitCause, LimitKind } from './limits.ts'
import {
  clientIds,
  failuresWith,
  inScope,
  modelWords,
  ongoingSince,
  REPEATED,
  refusedTimes,
  total,
  wordsOf,
} from './log-facts.ts'
import { told } from './read-facts.ts'

/** Everything that limits providers within the scope, the most telling first. */
export function limitCauses(
  facts: Facts,
  scope: IncidentScope,
  thresholds: Thresholds,
): readonly LimitCause[] {
  const benches = benchCauses(facts, scope)
  const held = new Set(benches.flatMap(({ models }) => models))
  const known = [
    ...benches,
    ...refusalCauses(facts, scope),
    // What benched accounts explain is no cause of its own.
    ...localCauses(facts, scope).filter(
      ({ models }) => benches.length === 0 || models.some((id) => !held.has(id)),
    ),
    ...troubleCauses(facts, scope, thresholds),
    ...unavailableCauses(facts, scope, thresholds),
  ]
  const explained = new Set(known.map(({ provider }) => provider))
  const untold = countedCauses(facts, scope, thresholds)
  return [...known, ...untold.filter(({ provider }) => !explained.has(provider))]
}

const KINDS: Partial<Record<RefusalCause, LimitKind>> = {
  quota: 'plan-quota',
  rate: 'short-limit',
  capacity: 'capacity',
  money: 'money',
  policy: 'policy',
  upstream: 'upstream-errors',
}

/** 429 that providers answered, with what their words say of the limit. */
function refusalCauses(facts: Facts, scope: IncidentScope): LimitCause[] {
  const groups = failuresWith(facts, scope, (status) => status === 429)
  const providers = [...new Set(groups.map(({ provider }) => provider))]
  const fromLog = providers.flatMap((provider): LimitCause[] => {
    const own = groups.filter((group) => group.provider === provider)
    if (total(own) < REPEATED) return []
    const named = [...new Set(own.flatMap(({ model }) => model ?? []))]
    const models = clientIds(facts, provider, named)
    const words = wordsOf(
      facts,
      provider,
      [...named, ...models],
      ({ by, cause }) => by !== 'gateway' && cause in KINDS,
    )
    const waitMs = words?.wait?.delayMs ?? null
    const since = ongoingSince(facts, [429])
    return [
      {
        kind: words === null ? 'short-limit' : (KINDS[words.cause] ?? 'short-limit'),
        provider: provider === null ? 'a provider' : providerName(provider),
        models,
        saw: `${counted(total(own), 'refusal')} 429 by ${provider ?? 'a provider'} for ${modelWords(models)}, credential ${credentialWords(own)}${since === null ? '' : ', still going'}${words === null ? '' : `: "${printable(words.message, 80)}"`}`,
        severe: since !== null,
        untilMs: waitMs === null ? null : facts.atMs + waitMs,
        authIndexes: [],
      },
    ]
  })
  return fromLog.length > 0 ? fromLog : dumpCauses(facts, scope)
}

/** Error logs of 429, where the log does not say whom it asked (the fork's does not). */
function dumpCauses(facts: Facts, scope: IncidentScope): LimitCause[] {
  const dumps = limitDumps(facts, 'provider')
  const models = [...new Set(dumps.flatMap(({ model }) => model ?? []))]
  const provider = soleProvider(facts, models)
  const [first] = dumps
  if (first === undefined || !inScope({ provider: provider ?? scope.provider, model: first.model }, scope))
    return []
  return [
    {
      kind: KINDS[first.refusal.cause] ?? 'short-limit',
      provider: provider ?? 'a provider',
      models,
      saw: `${counted(dumps.length, 'error log')} of 429 by ${provider ?? 'a provider'} for ${modelWords(models)}: "${printable(first.refusal.message, 80)}"`,
      severe: ongoingSince(facts, [429]) !== null,
      untilMs: first.refusal.wait === null ? null : facts.atMs + first.refusal.wait.delayMs,
      authIndexes: [],
    },
  ]
}

function limitDumps(facts: Facts, by: Refusal['by']): readonly LoggedRefusal[] {
  return (told(facts.refusals) ?? []).filter(({ refusal }) => refusal.by === by && refusal.status === 429)
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
  // A log that names no provider knows a local answer by its speed alone, and a provider nearby is fast, too.
  const isProviders = limitDumps(facts, 'provider').length > 0 && limitDumps(facts, 'gateway').length === 0
  if (cooling.length === 0 && isProviders) return []
  return [
    {
      kind: 'local-cooldown',
      provider: 'gateway',
      models: cooling,
      saw: `the gateway itself answered 429 ${counted(local, 'time')}${cooling.length > 0 ? ` for ${listed(cooling, 3)}` : ''}: every credential is benched, and nothing reached the provider`,
      severe: ongoingSince(facts, [429]) !== null,
      untilMs: null,
      authIndexes: [],
    },
  ]
}

/** So few failures that were hidden are the noise of any hour. */
const TELLING_HIDDEN = 10

/** Providers that fail with 5xx or inside their streams: no limit, and a shift of traffic cures it like one. */
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
    const named = [...new Set(own.flatMap(({ model }) => model ?? []))]
    const models = clientIds(facts, provider, named)
    const words = wordsOf(facts, provider, [...named, ...models], ({ cause }) => cause === 'capacity')
    return [
      {
        kind: words === null ? 'upstream-errors' : 'capacity',
        provider: providerName(provider),
        models,
        saw: `${failureWords(own)} of ${providerName(provider)} for ${modelWords(models)}${share}, credential ${credentialWords(own)}${hidden > 0 ? `; ${counted(hidden, 'one', 'of them')} behind a status 200: fail-over hid it, or the stream broke with an error inside` : ''}`,
        severe: level === 'critical' || hidden >= TELLING_HIDDEN,
        untilMs: null,
        authIndexes: [],
      },
    ]
  })
}

/** `31 server errors (500, 502)`, `12 failures without a status in the log`. */
function failureWords(groups: readonly FailureGroup[]): string {
  const statuses = [...new Set(groups.flatMap(({ status }) => status ?? []))].sort()
  return statuses.length === 0
    ? `${counted(total(groups), 'failure')} without a status in the log,`
    : `${counted(total(groups), 'server error')} (${statuses.join(', ')})`
}

function credentialWords(groups: readonly FailureGroup[]): string {
  return listed([...new Set(groups.flatMap(({ credential }) => credential ?? []))], 3) || 'not named'
}
