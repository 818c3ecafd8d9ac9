import { type RatioLevel, ratioLevel, type Thresholds } from '../../core/thresholds.ts'

/** What one look at the counters of a provider showed, cumulative since the gateway's start. */
export interface Counters {
  readonly requests: number
  readonly failures: number
  /** Null where nothing counts them. */
  readonly rateLimited: number | null
  readonly latencyP50Ms: number | null
  readonly latencyP95Ms: number | null
}

/** One canary sent while watching. */
export interface Canary {
  readonly outcome: 'answered' | 'rate-limited' | 'failed'
  /** To the first byte of the answer. */
  readonly headMs: number
}

/** What happened since watching began. */
export interface Watch {
  readonly elapsedMs: number
  /** From the gateway's counters; null where it has none. */
  readonly counted: {
    readonly requests: number
    readonly failures: number
    readonly rateLimited: number | null
    readonly latencyP50Ms: number | null
    readonly latencyP95Ms: number | null
  } | null
  readonly canaries: readonly Canary[]
}

export interface WatchState {
  readonly startMs: number
  readonly first: Counters | null
  readonly last: Counters | null
  /** Counted before counters fell to nothing: the gateway restarted. */
  readonly carried: { readonly requests: number; readonly failures: number; readonly rateLimited: number }
  readonly canaries: readonly Canary[]
}

export function startWatch(startMs: number, first: Counters | null): WatchState {
  const carried = { requests: 0, failures: 0, rateLimited: 0 }
  return { startMs, first, last: first, carried, canaries: [] }
}

/** Takes one look in. A counter that fell means that the gateway restarted; what was counted before is kept. */
export function withLook(state: WatchState, now: Counters | null): WatchState {
  const { first, last, carried } = state
  if (now === null) return state
  if (first === null || last === null) return { ...state, first: now, last: now }
  if (now.requests >= last.requests && now.failures >= last.failures) return { ...state, last: now }
  const nothing: Counters = {
    ...now,
    requests: 0,
    failures: 0,
    rateLimited: now.rateLimited === null ? null : 0,
  }
  return {
    ...state,
    first: nothing,
    last: now,
    carried: {
      requests: carried.requests + last.requests - first.requests,
      failures: carried.failures + last.failures - first.failures,
      rateLimited: carried.rateLimited + (last.rateLimited ?? 0) - (first.rateLimited ?? 0),
    },
  }
}

export function watchOf({ startMs, first, last, carried, canaries }: WatchState, nowMs: number): Watch {
  return {
    elapsedMs: nowMs - startMs,
    counted:
      first === null || last === null
        ? null
        : {
            requests: carried.requests + last.requests - first.requests,
            failures: carried.failures + last.failures - first.failures,
            rateLimited:
              last.rateLimited === null
                ? null
                : carried.rateLimited + last.rateLimited - (first.rateLimited ?? 0),
            latencyP50Ms: last.latencyP50Ms,
            latencyP95Ms: last.latencyP95Ms,
          },
    canaries,
  }
}

/** The figures a verdict is made of: the gateway's where it counts, else those of our own canaries. */
export interface WatchFigures {
  readonly by: 'counters' | 'canaries'
  readonly requests: number
  readonly failures: number
  readonly rateLimited: number
  readonly latencyP50Ms: number | null
  readonly latencyP95Ms: number | null
}

export function figuresOf({ counted, canaries }: Watch): WatchFigures {
  const own: WatchFigures = {
    by: 'canaries',
    requests: canaries.length,
    failures: canaries.filter(({ outcome }) => outcome !== 'answered').length,
    rateLimited: canaries.filter(({ outcome }) => outcome === 'rate-limited').length,
    latencyP50Ms: quantile(canaries, 0.5),
    latencyP95Ms: quantile(canaries, 0.95),
  }
  if (counted === null) return own
  return {
    by: 'counters',
    requests: counted.requests,
    failures: counted.failures,
    rateLimited: counted.rateLimited ?? own.rateLimited,
    latencyP50Ms: counted.latencyP50Ms ?? own.latencyP50Ms,
    latencyP95Ms: counted.latencyP95Ms ?? own.latencyP95Ms,
  }
}

function quantile(canaries: readonly Canary[], share: number): number | null {
  const sorted = canaries.map(({ headMs }) => headMs).sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null
}

/** So few that a share means little, and yet most of them failed. */
const TELLING_FAILURES = { count: 3, share: 0.5 }

export type WatchLevel = RatioLevel | 'mostly-failing'

/**
 * Where a watched provider stands. A benched provider is not asked any more, so its counters stand still while clients
 * are refused: canaries count for themselves too.
 */
export function watchLevel(watch: Watch, thresholds: Thresholds): WatchLevel {
  const counted = figuresOf(watch)
  const own = figuresOf({ ...watch, counted: null })
  const failing = [counted, own].some(
    ({ failures, requests }) =>
      failures >= TELLING_FAILURES.count && failures >= TELLING_FAILURES.share * requests,
  )
  if (failing) return 'mostly-failing'
  const levels = [counted, own].flatMap(({ requests, failures, rateLimited }) => [
    ratioLevel(failures, requests, thresholds['error-ratio']),
    ratioLevel(rateLimited, requests, thresholds['rate-limit-share']),
  ])
  for (const level of ['critical', 'warn', 'ok'] as const) if (levels.includes(level)) return level
  return 'too-few'
}
