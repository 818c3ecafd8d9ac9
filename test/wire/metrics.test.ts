import { describe, expect, it } from 'vitest'
import { readProviderMetrics } from '../../src/wire/metrics.ts'

describe('provider metrics', () => {
  it('are totals per provider, sorted by name', () => {
    const body = {
      kiro: { request_count: 0, success_count: 0, failure_count: 0, success_rate: 1 },
      codex: { request_count: 12, success_count: 11, failure_count: 1, latency_p50_ms: 800 },
    }
    expect(readProviderMetrics(body)).toEqual({
      kind: 'totals',
      unusable: [],
      grouping: 'provider',
      providers: [
        {
          provider: 'codex',
          requests: 12,
          failures: 1,
          rateLimited: null,
          latencyP50Ms: 800,
          latencyP95Ms: null,
        },
        {
          provider: 'kiro',
          requests: 0,
          failures: 0,
          rateLimited: null,
          latencyP50Ms: null,
          latencyP95Ms: null,
        },
      ],
    })
  })

  it('take numbers written as text, and take nothing else for a number', () => {
    const body = {
      a: { request_count: '7', failure_count: '2' },
      b: { request_count: 'NaN', failure_count: 1 },
      c: { request_count: -1 },
    }
    const reading = readProviderMetrics(body)
    expect(reading).toMatchObject({
      kind: 'totals',
      unusable: ['c'],
      providers: [
        { provider: 'a', requests: 7, failures: 2 },
        { provider: 'b', requests: null, failures: 1 },
      ],
    })
  })

  it('derive failures from successes where failures are not counted', () => {
    expect(readProviderMetrics({ a: { request_count: 10, success_count: 7 } })).toMatchObject({
      providers: [{ failures: 3 }],
    })
  })

  it('are ambiguous where prices stand and latencies never do', () => {
    const entry = { request_count: 3, failure_count: 0, cost_per_1k_output: 0.5 }
    expect(readProviderMetrics({ gemini: entry })).toMatchObject({ grouping: 'ambiguous' })
    expect(readProviderMetrics({ gemini: { ...entry, latency_p50_ms: 9 } })).toMatchObject({
      grouping: 'provider',
    })
    expect(readProviderMetrics({ gemini: { ...entry, request_count: 0 } })).toMatchObject({
      grouping: 'provider',
    })
  })

  it('of an empty object are no providers, which is not an error', () => {
    expect(readProviderMetrics({})).toEqual({
      kind: 'totals',
      providers: [],
      unusable: [],
      grouping: 'provider',
    })
  })

  it.each([null, [], 'x', { error: 'unauthorized' }, { data: [] }, { status: { ok: true } }])(
    'are unreadable when the body is %j',
    (body) => {
      expect(readProviderMetrics(body).kind).toBe('unreadable')
    },
  )
})
