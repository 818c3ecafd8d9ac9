import {
  BITS_5,
  CALLER,
  CARRIAGE_RETURN,
  CELL_END,
  eight,
  HIGH_BITS,
  ID,
  KnownText,
  LEVEL,
  LINE_FEED,
  latencyMsAt,
  StatusReader,
  TimeReader,
} from './byte-readers.ts'
import { isRefusal } from './events.ts'
import { FastFailureReader } from './fast-failure.ts'
import { goDurationMs } from './go-duration.ts'
import { plainPrefixLength } from './line.ts'
import { MAX_PATH_LENGTH, PathReader } from './path-reader.ts'
import { keyAt, NO_REQUEST, oddInId } from './request-id.ts'
import type { Tally } from './tally.ts'

/** Where the parts of the message begin, counted from the status. */
const LATENCY = 6
const LATENCY_END = 19
const ADDRESS = 22
const ADDRESS_END = 37
const METHOD = 40
const PATH = 49

/** Longer ones are left to `parseLine`. */
const MAX_PREFIX_LENGTH = 64
const MAX_CALLER_LENGTH = 64
/** A line is looked at only when this many bytes stand behind its beginning, so that no look goes past the end. */
const ROOM = MAX_PREFIX_LENGTH + CALLER + MAX_CALLER_LENGTH + PATH + MAX_PATH_LENGTH + 8

const QUOTE = 0x22
const POST = eight('POST    ')
const GET = eight('GET     ')

/** The levels of access lines, with the brackets around them. */
const LEVELS = ['] [info ', '] [warn ', '] [error'] as const
const [INFO, WARN, ERROR] = [eight(LEVELS[0]), eight(LEVELS[1]), eight(LEVELS[2])]

/**
 * Reads the ordinary access lines of era E straight from the bytes, without making a text of them: nearly all lines
 * of a log are such, and decoding and matching them costs more than ten times as much. The shape is
 *
 *     [2026-08-22 21:40:03] [9f3c11aa] [info ] [gin_logger.go:93] 200 |         812ms |    198.51.100.10 | POST    "/v1/responses"
 *
 * with an id of eight characters, an address without letters and a path of printable ASCII without quotes. It takes
 * only what `parseLine` reads the same way and leaves every other line to it; the failure lines in between go to
 * `FastFailureReader`. Four or eight bytes are compared at a time, because a look at each byte would cost more than all
 * the rest.
 */
export class FastAccessReader {
  readonly #tally: Tally
  /** `cli-proxy-api  | ` of docker compose, or nothing. */
  readonly #prefix = new KnownText()
  /** `] [gin_logger.go:93] ` as last seen with each level; the line number differs by level and version. */
  readonly #infoCaller = new KnownText()
  readonly #warnCaller = new KnownText()
  readonly #errorCaller = new KnownText()
  readonly #status = new StatusReader()
  readonly #time = new TimeReader()
  readonly #path = new PathReader()
  readonly #failures: FastFailureReader

  constructor(tally: Tally) {
    this.#tally = tally
    this.#failures = new FastFailureReader(tally, this.#time)
  }

  /** Reads lines from `from` on and returns where the first line begins that it did not take. */
  read(bytes: Buffer, view: DataView, from: number): number {
    const last = view.byteLength - ROOM
    const prefix = this.#prefix
    let at = from
    while (at < last && (prefix.length === 0 || prefix.isAt(view, at))) {
      const start = at + prefix.length
      let next = this.#line(bytes, view, start)
      if (next < 0) next = this.#failures.read(bytes, view, start)
      if (next < 0) break
      at = next
    }
    return at
  }

  /** Learns what surrounds the message of an access line or a failure line that `parseLine` has read. */
  learn(line: Buffer, kind: 'access' | 'upstream-failure'): void {
    const text = line.toString('latin1', 0, ROOM)
    const prefixLength = plainPrefixLength(text)
    if (prefixLength === null || prefixLength > MAX_PREFIX_LENGTH) return
    this.#prefix.learn(text.slice(0, prefixLength))
    const unprefixed = text.slice(prefixLength)
    if (kind === 'access') this.#learnCaller(unprefixed)
    else this.#failures.learn(unprefixed)
  }

