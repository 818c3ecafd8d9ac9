import type { TimeReader } from './byte-readers.ts'
import { CARRIAGE_RETURN, ID, KnownText, LEVEL, LINE_FEED } from './byte-readers.ts'
import { keyAt, oddInId } from './request-id.ts'
import type { Tally } from './tally.ts'
import { readUpstreamFailure } from './upstream-failure.ts'

/** Longer ones are left to `parseLine`. */
const MAX_CALLER_LENGTH = 96
const MAX_LENGTH = 4096
const CALLER = /^.{31}(\] \[warn \] \[[\w.+-]+\.\w+:\d+\] )/s

/**
 * Reads failure lines of era E with less work than `parseLine`: a failing provider writes one for every try. All
 * before the message is read from the bytes, like that of an access line, and only the message becomes a text. It
 * takes only what `parseLine` reads the same way and leaves every other line to it.
 */
export class FastFailureReader {
  readonly #tally: Tally
  readonly #time: TimeReader
  /** `] [warn ] [conductor_execution.go:1602] ` as last seen. */
  readonly #caller = new KnownText()

  /** `time` can be shared with other readers. */
  constructor(tally: Tally, time: TimeReader) {
    this.#tally = tally
    this.#time = time
  }

  /** Learns what stands before the message from the beginning of a failure line, without the prefix of every line. */
  learn(text: string): void {
    const caller = CALLER.exec(text)?.[1]
    if (caller !== undefined && caller.length <= MAX_CALLER_LENGTH) this.#caller.learn(caller)
  }

  /** Counts the line at `at`, behind its prefix, and returns where the next one begins; -1 when it is none of these. */
  read(bytes: Buffer, view: DataView, at: number): number {
    if (!this.#caller.isAt(view, at + LEVEL) || oddInId(view, at + ID) !== 0) return -1
    const body = at + LEVEL + this.#caller.length
    const next = bytes.indexOf(LINE_FEED, body) + 1
    if (next === 0 || next - body > MAX_LENGTH || !this.#time.read(view, at)) return -1
    const end = bytes[next - 2] === CARRIAGE_RETURN ? next - 2 : next - 1
    const text = bytes.toString('utf8', body, end)
    const message = text.includes('\u001b') ? null : readUpstreamFailure(text)
    if (message === null) return -1
    this.#tally.moveTo(this.#time.wallSeconds, null)
    this.#tally.note(keyAt(bytes, view, at + ID), 'warn', message)
    return next
  }
}
