import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CliOptions, NOON_MS, provops } from './cli.ts'
import { finding, quota, rowsOf } from './quota-rig.ts'

const HOUR = 3_600_000

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
    expect(finding(report, 'quota.left:untold')).toMatchObject({
      outcome: 'unknown',
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

  /** Five rounds of a watch, with an account that is benched from the second one on. */
  async function watch(flags: string, options: CliOptions = {}) {
    const stop = new AbortController()
    serve('/v0/management/auth-files', { files: [{ ...kiro, status: 'active', unavailable: false }] })
    let rounds = 0
    server.on('request', ({ url: path }) => {
      if (path !== '/v0/management/auth-files') return
      rounds++
      if (rounds === 1) serve('/v0/management/auth-files', { files: [kiro] })
      if (rounds === 5) stop.abort('SIGINT')
    })
    const line = `quota -g ${url} ${FLAGS} --watch 5ms ${flags}`
    return provops(line, { home, interrupted: stop.signal, ...options })
  }

  it('is watched: one line for each change, until interrupted', async () => {
    const { code, stdout, stderr } = await watch('')
    expect([code, stderr]).toEqual([130, 'provops: interrupted\n'])
    const changes = stdout.split('\n').filter((line) => line.startsWith('2026-11-23T12:00:00Z '))
    expect(changes).toEqual([
      '2026-11-23T12:00:00Z quota.pressure:kiro skip -> fail: the only credential is benched for quota',
      '2026-11-23T12:00:00Z kiro j…@example.com: benched all 1 h',
    ])
  })

  it('is drawn anew on a terminal when it says something else, and only then', async () => {
    const { stdout } = await watch('', { tty: true })
    const frames = stdout.split('\u001b[H\u001b[2J\u001b[3J').slice(1)
    expect(frames).toHaveLength(2)
    expect(frames[0]).not.toContain('the only credential is benched')
    expect(frames[1]).toContain('the only credential is benched')
    expect(frames[1]).toContain('Ctrl-C ends')
  })

  it('is watched by machines: each changed report, or each changed finding, on a line', async () => {
    const reports = (await watch('-o json')).stdout.trim().split('\n')
    expect(reports.map((line) => JSON.parse(line).verdict)).toEqual(['passed', 'failed'])
    const lines = (await watch('-o ndjson')).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const last = lines.findIndex(({ type }) => type === 'report')
    expect(lines.slice(last + 1)).toMatchObject([
      { type: 'finding', id: 'quota.pressure:kiro', was: 'skip', outcome: 'fail' },
      { type: 'change', text: 'kiro j…@example.com: benched all 1 h' },
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
