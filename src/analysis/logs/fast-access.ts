import { NO_REQUEST, requestKey } from './attribution.ts'
import { goDurationMs } from './go-duration.ts'
import { plainPrefixLength } from './line.ts'
import { OTHER_ROUTE, ROUTE_OF_STATE, ROUTE_START, ROUTE_STEPS } from './routes.ts'
import type { Tally } from './tally.ts'
import { wallSecondsOf } from './wall-clock.ts'

/** Where the parts of such a line begin, counted from its first byte. */
const ID = 23
const LEVEL = 31
const CALLER = 39
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
const MAX_PATH_LENGTH = 124
/** A line is looked at only when this many bytes stand behind its beginning, so that no look goes past the end. */
const ROOM = MAX_PREFIX_LENGTH + CALLER + MAX_CALLER_LENGTH + PATH + MAX_PATH_LENGTH + 8

const COLON = 0x3a
const QUOTE = 0x22
const QUESTION_MARK = 0x3f
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

// Four bytes are read as a signed integer and eight as a float, for which the engine has single instructions. Equal
// floats are equal bytes: no ASCII text is NaN, zero or minus zero.
function four(text: string): number {
  return asView(text).getInt32(0, true)
}
function eight(text: string): number {
  return asView(text).getFloat64(0, true)
}
function asView(text: string): DataView {
  return new DataView(Uint8Array.from(text, (char) => char.charCodeAt(0)).buffer)
}

const POST = eight('POST    ')
const GET = eight('GET     ')
/** The last three of four characters, whatever the first is. */
const CELL_END = four('_ | ') >>> 8
const TIME_END = four('_] [') >>> 8

/** The levels of access lines, with the brackets around them. */
const LEVELS = ['] [info ', '] [warn ', '] [error'] as const
const [INFO, WARN, ERROR] = [eight(LEVELS[0]), eight(LEVELS[1]), eight(LEVELS[2])]

const NOT_ORDINARY = 0

/**
 * Reads the ordinary access lines of era E straight from the bytes, without making a text of them: nearly all lines
 * of a log are such, and decoding and matching them costs more than ten times as much. The shape is
 *
 *     [2026-08-22 21:40:03] [9f3c11aa] [info ] [gin_logger.go:93] 200 |         812ms |    198.51.100.10 | POST    "/v1/responses"
 *
 * with an id of eight characters, an address without letters and a path of printable ASCII without quotes. It takes
 * only what `parseLine` reads the same way and leaves every other line to it. Four or eight bytes are compared at a
 * time, because a look at each byte would cost more than all the rest.
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

  constructor(tally: Tally) {
    this.#tally = tally
  }

  /** Reads lines from `from` on and returns where the first line begins that it did not take. */
  read(bytes: Buffer, view: DataView, from: number): number {
    const last = view.byteLength - ROOM
    let at = from
    while (at < last) {
      const next = this.#line(bytes, view, at)
      if (next === NOT_ORDINARY) break
      at = next
    }
    return at
  }

  /** Learns what surrounds the message of an access line that `parseLine` has read. */
  learn(line: Buffer): void {
    const text = line.toString('latin1', 0, ROOM)
    const prefixLength = plainPrefixLength(text)
    if (prefixLength === null || prefixLength > MAX_PREFIX_LENGTH) return
    const shape = LEVEL_AND_CALLER.exec(text.slice(prefixLength))?.groups
    if (shape?.caller === undefined || shape.caller.length > MAX_CALLER_LENGTH) return
    this.#prefix.learn(text.slice(0, prefixLength))
    if (shape.level === LEVELS[0]) this.#infoCaller.learn(shape.caller)
    else if (shape.level === LEVELS[1]) this.#warnCaller.learn(shape.caller)
    else this.#errorCaller.learn(shape.caller)
  }

  /** Counts the line at `start` and returns where the next one begins. */
  #line(bytes: Buffer, view: DataView, start: number): number {
    if (this.#prefix.length > 0 && !this.#prefix.isAt(view, start)) return NOT_ORDINARY
    const at = start + this.#prefix.length
    const caller = this.#callerOf(view.getFloat64(at + LEVEL, true))
    if (caller === null || !caller.isAt(view, at + CALLER)) return NOT_ORDINARY
    const body = at + CALLER + caller.length
    if ((oddInCells(view, body) | oddInId(view, at + ID)) !== 0) return NOT_ORDINARY
    const status = this.#status.read(view, body)
    if (status < 0 || !this.#time.read(view, at)) return NOT_ORDINARY
    const quote = this.#path.read(view, body + PATH)
    if (quote === NOT_ORDINARY) return NOT_ORDINARY
    const end = view.getInt8(quote + 1) === CARRIAGE_RETURN ? quote + 2 : quote + 1
    if (view.getInt8(end) !== LINE_FEED) return NOT_ORDINARY

    this.#tally.moveTo(this.#time.wallSeconds, null)
    if (this.#tally.needsDetails(status)) {
      const latency = bytes.toString('latin1', body + LATENCY, body + LATENCY_END)
      const id = bytes.toString('latin1', at + ID, at + ID + 8)
      this.#tally.access(
        this.#path.route,
        status,
        goDurationMs(latency.replace(/^ +| +$/g, '')),
        requestKey(id),
      )
    } else this.#tally.access(this.#path.route, status, null, NO_REQUEST)
    return end + 1
  }

  #callerOf(level: number): KnownText | null {
    if (level === INFO) return this.#infoCaller
    if (level === WARN) return this.#warnCaller
    return level === ERROR ? this.#errorCaller : null
  }
}

