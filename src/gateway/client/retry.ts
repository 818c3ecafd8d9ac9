import type { Reply, Result } from '../port.ts'
import { isPassing } from './faults.ts'

const PASSING_STATUSES = new Set([502, 503, 504])

/** Two tries more, after about 150 and 300 ms, still end within any sensible time limit. */
const FIRST_WAIT_MS = 200

/**
 * How long to wait before asking an idempotent read once more, or null when that would be of no use. `attempt` counts
 * from 1, `random` is from 0 to 1. A longer `Retry-After` is respected.
 */
export function retryWaitMs(
  result: Result<Reply>,
  attempt: number,
  random: number,
  nowMs: number,
): number | null {
  const backoffMs = FIRST_WAIT_MS * 2 ** (attempt - 1) * (0.5 + random / 2)
  if (result.kind === 'fault') return isPassing(result.fault) ? backoffMs : null
  if (!PASSING_STATUSES.has(result.value.status)) return null
  return Math.max(backoffMs, retryAfterMs(result.value.headers['retry-after'], nowMs) ?? 0)
}

/** `Retry-After` as seconds or an HTTP date; null when absent or neither (contract, HTTP 14.15). */
function retryAfterMs(value: string | undefined, nowMs: number): number | null {
  if (value === undefined) return null
  if (/^\s*\d{1,9}(?:\.\d+)?\s*$/.test(value)) return Number(value) * 1000
  // Date.parse accepts far more than HTTP dates, "-5" as a year for one.
  const atMs = /^\s*[A-Za-z]{3,9},? /.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs)
}
