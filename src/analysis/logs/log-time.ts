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

/** Where a moment lies; `context` is the last minute before the period. */
export type Place = 'before' | 'context' | 'within' | 'after'

/** The time that the reading of a log has come to. */
export class LogTime {
  /** Before the first record a line counts as within the period. */
  place: Place = 'within'
  /** Local times from this one to below `plainTo` lie in the same place, and to move among them is all that is to do. */
  plainFrom = 0
  plainTo = 0
  readonly #clock: WallClock
  readonly #sinceMs: number
  readonly #untilMs: number
  #firstMs = Number.POSITIVE_INFINITY
  #lastMs = Number.NEGATIVE_INFINITY

  // The instant is `#stampMs`, or `#wallSeconds` less `#offsetMs`. Most lines need none, so it is not kept itself.
  #stampMs: number | null = null
  #wallSeconds = 0
  #offsetMs = 0
  #isSet = false
  constructor({ clock, sinceMs, untilMs }: LogPeriod) {
    this.#clock = clock
    this.#sinceMs = sinceMs ?? Number.NEGATIVE_INFINITY
    this.#untilMs = untilMs ?? Number.POSITIVE_INFINITY
  }

  /** The instant of the last record; 0 before the first. */
  get nowMs(): number {
    return this.#stampMs ?? this.#wallSeconds * 1000 - this.#offsetMs
  }

  /** As `nowMs`, null before the first record. */
  get endMs(): number | null {
    return this.#isSet ? this.nowMs : null
  }

  /** From the first to the last record within the period. */
  get span(): { firstMs: number; lastMs: number } | null {
    if (this.#firstMs === Number.POSITIVE_INFINITY) return null
    return { firstMs: this.#firstMs, lastMs: this.place === 'within' ? this.nowMs : this.#lastMs }
  }

  /** Moves to the time of a record: its local time, and the instant that a container runtime put before it. */
  moveTo(wallSeconds: number, stampMs: number | null): void {
    if (stampMs === null && wallSeconds >= this.plainFrom && wallSeconds < this.plainTo) {
      this.#wallSeconds = wallSeconds
    } else this.#moveFar(wallSeconds, stampMs)
  }

  #moveFar(wallSeconds: number, stampMs: number | null): void {
    if (this.#isSet && this.place === 'within') this.#lastMs = this.nowMs
    const nowMs = stampMs ?? this.#clock.instantMs(wallSeconds, this.endMs)
    this.#isSet = true
    this.#stampMs = stampMs
    this.#wallSeconds = wallSeconds
    this.#offsetMs = wallSeconds * 1000 - nowMs
    this.place = this.#placeOf(nowMs)
    if (this.place === 'within') this.#firstMs = Math.min(this.#firstMs, nowMs)
    this.#findPlainTimes(stampMs)
  }

  #placeOf(ms: number): Place {
    if (ms >= this.#untilMs) return 'after'
    if (ms >= this.#sinceMs) return 'within'
    return ms >= this.#sinceMs - CONTEXT_MS ? 'context' : 'before'
  }

  #findPlainTimes(stampMs: number | null): void {
    const { startS, endS, earlyMs, lateMs } = this.#clock.stretchAt(this.#wallSeconds)
    if (stampMs !== null || earlyMs !== lateMs) {
      this.plainFrom = 0
      this.plainTo = 0
      return
    }
    const { fromMs, toMs } = this.#bounds()
    const localSeconds = (ms: number) => Math.ceil((ms + this.#offsetMs) / 1000)
    this.plainFrom = Math.max(startS, localSeconds(fromMs))
    this.plainTo = Math.min(endS, localSeconds(toMs))
  }

  /** Of the place; within the period not before its first record, which an earlier one would be instead. */
  #bounds(): { readonly fromMs: number; readonly toMs: number } {
    const contextMs = this.#sinceMs - CONTEXT_MS
    const bounds = {
      before: { fromMs: Number.NEGATIVE_INFINITY, toMs: contextMs },
      context: { fromMs: contextMs, toMs: this.#sinceMs },
      within: { fromMs: this.#firstMs, toMs: this.#untilMs },
      after: { fromMs: this.#untilMs, toMs: Number.POSITIVE_INFINITY },
    }
    return bounds[this.place]
  }
}
