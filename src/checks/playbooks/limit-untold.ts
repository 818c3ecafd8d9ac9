import type { RefusalEvent } from '../../analysis/logs/events.ts'
import type { LogScan } from '../../analysis/logs/log-scan.ts'
import { providerName } from '../../analysis/windows.ts'
import { counted, groupedNumber, percent, printable } from '../../core/text.ts'
import { ratioLevel, type Thresholds } from '../../core/thresholds.ts'
import { windowStartMs } from '../quota-sources.ts'
import type { Facts, IncidentScope } from './incident-context.ts'
import type { LimitCause } from './limits.ts'
import {
  clientIds,
  failuresWith,
  failureWords,
  inScope,
  isTrouble,
  modelWords,
  REPEATED,
  UNNAMED_PROVIDER,
  unlisted,
} from './log-facts.ts'
import { expectedIds } from './missing-causes.ts'
import { told } from './read-facts.ts'

/**
 * 503 that the gateway answered by itself, for want of a usable credential. Refusals that bench one for long take its
 * models off the list, and belong to other playbooks; server errors bench it for a minute and leave them there (contract,
 * HTTP 7.4).
 */
export function unavailableCauses(facts: Facts, scope: IncidentScope, thresholds: Thresholds): LimitCause[] {
  const scan = told(facts.log)?.scan
  if (!scan || scope.models.length > 0 || scope.provider !== null) return []
  const isLocal = ({ status, origin, routeClass }: RefusalEvent) =>
    status === 503 && origin === 'local' && routeClass === 'client-api'
  const refusedMs = [...scan.refusals].filter(isLocal).map(({ atMs }) => atMs)
  const local = refusedMs.length
  const fromMs = windowStartMs(facts.atMs)
  const recent = refusedMs.filter((atMs) => atMs >= fromMs).length
  const { total: answers } = scan.requests.byClass['client-api']
  const level = ratioLevel(local, answers, thresholds['error-ratio'])
  if (local < REPEATED || (level !== 'warn' && level !== 'critical')) return []
  const lost = unlisted(facts, expectedIds(facts))
  const before = troubleBefore(scan, refusedMs, facts, scope)
  const saw = `the gateway itself answered 503 ${counted(local, 'time')}, ${percent(local / answers)} of its answers: no credential was usable`
  return [
    {
      kind: lost.length > 0 ? 'untold' : 'upstream-errors',
      provider: before?.provider ?? 'gateway',
      models: lost.length > 0 ? [] : (before?.models ?? []),
      saw:
        lost.length > 0 ? `${saw}; not listed any more: ${modelWords(lost)}` : `${saw}${before?.words ?? ''}`,
      severe: lost.length === 0 && level === 'critical' && recent >= REPEATED,
      untilMs: null,
      authIndexes: [],
    },
  ]
}

/** So long a server error benches a credential (contract, HTTP 7.4), with a few seconds for the clocks of a log. */
const BENCHED_MS = 65_000

/** Of the refusals that must follow a failure within that time, so that it explains them. */
const EXPLAINED_SHARE = 0.8

/** The provider whose server errors such refusals follow; null where that is none or several. */
function troubleBefore(scan: LogScan, refusedMs: readonly number[], facts: Facts, scope: IncidentScope) {
  const groups = failuresWith(facts, scope, isTrouble)
  const providers = [...new Set(groups.flatMap(({ provider }) => provider ?? []))].filter((provider) => {
    const failedMs = [...scan.upstream.failures].flatMap((one) =>
      one.provider === provider && isTrouble(one.status) ? [one.atMs] : [],
    )
    const explained = refusedMs.filter((atMs) =>
      failedMs.some((failed) => failed <= atMs && atMs - failed <= BENCHED_MS),
    )
    return explained.length >= EXPLAINED_SHARE * refusedMs.length
  })
  const [provider, ...others] = providers
  if (provider === undefined || others.length > 0) return null
  const own = groups.filter((group) => group.provider === provider)
  const models = clientIds(facts, provider, [...new Set(own.flatMap(({ model }) => model ?? []))])
  const words = `; before it ${failureWords(own)} of ${providerName(provider)} for ${modelWords(models)}`
  return { provider: providerName(provider), models, words }
}

/** Failures of providers where the log shows none: by the counters, else by the answers that clients got. */
export function countedCauses(facts: Facts, scope: IncidentScope, thresholds: Thresholds): LimitCause[] {
  if (facts.failuresInLog === 'shown' || scope.models.length > 0) return []
  const threshold = thresholds['error-ratio']
  const busy = facts.windows.filter(({ requests }) => requests > 0)
  const answered = told(facts.log)?.scan.requests.byClass['client-api']
  const broken = [...(answered?.statuses ?? [])].filter(([status]) => status >= 500)
  const toCauses = ({ provider, failures, requests, saw }: Counted): LimitCause[] => {
    const level = ratioLevel(failures, requests, threshold)
    if ((level !== 'warn' && level !== 'critical') || !inScope({ provider, model: null }, scope)) return []
    return [
      {
        kind: 'untold',
        provider: provider ?? UNNAMED_PROVIDER,
        models: [],
        saw: `${saw}; the log does not say why`,
        severe: level === 'critical',
        untilMs: null,
        authIndexes: [],
      },
    ]
  }
  const counters = busy.flatMap(({ provider, failures, requests }) =>
    toCauses({
      provider,
      failures,
      requests,
      saw: `${percent(failures / requests)} of the last ${groupedNumber(requests)} requests of ${printable(provider, 40)} failed`,
    }),
  )
  if (counters.length > 0) return counters
  // What the gateway refuses by itself is counted for no provider. Models that left the list belong to other playbooks.
  const lost = unlisted(facts, expectedIds(facts))
  return toCauses(answersOf(broken, answered?.total ?? 0)).map((cause) =>
    lost.length === 0
      ? cause
      : { ...cause, severe: false, saw: `${cause.saw}; not listed any more: ${modelWords(lost)}` },
  )
}

interface Counted {
  readonly provider: string | null
  readonly failures: number
  readonly requests: number
  readonly saw: string
}

function answersOf(broken: readonly (readonly [number, number])[], requests: number): Counted {
  const failures = broken.reduce((sum, [, count]) => sum + count, 0)
  const statuses = broken.map(([status]) => status).join(', ')
  return {
    provider: null,
    failures,
    requests,
    saw: `${groupedNumber(failures)} of ${counted(requests, 'answer')} to clients were server errors (${statuses})`,
  }
}
