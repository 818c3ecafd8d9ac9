import { describe, expect, it } from 'vitest'
import { linesPart, scanLog } from '../../../src/analysis/logs/scan.ts'
import { wallClock } from '../../../src/analysis/logs/wall-clock.ts'
import type { QuotaFacts } from '../../../src/analysis/quota/facts.ts'
import { type LimitCounts, limitsIn } from '../../../src/analysis/quota/log-limits.ts'
import { quotaRows } from '../../../src/analysis/quota/rows.ts'
import { readCooldownText } from '../../../src/analysis/tokens/cooldown-file.ts'
import { readTokenText } from '../../../src/analysis/tokens/token-file.ts'
import { readApiKeyUsage, readAuthFiles } from '../../../src/wire/management.ts'

const NOW = Date.UTC(2026, 10, 23, 12)
const untold = (reason: string) => ({ kind: 'untold', reason }) as const

function accounts(...files: object[]): QuotaFacts['accounts'] {
  const reading = readAuthFiles({ files })
  if (reading.kind === 'unreadable') throw new Error(reading.reason)
  return { kind: 'told', value: reading.entries, source: 'auth-files' }
}

function keys(body: object): QuotaFacts['keys'] {
  const reading = readApiKeyUsage(body)
  if (reading.kind === 'unreadable') throw new Error(reading.reason)
  return { kind: 'told', value: reading.entries, source: 'api-key-usage' }
}

function directory(files: Record<string, object>, cds: object[] = []): QuotaFacts['directory'] {
  const value = {
    path: '/auth',
    readMs: NOW,
    files: Object.entries(files).map(([name, content]) => ({
      name,
      modifiedMs: NOW,
      modes: null,
      reading: readTokenText(JSON.stringify(content)),
    })),
    cooldowns: cds.flatMap((content) => {
      const reading = readCooldownText(JSON.stringify(content))
      return reading.kind === 'cooldowns' ? [reading.file] : []
    }),
    brokenCooldowns: [],
    unopened: 0,
  }
  return { kind: 'told', value, source: 'token file' }
}

function rows(given: Partial<QuotaFacts>) {
  return quotaRows({
    nowMs: NOW,
    accounts: untold('no key'),
    keys: untold('no key'),
    usage: untold('not needed'),
    kiro: new Map(),
    kiroElse: untold('not asked'),
    directory: untold('no directory'),
    limits: untold('no log'),
    ...given,
  })
}

const BUCKETS = [
  ...Array(18).fill({ success: 0, failed: 0 }),
  { success: 8, failed: 2 },
  { success: 5, failed: 5 },
]
const codex = {
  name: 'codex-a@x.com.json',
  type: 'codex',
  auth_index: 'i1',
  status: 'active',
  recent_requests: BUCKETS,
}

async function limits(lines: string[]): Promise<QuotaFacts['limits']> {
  const clock = wallClock('UTC')
  if (!clock) throw new Error('UTC')
  const value: LimitCounts | null = limitsIn(
    await scanLog([linesPart('test', lines)], { clock }),
    NOW - 1_200_000,
  )
  return value ? { kind: 'told', value, source: 'log' } : untold('blind')
}

function failureLine(time: string, provider: string, auth: string, error = 'rate_limit'): string {
  return `[2026-11-23 ${time}] [a1b2c3d4] [warn ] [x.go:1] upstream execution failed: provider=${provider} model=m auth=${auth} duration=1ms err={"error":{"type":"${error}"}}`
}

