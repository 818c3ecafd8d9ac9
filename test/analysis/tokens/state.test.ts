import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tokenStateOf } from '../../../src/analysis/tokens/state.ts'
import type { TokenCredential } from '../../../src/analysis/tokens/token-file.ts'

const NOW = Date.UTC(2026, 10, 23, 12)
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

function token(type: string, fields: Partial<TokenCredential> = {}): TokenCredential {
  return {
    type,
    email: null,
    plan: null,
    disabled: false,
    expiresMs: null,
    refreshedMs: null,
    refreshEveryMs: null,
    renewable: true,
    account: null,
    login: null,
    ...fields,
  }
}

function stateOf(type: string, expiresInMs: number | null, refreshedAgoMs: number | null, fields = {}) {
  const expiresMs = expiresInMs === null ? null : NOW + expiresInMs
  const refreshedMs = refreshedAgoMs === null ? null : NOW - refreshedAgoMs
  return tokenStateOf(token(type, { expiresMs, refreshedMs, ...fields }), NOW, NOW).kind
}

describe('a token', () => {
  it.each([
    ['codex', 5 * DAY + MINUTE, 'valid'],
    ['codex', 5 * DAY - MINUTE, 'due'],
    ['claude', 4 * HOUR + MINUTE, 'valid'],
    ['claude', 4 * HOUR - MINUTE, 'due'],
    ['kiro', 20 * MINUTE + 1, 'valid'],
    ['kiro', 20 * MINUTE - 1, 'due'],
    ['kimi', 5 * MINUTE - 1, 'due'],
    ['cursor', 10 * MINUTE - 1, 'due'],
    ['qwen', 3 * HOUR - 1, 'due'],
    ['codebuddy', DAY - 1, 'due'],
  ])('of %s that ends in %d ms is %s', (type, expiresInMs, state) => {
    expect(stateOf(type, expiresInMs, 10 * DAY)).toBe(state)
  })

  it('is overdue when several tries to renew it must have failed', () => {
    expect(stateOf('codex', 5 * DAY - 14 * MINUTE, 10 * DAY)).toBe('due')
    expect(stateOf('codex', 5 * DAY - 16 * MINUTE, 10 * DAY)).toBe('overdue')
  })

  it('that lives shorter than its lead is due all its life, as long as it is renewed', () => {
    expect(stateOf('codebuddy', 50 * MINUTE, 10 * MINUTE)).toBe('due')
    expect(stateOf('codebuddy', 5 * MINUTE, 55 * MINUTE)).toBe('overdue')
  })

  it('counts from the file when it does not tell its last renewal', () => {
    const due = token('kimi', { expiresMs: NOW + MINUTE })
    expect(tokenStateOf(due, NOW - MINUTE, NOW).kind).toBe('due')
    expect(tokenStateOf({ ...due, expiresMs: NOW - 20 * MINUTE }, NOW - DAY, NOW).kind).toBe('expired')
  })

  it('that ended is expired, unless it was renewed moments ago: then the clocks disagree', () => {
    expect(stateOf('kiro', -3 * HOUR, 4 * HOUR)).toBe('expired')
    expect(stateOf('kiro', -3 * HOUR, 2 * MINUTE)).toBe('clock')
    expect(stateOf('kiro', -3 * HOUR, -DAY)).toBe('clock')
  })

  it('without a refresh token is dying, and then expired', () => {
    expect(stateOf('kiro', HOUR, HOUR, { renewable: false })).toBe('dying')
    expect(stateOf('kiro', -HOUR, HOUR, { renewable: false })).toBe('expired')
    expect(stateOf('claude', null, HOUR, { renewable: false })).toBe('valid')
  })

  it('of a type that is never renewed lasts, or ends when it says so', () => {
    expect(stateOf('vertex', null, null, { renewable: false })).toBe('valid')
    expect(stateOf('github-copilot', HOUR, null, { renewable: false })).toBe('dying')
  })

  it('of Gemini is renewed at use, whatever its file says', () => {
    expect(stateOf('gemini', -5 * HOUR, DAY)).toBe('valid')
    expect(stateOf('gemini', -5 * HOUR, DAY, { renewable: false })).toBe('expired')
  })

  it('with an interval of its own is renewed by that', () => {
    const every = { refreshEveryMs: 4 * MINUTE }
    expect(stateOf('gitlab', null, 2 * MINUTE, every)).toBe('valid')
    expect(stateOf('gitlab', null, 5 * MINUTE, every)).toBe('due')
    expect(stateOf('gitlab', null, HOUR, every)).toBe('overdue')
    expect(stateOf('codex', 2 * MINUTE, MINUTE, every)).toBe('due')
  })

  it('without any date says nothing', () => {
    expect(stateOf('codex', null, null)).toBe('undated')
    expect(stateOf('minimax', null, null, { renewable: null })).toBe('undated')
    expect(stateOf('minimax', HOUR, null, { renewable: null })).toBe('valid')
    expect(stateOf('minimax', -HOUR, null, { renewable: null })).toBe('expired')
  })

  it('that is disabled is nothing else', () => {
    expect(stateOf('codex', -DAY, DAY, { disabled: true })).toBe('disabled')
  })

  it('is never valid after its end when only the gateway renews it', () => {
    const types = fc.constantFrom('codex', 'claude', 'kiro', 'minimax', 'vertex')
    const past = fc.integer({ min: 0, max: 400 * DAY })
    fc.assert(
      fc.property(types, past, fc.option(past), fc.boolean(), (type, agoMs, refreshedAgoMs, renewable) => {
        expect(['expired', 'clock']).toContain(stateOf(type, -agoMs, refreshedAgoMs, { renewable }))
      }),
    )
  })
})
