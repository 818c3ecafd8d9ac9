import { HIGH_BITS } from './byte-readers.ts'
import { OTHER_ROUTE, routeAt } from './routes.ts'

const QUOTE = 0x22

const SLOT_BITS = 9
const LIKELY_BITS = 6
const SLOT_PARTS = 16
/** The last part of a slot is for the end of a path, which overlaps the one before it. */
export const MAX_PATH_LENGTH = (SLOT_PARTS - 1) * 8 + 4

/** Finds the route of a path. To make a text of one costs time, so paths are remembered and compared by eight bytes. */
export class PathReader {
  /** The route of the path read last. */
  route = OTHER_ROUTE
  readonly #parts = new Float64Array(SLOT_PARTS << SLOT_BITS)
  readonly #lengths = new Uint8Array(1 << SLOT_BITS)
  readonly #routes = new Uint8Array(1 << SLOT_BITS)
  /** The slot of the path read last, by eight bytes that many paths differ in: a look there spares most searches. */
  readonly #likely = new Uint16Array(1 << LIKELY_BITS)

  /** Where the quote behind the path is; -1 when the path is too long or not printable ASCII. */
  read(view: DataView, from: number): number {
    const telling = view.getInt32(from + 4, true) ^ view.getInt32(from + 8, true)
    const likely = Math.imul(telling, 0x9e3779b1) >>> (32 - LIKELY_BITS)
    const slot = this.#likely[likely] ?? 0
    const quote = from + (this.#lengths[slot] ?? 0)
    if (quote > from && view.getInt8(quote) === QUOTE && this.#holds(slot, view, from, quote)) {
      this.route = this.#routes[slot] ?? OTHER_ROUTE
      return quote
    }
    return this.#search(view, from, likely)
  }

  #search(view: DataView, from: number, likely: number): number {
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
    this.#likely[likely] = slot
    if (this.#lengths[slot] === quote - from && this.#holds(slot, view, from, quote)) {
      this.route = this.#routes[slot] ?? OTHER_ROUTE
      return quote
    }
    if (!isPrintable(view, from, quote)) return -1
    this.route = routeAt(Buffer.from(view.buffer, view.byteOffset + from, quote - from).toString('latin1'))
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
}

function isPrintable(view: DataView, from: number, end: number): boolean {
  for (let at = from; at < end; at++) {
    const byte = view.getUint8(at)
    if (byte < 0x20 || byte > 0x7e) return false
  }
  return true
}

const QUOTES = 0x22222222
const ONES = 0x01010101

/** The high bit of each byte that is a quote; the lowest bit set is always right. */
function quotesIn(part: number): number {
  const zeros = part ^ QUOTES
  return (zeros - ONES) & ~zeros & HIGH_BITS
}