describe('a row of an account', () => {
  it('has every cell with its source, or with the reason why it is not known', () => {
    const [row] = rows({ accounts: accounts(codex) })
    expect(row).toMatchObject({
      provider: 'codex',
      authIndex: 'i1',
      requests: { value: 20, source: 'auth-files' },
      failures: { value: 7, source: 'auth-files' },
      rateLimited: { kind: 'unknown', reason: 'no log' },
      bench: { value: null, source: 'auth-files' },
      left: { kind: 'unknown' },
      token: { kind: 'unknown', reason: 'no directory' },
    })
  })

  it('is never counted as zero where a version does not count', () => {
    const { recent_requests: _, ...old } = codex
    const [row] = rows({ accounts: accounts(old), usage: untold('not counted') })
    expect(row?.requests).toEqual({ kind: 'unknown', reason: 'not counted' })
    expect(row?.rateLimited.kind).toBe('unknown')
  })

  it('takes its counters from single requests where there are no buckets', () => {
    const { recent_requests: _, ...old } = codex
    const usage = { kind: 'told', value: new Map([['i1', BUCKETS]]), source: 'usage' } as const
    expect(rows({ accounts: accounts(old), usage })[0]?.requests).toMatchObject({
      value: 20,
      source: 'usage',
    })
    const other = { kind: 'told', value: new Map([['i2', BUCKETS]]), source: 'usage' } as const
    expect(rows({ accounts: accounts(old), usage: other })[0]?.requests).toMatchObject({ value: 0 })
  })

  it('finds its 429s in the log by its file, and does not guess between two that look the same', async () => {
    const log = await limits([
      failureLine('11:30:00', 'codex', 'provider=codex auth_file=codex-a@x.com.json'),
      failureLine('11:55:00', 'codex', 'provider=codex auth_file=codex-a@x.com.json'),
      failureLine('11:56:00', 'codex', 'provider=codex auth_file=codex-a@x.com.json', 'server_error'),
    ])
    expect(rows({ accounts: accounts(codex), limits: log })[0]?.rateLimited).toMatchObject({
      value: 1,
      source: 'log',
    })
    const twin = { ...codex, name: 'codex-ab@x.com.json' }
    expect(rows({ accounts: accounts(codex, twin), limits: log })[0]?.rateLimited.kind).toBe('unknown')
  })

  it('says that the log begins too late to count', async () => {
    const log = await limits([failureLine('11:55:00', 'codex', 'auth_file=codex-a@x.com.json')])
    expect(rows({ accounts: accounts(codex), limits: log })[0]?.rateLimited).toMatchObject({
      kind: 'unknown',
      reason: 'the log begins within the window; since then 1',
    })
  })

  it('joins its token file and its cooldown file by name', () => {
    const token = { type: 'codex', refresh_token: 'r', expired: '2026-12-23T12:00:00Z' }
    const cds = {
      auth_id: codex.name,
      provider: 'codex',
      records: [{ model: 'gpt-5.4', next_retry_after: '2026-11-23T13:00:00Z', reason: 'quota' }],
    }
    const [row] = rows({ accounts: accounts(codex), directory: directory({ [codex.name]: token }, [cds]) })
    expect(row).toMatchObject({
      bench: { value: { scope: 'some', models: ['gpt-5.4'], cause: 'quota' }, source: 'auth-files and .cds' },
      token: { value: { state: { kind: 'valid' } } },
    })
  })

  it('of Kiro tells what is left, and why that is not known', () => {
    const kiro = { ...codex, name: 'kiro.json', type: 'kiro' }
    const quota = {
      authIndex: 'i1',
      remaining: 12.5,
      limit: 100,
      used: 87.5,
      usedShare: 0.875,
      exhausted: false,
      resetsMs: NOW,
      plan: 'KIRO PRO',
    }
    const told = new Map([['i1', { kind: 'told', value: quota, source: 'kiro-quota' } as const]])
    expect(rows({ accounts: accounts(kiro), kiro: told })[0]).toMatchObject({
      left: { value: { remaining: 12.5, limit: 100 }, source: 'kiro-quota' },
      plan: { value: 'KIRO PRO' },
    })
    expect(rows({ accounts: accounts(kiro) })[0]?.left).toEqual({ kind: 'unknown', reason: 'not asked' })
  })

  it('has nothing left until the moment that a refusal named', () => {
    const message = '{"error":{"type":"usage_limit_reached","plan_type":"plus","resets_at":1795436400}}'
    const file = { ...codex, status: 'error', unavailable: true, status_message: message }
    expect(rows({ accounts: accounts(file) })[0]).toMatchObject({
      left: { value: { remaining: 0, resetMs: 1795436400_000 }, source: 'last refusal of the provider' },
      plan: { value: 'plus', source: 'last refusal of the provider' },
    })
  })
})

describe('a row of a token file', () => {
  it('is there also when nobody could ask the gateway, without a single zero', () => {
    const [row] = rows({ directory: directory({ 'kiro.json': { type: 'kiro' } }) })
    expect(row).toMatchObject({
      provider: 'kiro',
      requests: { reason: 'no key' },
      bench: { reason: 'no key' },
    })
  })

  it('is there when the gateway does not list it', () => {
    const found = rows({ accounts: accounts(codex), directory: directory({ 'g.json': { type: 'gemini' } }) })
    expect(found.map(({ name }) => name)).toEqual([codex.name, 'g.json'])
    expect(found[1]?.requests).toMatchObject({ reason: 'the gateway does not list this file' })
  })
})

describe('rows of keys', () => {
  const usage = { success: 13, failed: 7, recent_requests: BUCKETS }
  const glm = {
    glm: { 'https://a.example/v1|sk-secret-1': usage, 'https://b.example/v1|sk-secret-2': usage },
  }

  it('are numbered within their provider and hold no key', () => {
    const found = rows({ keys: keys(glm) })
    expect(found.map(({ name, upstream }) => [name, upstream])).toEqual([
      ['key 1', 'https://a.example'],
      ['key 2', 'https://b.example'],
    ])
    expect(JSON.stringify(found)).not.toContain('secret')
  })

  it('get the 429s of their provider only when there is one of them', async () => {
    const log = await limits([
      failureLine('11:30:00', 'openai-compatible-glm', 'api_key=sk-s...et-1'),
      failureLine('11:55:00', 'openai-compatible-glm', 'api_key=sk-s...et-1'),
    ])
    expect(rows({ keys: keys(glm), limits: log })[0]?.rateLimited.kind).toBe('unknown')
    const one = { glm: { 'https://a.example/v1|sk-secret-1': usage } }
    expect(rows({ keys: keys(one), limits: log })[0]?.rateLimited).toMatchObject({ value: 1 })
  })

  it('are not known to be free, since only cooldown files tell their benches', () => {
    const one = keys({ codex: { '|k': usage } })
    expect(rows({ keys: one })[0]?.bench.kind).toBe('unknown')
    const cds = {
      auth_id: 'codex:apikey:0123456789ab',
      provider: 'codex',
      records: [{ next_retry_after: '2026-11-23T13:00:00Z', reason: 'quota' }],
    }
    const told = rows({ keys: one, directory: directory({}, [cds]) })
    expect(told[0]?.bench).toMatchObject({ value: { scope: 'all', cause: 'quota' } })
  })
})
