import { localRfc3339 } from './go-text.ts'
import type { AuthFile } from './scenario.ts'

/** How each type writes its expiry and last refresh; local time with offset where nothing is said (contract, files 3.3). */
const TIMES: Readonly<Record<string, { readonly expiry: string; readonly write: 'local' | 'utc' | 'unix' }>> =
  {
    kimi: { expiry: 'expired', write: 'utc' },
    xai: { expiry: 'expired', write: 'utc' },
    kiro: { expiry: 'expires_at', write: 'utc' },
    'github-copilot': { expiry: 'expires_at', write: 'unix' },
    codebuddy: { expiry: 'expires_at', write: 'unix' },
    cursor: { expiry: 'expires_at', write: 'utc' },
  }
const USUAL = { expiry: 'expired', write: 'local' } as const

/** Types that never hold a refresh token (contract, files 3.3). */
const WITHOUT_REFRESH: ReadonlySet<string> = new Set(['github-copilot', 'vertex', 'kilo'])

/** A token file as its gateway would have written it; times count from `nowMs`. */
export function authFileText(file: AuthFile, nowMs: number): string {
  const { type, accessToken, refreshToken, expiresInMs, refreshedInMs, fields } = file
  const { expiry, write } = TIMES[type] ?? USUAL
  const stamp = (offsetMs: number) => timeText(nowMs + offsetMs, write)
  const content = {
    type,
    access_token: accessToken,
    ...(refreshToken === null || WITHOUT_REFRESH.has(type) ? {} : { refresh_token: refreshToken }),
    ...(expiresInMs === null ? {} : { [expiry]: stamp(expiresInMs) }),
    ...(refreshedInMs === null ? {} : { last_refresh: stamp(refreshedInMs) }),
    ...fields,
  }
  return `${JSON.stringify(content, null, 2)}\n`
}

function timeText(timeMs: number, write: 'local' | 'utc' | 'unix'): string | number {
  if (write === 'unix') return Math.floor(timeMs / 1000)
  return write === 'local' ? localRfc3339(timeMs) : `${new Date(timeMs).toISOString().slice(0, 19)}Z`
}
