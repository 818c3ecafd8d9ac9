import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PLAYBOOK_NAMES } from '../../src/checks/playbooks/playbook.ts'
import { provops } from './cli.ts'
import { CONFIGS, incident, incidentOf } from './incident-rig.ts'

const KEY = { env: { PROVOPS_API_KEY: 'sk-any-client' } }

/** A gateway that lists these models to whoever brings a key, and offers nothing else. */
async function withLister<T>(ids: readonly string[], use: (url: string) => Promise<T>): Promise<T> {
  const server = createServer(({ url, headers }, reply) => {
    const answer = (status: number, body: unknown) =>
      reply.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    if (url !== '/v1/models' && url !== '/healthz') reply.writeHead(404).end()
    else if (!headers.authorization) answer(401, { error: 'Missing API key' })
    else answer(200, { object: 'list', data: ids.map((id) => ({ id, object: 'model' })) })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.close()
  }
}

describe.concurrent('what could not be read', () => {
  it('is no tick of triage, but said to be unread', async () => {
    const ran = await incident('--embedded=banned-management')
    expect(ran.outcomes).toMatchObject({
      'triage.playbook:auth-failures': 'fail',
      'triage.playbook:rate-limit': 'unknown',
      'triage.playbook:wrong-provider': 'unknown',
      'triage.playbook:missing-models': 'pass',
    })
    expect(ran.finding('triage.playbook:rate-limit')?.saw).toMatch(
      /^could not look at accounts \(this address is banned/,
    )
  })

  it.for(['auth-failures', 'rate-limit', 'wrong-provider', 'missing-models', 'spark-mismatch'] as const)(
    'ticks nothing of %s on a gateway that tells only its models',
    async (name) => {
      await withLister(['gpt-5.3-codex', 'gpt-5.3-codex-spark'], async (url) => {
        const triage = await incident(`-g ${url}`, KEY)
        expect(triage.outcomes[`triage.playbook:${name}`]).toBe('unknown')
        const ran = await incident(`${name} -g ${url}`, KEY)
        expect(ran.code).toBe(7)
        expect(ran.outcomes[`${name}.proposal`]).toBe('skip')
        for (const step of ['symptom', 'cause', 'collisions', 'list'])
          expect(ran.outcomes[`${name}.${step}`], step).not.toBe('pass')
      })
    },
  )

  it('is said to want a client key where none was given', async () => {
    await withLister(['gpt-5.3-codex'], async (url) => {
      const triage = await incident(`-g ${url}`)
      expect(triage.code).toBe(4)
      expect(triage.finding('triage.sources')).toMatchObject({
        saw: expect.stringContaining('models (no client key was given, and this gateway wants one)'),
        next: expect.stringContaining('set PROVOPS_API_KEY'),
      })
    })
  })

  it('leaves the limit open where the accounts are closed', async () => {
    const ran = await incident('rate-limit --embedded=banned-management')
    expect(ran.outcomes).toMatchObject({
      'rate-limit.symptom': 'unknown',
      'rate-limit.cause': 'skip',
      'rate-limit.first-back': 'skip',
      'rate-limit.pressure': 'skip',
    })
    expect(ran.code).toBe(7)
  })

  it('does not count accounts that were not read as loaded', async () => {
    const ran = await incident('missing-models --embedded=banned-management')
    expect(ran.finding('missing-models.loaded')).toMatchObject({
      outcome: 'skip',
      saw: expect.stringContaining('accounts not read'),
    })
  })

  it('is not made up for by an empty list of models', async () => {
    const embedded = await incident('missing-models --embedded=empty-models')
    expect(embedded.finding('missing-models.cause')).toMatchObject({
      outcome: 'fail',
      saw: 'the list of models is empty: the configuration has no provider, and no account is loaded',
    })
    await withLister([], async (url) => {
      const ran = await incident(`missing-models -g ${url}`, KEY)
      expect(ran.outcomes['missing-models.cause']).toBe('fail')
      expect(Object.values(ran.outcomes)).not.toContain('pass')
    })
  })

  it('is not left at a 503 of the gateway itself, when every model is still listed', async () => {
    const ran = await incidentOf(
      'rate-limit',
      `configFile: ${CONFIGS}base.yaml
history:
  requests:
    - name: benched
      from: 12m
      every: 1m
      provider: aggregator
      model: glm
      endpoint: chat
      requests: 30
      failed:
        - { status: 503, count: 25, by: local, text: auth_unavailable }
`,
    )
    expect(ran.finding('rate-limit.cause:upstream-errors.gateway')).toMatchObject({
      outcome: 'fail',
      saw: expect.stringMatching(/^the gateway itself answered 503 \d+ times/),
    })
    expect(ran.code).not.toBe(0)
  })

  it('tells the provider of a 429 by the error logs, where the log names none', async () => {
    const ran = await incident('rate-limit --embedded=429-burst-ongoing --profile fork')
    expect(ran.outcomes['rate-limit.cause:short-limit.aggregator']).toBe('fail')
    expect(ran.outcomes['rate-limit.proposal:exclude']).toBe('warn')
    expect(Object.keys(ran.outcomes)).not.toContain('rate-limit.cause:local-cooldown.gateway')
  })
})

describe.concurrent('a path that was typed', () => {
  it.for([
    ['incident --config-file folder', 'folder is not a file'],
    ['incident missing-models --config-file nowhere', 'nowhere does not exist'],
    ['incident auth-failures --auth-dir file', 'file is not a directory'],
    ['incident auth-failures --auth-dir nowhere', 'nowhere does not exist'],
    ['incident rate-limit --apply --yes --logs nowhere', 'nowhere does not exist'],
    ['quota --logs nowhere', 'nowhere does not exist'],
  ] as const)('and cannot be meant ends %s', async ([line, said]) => {
    const home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
    mkdirSync(join(home, 'folder'))
    writeFileSync(join(home, 'file'), '')
    const { code, stdout, stderr } = await provops(`${line} --embedded`, { home })
    rmSync(home, { recursive: true })
    expect(stderr).toContain(said)
    expect(stdout).toBe('')
    expect(code).toBe(2)
  })
})

describe.concurrent('what an incident shows', () => {
  it.for(['', ...PLAYBOOK_NAMES])('has no time of a step that waited for shared reads: %s', async (name) => {
    const ran = await incident(`${name} --embedded=401-burst`)
    expect(ran.report.findings.filter(({ durationMs }) => durationMs !== 0)).toEqual([])
  })

  it('names files of the embedded gateway by what they are, in the ticket, too', async () => {
    const home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
    const line = 'wrong-provider --embedded=wrong-provider --apply --yes --handover ticket.md'
    const ran = await incident(line, { home })
    const auth = await incident('auth-failures --embedded=401-burst --handover auth.md', { home })
    const tickets = ['ticket.md', 'auth.md'].map((name) => readFileSync(join(home, name), 'utf8')).join('\n')
    rmSync(home, { recursive: true })
    expect(tickets).toContain('--- config.yaml of the embedded gateway')
    expect(tickets).toContain('; log of the embedded gateway')
    for (const text of [tickets, JSON.stringify(ran.report), JSON.stringify(auth.report)])
      expect(text).not.toContain('provops-gateway-')
  })

  it('leaves what a person has to do in the ticket of a mitigated incident', async () => {
    const home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
    await incident('auth-failures --embedded=401-burst --apply --yes --handover ticket.md', { home })
    const ticket = readFileSync(join(home, 'ticket.md'), 'utf8')
    rmSync(home, { recursive: true })
    expect(ticket).toMatch(
      /\*\*auth-failures\.handover\*\*: mitigated; before the change: .* {2}\n {2}next: log in again/,
    )
  })
})
