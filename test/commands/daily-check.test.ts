import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Report } from '../../src/core/report.ts'
import { type CliOptions, provops } from './cli.ts'

const KEY = 'sk-test-1'

type Answers = Record<string, unknown>

const HEALTHY: Answers = {
  '/healthz': { status: 'ok' },
  '/v1/models': { object: 'list', data: [{ id: 'a', owned_by: 'x' }] },
}

let answers: Answers
let hangs: boolean
let asked: string[]
let server: Server
let url: string
let home: string

beforeEach(async () => {
  answers = { ...HEALTHY }
  hangs = false
  asked = []
  home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
  writeFileSync(join(home, 'key'), KEY)
  server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    if (hangs) return
    const refused = path === '/v1/models' && !request.headers.authorization?.includes(KEY)
    response.setHeader('content-type', 'application/json')
    if (refused) response.writeHead(401).end('{"error":"Missing API key"}')
    else if (path in answers) response.end(JSON.stringify(answers[path]))
    else response.writeHead(404).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
  rmSync(home, { recursive: true })
})

function dailyCheck(flags: string, options: CliOptions = {}) {
  return provops(`daily-check -g ${url} --api-key-file key ${flags}`, { home, ...options })
}

async function report(flags: string, options: CliOptions = {}): Promise<Report> {
  return JSON.parse((await dailyCheck(`${flags} -o json`, options)).stdout)
}

function outcomes({ findings }: Report): Record<string, string> {
  return Object.fromEntries(findings.map(({ id, outcome }) => [id, outcome]))
}

