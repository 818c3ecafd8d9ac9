/** Sixteen bytes, each of them this one. */
export function everyByte(byte: i32): v128 {
  return i8x16.splat(<i8>byte)
}

/** Bit n is set when byte n of both is the same. */
export function equalBits(one: v128, other: v128): i32 {
  return i8x16.bitmask(i8x16.eq(one, other))
}

/** The lowest `count` bits, of at most 16. */
export function lowBits(count: i32): i32 {
  return (1 << count) - 1
}

/** Whether `length` bytes are the same in both places; may read up to 15 bytes more. */
export function isSame(one: usize, other: usize, length: i32): bool {
  let at = 0
  for (; at + 16 <= length; at += 16) {
    if (equalBits(v128.load(one + at), v128.load(other + at)) !== 0xffff) return false
  }
  const rest = lowBits(length - at)
  return (equalBits(v128.load(one + at), v128.load(other + at)) & rest) === rest
}

/** As `isSame`, but any digit is the same as any other. */
export function isSameShape(one: usize, other: usize, length: i32): bool {
  for (let at = 0; at < length; at += 16) {
    const bits = equalBits(shapeOf(v128.load(one + at)), shapeOf(v128.load(other + at)))
    const rest = lowBits(length - at < 16 ? length - at : 16)
    if ((bits & rest) !== rest) return false
  }
  return true
}

function shapeOf(bytes: v128): v128 {
  const isDigit = i8x16.lt_u(i8x16.sub(bytes, everyByte(0x30)), everyByte(10))
  return v128.bitselect(everyByte(0x30), bytes, isDigit)
}

/** Where the byte comes first from `from` to below `end`; `end` when it does not. May read up to 15 bytes more. */
export function find(byte: i32, from: usize, end: usize): usize {
  const wanted = everyByte(byte)
  for (let at = from; at < end; at += 16) {
    const bits = equalBits(v128.load(at), wanted)
    if (bits === 0) continue
    const found = at + ctz(bits)
    return found < end ? found : end
  }
  return end
}

/** The digit's value; 10 or more for any other byte. */
export function digitAt(at: usize): u32 {
  return <u32>load<u8>(at) - 0x30
}

const MULTIPLIER: u64 = 0x9e3779b97f4a7c15

/** Mixes eight bytes into a hash; its upper bits are the good ones. */
export function mixed(hash: u64, part: u64): u64 {
  return (hash ^ part) * MULTIPLIER
}
