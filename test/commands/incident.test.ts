import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PLAYBOOK_NAMES } from '../../src/checks/playbooks/playbook.ts'
import { provops } from './cli.ts'
import { CONFIGS, incident, incidentOf } from './incident-rig.ts'

/** With what each playbook sees its condition; what is done is in rehearse.test.ts. */
const RED = {
  'auth-failures': { line: '--embedded=401-burst', cause: 'auth-failures.cause:credential.claude', code: 1 },
  'rate-limit': {
    line: '--embedded=stale-cooldown',
    cause: 'rate-limit.cause:stale-cooldown.codex',
    code: 1,
  },
  'wrong-provider': {
    line: '--embedded=wrong-provider',
    cause: 'wrong-provider.collisions:gpt-5.3-codex',
    code: 1,
  },
  'missing-models': {
    line: '--embedded=missing-models --model nemotron',
    cause: 'missing-models.cause:nemotron',
    code: 1,
  },
  'tool-result-image': {
    line: '--embedded=tool-result-image-refused --model glm --probe',
    cause: 'tool-result-image.canary:glm.refused',
    code: 5,
  },
  'usage-parity': {
    line: '--embedded=parity-stream-usage-missing --probe',
    cause: 'usage-parity.usage:gpt-5.1-codex',
    code: 5,
  },
  'spark-mismatch': { line: '--embedded=probe-caused-bench', cause: 'spark-mismatch.bench', code: 1 },
} as const