describe('daily-check', () => {
  it('asks each route once, however many checks read it', async () => {
    await dailyCheck('--expect-model a')
    // Once with the key and once without.
    expect(asked.filter((path) => path === '/v1/models')).toHaveLength(2)
    expect(asked.filter((path) => path === '/healthz')).toHaveLength(1)
  })

  it('spends no tokens', async () => {
    expect((await report('')).requests.probes).toBe(0)
    expect(asked.filter((path) => /completions|responses|messages/.test(path))).toEqual([])
  })

  it('lists what it would ask, and asks nothing', async () => {
    const { stdout, code } = await dailyCheck('--list --only models')
    expect(stdout.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'models.listed',
      'models.expected',
      'models.drift',
      '',
    ])
    expect([code, asked]).toEqual([0, []])
  })

  it('lists what it would ask in the format that was chosen', async () => {
    const { stdout } = await dailyCheck('--list --only models -o json')
    expect(JSON.parse(stdout)).toMatchObject([
      { id: 'models.listed', needs: ['gateway.auth'] },
      { id: 'models.expected' },
      { id: 'models.drift' },
    ])
    expect((await dailyCheck('--list --only spark -o short')).stdout).toBe('spark.listed\n')
  })

  it('shows no key to a stranger', async () => {
    const keysShown: string[] = []
    server.removeAllListeners('request')
    server.on('request', (request, response) => {
      if (request.headers.authorization) keysShown.push(request.url ?? '')
      response.end('<html>Welcome to nginx!</html>')
    })
    expect((await dailyCheck('')).code).toBe(7)
    expect(keysShown).toEqual([])
  })

  it('asks a gateway it knows from an earlier run without waiting for each answer', async () => {
    expect((await dailyCheck('')).code).toBe(0)
    hangs = true
    asked = []
    await dailyCheck('--deadline 200ms', { nowMs: null })
    expect(asked.sort()).toEqual(['/healthz', '/v1/metrics/providers', '/v1/models', '/v1/models'])
  })

  it('asks the gateway it knows for nothing more than it asked the stranger', async () => {
    await dailyCheck('')
    const first = asked.sort()
    asked = []
    await dailyCheck('')
    expect(asked.sort()).toEqual(first)
  })

  it('asks a gateway it knows nothing when checks are only listed', async () => {
    await dailyCheck('')
    asked = []
    await dailyCheck('--list')
    expect(asked).toEqual([])
  })

  it('asks of a gateway it knows no more than the checks that were chosen need', async () => {
    await dailyCheck('')
    asked = []
    await dailyCheck('--only gateway.alive')
    expect(asked).toEqual(['/healthz'])
  })

  it('ends at its deadline though the gateway hangs', async () => {
    hangs = true
    const result = await report('--deadline 200ms --only gateway', { nowMs: null })
    expect(result.exit).toEqual({
      code: 8,
      name: 'deadline',
      because: ['gateway.alive', 'gateway.auth', 'gateway.version'],
    })
  })

  it('has one unknown and the rest blocked after one connection when the gateway is down', async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    const result = await report('')
    expect(result.counts).toMatchObject({ pass: 0, unknown: 1, fail: 0 })
    expect(outcomes(result)['gateway.alive']).toBe('unknown')
    expect(result.exit.code).toBe(7)
  })

  it('stops waiting at once when the key is refused', async () => {
    const { code, stderr } = await provops(`daily-check -g ${url} --wait 1h`, { home })
    expect([code, stderr]).toEqual([4, ''])
  })

  it('asks without a key once, however long it waits: each such call is a 401 in the log', async () => {
    let withoutKey = 0
    server.prependListener('request', ({ url, headers }) => {
      if (url === '/v1/models' && !headers.authorization) withoutKey++
    })
    const { stderr } = await dailyCheck('--expect-model gone --wait 2500ms', { nowMs: null })
    expect(stderr.match(/waiting/g)?.length).toBeGreaterThan(1)
    expect(withoutKey).toBe(1)
  })

  it('waits until it is green', async () => {
    answers['/v1/models'] = { data: [] }
    setTimeout(() => {
      answers['/v1/models'] = HEALTHY['/v1/models']
    }, 300)
    const { code, stderr } = await dailyCheck('--wait 30s', { nowMs: null })
    expect(code).toBe(0)
    expect(stderr).toMatch(/^waiting: models.listed/)
  })

  it('is 8 when waiting was in vain', async () => {
    answers['/v1/models'] = { data: [] }
    const result = await report('--wait 50ms', { nowMs: null })
    expect([result.exit.code, result.verdict]).toEqual([8, 'failed'])
  })

  it('compares the models with those of the last green run', async () => {
    expect(outcomes(await report(''))['models.drift']).toBe('skip')
    expect(outcomes(await report(''))['models.drift']).toBe('pass')
    answers['/v1/models'] = { data: [{ id: 'b', owned_by: 'x' }] }
    const drifted = (await report('')).findings.find(({ id }) => id === 'models.drift')
    expect(drifted).toMatchObject({ outcome: 'warn', data: { gone: ['a'], added: ['b'] } })
    expect(outcomes(await report(''))['models.drift']).toBe('warn')
    await report('--accept-models')
    expect(outcomes(await report(''))['models.drift']).toBe('pass')
  })

  it('does not take a bad day for the norm', async () => {
    await report('')
    answers['/v1/models'] = { data: [] }
    await report('')
    answers['/v1/models'] = HEALTHY['/v1/models']
    expect(outcomes(await report(''))['models.drift']).toBe('pass')
  })

  it('judges provider metrics by two samples, not by totals', async () => {
    const metrics = (requests: number, failures: number) => ({
      codex: { request_count: requests, failure_count: failures, latency_p50_ms: 5 },
    })
    answers['/v1/metrics/providers'] = metrics(1000, 0)
    expect(outcomes(await report(''))['providers.errors:codex']).toBe('skip')
    setTimeout(() => {
      answers['/v1/metrics/providers'] = metrics(1100, 30)
    }, 150)
    const sampled = (await report('--sample 600ms', { nowMs: null })).findings.find(
      ({ id }) => id === 'providers.errors:codex',
    )
    expect(sampled).toMatchObject({ outcome: 'fail', data: { requests: 100, failures: 30 } })
  })

  it('says that counters restarted instead of judging them', async () => {
    answers['/v1/metrics/providers'] = { codex: { request_count: 900, failure_count: 9, latency_p50_ms: 5 } }
    await report('', { nowMs: 1_000_000_000 })
    answers['/v1/metrics/providers'] = { codex: { request_count: 30, failure_count: 0, latency_p50_ms: 5 } }
    const later = await report('', { nowMs: 1_000_600_000 })
    expect(later.findings.find(({ id }) => id === 'providers.errors:codex')).toMatchObject({
      outcome: 'skip',
      saw: 'counters restarted since the last sample',
    })
  })

  it('counts a skip as unknown when the check is required', async () => {
    expect(outcomes(await report('--require gateway.version'))['gateway.version']).toBe('unknown')
    writeFileSync(join(home, 'provops.yaml'), 'required: [gateway.version]\n')
    expect((await report('')).exit.code).toBe(7)
  })

  it('takes a required check of another command from the file, and refuses one that no command has', async () => {
    writeFileSync(join(home, 'provops.yaml'), 'required: [quota.pressure]\n')
    expect((await dailyCheck('')).code).toBe(0)
    writeFileSync(join(home, 'provops.yaml'), 'required: [models.expcted]\n')
    const { code, stderr } = await dailyCheck('')
    expect(code).toBe(2)
    expect(stderr).toContain('provops.yaml:1: no check matches models.expcted; did you mean models.expected')
  })

  it('is interrupted by Ctrl-C with 130, and gives no verdict', async () => {
    hangs = true
    const interrupt = new AbortController()
    setTimeout(() => interrupt.abort('SIGINT'), 100)
    const { code, stdout, stderr } = await dailyCheck('', { interrupted: interrupt.signal })
    expect([code, stdout, stderr]).toEqual([130, '', 'provops: interrupted\n'])
  })

  it.each([
    ['--only modls', 'no check matches modls; did you mean models'],
    ['--skip "*"', '--only and --skip together leave no check to ask'],
    ['--require nope.nope', 'no check matches nope.nope'],
    ['--timeout 10', '--timeout: "10" is not a duration with a unit'],
    ['--wait soon', '--wait: "soon" is not a duration'],
    ['--ca-file key', 'holds no certificate in PEM'],
    ['--record /nowhere/x', 'cannot write the record'],
    ['--api-key-file missing', 'cannot read the key file'],
    ['--config missing.yaml', 'cannot read'],
    ['--client-cert-file key --client-key-file key', 'holds no certificate in PEM'],
    ['--embedded', '--embedded and --gateway name two gateways'],
  ])('refuses %s with 2 and says why', async (flags, message) => {
    const { code, stdout, stderr } = await dailyCheck(flags)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
    expect(stderr).toContain('next: ')
  })

  it('refuses a version of the bundled gateway for any other', async () => {
    expect(await provops('daily-check --profile fork', { home })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--profile is a version of the bundled gateway'),
    })
  })

  it('refuses a proxy that is no address, without showing it', async () => {
    const env = { http_proxy: 'http://user:canary-1234@[' }
    const { code, stderr } = await provops('daily-check -g http://gateway.invalid', { home, env })
    expect(code).toBe(2)
    expect(stderr).toContain('http_proxy is no address of a proxy')
    expect(stderr).not.toContain('canary-1234')
  })

  it('takes a proxy without a scheme, as curl does', async () => {
    const env = { http_proxy: new URL(url).host }
    const { findings } = JSON.parse(
      (await provops('daily-check -g http://gateway.invalid --only gateway.alive -o json', { home, env }))
        .stdout,
    )
    // The proxy is asked for the whole address, which this one does not have.
    expect(asked).toContain('http://gateway.invalid/healthz')
    expect(findings[0].outcome).toBe('unknown')
  })

  it('takes a bare --insecure, and warns', async () => {
    const { code, stderr } = await dailyCheck('--insecure --only gateway.alive')
    expect(code).toBe(0)
    expect(stderr).toContain('the certificate is not checked')
  })

  it('ends in the code of the chosen style', async () => {
    answers['/v1/models'] = { data: [] }
    expect((await dailyCheck('--exit-style nagios')).code).toBe(2)
    expect((await dailyCheck('--exit-style simple')).code).toBe(1)
    expect((await dailyCheck('--fail-on never')).code).toBe(0)
  })
})

describe('a recorded run', () => {
  it.each(['table', 'wide', 'short', 'json', 'ndjson'])(
    'is printed as %s byte for byte as the live one',
    async (format) => {
      const live = await dailyCheck(`--record run.json -o ${format}`, { nowMs: null })
      const replayed = await provops(`replay run.json -o ${format}`, { home })
      expect(replayed).toEqual(live)
    },
  )

  it('keeps its exit code', async () => {
    answers['/v1/models'] = { data: [] }
    await dailyCheck('--record run.json')
    expect((await provops('replay run.json', { home })).code).toBe(1)
  })

  it.each([
    ['{', 'not JSON'],
    ['sk-somebody', 'not JSON\n'],
    ['{}', 'not a provops.report/1 report: schema'],
  ])('is refused when it is %j', async (text, message) => {
    writeFileSync(join(home, 'run.json'), text)
    const { code, stderr } = await provops('replay run.json', { home })
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})
