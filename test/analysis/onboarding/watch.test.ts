import { describe, expect, it } from 'vitest'
import {
  type Canary,
  type Counters,
  figuresOf,
  startWatch,
  watchLevel,
  watchOf,
  withLook,
} from '../../../src/analysis/onboarding/watch.ts'
import { DEFAULT_THRESHOLDS } from '../../../src/core/thresholds.ts'

function counters(requests: number, failures: number, rateLimited: number | null = null): Counters {
  return { requests, failures, rateLimited, latencyP50Ms: null, latencyP95Ms: null }
}

function canaries(answered: number, failed: number): Canary[] {
  const canary = (outcome: Canary['outcome']): Canary => ({ outcome, headMs: 10 })
  return [
    ...Array.from({ length: answered }, () => canary('answered')),
    ...Array.from({ length: failed }, () => canary('failed')),
  ]
}

function levelOf(looks: readonly (Counters | null)[], sent: readonly Canary[] = []) {
  const [first = null, ...rest] = looks
  const state = rest.reduce(withLook, startWatch(0, first))
  return watchLevel(watchOf({ ...state, canaries: sent }, 600_000), DEFAULT_THRESHOLDS)
}

describe('a watched provider', () => {
  it('is judged by what happened since the start alone', () => {
    expect(levelOf([counters(1000, 900), counters(1100, 900)])).toBe('ok')
    expect(levelOf([counters(1000, 0), counters(1100, 6)])).toBe('critical')
    expect(levelOf([counters(1000, 0), counters(1100, 3)])).toBe('warn')
  })

  it('is not judged without enough requests', () => {
    expect(levelOf([counters(5, 0), counters(5, 0)])).toBe('too-few')
    expect(levelOf([null, null])).toBe('too-few')
  })

  it('fails on few requests when most of them fail', () => {
    expect(levelOf([counters(0, 0), counters(5, 3)])).toBe('mostly-failing')
  })

  it('fails when clients are refused while the counters stand still, as they do behind a bench', () => {
    expect(levelOf([counters(10, 0), counters(11, 1)], canaries(1, 5))).toBe('mostly-failing')
  })

  it('is judged by its canaries where nothing is counted', () => {
    expect(levelOf([null, null], canaries(20, 0))).toBe('ok')
    expect(levelOf([null, null], canaries(23, 2))).toBe('critical')
  })

  it('is over its limit when too many requests were 429', () => {
    expect(levelOf([counters(0, 0, 0), counters(100, 0, 11)])).toBe('critical')
  })

  it('keeps what was counted before the gateway restarted', () => {
    const state = [counters(160, 3), counters(40, 1)].reduce(withLook, startWatch(0, counters(100, 0)))
    expect(figuresOf(watchOf(state, 1))).toMatchObject({ by: 'counters', requests: 100, failures: 4 })
  })
})
