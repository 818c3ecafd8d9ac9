import { decodeExactly } from './text.ts'
import { compareValues } from './values.ts'

/** Which text of a run a target holds. */
export type Location =
  | 'before'
  | 'after'
  /** Each byte is the old or the new text's at its place: a write that was cut off. */
  | 'half-written'
  /** The values of one of the two in another layout: somebody, often the gateway, has saved the file since. */
  | 'rewritten-before'
  | 'rewritten-after'
  | 'other'

export function locate(current: Buffer, before: string, after: string): Location {
  if (current.equals(Buffer.from(before))) return 'before'
  if (current.equals(Buffer.from(after))) return 'after'
  if (isHalfWritten(current, Buffer.from(before), Buffer.from(after))) return 'half-written'
  const text = decodeExactly(current)
  // A change of comments alone gives both texts the same values, which then tell nothing.
  if (text === null || compareValues(before, after) !== 'different') return 'other'
  if (compareValues(text, after) === 'same') return 'rewritten-after'
  return compareValues(text, before) === 'same' ? 'rewritten-before' : 'other'
}

/**
 * Any number of writes from one text to the other and back, each cut off somewhere, leave bytes of either text at their
 * own place and a length between the two. An edit by hand shifts what follows it and so does not look like that.
 */
export function isHalfWritten(current: Buffer, before: Buffer, after: Buffer): boolean {
  const shortest = Math.min(before.length, after.length)
  const longest = Math.max(before.length, after.length)
  if (current.length < shortest || current.length > longest) return false
  return current.every((byte, index) => byte === before[index] || byte === after[index])
}
