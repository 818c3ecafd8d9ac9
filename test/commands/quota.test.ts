import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Finding } from '../../src/core/finding.ts'
import type { Report } from '../../src/core/report.ts'
import { type CliOptions, NOON_MS, provops } from './cli.ts'

const FIXTURES = resolve(import.meta.dirname, '../../fixtures/auth-dir')
const HOUR = 3_600_000

async function quota(flags: string, options: CliOptions = {}): Promise<Report> {
  const { stdout, stderr } = await provops(`quota ${flags} -o json`, options)
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

function finding({ findings }: Report, id: string): Finding | undefined {
  return findings.find((candidate) => candidate.id === id)
}

/** Outcomes that are not green, by id. */
function troubles({ findings }: Report): Record<string, string> {
  const open = findings.filter(({ outcome }) => outcome !== 'pass' && outcome !== 'skip')
  return Object.fromEntries(open.map(({ id, outcome }) => [id, outcome]))
}

interface Cell {
  readonly value: unknown
  readonly source?: string
  readonly reason?: string
}

type RowData = Record<string, Cell> & { readonly name: string }

function rowsOf(report: Report): RowData[] {
  return (finding(report, 'quota.credentials')?.data?.credentials ?? []) as unknown as RowData[]
}

describe('the quota of an embedded gateway', () => {
  it.each([
    ['healthy', 0, {}],
    ['quota-pressure', 1, { 'quota.pressure:codex': 'fail', 'quota.left:aws-demo': 'warn' }],
    ['stale-cooldown', 1, { 'quota.pressure:codex': 'fail', 'quota.cooldowns:codex': 'warn' }],
    ['auth-expired', 1, { 'tokens.renewed:expired': 'fail', 'tokens.renewed:dying': 'warn' }],
    ['429-burst-ongoing', 1, { 'quota.pressure:aggregator': 'fail' }],
    [
      'banned-management',
      4,
      {
        'quota.credentials': 'fail',
        'quota.cooldowns': 'blocked',
        'quota.refused': 'blocked',
        'quota.left': 'blocked',
        'tokens.loaded': 'blocked',
      },
    ],
  ])('in %s ends in %i', async (scenario, code, expected) => {
    const report = await quota(`--embedded=${scenario}`)
    expect(troubles(report)).toEqual(expected)
    expect(report.exit.code).toBe(code)
  })

  it('spends no tokens', async () => {
    expect((await quota('--embedded')).requests.probes).toBe(0)
  })

  it('tells of each cell where it comes from, or why it is not known', async () => {
    const cells = ['plan', 'requests', 'failures', 'rateLimited', 'trend', 'bench', 'left', 'token']
    const rows = rowsOf(await quota('--embedded=quota-pressure'))
    expect(rows.map(({ name }) => name)).toContain('kiro-aws-demo.json')
    for (const row of rows) {
      for (const cell of cells) {
        const { value, source, reason } = row[cell] as Cell
        expect(value === null ? reason : source).toMatch(/\w/)
        expect(value === null ? source : reason).toBeUndefined()
      }
    }
  })

  it.each(['runbook', 'fork-old'])('has what is left of Kiro under the profile %s', async (profile) => {
    const report = await quota(`--embedded=quota-pressure --profile ${profile}`)
    expect(finding(report, 'quota.left:aws-demo')).toMatchObject({
      outcome: 'warn',
      data: { remaining: 3, limit: 100 },
    })
  })

  it.each(['upstream', 'fork'])(
    'does not know what is left of Kiro under the profile %s',
    async (profile) => {
      const report = await quota(`--embedded=quota-pressure --profile ${profile}`)
      expect(finding(report, 'quota.left')).toMatchObject({
        outcome: 'skip',
        saw: 'GET /v0/management/kiro-quota is not offered by this gateway',
      })
      const kiro = rowsOf(report).find(({ name }) => name === 'kiro-aws-demo.json')
      expect(kiro?.left).toMatchObject({ value: null })
    },
  )

  it('does not call failures 429 that no log tells apart, and says what would', async () => {
    const report = await quota('--embedded=quota-pressure --profile fork')
    expect(finding(report, 'quota.pressure:codex')).toMatchObject({
      outcome: 'unknown',
      next: expect.stringContaining('--logs'),
      data: { rateLimited: null },
    })
    expect(report.exit.code).toBe(7)
  })

  it('prints a command that clears a stale bench, with a reference to the key and never the key', async () => {
    const { next } = finding(await quota('--embedded=stale-cooldown'), 'quota.cooldowns:codex') ?? {}
    expect(next).toContain('/v0/management/reset-quota')
    expect(next).toContain('$PROVOPS_MANAGEMENT_KEY')
    expect(next).not.toContain('demo-management-key')
    expect(next?.match(/[0-9a-f]{16}/g)).toHaveLength(2)
    const old = await quota('--embedded=stale-cooldown --profile fork-old')
    expect(finding(old, 'quota.cooldowns:codex')?.next).toContain('this version has no reset-quota')
  })

  it('takes the log of the gateway and its token files without being told', async () => {
    const report = await quota('--embedded')
    expect(finding(report, 'tokens.loaded')?.outcome).toBe('pass')
  })
})

describe('a token directory', () => {
  let home: string

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
    cpSync(FIXTURES, join(home, 'auth'), { recursive: true })
    chmodSync(join(home, 'auth'), 0o700)
  })

  afterEach(() => {
    rmSync(home, { recursive: true })
  })

  it('is judged without any gateway', async () => {
    const report = await quota('-g http://127.0.0.1:1 --auth-dir auth --only tokens', { home })
    expect(troubles(report)).toEqual({
      'tokens.readable:broken': 'fail',
      'tokens.readable:foreign': 'warn',
      'tokens.readable:cooldowns': 'warn',
      'tokens.renewed:expired': 'fail',
      'tokens.renewed:overdue': 'warn',
      'tokens.renewed:dying': 'warn',
      'tokens.renewed:clock': 'warn',
      'tokens.single': 'warn',
    })
    expect(report.exit.code).toBe(1)
  })

  it('has every type in every state', async () => {
    const report = await quota('-g http://127.0.0.1:1 --auth-dir auth --show-emails', { home })
    const states = rowsOf(report).map(({ name, token }) => [
      name,
      (token?.value as { state: string } | undefined)?.state,
    ])
    expect(Object.fromEntries(states)).toEqual({
      'XAI-trent@example.com.JSON': 'valid',
      'antigravity-dave@example.com.json': 'valid',
      'antigravity-erin_example_com.json': 'expired',
      'claude-alice@example.com.json': 'valid',
      'claude-rupert@example.com.json': 'disabled',
      'codebuddy-u-0042.json': 'valid',
      'codex-1a2b3c4d-bob@example.com-team.json': 'valid',
      'codex-bob@example.com-plus.json': 'valid',
      'codex-carol@example.com-backup.json': 'valid',
      'codex-carol@example.com-pro.json': 'overdue',
      'cursor.5f2a9c.json': 'valid',
      'github-copilot-heidi.json': 'valid',
      'gitlab-17.json': 'valid',
      'gitlab-18-pat.json': 'valid',
      'iflow-ivan@example.com-1795000000.json': 'valid',
      'karl@example.com-fixture-project.json': 'valid',
      'kilo-nina@example.com.json': 'valid',
      'kimi-1795434480000.json': 'due',
      'kiro-aws-0123456789.json': 'dying',
      'kiro-google-grace@example.com.json': 'expired',
      'minimax-peggy@example.com.json': 'valid',
      'qwen-judy@example.com.json': 'clock',
      'roo-quentin@example.com.json': 'undated',
      'vertex-fixture-project.json': 'valid',
    })
  })

  it('shows benches of its cooldown files and the copies of a login', async () => {
    const report = await quota('-g http://127.0.0.1:1 --auth-dir auth', { home })
    const row = (name: string) => rowsOf(report).find((each) => each.name === name)
    expect(row('codex-b…@example.com-plus.json')?.bench).toMatchObject({
      value: { scope: 'all', models: ['gpt-5.4'], cause: 'quota', until: '2026-11-23T13:06:00.000Z' },
      source: '.cds',
    })
    expect(row('codex-c…@example.com-backup.json')?.token?.value).toMatchObject({
      copyOf: 'codex-c…@example.com-pro.json',
    })
  })

  it.runIf(process.platform === 'linux')('may be open to others', async () => {
    for (const folder of [home, join(home, 'auth')]) chmodSync(folder, 0o755)
    const report = await quota('-g http://127.0.0.1:1 --auth-dir auth --only tokens.private', { home })
    expect(finding(report, 'tokens.private')?.outcome).toBe('warn')
  })

  it('that is not there is unknown, and a skip when none was named', async () => {
    const missing = await quota('-g http://127.0.0.1:1 --auth-dir nowhere --only tokens.renewed', { home })
    expect([finding(missing, 'tokens.renewed')?.outcome, missing.exit.code]).toEqual(['unknown', 7])
    const none = await quota('-g http://127.0.0.1:1 --only tokens.renewed', { home })
    expect([finding(none, 'tokens.renewed')?.outcome, none.exit.code]).toEqual(['skip', 7])
  })

  it('is not that of the embedded gateway unless it is said to be', async () => {
    const env = { PROVOPS_AUTH_DIR: join(home, 'auth') }
    expect(troubles(await quota('--embedded', { home, env }))).toEqual({})
    const given = await quota('--embedded --auth-dir auth', { home })
    expect(finding(given, 'tokens.loaded')).toMatchObject({
      outcome: 'warn',
      saw: 'none of 24 token files is listed by the gateway',
    })
  })
})

