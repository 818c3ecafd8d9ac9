import { digitAt, find, isSame, mixed } from './bytes'
import { freeSlot, NEIGHBOURS, slotOf } from './slots'

// What failed again and again fails with the same words, but for how long it took:
//
//     upstream execution failed: provider=codex model=gpt auth=codex.json duration=812ms err={"code":429}
//
// So texts are remembered without what stands between `duration=` and ` err=`.

const SLOT_BITS = 8
/** Longer texts are not remembered. */
const MAX_LENGTH = 1000
// A slot holds the length, the length up to the duration, and the text without it; the last bytes can be read with it.
const TEXT = 8
const SLOT_BYTES = TEXT + MAX_LENGTH + 16
const slots = memory.data(SLOT_BYTES << SLOT_BITS, 16)

const EQUALS_SIGN = 0x3d
/** ` duration` before an equals sign, in eight bytes and one. */
const DURATION_LENGTH = 9
const DURATION: u64 = 0x6f69746172756420
const DURATION_END = 0x6e
/** ` err` */
const ERROR: u32 = 0x72726520

// Of the text looked at last: up to its duration, and from ` err=` on.
let from: usize = 0
let firstLength: i32 = 0
let secondFrom: usize = 0
let secondLength: i32 = 0
let hash: u64 = 0

/** The number of a text that is remembered; -1 for any other, which `rememberText` can then remember. */
export function numberOfText(start: usize, end: usize): i32 {
  from = start
  cut(end)
  const length = firstLength + secondLength
  if (length === 0 || length > MAX_LENGTH) return -1
  hash = hashOf(secondFrom, secondLength, hashOf(from, firstLength, length))
  for (let step = 0; step < NEIGHBOURS; step++) {
    const number = slotOf(hash, SLOT_BITS, step)
    if (isIn(number, length)) return number
  }
  return -1
}

function isIn(number: i32, length: i32): bool {
  const slot = slots + number * SLOT_BYTES
  return (
    load<i32>(slot) === length &&
    load<i32>(slot + 4) === firstLength &&
    isSame(from, slot + TEXT, firstLength) &&
    isSame(secondFrom, slot + TEXT + firstLength, secondLength)
  )
}

/** Remembers the text looked at last, maybe instead of another one, and returns its number; -1 when it is empty or too long. */
export function rememberText(): i32 {
  const length = firstLength + secondLength
  if (length === 0 || length > MAX_LENGTH) return -1
  const number = freeSlot(slots, SLOT_BYTES, hash, SLOT_BITS)
  const slot = slots + number * SLOT_BYTES
  store<i32>(slot, length)
  store<i32>(slot + 4, firstLength)
  memory.copy(slot + TEXT, from, firstLength)
  memory.copy(slot + TEXT + firstLength, secondFrom, secondLength)
  return number
}

/** A text without a duration before an error is all first part. */
function cut(end: usize): void {
  firstLength = <i32>(end - from)
  secondFrom = end
  secondLength = 0
  const first = from + DURATION_LENGTH
  for (let at = find(EQUALS_SIGN, first, end); at < end; at = find(EQUALS_SIGN, at + 1, end)) {
    if (load<u64>(at - DURATION_LENGTH) !== DURATION || load<u8>(at - 1) !== DURATION_END) continue
    const error = endOfDuration(at + 1, end)
    if (error === 0 || load<u32>(error) !== ERROR) return
    firstLength = <i32>(at - DURATION_LENGTH - from)
    secondFrom = error
    secondLength = <i32>(end - error)
    return
  }
}

/** Behind a duration of Go such as `1m2.5s`; 0 when there is none. */
function endOfDuration(start: usize, end: usize): usize {
  let at = start
  let done: usize = 0
  while (at < end && isDigit(at)) {
    while (isDigit(at)) at++
    if (load<u8>(at) === 0x2e && isDigit(at + 1)) {
      at++
      while (isDigit(at)) at++
    }
    at = endOfUnit(at)
    if (at === 0) return 0
    done = at
  }
  return done
}

function endOfUnit(at: usize): usize {
  const first = load<u8>(at)
  const second = load<u8>(at + 1)
  if (second === 0x73 && (first === 0x6d || first === 0x75 || first === 0x6e)) return at + 2 // ms us ns
  return first === 0x68 || first === 0x6d || first === 0x73 ? at + 1 : 0 // h m s
}

function isDigit(at: usize): bool {
  return digitAt(at) <= 9
}

function hashOf(start: usize, length: i32, seed: u64): u64 {
  let mix = mixed(0, seed)
  let at = start
  for (const last = start + length - 8; at <= last; at += 8) mix = mixed(mix ^ (mix >> 32), load<u64>(at))
  const rest = start + length - at
  const tail = rest > 0 ? load<u64>(at) & (((<u64>1) << (rest * 8)) - 1) : 0
  return mixed(mix ^ (mix >> 32), tail)
}
