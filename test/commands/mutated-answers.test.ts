import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Report } from '../../src/core/report.ts'
import {
  type MutatingServer,
  type Mutation,
  type SeenRequest,
  startMutatingServer,
} from '../gateway/mutating-server.ts'
import { MUTATIONS } from '../gateway/mutations.ts'
import { provops } from './cli.ts'

const KEY = 'sk-mutated-1'
const BUCKETS = Array.from({ length: 20 }, () => ({ time: '10:00-10:10', success: 50, failed: 0 }))

/** What a healthy gateway answers; each route's own check passes on it. */
const GOOD: Record<string, unknown> = {
  '/healthz': { status: 'ok' },
  '/': { message: 'CLI Proxy API Server', endpoints: ['GET /v1/models'] },
  '/v1/models': {
    object: 'list',
    data: [
      { id: 'gpt-5.3-codex', object: 'model', owned_by: 'openai' },
      { id: 'gpt-5.3-codex-spark', object: 'model', owned_by: 'openai' },
    ],
  },
  '/v0/management/debug': { debug: false },
  '/v0/management/auth-files': {
    files: [{ name: 'codex-a.json', type: 'codex', success: 900, failed: 0, recent_requests: BUCKETS }],
  },
  '/v0/management/api-key-usage': {},
  '/v1/metrics/providers': {
    codex: { request_count: 900, success_count: 900, failure_count: 0, latency_p50_ms: 700 },
  },
}

/** The checks that must not pass when the answer of a route is damaged. */
const HIT: Record<string, RegExp> = {
  '/v1/models': /^(models\.|spark\.|gateway\.auth)/,
  '/v0/management/debug': /^gateway\.version/,
  '/v0/management/auth-files': /^providers\./,
}

let server: MutatingServer
let home: string
let mutation: Mutation | null = null
let target = ''

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'provops-mutated-'))
  writeFileSync(join(home, 'key'), KEY)
  server = await startMutatingServer({
    pick: ({ path }) => (path === target ? mutation : null),
    good: (request) => ({ ...answerTo(request), contentType: 'application/json' }),
  })
})

afterAll(async () => {
  await server.close()
  rmSync(home, { recursive: true })
})

function answerTo({ path, head }: SeenRequest): { status: number; body: Buffer } {
  const answer = GOOD[path]
  if (answer === undefined) return { status: 404, body: Buffer.from('') }
  const keyed = path.startsWith('/v1/models') && !head.includes(KEY)
  return keyed
    ? { status: 401, body: Buffer.from('{"error":"Missing API key"}') }
    : { status: 200, body: Buffer.from(JSON.stringify(answer)) }
}

/** `{"debug":false}` has no list and no text that could be changed. */
function leavesAlone({ name }: Mutation, path: string): boolean {
  return path === '/v0/management/debug' && /^every (list|text)/.test(name)
}

async function dailyCheck(): Promise<{ report: Report; code: number }> {
  const args = [
    'daily-check',
    '-g',
    server.origin,
    '--api-key-file',
    'key',
    '--management-key-file',
    'key',
    '--timeout',
    '400ms',
    '--expect-model',
    'gpt-5.3-codex',
    '-o',
    'json',
  ]
  const { stdout, code, stderr } = await provops(args, { home, nowMs: null })
  if (stdout === '') throw new Error(`exit ${code}: ${stderr}`)
  return { report: JSON.parse(stdout), code }
}

describe('a gateway whose answers are damaged', () => {
  it('passes every check as long as they are not', async () => {
    mutation = null
    const { report, code } = await dailyCheck()
    for (const hit of Object.values(HIT)) {
      expect(report.findings.some(({ id, outcome }) => hit.test(id) && outcome === 'pass')).toBe(true)
    }
    expect(code).toBe(0)
  })

  it.each(Object.keys(HIT))(
    'never passes a check that reads %s',
    async (path) => {
      target = path
      const falseGreens: string[] = []
      for (const hostile of MUTATIONS) {
        if (leavesAlone(hostile, path)) continue
        mutation = hostile
        const { report, code } = await dailyCheck()
        const passed = report.findings.filter(({ id, outcome }) => HIT[path]?.test(id) && outcome === 'pass')
        falseGreens.push(...passed.map(({ id, saw }) => `${hostile.name}: ${id}: ${saw}`))
        if (code === 70) falseGreens.push(`${hostile.name}: internal error`)
      }
      expect(MUTATIONS.length).toBeGreaterThan(100)
      expect(falseGreens).toEqual([])
    },
    120_000,
  )
})
