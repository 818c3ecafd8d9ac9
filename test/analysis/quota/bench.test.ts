import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  type Bench,
  benchOfAccount,
  benchOfCooldowns,
  joinBenches,
  stalenessOf,
} from '../../../src/analysis/quota/bench.ts'
import { readCooldownText } from '../../../src/analysis/tokens/cooldown-file.ts'
import { type AuthFile, readAuthFiles } from '../../../src/wire/management.ts'

const NOW = Date.UTC(2026, 10, 23, 1, 30)
const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** Accounts of a real gateway after refusals of several kinds. */
function recorded(gateway: string): Map<string, AuthFile> {
  const path = `../../../fixtures/wire/${gateway}/management-auth-files-cooling.json`
  const { response } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
  const reading = readAuthFiles(JSON.parse(response.body))
  if (reading.kind === 'unreadable') throw new Error(reading.reason)
  return new Map(reading.entries.map((file) => [file.name, file]))
}

function benchOf(gateway: string, name: string, nowMs = NOW): Bench | null {
  const file = recorded(gateway).get(name)
  if (!file) throw new Error(name)
  return benchOfAccount(file, nowMs)
}

describe('the bench of an account', () => {
  it('is read from a real gateway with its end and what the provider named', () => {
    const bench = benchOf('fork', 'codex-limited@example.com.json')
    expect(bench).toMatchObject({ scope: 'all', cause: 'quota', plan: 'plus' })
    expect(Math.abs((bench?.untilMs ?? 0) - (bench?.resetMs ?? 0))).toBeLessThan(MINUTE)
  })

  it('is read from an old gateway that names no end, by the moment the provider named', () => {
    const bench = benchOf('forkold', 'codex-limited@example.com.json')
    expect(bench).toMatchObject({ scope: 'all', cause: 'quota', untilMs: null })
    expect(bench?.resetMs).toBeGreaterThan(NOW)
  })

  it('for a refused login is none for quota', () => {
    expect(benchOf('forkold', 'codex-dead@example.com.json')).toMatchObject({
      scope: 'all',
      cause: 'credential',
    })
  })

  it('is partial when another model still answers', () => {
    expect(benchOf('forkold', 'codex-plus@example.com.json')).toMatchObject({ scope: 'some' })
  })

  it('is none when the account works, is disabled, or its time is over', () => {
    expect(benchOf('fork', 'claude-person@example.com.json')).toBeNull()
    expect(benchOf('fork', 'claude-off@example.com.json')).toBeNull()
    expect(benchOf('fork', 'codex-limited@example.com.json', NOW + 3 * HOUR)).toBeNull()
  })

  it.each([
    ['quota exhausted', 'quota'],
    ['unauthorized', 'credential'],
    ['invalid_grant', 'credential'],
    ['payment_required', 'money'],
    ['not_found', 'model'],
    ['transient upstream error', 'trouble'],
    ['something else', 'unknown'],
    ['', 'unknown'],
  ])('with the message %j is for %s', (statusMessage, cause) => {
    const file = recorded('fork').get('codex-limited@example.com.json')
    expect(file && benchOfAccount({ ...file, statusMessage }, NOW)).toMatchObject({ cause })
  })
})

describe('the bench in a cooldown file', () => {
  function written(name: string) {
    const path = `../../../fixtures/config/${name}`
    const reading = readCooldownText(readFileSync(new URL(path, import.meta.url), 'utf8'))
    if (reading.kind === 'unreadable') throw new Error(name)
    return reading.file
  }

  it('names the models and the provider’s own moment', () => {
    const bench = benchOfCooldowns(written('upstream-auth/codex-limited_example.com.cds'), NOW)
    expect(bench).toMatchObject({ scope: 'all', models: ['gpt-5.4'], cause: 'quota', plan: 'plus' })
  })

  it('of a key says why in the words of the provider', () => {
    const bench = benchOfCooldowns(written('upstream-auth/codex_apikey_0123456789ab.cds'), NOW)
    expect(bench).toMatchObject({ models: ['gpt-5.3-codex-spark'], cause: 'model' })
  })

  it('is none when everything in it is over', () => {
    expect(benchOfCooldowns(written('upstream-auth/codex-limited_example.com.cds'), NOW + HOUR)).toBeNull()
  })

  it('adds the models to what the route says', () => {
    const file = benchOfCooldowns(written('upstream-auth/codex-limited_example.com.cds'), NOW)
    const route = benchOf('forkold', 'codex-limited@example.com.json')
    expect(joinBenches(route, file)).toMatchObject({ models: ['gpt-5.4'], untilMs: file?.untilMs })
    expect(joinBenches(null, file)).toBe(file)
    expect(joinBenches(null, null)).toBeNull()
  })
})

describe('a bench', () => {
  const quota: Bench = { scope: 'all', models: [], untilMs: null, cause: 'quota', resetMs: null, plan: null }
  const inMs = (until: number | null, reset: number | null): Bench => ({
    ...quota,
    untilMs: until === null ? null : NOW + until,
    resetMs: reset === null ? null : NOW + reset,
  })

  it.each([
    ['as long as the provider asked', inMs(HOUR, HOUR), null, null],
    ['some random seconds longer', inMs(HOUR + 28_000, HOUR), null, null],
    ['short, without a word of the provider', inMs(30 * MINUTE, null), null, null],
    ['much longer than the provider asked', inMs(5 * HOUR, HOUR), null, 'beyond-reset'],
    ['past the moment the provider named', inMs(5 * HOUR, -HOUR), null, 'reset-passed'],
    ['past that moment, without an end of its own', inMs(null, -HOUR), null, 'reset-passed'],
    ['without end or moment', inMs(null, null), null, null],
    ['for days, and nothing tells', inMs(120 * HOUR, 120 * HOUR), null, 'long'],
    ['for days with quota left', inMs(120 * HOUR, 120 * HOUR), 12.5, 'quota-left'],
    ['with nothing left', inMs(HOUR, HOUR), 0, null],
  ] as const)('%s is stale: %#', (_name, bench, remaining, kind) => {
    expect(stalenessOf(bench, remaining, NOW)?.kind ?? null).toBe(kind)
  })

  it('for a refused login is never stale, whatever quota there is', () => {
    expect(stalenessOf({ ...inMs(120 * HOUR, null), cause: 'credential' }, 50, NOW)).toBeNull()
  })
})