const LEVEL_AND_CALLER = /^.{31}(?<level>\] \[(?:info |warn |error))(?<caller>\] \[[\w.+-]+\.\w+:\d+\] )/s

// The tests below look at all four bytes of an integer at once.
const HIGH_BITS = 0x80808080 | 0
const BITS_5 = 0x20202020
const BITS_6_AND_7 = 0xc0c0c0c0 | 0
const EIGHTS = 0x08080808
const AFTER_SPACE = 0x21212121

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

/** Zero when eight characters are digits, small letters and such: no white space and no `]`. */
function oddInId(view: DataView, at: number): number {
  const i0 = view.getInt32(at, true)
  const i1 = view.getInt32(at + 4, true)
  const spaces = ((i0 - AFTER_SPACE) & ~i0) | ((i1 - AFTER_SPACE) & ~i1)
  return ((i0 | i1 | spaces) & HIGH_BITS) | ((i0 & i1 & BITS_5) ^ BITS_5)
}

/** Reads `200 | `. */
class StatusReader {
  #word = 0
  #status = -1

  /** The status, -1 when there is none. */
  read(view: DataView, body: number): number {
    const word = view.getInt32(body, true)
    if (view.getInt32(body + 2, true) >>> 8 !== CELL_END) return -1
    if (word === this.#word) return this.#status
    const hundreds = view.getInt8(body) - 0x30
    const rest = twoDigits(view, body + 1)
    if (hundreds < 1 || hundreds > 5 || rest < 0) return -1
    this.#word = word
    this.#status = hundreds * 100 + rest
    return this.#status
  }
}

/** The number that two digits make, -1 when they are none. */
function twoDigits(view: DataView, at: number): number {
  const tens = view.getInt8(at) - 0x30
  const ones = view.getInt8(at + 1) - 0x30
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones
}

/** Remembers a text of at least eight bytes and finds it again. */
class KnownText {
  length = 0
  #text = ''
  #parts: Float64Array = new Float64Array(0)
  #tail = 0

  /** A shorter text is the same as none. */
  learn(text: string): void {
    if (text === this.#text) return
    this.#text = text
    this.length = text.length < 8 ? 0 : text.length
    this.#parts = Float64Array.from({ length: text.length >> 3 }, (_, i) =>
      eight(text.slice(i * 8, i * 8 + 8)),
    )
    this.#tail = eight(text.slice(-8).padEnd(8))
  }

  /** Never true when nothing was learned. */
  isAt(view: DataView, at: number): boolean {
    const parts = this.#parts
    for (let i = 0; i < parts.length; i++) {
      if (view.getFloat64(at + i * 8, true) !== parts[i]) return false
    }
    return this.length > 0 && view.getFloat64(at + this.length - 8, true) === this.#tail
  }
}

/** Reads `[2026-08-22 21:40:03] [`; a line of the second before it costs least, one of the day little more. */
class TimeReader {
  wallSeconds = 0
  #dayStart = 0
  // The bytes of the time read last, `[2026-08`, `-22 21:4` and `0:03`, and the day in the middle ones, `-22 `.
  #month = 0
  #dayAndHour = 0
  #day = 0
  #second = 0

