import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readWait } from '../../src/wire/waits.ts'

const NOW_MS = Date.parse('2026-08-22T10:00:00Z')
const wait = (error: object, headers: Record<string, string> = {}, message = '') =>
  readWait({ error: { ...error }, headers, message, nowMs: NOW_MS })

describe('the wait of a refusal', () => {
  it.each([
    [{ reset_seconds: 60 }, 60_000, 'reset_seconds'],
    [{ reset_seconds: '60' }, 60_000, 'reset_seconds'],
    [{ resets_in_seconds: 529_498 }, 529_498_000, 'resets_in_seconds'],
    [{ resets_at: NOW_MS / 1000 + 90 }, 90_000, 'resets_at'],
    [{ resets_at: NOW_MS + 90_000 }, 90_000, 'resets_at'],
    [{ resets_at: '2026-08-22T10:01:30Z' }, 90_000, 'resets_at'],
    [{ reset_time: '137h41m9s' }, 495_669_000, 'reset_time'],
    [{ retry_after: 7 }, 7000, 'retry_after'],
    [
      { details: [{ reason: 'QUOTA_EXHAUSTED', metadata: { quotaResetDelay: '160h20m10.725405548s' } }] },
      577_210_725,
      'quotaResetDelay',
    ],
    [{ details: [{}, { retryDelay: '3600.5s' }] }, 3_600_500, 'retryDelay'],
  ])('is read from the body %j', (error, delayMs, source) => {
    expect(wait(error)).toEqual({ delayMs, source })
  })

  it.each([
    [{ 'retry-after-ms': '1500' }, 1500, 'retry-after-ms'],
    [{ 'retry-after': '30' }, 30_000, 'retry-after'],
    [{ 'retry-after': '1.5' }, 1500, 'retry-after'],
    [{ 'retry-after': 'Sat, 22 Aug 2026 10:02:00 GMT' }, 120_000, 'retry-after'],
  ])('is read from the header %j', (headers, delayMs, source) => {
    expect(wait({}, headers as Record<string, string>)).toEqual({ delayMs, source })
  })

  it.each([
    ['IP banned due to too many failed attempts. Try again in 29m59s', 1_799_000],
    ['Rate limit reached for requests. Please try again in 7s.', 7000],
    ['Please try again in 20ms.', 20],
    ['Your quota will reset after 4h28m20s.', 16_100_000],
    ['Contact your administrator to enable overages. Resets in 160h20m10s.', 577_210_000],
    ['reset after 27h41m36.2s', 99_696_200],
    ['Please retry after 2892 seconds', 2_892_000],
    ['you can try again in 58 hours', 208_800_000],
    ['Please wait for 2 minutes and 5 seconds', 125_000],
    ['Retry in 1 day', 86_400_000],
  ])('is read from the words "%s"', (message, delayMs) => {
    expect(wait({}, {}, message)).toEqual({ delayMs, source: 'message' })
  })

  it.each([
    'try again later',
    'try again at Apr 28th, 2026 4:13 PM',
    'your 3 files were not sent after 2 tries',
    'the model resets',
    'retry with fewer than 5 messages',
    '',
  ])('is not made up from "%s"', (message) => {
    expect(wait({}, {}, message)).toBeNull()
  })

  it('is taken from the most exact place', () => {
    const headers = { 'retry-after': '9' }
    expect(wait({ reset_seconds: 60, resets_in_seconds: 5 }, headers, 'try again in 1s')?.source).toBe(
      'reset_seconds',
    )
    expect(wait({}, headers, 'try again in 1s')?.source).toBe('retry-after')
  })

  it('is over, not negative, when its moment has passed', () => {
    expect(wait({ resets_at: NOW_MS / 1000 - 90 })).toEqual({ delayMs: 0, source: 'resets_at' })
  })

  it.each([{ reset_seconds: 'soon' }, { resets_at: 'later' }, { reset_time: '5' }, { details: 'none' }])(
    'is not read from the nonsense %j',
    (error) => {
      expect(wait(error)).toBeNull()
    },
  )

  it('is found again in any duration that Go prints', () => {
    const property = fc.property(
      fc.integer({ min: 1, max: 2000 }),
      fc.nat(59),
      fc.nat(59),
      (hours, minutes, seconds) => {
        const delayMs = ((hours * 60 + minutes) * 60 + seconds) * 1000
        const text = `${hours}h${minutes}m${seconds}s`
        expect(wait({ reset_time: text })?.delayMs).toBe(delayMs)
        expect(wait({}, {}, `All are cooling down. Try again in ${text}.`)?.delayMs).toBe(delayMs)
      },
    )
    fc.assert(property)
  })
})
