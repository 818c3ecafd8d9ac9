import { counted, groupedNumber, percent, printable } from '../../core/text.ts'
import { ratioLevel, type Thresholds } from '../../core/thresholds.ts'
import type { Facts, IncidentScope } from './incident-context.ts'
import type { LimitCause } from './limits.ts'
import { inScope, modelWords, REPEATED, refusedTimes, unlisted } from './log-facts.ts'
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
  const local = refusedTimes(
    scan,
    ({ status, origin, routeClass }) => status === 503 && origin === 'local' && routeClass === 'client-api',
  )
  const { total: answers } = scan.requests.byClass['client-api']
  const level = ratioLevel(local, answers, thresholds['error-ratio'])
  if (local < REPEATED || (level !== 'warn' && level !== 'critical')) return []
  const lost = unlisted(facts, expectedIds(facts))
  const saw = `the gateway itself answered 503 ${counted(local, 'time')}, ${percent(local / answers)} of its answers: no credential was usable`
  return [
    {
      kind: lost.length > 0 ? 'untold' : 'upstream-errors',
      provider: 'gateway',
      models: [],
      saw: lost.length > 0 ? `${saw}; not listed any more: ${modelWords(lost)}` : saw,
      severe: lost.length === 0 && level === 'critical',
      untilMs: null,
      authIndexes: [],
    },
  ]
}

/** Failures of providers where the log shows none: by the counters, else by the answers that clients got. */
export function countedCauses(facts: Facts, scope: IncidentScope, thresholds: Thresholds): LimitCause[] {
  if (facts.failuresInLog === 'shown' || scope.models.length > 0) return []
  const threshold = thresholds['error-ratio']
  const busy = facts.windows.filter(({ requests }) => requests > 0)
  const answered = told(facts.log)?.scan.requests.byClass['client-api']
  const broken = [...(answered?.statuses ?? [])].filter(([status]) => status >= 500)
  const counts =
    busy.length > 0
      ? busy.map(({ provider, failures, requests }) => ({
          provider,
          failures,
          requests,
          saw: `${percent(failures / requests)} of the last ${groupedNumber(requests)} requests of ${printable(provider, 40)} failed`,
        }))
      : [answersOf(broken, answered?.total ?? 0)]
  return counts.flatMap(({ provider, failures, requests, saw }): LimitCause[] => {
    const level = ratioLevel(failures, requests, threshold)
    if ((level !== 'warn' && level !== 'critical') || !inScope({ provider, model: null }, scope)) return []
    return [
      {
        kind: 'untold',
        provider: provider ?? 'a provider',
        models: [],
        saw: `${saw}; the log does not say why`,
        severe: level === 'critical',
        untilMs: null,
        authIndexes: [],
      },
    ]
  })
}

function answersOf(broken: readonly (readonly [number, number])[], requests: number) {
  const failures = broken.reduce((sum, [, count]) => sum + count, 0)
  const statuses = broken.map(([status]) => status).join(', ')
  return {
    provider: null,
    failures,
    requests,
    saw: `${groupedNumber(failures)} of ${counted(requests, 'answer')} to clients were server errors (${statuses})`,
  }
}
