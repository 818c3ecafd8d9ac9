import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  deltaOfTotals,
  providerName,
  type TotalsSample,
  windowsFromBuckets,
} from '../../src/analysis/windows.ts'
import type { UsageBucket } from '../../src/wire/management.ts'

function buckets(...pairs: [number | null, number | null][]): UsageBucket[] {
  return pairs.map(([success, failed]) => ({ label: '', success, failed }))
}

function sample(atMs: number, ...rows: [string, number | null, number | null][]): TotalsSample {
  return {
    atMs,
    providers: rows.map(([provider, requests, failures]) => ({
      provider,
      requests,
      failures,
      rateLimited: null,
      latencyP50Ms: null,
      latencyP95Ms: null,
    })),
  }
}

describe('a window of ten-minute buckets', () => {
  it('is the running bucket and the one before, over all credentials of a provider', () => {
    const credentials = [
      { provider: 'codex', success: 0, failed: 0, buckets: buckets([100, 50], [8, 2], [5, 1]) },
      { provider: 'codex', success: 0, failed: 0, buckets: buckets([0, 0], [1, 0], [0, 0]) },
    ]
    expect(windowsFromBuckets(credentials)).toMatchObject([
      { provider: 'codex', requests: 17, failures: 3, uncounted: 0, earlierFailureShare: 50 / 150 },
    ])
  })

  it('leaves out and counts credentials whose buckets are missing or unreadable', () => {
    const credentials = [
      { provider: 'kiro', success: 9, failed: 9, buckets: null },
      { provider: 'kiro', success: 9, failed: 9, buckets: buckets([1, null]) },
      { provider: 'kiro', success: 9, failed: 9, buckets: buckets([4, 0]) },
    ]
    expect(windowsFromBuckets(credentials)).toMatchObject([{ requests: 4, failures: 0, uncounted: 2 }])
  })

  it('knows an OpenAI-compatible entry by the name it has in the configuration', () => {
    expect(providerName('openai-compatible-GLM')).toBe('glm')
    expect(providerName('codex')).toBe('codex')
  })
})

describe('two samples of totals', () => {
  it('make a window of what happened between them', () => {
    expect(deltaOfTotals(sample(0, ['codex', 100, 1]), sample(60_000, ['codex', 150, 4]))).toMatchObject([
      { kind: 'window', window: { provider: 'codex', requests: 50, failures: 3, spanMs: 60_000 } },
    ])
  })

  it('count a provider that was not there before from zero', () => {
    expect(deltaOfTotals(sample(0), sample(1, ['codex', 5, 0]))).toMatchObject([
      { kind: 'window', window: { requests: 5 } },
    ])
  })

  it('are a reset for every provider when any counter fell or disappeared: the process restarted', () => {
    const before = sample(0, ['codex', 100, 1], ['kiro', 10, 0])
    expect(
      deltaOfTotals(before, sample(1, ['codex', 3, 0], ['kiro', 40, 0])).map(({ kind }) => kind),
    ).toEqual(['reset', 'reset'])
    expect(deltaOfTotals(before, sample(1, ['codex', 200, 1])).map(({ kind }) => kind)).toEqual(['reset'])
  })

  it('say nothing of a provider whose figures are missing on either side', () => {
    expect(deltaOfTotals(sample(0, ['codex', null, 1]), sample(1, ['codex', 9, 1]))).toEqual([
      { kind: 'uncounted', provider: 'codex' },
    ])
  })

  it('never make a negative figure', () => {
    const figure = fc.option(fc.nat(1000))
    const row = fc.tuple(fc.constantFrom('a', 'b', 'c'), figure, figure)
    fc.assert(
      fc.property(
        fc.uniqueArray(row, { selector: ([name]) => name }),
        fc.uniqueArray(row, { selector: ([name]) => name }),
        (before, now) => {
          for (const delta of deltaOfTotals(sample(0, ...before), sample(1, ...now))) {
            if (delta.kind !== 'window') continue
            expect(delta.window.requests).toBeGreaterThanOrEqual(0)
            expect(delta.window.failures).toBeGreaterThanOrEqual(0)
          }
        },
      ),
    )
  })
})
