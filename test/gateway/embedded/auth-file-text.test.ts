import { describe, expect, it } from 'vitest'
import { authFileText } from '../../../src/gateway/embedded/auth-file-text.ts'

describe('a token file', () => {
  const file = {
    file: 'a.json',
    type: 'codex',
    expiresInMs: 60_000,
    refreshedInMs: -60_000,
    accessToken: 'token',
    refreshToken: 'refresh',
    mode: 0o600,
    fields: { email: 'a@example.com' },
    quota: null,
  }
  const written = (changes: Partial<typeof file>) =>
    JSON.parse(authFileText({ ...file, ...changes }, Date.UTC(2026, 7, 1, 12))) as Record<string, unknown>

  it('tells expiry and refresh in the words of its type', () => {
    const { expired, last_refresh } = written({})
    expect(Date.parse(String(expired))).toBe(Date.UTC(2026, 7, 1, 12, 1))
    expect(Date.parse(String(last_refresh))).toBe(Date.UTC(2026, 7, 1, 11, 59))
    expect(written({ type: 'kimi' }).expired).toBe('2026-08-01T12:01:00Z')
    expect(written({ type: 'kiro' })).toMatchObject({ expires_at: '2026-08-01T12:01:00Z' })
    expect(written({ type: 'github-copilot' })).toMatchObject({
      expires_at: Date.UTC(2026, 7, 1, 12, 1) / 1000,
    })
  })

  it('holds a refresh token only where the type has one', () => {
    expect(written({})).toHaveProperty('refresh_token', 'refresh')
    expect(written({ type: 'github-copilot' })).not.toHaveProperty('refresh_token')
  })
})