  /** False when there is no time here, or none that exists. */
  read(view: DataView, at: number): boolean {
    if (view.getInt32(at + 19, true) >>> 8 !== TIME_END) return false
    const month = view.getFloat64(at, true)
    const dayAndHour = view.getFloat64(at + 8, true)
    const second = view.getInt32(at + 16, true)
    if (second === this.#second && dayAndHour === this.#dayAndHour && month === this.#month) return true
    const isSameDay = month === this.#month && view.getInt32(at + 8, true) === this.#day
    if (!(isSameDay || this.#readDay(view, at)) || !this.#readClock(view, at)) return false
    this.#month = month
    this.#day = view.getInt32(at + 8, true)
    this.#dayAndHour = dayAndHour
    this.#second = second
    return true
  }

  #readDay(view: DataView, at: number): boolean {
    this.#month = 0
    const text = String.fromCharCode(...Array.from({ length: 12 }, (_, i) => view.getUint8(at + i)))
    const date = /^\[(\d{4})-(\d\d)-(\d\d) $/.exec(text)
    const start =
      date === null ? null : wallSecondsOf(Number(date[1]), Number(date[2]), Number(date[3]), 0, 0, 0)
    this.#dayStart = start ?? 0
    return start !== null
  }

  #readClock(view: DataView, at: number): boolean {
    const hour = twoDigits(view, at + 12)
    const minute = twoDigits(view, at + 15)
    const second = twoDigits(view, at + 18)
    if (view.getInt8(at + 14) !== COLON || view.getInt8(at + 17) !== COLON) return false
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return false
    this.wallSeconds = this.#dayStart + hour * 3600 + minute * 60 + second
    return true
  }
}

const SLOT_BITS = 9
const SLOT_PARTS = 16
const QUOTES = 0x22222222
const ONES = 0x01010101

/** Finds the route of a path. Walking a path costs a step per byte, so paths are remembered and compared by eights. */
class PathReader {
  /** The route of the path read last. */
  route = OTHER_ROUTE
  readonly #parts = new Float64Array(SLOT_PARTS << SLOT_BITS)
  readonly #lengths = new Uint8Array(1 << SLOT_BITS)
  readonly #routes = new Uint8Array(1 << SLOT_BITS)

  /** Where the quote behind the path is; `NOT_ORDINARY` when the path is too long or not printable ASCII. */
  read(view: DataView, from: number): number {
    let at = from
    let hash = 0
    let part = view.getInt32(at, true)
    let quotes = quotesIn(part)
    while (quotes === 0) {
      hash = Math.imul(hash ^ part, 0x9e3779b1)
      at += 4
      if (at - from >= MAX_PATH_LENGTH) return NOT_ORDINARY
      part = view.getInt32(at, true)
      quotes = quotesIn(part)
    }
    const before = (31 - Math.clz32(quotes & -quotes)) >> 3
    const quote = at + before
    const rest = part & ((1 << (before * 8)) - 1)
    const slot = Math.imul(hash ^ rest, 0x85ebca6b) >>> (32 - SLOT_BITS)
    if (this.#lengths[slot] === quote - from && this.#holds(slot, view, from, quote)) {
      this.route = this.#routes[slot] ?? OTHER_ROUTE
      return quote
    }
    if (!this.#walk(view, from, quote)) return NOT_ORDINARY
    if (quote - from >= 8) this.#keep(slot, view, from, quote)
    return quote
  }

  #holds(slot: number, view: DataView, from: number, quote: number): boolean {
    const parts = this.#parts
    let index = slot * SLOT_PARTS
    for (let at = from; at <= quote - 8; at += 8) {
      if (view.getFloat64(at, true) !== parts[index++]) return false
    }
    return view.getFloat64(quote - 8, true) === parts[index]
  }

  #keep(slot: number, view: DataView, from: number, quote: number): void {
    let index = slot * SLOT_PARTS
    for (let at = from; at <= quote - 8; at += 8) this.#parts[index++] = view.getFloat64(at, true)
    this.#parts[index] = view.getFloat64(quote - 8, true)
    this.#lengths[slot] = quote - from
    this.#routes[slot] = this.route
  }

  #walk(view: DataView, from: number, quote: number): boolean {
    let state = ROUTE_START
    let isQuery = false
    for (let at = from; at < quote; at++) {
      const byte = view.getUint8(at)
      if (byte < 0x20 || byte > 0x7e) return false
      isQuery ||= byte === QUESTION_MARK
      if (!isQuery) state = ROUTE_STEPS[state * 128 + byte] ?? 0
    }
    this.route = ROUTE_OF_STATE[state] ?? OTHER_ROUTE
    return true
  }
}

/** The high bit of each byte that is a quote; the lowest bit set is always right. */
function quotesIn(part: number): number {
  const zeros = part ^ QUOTES
  return (zeros - ONES) & ~zeros & HIGH_BITS
}
