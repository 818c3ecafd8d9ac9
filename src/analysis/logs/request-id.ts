import { BITS_5, HIGH_BITS } from './byte-readers.ts'
import { detached } from './detached.ts'

/** A request id: the number of its eight hex digits, the text of a foreign one, or `NO_REQUEST`. */
export type RequestKey = number | string
export const NO_REQUEST = -1

export function requestKey(id: string | null): RequestKey {
  if (id === null) return NO_REQUEST
  let number = id.length === 8 ? 0 : Number.NaN
  for (let i = 0; i < id.length; i++) number = number * 16 + hexDigit(id.charCodeAt(i))
  return Number.isNaN(number) ? detached(id) : number
}

/** The key of an id of eight characters that `oddInId` finds nothing in. */
export function keyAt(bytes: Buffer, view: DataView, at: number): RequestKey {
  let number = 0
  for (let i = at; i < at + 8; i++) number = number * 16 + hexDigit(view.getUint8(i))
  if (!Number.isNaN(number)) return number
  const id = bytes.toString('latin1', at, at + 8)
  return id === '--------' ? NO_REQUEST : id
}

/** The value of a hex digit in lower case, NaN of anything else. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : Number.NaN
}

const AFTER_SPACE = 0x21212121

/** Zero when eight characters are digits, small letters and such: no white space and no `]`. */
export function oddInId(view: DataView, at: number): number {
  const i0 = view.getInt32(at, true)
  const i1 = view.getInt32(at + 4, true)
  const spaces = ((i0 - AFTER_SPACE) & ~i0) | ((i1 - AFTER_SPACE) & ~i1)
  return ((i0 | i1 | spaces) & HIGH_BITS) | ((i0 & i1 & BITS_5) ^ BITS_5)
}