  #learnCaller(text: string): void {
    const shape = LEVEL_AND_CALLER.exec(text)?.groups
    if (shape?.caller === undefined || shape.caller.length > MAX_CALLER_LENGTH) return
    if (shape.level === LEVELS[0]) this.#infoCaller.learn(shape.caller)
    else if (shape.level === LEVELS[1]) this.#warnCaller.learn(shape.caller)
    else this.#errorCaller.learn(shape.caller)
  }

  /** Counts the line at `at`, behind its prefix, and returns where the next one begins; -1 when it is not ordinary. */
  #line(bytes: Buffer, view: DataView, at: number): number {
    const caller = this.#callerOf(view.getFloat64(at + LEVEL, true))
    if (caller === null || !caller.isAt(view, at + CALLER)) return -1
    const body = at + CALLER + caller.length
    if ((oddInCells(view, body) | oddInId(view, at + ID)) !== 0) return -1
    const status = this.#status.read(view, body)
    if (status < 0 || !this.#time.read(view, at)) return -1
    const quote = this.#path.read(view, body + PATH)
    if (quote < 0) return -1
    const end = view.getInt8(quote + 1) === CARRIAGE_RETURN ? quote + 2 : quote + 1
    if (view.getInt8(end) !== LINE_FEED) return -1

    this.#tally.moveTo(this.#time.wallSeconds, null)
    const latencyMs = isRefusal(status) ? latencyAt(bytes, view, body) : null
    const key = isRefusal(status) || this.#tally.awaitsAnswers ? keyAt(bytes, view, at + ID) : NO_REQUEST
    this.#tally.access(this.#path.route, status, latencyMs, key)
    return end + 1
  }

  #callerOf(level: number): KnownText | null {
    if (level === INFO) return this.#infoCaller
    if (level === WARN) return this.#warnCaller
    return level === ERROR ? this.#errorCaller : null
  }
}

function latencyAt(bytes: Buffer, view: DataView, body: number): number | null {
  const ms = latencyMsAt(view, body + LATENCY, body + LATENCY_END)
  if (ms >= 0) return ms
  return goDurationMs(bytes.toString('latin1', body + LATENCY, body + LATENCY_END).trim())
}

const LEVEL_AND_CALLER = /^.{31}(?<level>\] \[(?:info |warn |error))(?<caller>\] \[[\w.+-]+\.\w+:\d+\] )/s

const BITS_6_AND_7 = 0xc0c0c0c0 | 0
const EIGHTS = 0x08080808

/**
 * Zero when latency, address and method stand in their columns and are plain: no control characters (bit 5 is not
 * set in them), in the latency every byte below 0x78, so that no `|` begins another column, and in the address below
 * 0x40: digits, points, colons.
 */
function oddInCells(view: DataView, body: number): number {
  const l0 = view.getInt32(body + LATENCY, true)
  const l1 = view.getInt32(body + LATENCY + 4, true)
  const l2 = view.getInt32(body + LATENCY + 8, true)
  const l3 = view.getInt32(body + LATENCY_END - 4, true)
  const a0 = view.getInt32(body + ADDRESS, true)
  const a1 = view.getInt32(body + ADDRESS + 4, true)
  const a2 = view.getInt32(body + ADDRESS + 8, true)
  const a3 = view.getInt32(body + ADDRESS_END - 4, true)
  const method = view.getFloat64(body + METHOD, true)
  if (method !== POST && method !== GET) return 1
  return (
    ((l0 | (l0 + EIGHTS) | l1 | (l1 + EIGHTS) | l2 | (l2 + EIGHTS) | l3 | (l3 + EIGHTS)) & HIGH_BITS) |
    ((l0 & l1 & l2 & l3 & a0 & a1 & a2 & a3 & BITS_5) ^ BITS_5) |
    ((a0 | a1 | a2 | a3) & BITS_6_AND_7) |
    ((view.getInt32(body + LATENCY_END - 1, true) >>> 8) ^ CELL_END) |
    ((view.getInt32(body + ADDRESS_END - 1, true) >>> 8) ^ CELL_END) |
    (view.getInt8(body + PATH - 1) ^ QUOTE)
  )
}
