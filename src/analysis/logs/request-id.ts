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

/** The value of a hex digit in lower case, NaN of anything else. */
function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30
  return code >= 0x61 && code <= 0x66 ? code - 0x57 : Number.NaN
}
