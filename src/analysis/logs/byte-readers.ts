import { wallSecondsOf } from './wall-clock.ts'

/** Where the parts of a line of era E begin, counted from its first byte. */
export const ID = 23
export const LEVEL = 31
export const CALLER = 39

export const LINE_FEED = 0x0a
export const CARRIAGE_RETURN = 0x0d

// What tells something of all four bytes of an integer at once.
export const HIGH_BITS = 0x80808080 | 0
export const BITS_5 = 0x20202020

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

const SPACE = 0x20
const POINT = 0x2e
const SMALL_M = 0x6d
const SMALL_S = 0x73
/** The last three of four characters, whatever the first is. */
export const CELL_END = four('_ | ') >>> 8
const TIME_END = four('_] [') >>> 8
const ZERO_CLOCK = four('0:00')

/** Reads `200 | `. */
export class StatusReader {
  #word = 0
  #status = -1

  /** The status, -1 when there is none. */
  read(view: DataView, body: number): number {
    const word = view.getInt32(body, true)
    if (view.getInt32(body + 2, true) >>> 8 !== CELL_END) return -1
    if (word === this.#word) return this.#status
    const status = digitsAt(view, body, body + 3)
    if (status < 100 || status > 599) return -1
    this.#word = word
    this.#status = status
    return status
  }
}

/** With more, the milliseconds of a latency could come out different than by `goDurationMs`. */
const MAX_LATENCY_LENGTH = 8

/** The milliseconds of `812ms` or `1.192s` at the right of a column; -1 for any other text. */
export function latencyMsAt(view: DataView, from: number, end: number): number {
  if (view.getUint8(end - 1) !== SMALL_S) return -1
  let first = from
  while (view.getUint8(first) === SPACE) first++
  if (end - first > MAX_LATENCY_LENGTH) return -1
  if (view.getUint8(end - 2) === SMALL_M) return digitsAt(view, first, end - 2)
  let unitMs = 1000
  for (let decimals = 1; decimals <= 3; decimals++) {
    unitMs /= 10
    const point = end - 2 - decimals
    if (view.getUint8(point) !== POINT) continue
    const whole = digitsAt(view, first, point)
    const part = digitsAt(view, point + 1, end - 1)
    return whole < 0 || part < 0 ? -1 : whole * 1000 + part * unitMs
  }
  const whole = digitsAt(view, first, end - 1)
  return whole < 0 ? -1 : whole * 1000
}

/** The number that the digits make, -1 when there are none or not only these. */
function digitsAt(view: DataView, from: number, end: number): number {
  let value = from < end ? 0 : -1
  for (let at = from; at < end; at++) {
    const byte = view.getUint8(at)
    if (byte < 0x30 || byte > 0x39) return -1
    value = value * 10 + byte - 0x30
  }
  return value
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

/** What stands between the digits of a time. */
const TIME_MARKS = [...'[____-__-__ __:'].flatMap((mark, offset) =>
  mark === '_' ? [] : [{ offset, byte: mark.charCodeAt(0) }],
)

/** Reads `[2026-08-22 21:40:03] [`; a line of the same ten minutes as the one before costs least. */
export class TimeReader {
  wallSeconds = 0
  #startOfTen = 0
  // The bytes of these ten minutes, `[2026-08` and `-22 21:4`.
  #month = Number.NaN
  #dayToTen = 0

  /** False when there is no time here, or none that exists. */
  read(view: DataView, at: number): boolean {
    if (view.getInt32(at + 19, true) >>> 8 !== TIME_END) return false
    const month = view.getFloat64(at, true)
    const dayToTen = view.getFloat64(at + 8, true)
    const isKnown = dayToTen === this.#dayToTen && month === this.#month
    if (!isKnown && !this.#readTen(view, at, month, dayToTen)) return false
    const digits = view.getInt32(at + 16, true) ^ ZERO_CLOCK
    const minute = digits & 0xff
    const ones = digits >>> 24
    const second = ((digits >> 16) & 0xff) * 10 + ones
    if ((digits & 0xff00) !== 0 || minute > 9 || ones > 9 || second > 60) return false
    this.wallSeconds = this.#startOfTen + minute * 60 + second
    return true
  }

  #readTen(view: DataView, at: number, month: number, dayToTen: number): boolean {
    this.#month = Number.NaN
    for (const { offset, byte } of TIME_MARKS) if (view.getUint8(at + offset) !== byte) return false
    const years = digitsAt(view, at + 1, at + 5)
    const months = digitsAt(view, at + 6, at + 8)
    const days = digitsAt(view, at + 9, at + 11)
    const hours = digitsAt(view, at + 12, at + 14)
    const tens = digitsAt(view, at + 15, at + 16)
    if (years < 0 || months < 0 || days < 0 || hours < 0 || tens < 0) return false
    const start = wallSecondsOf(years, months, days, hours, tens * 10, 0)
    if (start === null) return false
    this.#startOfTen = start
    this.#month = month
    this.#dayToTen = dayToTen
    return true
  }
}
