import { type Fields, isFields, numberOf, textOf } from '../../wire/fields.ts'

const EXPIRY_KEYS = ['expired', 'expire', 'expires_at', 'expiresAt', 'expiry', 'expires'] as const
const REFRESH_KEYS = ['last_refresh', 'lastRefresh', 'last_refreshed_at', 'lastRefreshedAt'] as const

/** Larger numbers are milliseconds, as the gateway reads them (contract, files 3.4). */
const SECONDS_UP_TO = 1e12
/** The last instant that a date can hold. */
const LATEST_MS = 8.64e15

// The gateway takes a time without a zone for UTC.
const STAMP =
  /^(?<date>\d{4}-\d\d-\d\d)[Tt ](?<time>\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(?<zone>[Zz]|[+-]\d\d:\d\d)?$/

/**
 * A moment of a token or cooldown file in milliseconds: RFC 3339, `YYYY-MM-DD HH:MM[:SS]`, Unix seconds or
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

/** When the token ends, by the first key that tells a moment, also inside `token` (contract, files 3.4). */
export function expiryMs(fields: Fields): number | null {
  const told = firstMoment(fields, EXPIRY_KEYS)
  if (told !== null) return told
  for (const nested of [fields.token, fields.Token]) {
    const inner = isFields(nested) ? firstMoment(nested, EXPIRY_KEYS) : null
    if (inner !== null) return inner
  }
  const lifetimeS = numberOf(fields.expires_in)
  const issuedMs = lastRefreshMs(fields)
  return lifetimeS !== null && issuedMs !== null ? momentMs(issuedMs + lifetimeS * 1000) : null
}

/** When the token was last issued: a last-refresh key, else the `timestamp` that some types have instead. */
export function lastRefreshMs(fields: Fields): number | null {
  return firstMoment(fields, REFRESH_KEYS) ?? momentMs(fields.timestamp)
}

function firstMoment(fields: Fields, keys: readonly string[]): number | null {
  for (const key of keys) {
    const ms = momentMs(fields[key])
    if (ms !== null) return ms
  }
  return null
}
