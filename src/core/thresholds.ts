/** Limits as data: what `explain` shows, what `provops.yaml` may change, what checks judge by. */
export interface RatioThreshold {
  /** Shares from 0 to 1; the limit itself is still good (the runbook says "above"). */
  readonly warnAbove: number
  readonly criticalAbove: number
  readonly windowMs: number
  /** Fewer requests than this in the window give no verdict. */
  readonly minRequests: number
}

const TEN_MINUTES_MS = 600_000

/**
 * Defaults. The error ratio and window are the runbook's own (Copilot Spark Mismatch, "Suggested alert
 * thresholds"); the 429 share has no figure in the runbook, so twice those are used. Twenty requests are the fewest
 * at which one failure (5 %) is no longer above the critical limit.
 */
export const DEFAULT_THRESHOLDS = {
  'error-ratio': { warnAbove: 0.02, criticalAbove: 0.05, windowMs: TEN_MINUTES_MS, minRequests: 20 },
  'rate-limit-share': { warnAbove: 0.05, criticalAbove: 0.1, windowMs: TEN_MINUTES_MS, minRequests: 20 },
  'spark-error-ratio': { warnAbove: 0.02, criticalAbove: 0.05, windowMs: TEN_MINUTES_MS, minRequests: 20 },
} as const satisfies Record<string, RatioThreshold>

export type ThresholdName = keyof typeof DEFAULT_THRESHOLDS
export type Thresholds = Readonly<Record<ThresholdName, RatioThreshold>>

export type RatioLevel = 'ok' | 'warn' | 'critical' | 'too-few'

/** Where `failed` of `total` stands; "above" is strict, as in the runbook. No requests at all are `too-few`. */
export function ratioLevel(failed: number, total: number, threshold: RatioThreshold): RatioLevel {
  if (total < Math.max(1, threshold.minRequests)) return 'too-few'
  const ratio = failed / total // correctly rounded, so 29 of 100 equals the literal 0.29
  if (ratio > threshold.criticalAbove) return 'critical'
  return ratio > threshold.warnAbove ? 'warn' : 'ok'
}
