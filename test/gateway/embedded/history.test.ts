import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { PastRequests } from '../../../src/gateway/embedded/scenario.ts'
import { CONFIG, closeAll, type Started, start } from './harness.ts'

afterEach(closeAll)

const past = (more: Partial<PastRequests> = {}): PastRequests => ({
  fromMs: 3_600_000,
  untilMs: 0,
  everyMs: 600_000,
  provider: 'main',
  credential: null,
  model: 'glm',
  endpoint: 'responses',
  stream: false,
  requests: 10,
  failed: [],
  latencyMs: 800,
  ...more,
})
const failed = (status: number, by: 'upstream' | 'local' | 'hidden', count = 2) => ({
  status,
  count,
  by,
  text: `{"error":"${by}"}`,
  answeredBy: null,
})

function started(
  requests: readonly PastRequests[],
  options: Parameters<typeof start>[0] = {},
): Promise<Started> {
  return start({ ...options, scenario: { history: { spanMs: 3_600_000, requests, noise: [] } } })
}

const logOf = ({ gateway }: Started): string[] =>
  readFileSync(join(gateway.logDir, 'main.log'), 'utf8').trimEnd().split('\n')

async function keyCounts({
  manage,
}: Started): Promise<{ success: number; failed: number; recent_requests: { success: number }[] }> {
  const usage = (await (await manage('/api-key-usage')).json()) as Record<string, Record<string, never>>
  return Object.values(usage.main ?? {})[0] as never
}

describe('traffic before the start', () => {
  it('fills counters, buckets, metrics and the log alike', async () => {
    const world = await started([past({ failed: [failed(500, 'upstream')] })])
    const counts = await keyCounts(world)
    expect(counts).toMatchObject({ success: 48, failed: 12 })
    expect(counts.recent_requests.reduce((sum, { success }) => sum + success, 0)).toBe(48)
    const { main } = (await (await world.client('/v1/metrics/providers')).json()) as Record<
      string,
      Record<string, number>
    >
    expect(main).toMatchObject({ request_count: 60, failure_count: 12 })
    expect(main?.latency_p95_ms).toBeGreaterThan(main?.latency_p50_ms ?? Number.POSITIVE_INFINITY)
    const access = logOf(world).filter((line) => line.includes('"/v1/responses"'))
    expect(access).toHaveLength(60)
    expect(access.filter((line) => line.includes(' 500 |'))).toHaveLength(12)
  })

  it('stands in the log in order of time, before the lines of the start', async () => {
    const world = await started([past(), past({ model: 'kimi-k2', everyMs: 300_000 })])
    const stamps = logOf(world).map((line) => line.slice(1, 20))
    expect(stamps).toEqual([...stamps].sort())
    expect(logOf(world).at(-1)).toContain('file watcher started')
  })

  it('tells refusals of the gateway and of the provider apart', async () => {
    const world = await started([past({ failed: [failed(429, 'local'), failed(401, 'upstream', 1)] })])
    expect(await keyCounts(world)).toMatchObject({ failed: 6 })
    const lines = logOf(world)
    expect(lines.filter((line) => line.includes('upstream execution failed'))).toHaveLength(6)
    expect(lines.filter((line) => line.includes('auth unavailable'))).toHaveLength(12)
    expect(lines.filter((line) => / 429 \| +2ms \|/.test(line))).toHaveLength(12)
  })

  it('hides what another credential made good', async () => {
    const world = await started([
      past({ failed: [{ ...failed(500, 'hidden'), answeredBy: { provider: 'main', credential: null } }] }),
    ])
    const access = logOf(world).filter((line) => line.includes('"/v1/responses"'))
    expect(access.every((line) => line.includes(' 200 |'))).toBe(true)
    expect(await keyCounts(world)).toMatchObject({ success: 60, failed: 12 })
  })

  it('leaves the newest failures as error logs', async () => {
    const world = await started([past({ failed: [failed(500, 'upstream')] })])
    const files = readdirSync(world.gateway.logDir).filter((name) => name.startsWith('error-'))
    expect(files).toHaveLength(10)
    const { files: listed } = (await (await world.manage('/request-error-logs')).json()) as {
      files: { modified: number }[]
    }
    expect(listed.every(({ modified }) => modified * 1_000 < world.clock.nowMs())).toBe(true)
  })

  it('has no attribution in the fork, and statistics by client key in the old line', async () => {
    const requests = [past({ failed: [failed(500, 'upstream')] })]
    const fork = await started(requests, { profile: 'fork' })
    expect(logOf(fork).join('\n')).not.toContain('upstream execution failed')
    const old = await started(requests, { profile: 'fork-old' })
    expect(await (await old.manage('/usage')).json()).toMatchObject({
      usage: { total_requests: 60, failure_count: 12 },
    })
  })

  it('is the same for the same seed', async () => {
    const [one, two] = [await started([past()], { seed: 7 }), await started([past()], { seed: 7 })]
    expect(logOf(one)).toEqual(logOf(two))
  })

  it('is not written where logging to a file is off', async () => {
    const world = await started([past()], { config: CONFIG.replace('logging-to-file: true', 'debug: false') })
    expect(readdirSync(world.gateway.logDir)).toEqual([])
    expect(await keyCounts(world)).toMatchObject({ success: 60 })
  })
})
