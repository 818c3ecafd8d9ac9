import { describe, expect, it } from 'vitest'
import { createCounters, percentile } from '../../../src/gateway/embedded/counters.ts'

const BUCKET_MS = 600_000
const START_MS = new Date(2026, 7, 22, 10, 4, 30).getTime()

describe('buckets of a credential', () => {
  it('are twenty spans of ten minutes, the last one holding now', () => {
    const recent = createCounters().recent('a', START_MS)
    expect(recent).toHaveLength(20)
    expect(recent.at(-1)).toEqual({ time: '10:00-10:10', success: 0, failed: 0 })
    expect(recent.at(0)?.time).toBe('06:50-07:00')
  })

  it('hold what was counted in their span and move on with time', () => {
    const counters = createCounters()
    counters.credential('a', 'success', START_MS)
    counters.credential('a', 'failed', START_MS, 3)
    const times = [START_MS, START_MS + BUCKET_MS, START_MS + 19 * BUCKET_MS, START_MS + 20 * BUCKET_MS]
    const places = times.map((nowMs) => counters.recent('a', nowMs).findIndex(({ failed }) => failed === 3))
    expect(places).toEqual([19, 18, 0, -1])
    expect(counters.credentialCounts('a')).toMatchObject({ success: 1, failed: 3 })
  })

  it('keep no more spans than they show', () => {
    const counters = createCounters()
    for (let i = 0; i < 500; i++) counters.credential('a', 'success', START_MS + i * BUCKET_MS)
    expect(counters.credentialCounts('a').buckets.size).toBe(20)
    expect(counters.recent('a', START_MS + 499 * BUCKET_MS).every(({ success }) => success === 1)).toBe(true)
  })
})

describe('figures of a provider', () => {
  it('keep the newest latencies only', () => {
    const counters = createCounters()
    for (let i = 0; i < 3_000; i++)
      counters.provider('a', { outcome: 'success', latencyMs: i < 1_500 ? 1 : 9, tokens: 2 })
    const figures = counters.providers().get('a')
    expect(figures).toMatchObject({ requests: 3_000, failures: 0, tokens: 6_000 })
    expect(new Set(figures?.latenciesMs)).toEqual(new Set([9]))
  })

  it('count a failure without a latency', () => {
    const counters = createCounters()
    counters.provider('a', { outcome: 'failed', latencyMs: null, tokens: 0 })
    expect(counters.providers().get('a')).toMatchObject({ requests: 1, failures: 1, latenciesMs: [] })
  })
})

describe('percentiles', () => {
  it('are nearest ranks', () => {
    const samples = Array.from({ length: 100 }, (_, i) => 100 - i)
    expect([0.5, 0.95, 1].map((rank) => percentile(samples, rank))).toEqual([50, 95, 100])
    expect(percentile([7], 0.5)).toBe(7)
  })

  it('of nothing are not zero', () => {
    expect(percentile([], 0.5)).toBeNull()
  })
})
