import { describe, expect, it } from 'vitest'
import type { Watch } from '../../src/analysis/onboarding/watch.ts'
import { monitorLine } from '../../src/shell/monitor-view.ts'

const WATCH: Watch = {
  elapsedMs: 300_000,
  counted: { requests: 40, failures: 1, rateLimited: 1, latencyP50Ms: 812, latencyP95Ms: null },
  canaries: [
    { outcome: 'answered', headMs: 100 },
    { outcome: 'failed', headMs: 800 },
  ],
}

describe('the live line of the monitor', () => {
  it('shows progress, ratio, 429 share, latency and its course', () => {
    expect(monitorLine(WATCH, 600_000, 'unicode')).toBe(
      '█████░░░░░ 5 m of 10 m  errors 2.5 % of 40  429 2.5 %  p50 812 ms  ▂█',
    )
  })

  it('does without special characters where there are none', () => {
    expect(monitorLine(WATCH, 600_000, 'ascii')).toBe(
      '#####..... 5 m of 10 m  errors 2.5 % of 40  429 2.5 %  p50 812 ms  :@',
    )
  })

  it('shows no share of nothing', () => {
    expect(monitorLine({ elapsedMs: 0, counted: null, canaries: [] }, 600_000, 'ascii')).toBe(
      '.......... 0 ms of 10 m  no requests yet',
    )
  })
})
