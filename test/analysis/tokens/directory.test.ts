import { describe, expect, it } from 'vitest'
import { duplicatesIn } from '../../../src/analysis/tokens/duplicates.ts'
import { exposureOf } from '../../../src/analysis/tokens/exposure.ts'
import { readTokenText } from '../../../src/analysis/tokens/token-file.ts'

function copies(files: Record<string, object>): Record<string, string> {
  const named = Object.entries(files).flatMap(([name, fields]) => {
    const reading = readTokenText(JSON.stringify(fields))
    return reading.kind === 'credential' ? [{ name, credential: reading.credential }] : []
  })
  return Object.fromEntries(duplicatesIn(named))
}

const bob = { type: 'codex', email: 'bob@example.com', account_id: 'a' }

describe('two files', () => {
  it('are one login when they hold the same refresh token; the one renewed last is the original', () => {
    const files = {
      'old.json': { type: 'kimi', refresh_token: 'r', timestamp: 1_700_000_000_000 },
      'new.json': { type: 'kimi', refresh_token: 'r', timestamp: 1_800_000_000_000 },
      'other.json': { type: 'kimi', refresh_token: 's' },
    }
    expect(copies(files)).toEqual({ 'old.json': 'new.json' })
  })

  it('are one login when person and workspace are the same', () => {
    const upper = { ...bob, email: 'BOB@example.com', refresh_token: '2' }
    expect(copies({ a: { ...bob, refresh_token: '1' }, b: upper })).toEqual({ b: 'a' })
  })

  it('are two logins of one person in two workspaces, and of two persons in one', () => {
    expect(copies({ a: bob, b: { ...bob, account_id: 'b' } })).toEqual({})
    expect(copies({ a: bob, b: { ...bob, email: 'eve@example.com' } })).toEqual({})
    const kiro = { type: 'kiro', profile_arn: 'arn:shared' }
    expect(copies({ a: kiro, b: kiro })).toEqual({})
  })

  it('are two logins when their types differ, or one is disabled', () => {
    expect(copies({ a: bob, b: { ...bob, type: 'claude' } })).toEqual({})
    expect(copies({ a: bob, b: { ...bob, disabled: true } })).toEqual({})
  })

  it('and a third one are copies of the same original', () => {
    const [first, second, third] = [3, 2, 1].map((day) => ({
      ...bob,
      last_refresh: `2026-11-0${day}T00:00:00Z`,
    }))
    expect(copies({ c: third, a: first, b: second } as Record<string, object>)).toEqual({ b: 'a', c: 'a' })
  })
})

describe('a file', () => {
  it.each([
    ['private', 0o600, [0o755, 0o755]],
    ['world', 0o644, [0o755, 0o755]],
    ['private', 0o644, [0o700, 0o755]],
    ['private', 0o644, [0o755, 0o700]],
    ['group', 0o640, [0o750, 0o755]],
    ['private', 0o640, [0o700, 0o755]],
    ['world', 0o604, [0o701, 0o755]],
  ])('is %s with mode %o below directories %j', (exposure, file, directories) => {
    expect(exposureOf({ file, directories: directories as number[] })).toBe(exposure)
  })

  it('is neither open nor private where there are no permissions', () => {
    expect(exposureOf(null)).toBe('unknown')
  })
})
