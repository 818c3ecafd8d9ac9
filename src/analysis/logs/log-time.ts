import type { WallClock } from './wall-clock.ts'

/** Lines this long before the period are read for what they tell about the requests in it, and not counted. */
export const CONTEXT_MS = 60_000

export interface LogPeriod {
  readonly clock: WallClock
  /** Records before this instant are not counted. */
  readonly sinceMs?: number | undefined
  /** Records from this instant on are not counted either: the run that reads a log also writes into it. */
  readonly untilMs?: number | undefined
}

/** Where a moment lies: `context` is the last minute before the period. */
export type Place = 'before' | 'context' | 'within' | 'after'

/** The time that the reading of a log has come to. */
export class LogTime {
  place: Place = 'within'
  readonly #clock: WallClock
  readonly #sinceMs: number
  readonly #untilMs: number
  #firstMs = Number.POSITIVE_INFINITY
  #lastMs = Number.NEGATIVE_INFINITY

  /** The instant is `wallSeconds * 1000 - offsetMs`; kept apart, for most lines need no instant. */
  #wallSeconds = 0
  #offsetMs = 0
  #started = false
  // From one to below the other local times are within the period, not before the first and have this offset.
  #plainFrom = 0
  #plainTo = 0

  constructor({ clock, sinceMs, untilMs }: LogPeriod) {
    this.#clock = clock
    this.#sinceMs = sinceMs ?? Number.NEGATIVE_INFINITY
    this.#untilMs = untilMs ?? Number.POSITIVE_INFINITY
  }
}
