import { providerName } from '../../analysis/windows.ts'
import { counted, listed, printable } from '../../core/text.ts'
import type { Thresholds } from '../../core/thresholds.ts'
import type { RefusalCause } from '../../wire/refusal-rules.ts'
import type { Refusal } from '../../wire/refusals.ts'
import { soleProvider } from './answerers.ts'
import type { LoggedRefusal } from './error-log.ts'
import type { Facts, IncidentScope } from './incident-context.ts'
import { benchCauses } from './limit-benches.ts'
import { troubleCauses } from './limit-trouble.ts'
import { countedCauses, unavailableCauses } from './limit-untold.ts'
import type { LimitCause, LimitKind } from './limits.ts'
import {
  clientIds,
  credentialWords,
  failuresWith,
  inScope,
  modelWords,
  ongoingSince,
  REPEATED,
  refusedTimes,
  total,
  UNNAMED_PROVIDER,
  wordsOf,
} from './log-facts.ts'
import { UNTOLD_STATUS } from './provider-words.ts'
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
  const untold = countedCauses(facts, scope, thresholds).filter(({ provider }) =>
    provider === UNNAMED_PROVIDER ? known.length === 0 : !explained.has(provider),
  )
  return [...known, ...untold]
}

const KINDS: Partial<Record<RefusalCause, LimitKind>> = {
  quota: 'plan-quota',
  rate: 'short-limit',
  capacity: 'capacity',
  money: 'money',
  policy: 'policy',
  upstream: 'upstream-errors',
}

/** Words of a 429, and not of a server error of the same model. */
function isOfLimit({ by, cause, status }: Refusal): boolean {
  if (by === 'gateway' || !(cause in KINDS)) return false
  return status === 429 || (status === UNTOLD_STATUS && cause !== 'upstream')
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
    const words = wordsOf(facts, provider, [...named, ...models], isOfLimit)
    const waitMs = words?.wait?.delayMs ?? null
    const since = ongoingSince(facts, [429], { kind: 'provider', provider })
    return [
      {
        kind: words === null ? 'short-limit' : (KINDS[words.cause] ?? 'short-limit'),
        provider: provider === null ? UNNAMED_PROVIDER : providerName(provider),
        models,
        saw: `${counted(total(own), 'refusal')} 429 by ${provider ?? UNNAMED_PROVIDER} for ${modelWords(models)}, credential ${credentialWords(own)}${since === null ? '' : ', still going'}${words === null ? '' : `: "${printable(words.message, 80)}"`}`,
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
      provider: provider ?? UNNAMED_PROVIDER,
      models,
      saw: `${counted(dumps.length, 'error log')} of 429 by ${provider ?? UNNAMED_PROVIDER} for ${modelWords(models)}: "${printable(first.refusal.message, 80)}"`,
      // Such a log knows who answered by the speed alone, and the gateway's own answers follow those of the provider.
      severe: ongoingSince(facts, [429], { kind: 'anybody' }) !== null,
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
      saw: `${
        facts.failuresInLog === 'shown'
          ? `the gateway itself answered 429 ${counted(local, 'time')}${cooling.length > 0 ? ` for ${listed(cooling, 3)}` : ''}`
          : `429 was answered ${counted(local, 'time')} as fast as only the gateway itself answers`
      }: every credential is benched, and nothing reaches the provider`,
      severe: ongoingSince(facts, [429], { kind: 'gateway' }) !== null,
      untilMs: null,
      authIndexes: [],
    },
  ]
}
