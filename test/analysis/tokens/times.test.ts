import { describe, expect, it } from 'vitest'
import { expiryMs, lastRefreshMs } from '../../../src/analysis/tokens/times.ts'

const MOMENT = Date.UTC(2026, 10, 23, 12)

describe('the expiry', () => {
  it('is the first key that tells a moment, also inside `token`', () => {
    expect(expiryMs({ expired: 'never', expires_at: MOMENT })).toBe(MOMENT)
    expect(expiryMs({ token: { expiry: '2026-11-23T12:00:00Z' } })).toBe(MOMENT)
    expect(expiryMs({ expired: MOMENT, token: { expiry: 5 } })).toBe(MOMENT)
    expect(expiryMs({ expired: true })).toBeNull()
  })

  it('counts from the time of issue when only a lifetime is given', () => {
    expect(expiryMs({ expires_in: 3600, timestamp: MOMENT })).toBe(MOMENT + 3_600_000)
    expect(expiryMs({ expires_in: 3600 })).toBeNull()
  })
})

describe('the last refresh', () => {
  it('is a key of its own, or the timestamp that some types have in its place', () => {
    expect(lastRefreshMs({ lastRefresh: '2026-11-23T12:00:00Z', timestamp: 5 })).toBe(MOMENT)
    expect(lastRefreshMs({ timestamp: MOMENT })).toBe(MOMENT)
    expect(lastRefreshMs({})).toBeNull()
  })
})
