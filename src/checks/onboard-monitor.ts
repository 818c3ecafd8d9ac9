import {
  type Canary,
  figuresOf,
  startWatch,
  type Watch,
  type WatchState,
  watchLevel,
  watchOf,
  withLook,
} from '../analysis/onboarding/watch.ts'
import type { Judgement } from '../core/check.ts'
import { groupedNumber, percent, span } from '../core/text.ts'
import type { Thresholds } from '../core/thresholds.ts'
import { countersOf } from './answered-by.ts'
import { askPlain } from './ask-model.ts'
import { type CanaryContext, defectOf, questionOf } from './onboard-canary.ts'

/** The runbook's least: 10 to 15 minutes (Onboard a New Provider, 6). */
export const SHORTEST_MONITOR_MS = 600_000

export interface MonitorContext extends CanaryContext {
  readonly thresholds: Thresholds
  readonly monitorMs: number
  /** Spread over the time, so that there is something to judge before clients come; 0 only watches. */
  readonly canaries: number
  /** Asked in turn. */
  readonly ids: readonly string[]
  readonly onLook: (watch: Watch) => void
}

const MOST_LOOKS = 60

/**
 * Watches a provider's counters for a while, sending canaries in between, and ends early when a limit is broken. Limits
 * are those of every other check; too few requests are never a pass.
 */
export async function monitorProvider(context: MonitorContext, signal: AbortSignal): Promise<Judgement> {
  const { gateway, clock, provider, monitorMs, thresholds } = context
  const first = await countersOf(gateway, provider, signal)
  const startMs = clock.nowMs()
  let state = startWatch(startMs, first?.counters ?? null)
  let sent = 0
  const source = first?.source ?? 'canaries of this run'
  while (!signal.aborted) {
    const elapsedMs = clock.nowMs() - startMs
    while (sent < canariesDue(context, elapsedMs) && !signal.aborted) {
      state = { ...state, canaries: [...state.canaries, await sendCanary(context, sent, signal)] }
      sent++
    }
    if (signal.aborted) break
    state = withLook(state, (await countersOf(gateway, provider, signal))?.counters ?? null)
    const watch = watchOf(state, clock.nowMs())
    context.onLook(watch)
    const level = watchLevel(watch, thresholds)
    const isOver = watch.elapsedMs >= monitorMs && sent >= context.canaries
    if (level === 'critical' || level === 'mostly-failing' || isOver)
      return judgeWatch(watch, context, source)
    const restMs = monitorMs - watch.elapsedMs
    await clock.sleep(Math.min(restMs, Math.max(1, monitorMs / MOST_LOOKS)), signal).catch(() => undefined)
  }
  return interrupted(state, clock.nowMs(), source)
}

/** The first at once, the last with time left to be counted. */
function canariesDue({ canaries, monitorMs }: MonitorContext, elapsedMs: number): number {
  return Math.min(canaries, Math.floor((elapsedMs / (monitorMs * SENDING_SHARE)) * canaries) + 1)
}

/** Part of the watching in which canaries are sent. */
const SENDING_SHARE = 0.9

async function sendCanary(context: MonitorContext, index: number, signal: AbortSignal): Promise<Canary> {
  const { gateway, clock, ids } = context
  const id = ids[index % ids.length] ?? ''
  const startMs = clock.nowMs()
  const asked = await askPlain({ gateway, clock }, questionOf(context, id, signal))
  const headMs = asked.kind === 'answered' ? asked.headMs : clock.nowMs() - startMs
  if (defectOf(asked, 'plain') === null) return { outcome: 'answered', headMs }
  const limited =
    asked.kind === 'answered' &&
    (asked.status === 429 ||
      (asked.answer.kind === 'refused' && ['rate', 'quota', 'cooldown'].includes(asked.answer.refusal.cause)))
  return { outcome: limited ? 'rate-limited' : 'failed', headMs }
}

const WHY = 'a provider that fails before production traffic will fail with it'

function judgeWatch(watch: Watch, { thresholds, provider }: MonitorContext, source: string): Judgement {
  const saw = watchWords(watch)
  const { warnAbove, criticalAbove, minRequests } = thresholds['error-ratio']
  const data = dataOf(watch)
  const expected = `errors at most ${percent(warnAbove)} (critical above ${percent(criticalAbove)})`
  switch (watchLevel(watch, thresholds)) {
    case 'ok':
      return { outcome: 'pass', saw, source, data }
    case 'warn':
      return {
        outcome: 'warn',
        saw,
        source,
        data,
        expected,
        why: WHY,
        next: `provops incident --provider ${provider}`,
      }
    case 'critical':
    case 'mostly-failing':
      return {
        outcome: 'fail',
        saw,
        source,
        data,
        expected,
        why: WHY,
        next: `provops incident --provider ${provider}`,
      }
    case 'too-few':
      return {
        outcome: 'unknown',
        saw: `${saw}: too few to judge (${minRequests} needed)`,
        source,
        data,
        expected: `at least ${minRequests} requests`,
        why: 'no traffic proves nothing',
        next: `run again with --canaries ${minRequests}`,
      }
  }
}

function dataOf(watch: Watch) {
  const { by, requests, failures, rateLimited, latencyP50Ms, latencyP95Ms } = figuresOf(watch)
  return {
    by,
    elapsedMs: Math.round(watch.elapsedMs),
    requests,
    failures,
    rateLimited,
    latencyP50Ms,
    latencyP95Ms,
  }
}

/** `0 % errors of 24 in 10 m, 429 0 %, p50 812 ms`. */
export function watchWords(watch: Watch): string {
  const figures = figuresOf(watch)
  const { requests, failures, rateLimited, latencyP50Ms, latencyP95Ms } = figures
  const own = watch.canaries.filter(({ outcome }) => outcome !== 'answered').length
  const share = (count: number) => (requests === 0 ? '-' : percent(count / requests))
  return [
    requests === 0
      ? `no requests in ${span(watch.elapsedMs)}`
      : `${share(failures)} errors of ${groupedNumber(requests)} in ${span(watch.elapsedMs)}`,
    requests === 0 ? '' : `429 ${share(rateLimited)}`,
    latencyP50Ms === null ? '' : `p50 ${span(latencyP50Ms)}`,
    latencyP95Ms === null ? '' : `p95 ${span(latencyP95Ms)}`,
    figures.by === 'counters' && own > failures ? `${own} of ${watch.canaries.length} canaries refused` : '',
  ]
    .filter((part) => part !== '')
    .join(', ')
}

function interrupted(state: WatchState, nowMs: number, source: string): Judgement {
  return {
    outcome: 'unknown',
    cause: 'deadline',
    saw: `stopped after ${span(nowMs - state.startMs)}`,
    source,
    expected: 'the whole time without a broken limit',
    why: 'what was not watched to its end is not proven',
    next: 'run the same command again',
  }
}
