import { describe, expect, it } from 'vitest'
import { sparkline, trendOf } from '../../../src/analysis/quota/trend.ts'
import { bucketsOfRecords } from '../../../src/analysis/quota/usage-buckets.ts'

function buckets(...pairs: [number | null, number | null][]) {
  return pairs.map(([success, failed]) => ({ label: '', success, failed }))
}

describe('a trend', () => {
  it('has a step for every two buckets, the newest last', () => {
    expect(trendOf(buckets([1, 0], [0, 0], [0, 0], [3, 1], [0, 4]))).toEqual([0, null, 5 / 8])
    expect(trendOf(buckets([10, 0], [5, 5], [0, 10]))).toEqual([0, 15 / 20])
  })

  it('is not known when a bucket cannot be read, or there is none', () => {
    expect(trendOf(buckets([1, 0], [1, null]))).toBeNull()
    expect(trendOf([])).toBeNull()
  })

  it('is drawn idle, well, above 5 %, above 10 % and so on, also without Unicode', () => {
    const trend = [null, 0, 0.05, 0.051, 0.1, 0.11, 0.3, 0.5, 0.7, 0.9, 1]
    expect(sparkline(trend, 'unicode')).toBe('·▁▂▃▃▄▅▆▇██')
    expect(sparkline(trend, 'ascii')).toBe('.0122345677')
  })
})

describe('buckets made of single requests', () => {
  it('are aligned to the wall clock, the last one holding now', () => {
    const now = Date.UTC(2026, 10, 23, 12, 5)
    const at = (minutesAgo: number) => now - minutesAgo * 60_000
    const made = bucketsOfRecords(
      [
        { authIndex: 'a', atMs: at(0), outcome: 'success' },
        { authIndex: 'a', atMs: at(6), outcome: 'failed' },
        { authIndex: 'a', atMs: at(15), outcome: 'failed' },
        { authIndex: 'a', atMs: at(600), outcome: 'failed' },
        { authIndex: 'b', atMs: at(-60), outcome: 'failed' },
      ],
      now,
    )
    expect(made.get('a')).toHaveLength(20)
    expect(made.get('a')?.slice(-2)).toMatchObject([
      { success: 0, failed: 2 },
      { success: 1, failed: 0 },
    ])
    expect(made.get('b')?.every(({ failed }) => failed === 0)).toBe(true)
  })
})
