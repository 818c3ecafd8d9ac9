import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Bench } from '../../../src/analysis/quota/bench.ts'
import { known, unknown } from '../../../src/analysis/quota/cells.ts'
import { type PressureEvidence, pressureOf } from '../../../src/analysis/quota/pressure.ts'
import type { QuotaRow } from '../../../src/analysis/quota/rows.ts'
import { DEFAULT_THRESHOLDS } from '../../../src/core/thresholds.ts'

const LIMITS = DEFAULT_THRESHOLDS['rate-limit-share']

function row(bench: Partial<Bench> | null, disabled = false): QuotaRow {
  const whole: Bench = { scope: 'all', models: [], untilMs: null, cause: 'quota', resetMs: null, plan: null }
  const silent = unknown('not asked')
  return {
    provider: 'codex',
    kind: 'account',
    name: 'a.json',
    authIndex: null,
    upstream: null,
    disabled,
    plan: silent,
    requests: silent,
    failures: silent,
    rateLimited: silent,
    trend: silent,
    bench: known(bench && { ...whole, ...bench }, 'test'),
    left: silent,
    token: silent,
  }
}

interface Given {
  requests?: number
  failures?: number
  rateLimited?: number | null
  undetermined?: number
  local?: number
  complete?: boolean
  rows?: QuotaRow[]
}

function evidence(given: Given): PressureEvidence {
  const { requests = 0, failures = 0, rateLimited = null, rows = [row(null)] } = given
  const { undetermined = 0, local = 0, complete = true } = given
  return {
    window: {
      provider: 'codex',
      requests,
      failures,
      spanMs: 1_200_000,
      rateLimited: null,
      latencyP50Ms: null,
      latencyP95Ms: null,
      earlierFailureShare: null,
      uncounted: 0,
    },
    limits: rateLimited === null ? null : { rateLimited, undetermined, local, complete },
    rows,
  }
}

function pressure(given: Given) {
  return pressureOf(evidence(given), LIMITS)
}

describe('quota pressure', () => {
  it.each([
    [5, 'calm'],
    [6, 'warn'],
    [10, 'warn'],
    [11, 'critical'],
  ])('of %d refusals among 100 requests is %s', (rateLimited, level) => {
    const found = pressure({ requests: 100, failures: rateLimited, rateLimited })
    expect(found.kind === 'limited' ? found.level : found.kind).toBe(level)
  })

  it('is absent when even all failures together are few, though nothing counts the 429s', () => {
    expect(pressure({ requests: 100, failures: 5 })).toEqual({ kind: 'calm', rateLimited: null })
  })

  it('is not known when many fail and nothing tells why, and suspected after a refusal for quota', () => {
    expect(pressure({ requests: 100, failures: 6 })).toEqual({ kind: 'unclear' })
    const rows = [row({ scope: 'some' }), row(null)]
    expect(pressure({ requests: 100, failures: 6, rows })).toEqual({ kind: 'suspected' })
  })

  it('is not denied by a log that begins late or leaves statuses out', () => {
    expect(pressure({ requests: 100, failures: 50, rateLimited: 1, complete: false }).kind).toBe('unclear')
    expect(pressure({ requests: 100, failures: 50, rateLimited: 1, undetermined: 20 }).kind).toBe('unclear')
    expect(pressure({ requests: 100, failures: 50, rateLimited: 1, undetermined: 4 }).kind).toBe('calm')
  })

  it('is absent, and said to be, when a log shows that failures are something else', () => {
    expect(pressure({ requests: 100, failures: 50, rateLimited: 0 })).toEqual({
      kind: 'calm',
      rateLimited: 0,
    })
  })

  it('is highest when no credential is left', () => {
    const rows = [row({}), row({ cause: 'credential' }), row(null, true)]
    expect(pressure({ rows })).toEqual({ kind: 'exhausted', benched: 2, local: null })
    expect(pressure({ rows: [row({}), row({ scope: 'some' })] }).kind).toBe('idle')
    expect(pressure({ rows: [row({ cause: 'credential' })] }).kind).toBe('idle')
    expect(pressure({ rows: [], rateLimited: 0, local: 7 })).toEqual({
      kind: 'exhausted',
      benched: 0,
      local: 7,
    })
  })

  it('needs some requests, unless most of them are refused', () => {
    expect(pressure({ requests: 19, failures: 2, rateLimited: 2 }).kind).toBe('too-few')
    expect(pressure({ requests: 6, failures: 3, rateLimited: 3 }).kind).toBe('few-but-limited')
    expect(pressure({ requests: 19, failures: 19 }).kind).toBe('too-few')
    expect(pressure({}).kind).toBe('idle')
  })

  it('is never denied while more than the limit could be 429', () => {
    const count = fc.integer({ min: 0, max: 300 })
    fc.assert(
      fc.property(
        count,
        count,
        fc.option(count),
        count,
        fc.boolean(),
        (requests, failed, rateLimited, undetermined, complete) => {
          const failures = Math.min(failed, requests)
          const given = { requests, failures, rateLimited, undetermined, complete }
          if (pressure(given).kind !== 'calm') return
          const counted = rateLimited === null ? failures : complete ? rateLimited + undetermined : failures
          expect(Math.min(failures, counted) / requests).toBeLessThanOrEqual(LIMITS.warnAbove)
        },
      ),
    )
  })
})
