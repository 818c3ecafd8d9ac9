import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { momentMs } from '../../src/wire/moments.ts'

const MOMENT = Date.UTC(2026, 10, 23, 12)

describe('a moment', () => {
  it.each([
    ['2026-11-23T12:00:00Z', MOMENT],
    ['2026-11-23T20:00:00+08:00', MOMENT],
    ['2026-11-23T12:00:00.000023464Z', MOMENT],
    ['2026-11-23 12:00:00', MOMENT],
    ['2026-11-23 12:00', MOMENT],
    [MOMENT / 1000, MOMENT],
    [MOMENT, MOMENT],
    [String(MOMENT / 1000), MOMENT],
    [` ${MOMENT} `, MOMENT],
  ])('is read from %j', (value, ms) => {
    expect(momentMs(value)).toBe(ms)
  })

  it.each([
    '0001-01-01T00:00:00Z',
    '2026-13-01T00:00:00Z',
    'tomorrow',
    '2026-11-23',
    '',
    0,
    -1,
    1e300,
    true,
    null,
    undefined,
    {},
  ])('is not known from %j', (value) => {
    expect(momentMs(value)).toBeNull()
  })

  it('can always be shown as a date', () => {
    fc.assert(
      fc.property(fc.oneof(fc.double(), fc.integer(), fc.string(), fc.jsonValue()), (value) => {
        const ms = momentMs(value)
        if (ms !== null) expect(new Date(ms).toISOString()).toMatch(/Z$/)
      }),
    )
  })
})
