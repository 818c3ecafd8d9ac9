import { type Fields, isFields, numberOf } from '../../wire/fields.ts'
import { momentMs } from '../../wire/moments.ts'

const EXPIRY_KEYS = ['expired', 'expire', 'expires_at', 'expiresAt', 'expiry', 'expires'] as const
const REFRESH_KEYS = ['last_refresh', 'lastRefresh', 'last_refreshed_at', 'lastRefreshedAt'] as const

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
