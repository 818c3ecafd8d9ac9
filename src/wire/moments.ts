import { numberOf, textOf } from './fields.ts'

/** Larger numbers are milliseconds, as the gateway reads them (contract, files 3.4). */
const SECONDS_UP_TO = 1e12
/** The last instant that a date can hold. */
const LATEST_MS = 8.64e15

// The gateway takes a time without a zone for UTC.
const STAMP =
  /^(?<date>\d{4}-\d\d-\d\d)[Tt ](?<time>\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(?<zone>[Zz]|[+-]\d\d:\d\d)?$/

/**
 * A moment as gateways and their files write it, in milliseconds: RFC 3339, `YYYY-MM-DD HH:MM[:SS]`, Unix seconds or
 * milliseconds as number or digits. Null for anything else, and for Go's year 1, which stands for "not set".
 */
export function momentMs(value: unknown): number | null {
  const number = numberOf(value)
  const ms =
    number === null ? stampMs(textOf(value)?.trim() ?? '') : number > SECONDS_UP_TO ? number : number * 1000
  return ms !== null && ms > 0 && ms <= LATEST_MS ? Math.trunc(ms) : null
}

function stampMs(text: string): number | null {
  const { date, time, zone = 'Z' } = STAMP.exec(text)?.groups ?? {}
  const ms = Date.parse(`${date}T${time}${zone.toUpperCase()}`)
  return Number.isNaN(ms) ? null : ms
}
