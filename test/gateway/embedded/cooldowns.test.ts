import { describe, expect, it } from 'vitest'
import { type CoolingRules, createCooldowns } from '../../../src/gateway/embedded/cooldowns.ts'

const RULES: CoolingRules = {
  cooling: 'on',
  transientSeconds: 0,
  otherStatus: 'benched',
  modelRefusals: 'benched',
  refusalBench: 'switchable',
}
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const SPARK = '{"detail":"The \'m\' model is not supported when using Codex with a ChatGPT account."}'

function benchedFor(status: number, text = '', rules: Partial<CoolingRules> = {}): number | null {
  const cooldowns = createCooldowns()
  cooldowns.failed('c', 'm', { status, text }, null, { ...RULES, ...rules }, 0)
  return cooldowns.block('c', 'm', 0)?.untilMs ?? null
}

describe('the bench after a failure', () => {
  it.each([
    [401, 30 * MINUTE_MS],
    [402, 30 * MINUTE_MS],
    [403, 30 * MINUTE_MS],
    [404, 12 * HOUR_MS],
    [429, 1_000],
    [408, MINUTE_MS],
    [500, MINUTE_MS],
    [503, MINUTE_MS],
    [529, MINUTE_MS],
  ])('of status %d lasts %d ms', (status, durationMs) => {
    expect(benchedFor(status)).toBe(durationMs)
  })

  it('lasts 12 hours when the provider does not serve the model', () => {
    expect(benchedFor(400, SPARK)).toBe(12 * HOUR_MS)
    expect(benchedFor(422, SPARK)).toBe(12 * HOUR_MS)
  })

  it('can be switched off, but not for a model that is not served', () => {
    expect([401, 404, 429, 500].map((status) => benchedFor(status, '', { cooling: 'off' }))).toEqual([
      null,
      null,
      null,
      null,
    ])
    expect(benchedFor(400, SPARK, { cooling: 'off' })).toBe(12 * HOUR_MS)
  })

  it('outlives the switch for refusals in the old line', () => {
    const old = { cooling: 'off', refusalBench: 'always' } as const
    expect(benchedFor(401, '', old)).toBe(30 * MINUTE_MS)
    expect([429, 500].map((status) => benchedFor(status, '', old))).toEqual([null, null])
  })

  it('of server errors follows transient-error-cooldown-seconds', () => {
    expect(benchedFor(500, '', { transientSeconds: 5 })).toBe(5_000)
    expect(benchedFor(500, '', { transientSeconds: -1 })).toBeNull()
  })
})

describe('the bench for quota', () => {
  it('doubles with each new failure, up to 30 minutes, and starts over after a success', () => {
    const cooldowns = createCooldowns()
    let nowMs = 0
    const waits: number[] = []
    for (let i = 0; i < 13; i++) {
      cooldowns.failed('c', 'm', { status: 429, text: '' }, null, RULES, nowMs)
      const untilMs = cooldowns.block('c', 'm', nowMs)?.untilMs ?? nowMs
      waits.push((untilMs - nowMs) / 1_000)
      nowMs = untilMs
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 1_800, 1_800])
    cooldowns.succeeded('c', 'm')
    cooldowns.failed('c', 'm', { status: 429, text: '' }, null, RULES, nowMs)
    expect(cooldowns.block('c', 'm', nowMs)?.untilMs).toBe(nowMs + 1_000)
  })

  it('follows a hint, and is not shortened by another one', () => {
    const cooldowns = createCooldowns()
    cooldowns.failed('c', 'm', { status: 429, text: '' }, 9_000, RULES, 0)
    cooldowns.failed('c', 'm', { status: 429, text: '' }, 1_000, RULES, 0)
    expect(cooldowns.block('c', 'm', 0)).toMatchObject({ reason: 'quota', untilMs: 9_000 })
  })
})

describe('what a bench means', () => {
  it('hides the id after a refusal, not after quota or a server error', () => {
    const cooldowns = createCooldowns()
    for (const status of [401, 404, 429, 500])
      cooldowns.failed('c', String(status), { status, text: '' }, null, RULES, 0)
    const hidden = ['401', '404', '429', '500'].map((model) => cooldowns.suspended('c', model, 0))
    expect(hidden).toEqual([true, true, false, false])
    expect(cooldowns.suspended('c', '401', 30 * MINUTE_MS)).toBe(false)
  })

  it('makes a credential unavailable only when every model it was asked for is benched', () => {
    const cooldowns = createCooldowns()
    cooldowns.failed('c', 'a', { status: 401, text: 'no' }, null, RULES, 0)
    expect(cooldowns.health('c', 0)).toEqual({
      status: 'error',
      message: 'no',
      unavailable: true,
      nextRetryMs: 30 * MINUTE_MS,
    })
    cooldowns.succeeded('c', 'b')
    expect(cooldowns.health('c', 0)).toMatchObject({ status: 'error', unavailable: false, nextRetryMs: null })
  })

  it('ends with a reset, which tells the models', () => {
    const cooldowns = createCooldowns()
    cooldowns.bench('c', 'b', 'quota', HOUR_MS, 'later')
    cooldowns.bench('c', 'a', 'unauthorized', HOUR_MS, 'never')
    expect(cooldowns.reset('c')).toEqual(['a', 'b'])
    expect(cooldowns.block('c', 'a', 0)).toBeNull()
    expect(cooldowns.health('c', 0)).toMatchObject({ status: 'active', message: '' })
  })

  it('goes with a credential that is no longer configured', () => {
    const cooldowns = createCooldowns()
    cooldowns.bench('old', 'm', 'quota', HOUR_MS, '')
    cooldowns.bench('kept', 'm', 'quota', HOUR_MS, '')
    cooldowns.keepOnly(new Set(['kept']))
    expect(cooldowns.block('old', 'm', 0)).toBeNull()
    expect(cooldowns.block('kept', 'm', 0)).not.toBeNull()
  })
})
