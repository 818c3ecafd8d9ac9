/**
 * Lent time. Commands get the system's; the embedded gateway and tests get one that can be moved, so that a
 * ten-minute window takes milliseconds.
 */
export interface Clock {
  /** Wall time in milliseconds since the Unix epoch. */
  nowMs(): number
  /** Resolves after `durationMs` on this clock; rejects with the signal's reason when it aborts first. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>
}
