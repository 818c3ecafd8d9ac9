import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { provops } from './cli.ts'
import { CONFIGS, incident, incidentOf } from './incident-rig.ts'

const KEY = { env: { PROVOPS_API_KEY: 'sk-any-client' } }
const SPARK = 'gpt-5.3-codex-spark'

/** Lists both models to whoever brings a key, and refuses every request for Spark; it keeps no log and no statistics. */
async function withRefuser<T>(use: (url: string, asked: () => number) => Promise<T>): Promise<T> {
  let asked = 0
  const server = createServer(({ method, url, headers }, reply) => {
    const answer = (status: number, body: unknown) => {
      reply.writeHead(status, { 'content-type': 'application/json' })
      reply.end(JSON.stringify(body))
    }
    if (method === 'POST') {
      asked++
      answer(400, {
        detail: `The '${SPARK}' model is not supported when using Codex with a ChatGPT account.`,
      })
    } else if (url === '/v1/models' && headers.authorization) {
      answer(200, { object: 'list', data: [SPARK, 'gpt-5.3-codex'].map((id) => ({ id, object: 'model' })) })
    } else answer(url === '/v1/models' ? 401 : url === '/healthz' ? 200 : 404, { status: 'ok' })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, () => asked)
  } finally {
    server.close()
  }
}

/** The aggregator stands before the accounts of codex for the name of their model. */
const SHADOWED = `configFile: own-config.yaml
`

const PRIORITY_OF_COLLISION = (priority: number) => `host: 127.0.0.1
remote-management:
  secret-key: demo-management-key
auth-dir: "{{auth-dir}}"
api-keys: [sk-demo-app-1]
logging-to-file: true
openai-compatibility:
  - name: aggregator
    prefix: best-effort
    priority: ${priority}
    base-url: "{{upstream:aggregator}}/v1"
    api-key-entries:
      - api-key: sk-agg-demo-1
    models:
      - name: openai/gpt-5.3-codex
        alias: gpt-5.3-codex
`

const shadowed = (line: string, priority: number) =>
  incidentOf(`wrong-provider ${line}`, SHADOWED, { 'own-config.yaml': PRIORITY_OF_COLLISION(priority) })