describe('the quota of a gateway', () => {
  const KEY = 'management-key-1'
  let answers: Record<string, { status: number; body: unknown }>
  let asked: string[]
  let server: Server
  let url: string
  let home: string

  beforeEach(async () => {
    asked = []
    answers = { '/v0/management/debug': { status: 200, body: { debug: false } } }
    home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
    writeFileSync(join(home, 'management.key'), KEY)
    server = createServer((request, response) => {
      asked.push(request.url ?? '')
      const isManagement = request.url?.startsWith('/v0/management')
      const refused = isManagement && request.headers.authorization !== `Bearer ${KEY}`
      const { status, body } = refused
        ? { status: 401, body: { error: 'invalid management key' } }
        : (answers[request.url ?? ''] ?? { status: 404, body: null })
      response.setHeader('content-type', 'application/json')
      response.writeHead(status).end(body === null ? '' : JSON.stringify(body))
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })

  afterEach(() => {
    server.closeAllConnections()
    server.close()
    rmSync(home, { recursive: true })
  })

  function serve(path: string, body: unknown, status = 200): void {
    answers[path] = { status, body }
  }

  const FLAGS = '--management-key-file management.key'
  const run = (flags = '', options: CliOptions = {}) =>
    quota(`-g ${url} ${FLAGS} ${flags}`, { home, ...options })

  const kiro = {
    name: 'kiro-jane@example.com.json',
    type: 'kiro',
    auth_index: 'a1b2',
    status: 'error',
    unavailable: true,
    status_message: 'quota exhausted',
    next_retry_after: new Date(NOON_MS + HOUR).toISOString(),
    success: 0,
    failed: 0,
    recent_requests: [{ time: '', success: 0, failed: 0 }],
  }
  const credits = (left: number) => ({
    auth_index: 'a1b2',
    remaining_quota: left,
    usage_percentage: 100 - left,
    quota_exhausted: left === 0,
    usage: { usageBreakdownList: [{ usageLimitWithPrecision: 100, currentUsageWithPrecision: 100 - left }] },
  })

  it('finds a bench stale when the provider has quota left, and names the command', async () => {
    serve('/v0/management/auth-files', { files: [kiro] })
    serve('/v0/management/kiro-quota?auth_index=a1b2', credits(40))
    const stale = finding(await run(), 'quota.cooldowns:kiro')
    expect(stale).toMatchObject({ outcome: 'fail', saw: expect.stringContaining('with 40 left') })
    expect(stale?.next).toContain(`curl -sS ${url}/v0/management/reset-quota`)
    expect(stale?.next).toContain(`$(cat ${home}/management.key)`)
    expect(stale?.next).toContain('{"auth_index":"a1b2"}')
  })

  it('finds no bench stale while the plan is empty', async () => {
    serve('/v0/management/auth-files', { files: [kiro] })
    serve('/v0/management/kiro-quota?auth_index=a1b2', credits(0))
    const report = await run()
    expect(finding(report, 'quota.cooldowns')?.outcome).toBe('pass')
    expect(finding(report, 'quota.left:jane@example.com')).toBeUndefined()
    expect(finding(report, 'quota.left:j…@example.com')?.outcome).toBe('fail')
    expect(finding(report, 'quota.pressure:kiro')?.outcome).toBe('fail')
  })

  it('never puts into a command what is no index', async () => {
    serve('/v0/management/auth-files', { files: [{ ...kiro, auth_index: "x'; rm -rf ~ #" }] })
    serve('/v0/management/kiro-quota?auth_index=x%27%3B+rm+-rf+%7E+%23', {
      ...credits(40),
      auth_index: "x'; rm -rf ~ #",
    })
    const stale = finding(await run(), 'quota.cooldowns:kiro')
    expect(stale?.outcome).toBe('fail')
    expect(stale?.next).not.toContain('rm -rf')
  })

  it.each([
    [{ ...credits(40), auth_index: 'other' }, 200, 'answered for another account'],
    [{ ...credits(40), auth_index: undefined }, 200, 'answered for another account'],
    [
      { error: 'kiro quota request failed', detail: 'proxy jane@example.com' },
      502,
      '502: kiro quota request failed',
    ],
    [{ ...credits(0), usage: { usageBreakdownList: null } }, 200, 'the provider told no usage'],
    [[], 200, 'the body is not an object'],
  ])('does not know what is left when the route answers %#', async (body, status, reason) => {
    serve('/v0/management/auth-files', { files: [kiro] })
    serve('/v0/management/kiro-quota?auth_index=a1b2', body, status)
    const report = await run()
    expect(finding(report, 'quota.left')).toMatchObject({
      outcome: 'skip',
      saw: expect.stringContaining(reason),
    })
    expect(rowsOf(report)[0]?.left).toMatchObject({ value: null, reason: expect.stringContaining(reason) })
    expect(JSON.stringify(report)).not.toContain('jane')
  })

  it('is unknown when a list cannot be read, and no credential is no pass', async () => {
    serve('/v0/management/auth-files', { files: 3 })
    expect((await run()).exit.code).toBe(7)
    serve('/v0/management/auth-files', { files: null })
    const empty = await run()
    expect(finding(empty, 'quota.credentials')?.outcome).toBe('skip')
    expect(empty.exit.code).toBe(7)
  })

  it('warns when accounts or their counters are missing from the view', async () => {
    const used = { success: 9, failed: 0, recent_requests: kiro.recent_requests }
    serve('/v0/management/api-key-usage', { glm: { 'https://a.example|k': used } })
    expect(finding(await run(), 'quota.credentials')).toMatchObject({
      outcome: 'warn',
      saw: expect.stringContaining('accounts: GET /v0/management/auth-files is not offered'),
    })
    const { recent_requests: _, ...uncounted } = kiro
    serve('/v0/management/auth-files', { files: [uncounted] })
    expect(finding(await run(), 'quota.credentials')).toMatchObject({
      outcome: 'warn',
      saw: expect.stringContaining('2 credentials of 2 providers, 1 with counters'),
    })
  })

  it('is unknown without a management key, and asks no management route', async () => {
    const report = await quota(`-g ${url}`, { home })
    expect(finding(report, 'quota.credentials')?.outcome).toBe('skip')
    expect(report.exit.code).toBe(7)
    expect(asked.filter((path) => path.startsWith('/v0/'))).toEqual([])
  })

  it('tries a refused key once', async () => {
    writeFileSync(join(home, 'management.key'), 'wrong-key-1')
    const report = await run()
    expect([report.exit.code, finding(report, 'quota.credentials')?.cause]).toEqual([4, 'auth'])
    expect(asked.filter((path) => path.startsWith('/v0/'))).toHaveLength(1)
  })

  it('counts single requests where a version has no buckets', async () => {
    const { recent_requests: _, ...old } = kiro
    const detail = (minutesAgo: number, failed: boolean) => ({
      timestamp: new Date(NOON_MS - minutesAgo * 60_000).toISOString(),
      auth_index: 'a1b2',
      source: 'jane@example.com',
      failed,
    })
    serve('/v0/management/auth-files', { files: [{ ...old, status: 'active', unavailable: false }] })
    const details = [detail(1, false), detail(5, true), detail(100, false)]
    serve('/v0/management/usage', { usage: { apis: { 'sk-client-1': { models: { m: { details } } } } } })
    const report = await run()
    expect(rowsOf(report)[0]?.requests).toEqual({ value: 2, source: 'GET /v0/management/usage' })
    expect(JSON.stringify(report)).not.toMatch(/jane|sk-client/)
  })

  it('does not take empty statistics for no traffic', async () => {
    const { recent_requests: _, ...old } = kiro
    serve('/v0/management/auth-files', { files: [{ ...old, status: 'active', unavailable: false }] })
    serve('/v0/management/usage', { usage: { apis: {} } })
    const report = await run()
    expect(rowsOf(report)[0]?.requests?.value).toBeNull()
    expect(finding(report, 'quota.pressure:kiro')?.outcome).toBe('skip')
  })

  it('is watched: one line for each change, until interrupted', async () => {
    const stop = new AbortController()
    serve('/v0/management/auth-files', { files: [{ ...kiro, status: 'active', unavailable: false }] })
    let rounds = 0
    server.on('request', ({ url: path }) => {
      if (path !== '/v0/management/auth-files') return
      rounds++
      if (rounds === 2) serve('/v0/management/auth-files', { files: [kiro] })
      if (rounds === 5) stop.abort('SIGINT')
    })
    const { code, stdout, stderr } = await provops(`quota -g ${url} ${FLAGS} --watch 5ms`, {
      home,
      interrupted: stop.signal,
    })
    expect([code, stderr]).toEqual([130, 'provops: interrupted\n'])
    const changes = stdout.split('\n').filter((line) => line.startsWith('2026-11-23T12:00:00Z '))
    expect(changes).toEqual([
      '2026-11-23T12:00:00Z quota.pressure:kiro skip -> fail: the only credential is benched for quota',
      '2026-11-23T12:00:00Z kiro j…@example.com: benched all 1 h',
    ])
  })

  it('is not watched with a refused key, which would ban the address', async () => {
    writeFileSync(join(home, 'management.key'), 'wrong-key-1')
    const { code } = await provops(`quota -g ${url} ${FLAGS} --watch 5ms`, { home })
    expect(code).toBe(4)
    expect(asked.filter((path) => path.startsWith('/v0/'))).toHaveLength(1)
  })

  it.each([
    ['--watch soon', '--watch: "soon" is not a duration'],
    ['--watch --wait 1m', 'exclude each other'],
    ['--sample soon', '--sample: "soon" is not a duration'],
  ])('refuses %s', async (flags, message) => {
    const { code, stderr } = await provops(`quota -g ${url} ${flags}`, { home })
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})

describe('secrets and addresses in a token directory', () => {
  const OWNERS =
    /\b(alice|bob|carol|dave|erin|trent|frank|grace|ivan|judy|karl|laura|mike|nina|peggy|quentin|rupert|sybil|ursula|victor|walter|xavier)\b/i

  it.each(['table', 'wide', 'short', 'json', 'ndjson'])(
    'appear nowhere in the output as %s, nor in debug lines, records or state',
    async (format) => {
      const home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
      try {
        cpSync(FIXTURES, join(home, 'auth'), { recursive: true })
        mkdirSync(join(home, 'state'))
        const line = `quota --embedded --auth-dir auth -v --debug --record record.json -o ${format}`
        const { stdout, stderr } = await provops(line, { home })
        const kept = readdirSync(join(home, 'state'), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
        const everything = [stdout, stderr, readFileSync(join(home, 'record.json'), 'utf8'), ...kept].join(
          '\n',
        )
        expect(stdout).toContain('c…@example.com')
        expect(kept.length).toBeGreaterThan(0)
        expect(everything).not.toContain('fake-secret')
        expect(OWNERS.exec(everything)?.[0]).toBeUndefined()
      } finally {
        rmSync(home, { recursive: true })
      }
    },
  )

  it('are shown as far as addresses go when they are asked for', async () => {
    const { stdout } = await provops(`quota --embedded --auth-dir ${FIXTURES} --show-emails -v`)
    expect(stdout).toContain('carol@example.com')
    expect(stdout).not.toContain('fake-secret')
  })
})
