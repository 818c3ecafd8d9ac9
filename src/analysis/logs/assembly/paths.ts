import { equalBits, everyByte, find, isSame, mixed } from './bytes'
import { QUOTE } from './shared'
import { freeSlot, NEIGHBOURS, slotOf } from './slots'

const SLOT_BITS = 9
/** Longer paths are left to others. */
const MAX_LENGTH = 128
// A slot holds the length, the route, its class, and the path; the last bytes can be read with it.
const PATH = 12
const SLOT_BYTES = PATH + MAX_LENGTH + 4
const slots = memory.data(SLOT_BYTES << SLOT_BITS, 16)

/** The address of the path's route and, four bytes behind it, its class; 0 for a path that is not remembered. */
export function routeOf(from: usize, quote: usize): usize {
  const length = <i32>(quote - from)
  const hash = hashOf(from, quote)
  for (let step = 0; step < NEIGHBOURS; step++) {
    const slot = slots + slotOf(hash, SLOT_BITS, step) * SLOT_BYTES
    if (load<i32>(slot) === length && isPath(from, slot + PATH, length)) return slot + 4
  }
  return 0
}

/** Remembers a path of 1 to 128 bytes, maybe instead of another one. */
export function rememberPath(from: usize, quote: usize, route: i32, routeClass: i32): void {
  const slot = slots + freeSlot(slots, SLOT_BYTES, hashOf(from, quote), SLOT_BITS) * SLOT_BYTES
  store<i32>(slot, <i32>(quote - from))
  store<i32>(slot + 4, route)
  store<i32>(slot + 8, routeClass)
  memory.copy(slot + PATH, from, quote - from)
}

// Most paths have at most 48 bytes. These are compared all at once: where to stop cannot be foretold, and to be wrong
// about it costs a processor more.
function isPath(from: usize, known: usize, length: i32): bool {
  if (length > 48) return isSame(from, known, length)
  const same = equalBits48(from, v128.load(known), v128.load(known + 16), v128.load(known + 32))
  return ~same << (64 - length) === 0
}

/** As `equalBits`, of 48 bytes at an address. */
function equalBits48(at: usize, first: v128, second: v128, third: v128): u64 {
  const low = <u64>equalBits(v128.load(at), first)
  const middle = <u64>equalBits(v128.load(at + 16), second)
  const high = <u64>equalBits(v128.load(at + 32), third)
  return low | (middle << 16) | (high << 32)
}

// By the length, the end, and eight bytes behind `/v1/`. Of a shorter path these reach over its ends, where an access
// line always has other parts; they tell no less for it.
function hashOf(from: usize, quote: usize): u64 {
  return mixed(mixed(load<u64>(from + 4), load<u64>(quote - 8)), quote - from)
}

/** The quote behind a path; 0 when it is too far. */
export function endOfPath(from: usize): usize {
  const quotes = everyByte(QUOTE)
  const found = equalBits48(from, quotes, quotes, quotes)
  if (found !== 0) return from + <usize>ctz(found)
  const end = from + MAX_LENGTH + 1
  const quote = find(QUOTE, from, end)
  return quote < end ? quote : 0
}

/** Whether all bytes are printable ASCII. */
export function isPrintable(from: usize, end: usize): bool {
  for (let at = from; at < end; at++) {
    const byte = load<u8>(at)
    if (byte < 0x20 || byte > 0x7e) return false
  }
  return true
}
