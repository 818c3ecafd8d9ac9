// Where a remembered text stands in a table of 2 ** `bits` slots: in one of a few neighbouring slots, from the one that
// the upper bits of its hash name. A slot begins with the length of its text, which is 0 in an empty one.

/** How many slots a text can be in. */
export const NEIGHBOURS = 4

/** The number of one of these slots; `step` is from 0 to below `NEIGHBOURS`. */
export function slotOf(hash: u64, bits: i32, step: i32): i32 {
  const first = <i32>(hash >> (64 - bits))
  return (first + step) & ((1 << bits) - 1)
}

/** The number of the first empty one of these slots, or of the first where all are taken. */
export function freeSlot(table: usize, slotBytes: i32, hash: u64, bits: i32): i32 {
  for (let step = 0; step < NEIGHBOURS; step++) {
    const number = slotOf(hash, bits, step)
    if (load<i32>(table + number * slotBytes) === 0) return number
  }
  return slotOf(hash, bits, 0)
}