describe.concurrent('a green playbook', () => {
  it('needs more of Spark than its place in the list', async () => {
    await withRefuser(async (url, asked) => {
      const ran = await incident(`spark-mismatch -g ${url}`, KEY)
      expect(ran.code).toBe(7)
      expect(ran.outcomes['spark-mismatch.listed']).toBe('pass')
      expect(ran.finding('spark-mismatch.handover')?.next).toMatch(
        new RegExp(`^ask it once:\nprovops incident spark-mismatch -g ${url} .*--probe`, 's'),
      )
      expect(asked()).toBe(0)
    })
  })

  it('finds the same gateway red once it may ask', async () => {
    await withRefuser(async (url) => {
      const ran = await incident(`spark-mismatch -g ${url} --probe`, KEY)
      expect(ran.outcomes['spark-mismatch.entitled']).toBe('fail')
      expect(ran.code).not.toBe(0)
    })
  })

  it.each(['usage-parity', 'tool-result-image'] as const)(
    'of %s needs requests, and says how to send them',
    async (name) => {
      const ran = await incident(`${name} --embedded`)
      expect(ran.code).toBe(7)
      expect(ran.finding(`${name}.handover`)?.next).toMatch(
        new RegExp(`^provops incident ${name} --embedded=healthy [^<>]*--probe$`),
      )
    },
  )

  it('of wrong-provider is none where another provider stands before the one that was named', async () => {
    const ran = await shadowed('--model gpt-5.3-codex --provider codex', 10)
    expect(ran.outcomes['wrong-provider.collisions:gpt-5.3-codex']).toBe('fail')
    expect(ran.finding('wrong-provider.collisions:gpt-5.3-codex')?.saw).toContain('only when that fails')
    expect(ran.code).toBe(1)
  })

  it('of wrong-provider is unknown where a second provider can stand in, until requests tell', async () => {
    const before = await shadowed('', -1)
    expect(before.code).toBe(7)
    expect(before.finding('wrong-provider.handover')?.next).toMatch(
      /^provops incident wrong-provider .*--model gpt-5\.3-codex --probe$/s,
    )
    const asked = await shadowed('--model gpt-5.3-codex --probe', -1)
    expect(asked.outcomes['wrong-provider.answered-by:gpt-5.3-codex']).toBe('pass')
    expect(asked.code).toBe(0)
  })

  it('of wrong-provider is none where two blocks of one provider give a name to different models', async () => {
    const ran = await incidentOf('wrong-provider', 'configFile: own-config.yaml\n', {
      'own-config.yaml': `host: 127.0.0.1
remote-management:
  secret-key: demo-management-key
auth-dir: "{{auth-dir}}"
api-keys: [sk-demo-app-1]
claude-api-key:
  - api-key: sk-ant-demo-1
    base-url: "{{upstream:claude}}"
    models: [{ name: claude-sonnet-4-5-20250929, alias: sonnet }]
  - api-key: sk-ant-demo-2
    base-url: "{{upstream:claude}}"
    models: [{ name: claude-haiku-4-5-20251001, alias: sonnet }]
`,
    })
    expect(ran.outcomes['wrong-provider.collisions:sonnet']).toBe('fail')
  })

  it('is none of a log that ended before the incident', async () => {
    const home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
    writeFileSync(
      join(home, 'main.log'),
      '[2026-11-01 08:00:00] [0c489feb] [info ] [gin_logger.go:97] 200 |            12ms |       127.0.0.1 | POST    "/v1/responses"\n',
    )
    const ran = await incident('rate-limit --embedded --logs main.log', { home })
    expect(ran.outcomes['rate-limit.symptom']).toBe('unknown')
    expect(ran.code).toBe(7)
    rmSync(home, { recursive: true })
  })

  it('of quota is none with a log that holds nothing', async () => {
    const home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
    writeFileSync(join(home, 'empty.log'), '')
    const { stdout, code } = await provops('quota --embedded --logs empty.log -o json', { nowMs: null, home })
    const { findings } = JSON.parse(stdout)
    expect(findings.find(({ id }: { id: string }) => id === 'quota.pressure:log')?.outcome).toBe('unknown')
    expect(code).toBe(7)
    rmSync(home, { recursive: true })
  })

  it('of triage has no table without a row', async () => {
    const ran = await incident('--embedded')
    expect(ran.code).toBe(0)
    expect(ran.report.attachments).toEqual([])
  })

  it('prints commands that ask the gateway that was asked, above all the one that changes it', async () => {
    const ran = await incident('rate-limit --embedded=stale-cooldown --provider codex')
    expect(ran.finding('rate-limit.proposal:reset')?.next).toMatch(
      /^provops incident rate-limit --embedded=stale-cooldown \\\n--provider codex --apply\nor\nfor i in/,
    )
    for (const { next } of ran.report.findings)
      for (const line of next?.split('\n') ?? [])
        if (/provops (incident|quota|spark-check)/.test(line))
          expect(line).toContain('--embedded=stale-cooldown')
  })

  it('says of a model that is listed and not known to its provider that it is not served', async () => {
    const ran = await incidentOf(
      'missing-models',
      `configFile: ${CONFIGS}no-cooling.yaml
history:
  requests:
    - name: claude
      from: 10m
      requests: 30
      failed:
        - { status: 404, count: 6, text: "The model \`claude-sonnet-4-5\` does not exist or you do not have access to it." }
`,
    )
    expect(ran.outcomes['missing-models.cause:claude-sonnet-4-5']).toBe('fail')
    expect(ran.code).toBe(1)
  })

  it('of spark-mismatch is not spoilt by refusals that fail-over hid: an alias would take Spark from everybody', async () => {
    const ran = await incidentOf(
      'spark-mismatch',
      `configFile: ${CONFIGS}no-cooling.yaml
history:
  requests:
    - name: spark
      from: 10m
      requests: 40
      failed:
        - status: 400
          count: 12
          by: hidden
          text: "The 'gpt-5.3-codex-spark' model is not supported when using Codex with a ChatGPT account."
          answeredBy: { provider: codex, credential: codex-demo-pro.json }
`,
    )
    expect(ran.outcomes['spark-mismatch.proposal']).toBe('pass')
    expect(ran.code).toBe(0)
  })
})
