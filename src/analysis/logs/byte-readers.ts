import { OTHER_ROUTE, ROUTE_OF_STATE, ROUTE_START, ROUTE_STEPS } from './routes.ts'
import { wallSecondsOf } from './wall-clock.ts'

// The parts of a line that `FastAccessReader` reads from its bytes. Four bytes are read as a signed integer and eight
// as a float, for which the engine has single instructions. Equal floats are equal bytes: no ASCII text is NaN, zero
// or minus zero.
export function four(text: string): number {
  return asView(text).getInt32(0, true)
}
export function eight(text: string): number {
  return asView(text).getFloat64(0, true)
}
function asView(text: string): DataView {
  return new DataView(Uint8Array.from(text, (char) => char.charCodeAt(0)).buffer)
}

const COLON = 0x3a
const QUESTION_MARK = 0x3f
/** The last three of four characters, whatever the first is. */
export const CELL_END = four('_ | ') >>> 8
const TIME_END = four('_] [') >>> 8

/** Reads `200 | `. */
export class StatusReader {
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

/** The number of eight hex digits in lower case, -1 when they are none. */
export function hexAt(view: DataView, at: number): number {
  let value = 0
  for (let i = at; i < at + 8; i++) {
    const byte = view.getUint8(i)
    if (byte >= 0x30 && byte <= 0x39) value = value * 16 + byte - 0x30
    else if (byte >= 0x61 && byte <= 0x66) value = value * 16 + byte - 0x57
    else return -1
  }
  return value
}

/** The number that two digits make, -1 when they are none. */
function twoDigits(view: DataView, at: number): number {
  const tens = view.getInt8(at) - 0x30
  const ones = view.getInt8(at + 1) - 0x30
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones
}

/** Remembers a text of at least eight bytes and finds it again. */
export class KnownText {
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
export class TimeReader {
  wallSeconds = 0
  #dayStart = 0
  // The bytes of the time read last, `[2026-08`, `-22 21:4` and `0:03`, and the day in the middle ones, `-22 `.
  #month = Number.NaN
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
    this.#month = Number.NaN
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
/** The last part of a slot is for the end of a path, which overlaps the one before it. */
export const MAX_PATH_LENGTH = (SLOT_PARTS - 1) * 8 + 4

/** Finds the route of a path. Walking a path costs a step per byte, so paths are remembered and compared by eights. */
export class PathReader {
  /** The route of the path read last. */
  route = OTHER_ROUTE
  readonly #parts = new Float64Array(SLOT_PARTS << SLOT_BITS)
  readonly #lengths = new Uint8Array(1 << SLOT_BITS)
  readonly #routes = new Uint8Array(1 << SLOT_BITS)

  /** Where the quote behind the path is; -1 when the path is too long or not printable ASCII. */
  read(view: DataView, from: number): number {
    let at = from
    let hash = 0
    let part = view.getInt32(at, true)
    let quotes = quotesIn(part)
    while (quotes === 0) {
      hash = Math.imul(hash ^ part, 0x9e3779b1)
      at += 4
      if (at - from >= MAX_PATH_LENGTH) return -1
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
    if (!this.#walk(view, from, quote)) return -1
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

const QUOTES = 0x22222222
const ONES = 0x01010101
const HIGH_BITS = 0x80808080 | 0

/** The high bit of each byte that is a quote; the lowest bit set is always right. */
function quotesIn(part: number): number {
  const zeros = part ^ QUOTES
  return (zeros - ONES) & ~zeros & HIGH_BITS
}