/** A gateway that answers whoever brings a key with an empty list, on every route. */
async function withEmptyGateway<T>(use: (url: string) => Promise<T>): Promise<T> {
  const server = createServer((request, reply) => {
    reply.writeHead(request.headers.authorization ? 200 : 401, { 'content-type': 'application/json' })
    reply.end('{"object":"list","data":[]}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.close()
  }
}

describe.concurrent('incident', () => {
  it('does not call spark-mismatch absent on an empty list', async () => {
    const ran = await withEmptyGateway((url) =>
      incident(`spark-mismatch -g ${url}`, { env: { PROVOPS_API_KEY: 'sk-any-client' } }),
    )
    expect(ran.code).toBe(7)
    expect(Object.values(ran.outcomes)).not.toContain('pass')
  })

  it.for(PLAYBOOK_NAMES)('%s names the cause of its condition, with the next step', async (name) => {
    const { line, cause, code } = RED[name]
    const ran = await incident(`${name} ${line}`)
    expect(ran.outcomes[cause]).toBe('fail')
    expect(ran.code).toBe(code)
    for (const finding of ran.report.findings) {
      expect(finding.group).toBe(name)
      if (finding.outcome !== 'pass') expect(finding.next, finding.id).not.toBe('')
    }
  })

  it.for(PLAYBOOK_NAMES)('%s is green where nothing is wrong', async (name) => {
    const model =
      name === 'usage-parity' ? '' : name === 'tool-result-image' ? '--model claude-sonnet-4-5' : ''
    const ran = await incident(`${name} --embedded ${model} --probe`)
    expect(
      Object.entries(ran.outcomes).filter(([, outcome]) => outcome === 'fail' || outcome === 'unknown'),
    ).toEqual([])
    expect(ran.code).toBe(0)
  })

  it('does not call images well that nobody looked at', async () => {
    const ran = await incident('tool-result-image --embedded')
    expect(ran.outcomes['tool-result-image.canary']).toBe('unknown')
    expect(ran.code).toBe(7)
    expect(ran.report.requests.probes).toBe(0)
  })

  it('sends nothing that costs tokens unless it is told to', async () => {
    const ran = await incident('auth-failures --embedded=401-burst')
    expect(ran.report.requests.probes).toBe(0)
  })

  it('announces no fewer requests than it sends, when it chooses the models itself', async () => {
    const ran = await incident('tool-result-image --probe --embedded=tool-result-image-dropped')
    const most = Number(/sending at most (\d+) requests/.exec(ran.stderr)?.[1])
    expect(ran.report.requests.probes).toBeGreaterThan(0)
    expect(most).toBeGreaterThanOrEqual(ran.report.requests.probes)
  })

  it('does not clear a playbook of the model list, when the list could not be read', async () => {
    const ran = await incident('--embedded=safe-mode')
    expect(ran.outcomes).toMatchObject({
      'triage.playbook:auth-failures': 'fail',
      'triage.playbook:missing-models': 'unknown',
      'triage.playbook:spark-mismatch': 'unknown',
    })
  })

  it.for([
    ['wrong-client-key', 'client-key.gateway', 5],
    ['safe-mode', 'safe-mode.gateway', 5],
    ['banned-management', 'management.management', 5],
    ['auth-expired', 'credential.kiro', 5],
    ['403-burst', 'edge.aggregator', 5],
  ] as const)(
    'says for %s that %s refuses, and gives that one its action',
    async ([scenario, cause, code]) => {
      const ran = await incident(`auth-failures --embedded=${scenario}`)
      const failed = Object.keys(ran.outcomes).filter(
        (id) => id.startsWith('auth-failures.cause:') && ran.outcomes[id] === 'fail',
      )
      expect(failed).toEqual([`auth-failures.cause:${cause}`])
      expect(ran.code).toBe(code)
    },
  )

  it.for([
    ['quota-pressure', 'plan-quota.codex'],
    ['429-burst-ongoing', 'short-limit.aggregator'],
    ['errors-in-200-streams', 'upstream-errors.claude'],
    ['hidden-by-failover', 'upstream-errors.codex'],
  ] as const)('says for %s which limit it is: %s', async ([scenario, cause]) => {
    const ran = await incident(`rate-limit --embedded=${scenario}`)
    expect(ran.outcomes[`rate-limit.cause:${cause}`]).toBe('fail')
  })

  it('prints the exact reset command of a stale cooldown, without the key', async () => {
    const ran = await incident('rate-limit --embedded=stale-cooldown')
    const next = ran.finding('rate-limit.proposal:reset')?.next
    expect(next).toMatch(
      /for i in [0-9a-f]{16} [0-9a-f]{16}; do\ncurl -sS \S+reset-quota \\\n-H @<\(printf 'X-Management-Key: %s' "\$PROVOPS_MANAGEMENT_KEY"\)/,
    )
    expect(JSON.stringify(ran.report)).not.toContain('demo-management-key')
  })

  it('names the line that hides a model', async () => {
    const ran = await incident('missing-models --embedded=missing-models --model claude-haiku-4-5')
    const cause = ran.report.findings.find(({ id }) => id === 'missing-models.cause:claude-haiku-4-5')
    expect(cause?.saw).toMatch(/excludes `claude-haiku-\*` \(line \d+\)/)
  })

  it('leaves a model that the provider does not serve to a person', async () => {
    const ran = await incident('missing-models --embedded=missing-models --model kimi')
    expect(ran.outcomes['missing-models.handover']).toBe('fail')
    expect(ran.code).toBe(5)
  })

  it('shows the change and asks for a yes before --apply writes', async () => {
    const ran = await incident('wrong-provider --embedded=wrong-provider --apply --no-probe')
    const applied = ran.report.findings.find(({ id }) => id === 'wrong-provider.applied')
    expect(applied?.saw).toContain('nobody can be asked')
    expect(ran.report.attachments.find(({ kind }) => kind === 'diff')).toMatchObject({
      text: expect.stringContaining('priority: -1'),
    })
    expect(ran.code).toBe(5)
  })

  it('moves nothing to a fallback that does not answer', async () => {
    const ran = await incidentOf(
      'auth-failures --apply --yes',
      `configFile: ${CONFIGS}base.yaml
upstreams:
  - name: claude
    keys: []
  - name: aggregator
    rules:
      - { fault: server-error, status: 500, when: { models: [anthropic/claude-sonnet-4.5] } }
history:
  requests:
    - name: claude
      failed:
        - { status: 401, count: 40, text: Invalid API key }
cooldowns:
  - { provider: claude, model: claude-sonnet-4-5, reason: unauthorized, remaining: 21m, message: Invalid API key }
`,
    )
    const applied = ran.report.findings.find(({ id }) => id === 'auth-failures.applied')
    expect(applied?.saw).toContain('nothing was written')
    expect(ran.report.attachments.filter(({ kind }) => kind === 'diff')).toEqual([])
    expect(ran.code).toBe(5)
  })

  it('takes back a change that cures nothing', async () => {
    const ran = await incidentOf(
      'wrong-provider --apply --yes',
      `configFile: ${CONFIGS}collision.yaml
upstreams:
  - name: codex
    rules:
      - { fault: server-error, status: 500, when: { models: [gpt-5.3-codex] } }
`,
    )
    expect(ran.outcomes['wrong-provider.applied']).toBe('pass')
    expect(ran.outcomes['wrong-provider.verified']).toBe('fail')
    expect(ran.outcomes['wrong-provider.rollback']).toBe('pass')
    expect(ran.code).toBe(1)
  })

  it('names the owner, writes a ticket, and goes on with it later', async () => {
    const home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
    writeFileSync(join(home, 'provops.yaml'), 'owners:\n  rate-limit: night shift, phone 42\n')
    const first = await incident('rate-limit --embedded=quota-pressure --handover ticket.md', { home })
    const ticket = readFileSync(join(home, 'ticket.md'), 'utf8')
    expect(ticket).toContain('owner: night shift, phone 42')
    expect(ticket).toMatch(/\| \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \| burst of 429 begins/)
    expect(first.report.findings.find(({ id }) => id === 'rate-limit.symptom')?.why).toContain(
      'owner: night shift',
    )
    const run = /--resume (?<run>incident-rate-limit-[\w-]+)/.exec(ticket)?.groups?.run ?? ''
    const again = await incident(`--resume ${run} --embedded=healthy`, { home })
    const [timeline] = again.report.attachments
    expect(timeline?.title).toBe(`timeline of ${run}`)
    expect(timeline?.kind === 'table' ? timeline.rows.map(([, what]) => what) : []).toContainEqual(
      expect.stringMatching(/^symptom is fail: /),
    )
    rmSync(home, { recursive: true })
  })

  it.for([
    ['incident rate-limits', 'did you mean rate-limit'],
    ['incident --resume incident-rate-limit-20261123-000000-0000', 'there is no incident'],
    ['incident --resume ../../etc/passwd', 'there is no incident'],
    ['rehearse nothing', 'there is no playbook'],
  ] as const)('refuses %s', async ([line, said]) => {
    const { code, stderr } = await provops(line)
    expect(code).toBe(2)
    expect(stderr).toContain(said)
  })

  it('lists the playbooks without asking anybody', async () => {
    const { stdout, code } = await provops('incident --list')
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(PLAYBOOK_NAMES)
    expect(code).toBe(0)
  })

  it('draws a playbook on a terminal', async () => {
    const { stdout } = await provops('incident auth-failures --embedded=401-burst', {
      tty: true,
      nowMs: null,
    })
    expect(stdout).toContain('auth-failures.cause:credential.claude')
  })
})
