import { afterEach, describe, expect, it } from 'vitest'
import type { Profile } from '../../../src/gateway/embedded/profile.ts'
import { createUsage, type UsageRecord } from '../../../src/gateway/embedded/usage.ts'
import { CLIENT_KEY, CONFIG, closeAll, post, type Started, start, UPSTREAM } from './harness.ts'

afterEach(closeAll)

const CHAT = { model: 'glm', messages: [{ role: 'user', content: 'ping' }] }
const REFUSING = {
  upstreams: [
    {
      ...UPSTREAM,
      latency: { baseMs: 0, spreadMs: 0 },
      rules: [
        {
          when: { models: ['kimi-k2'] },
          afterMs: 0,
          forMs: null,
          pick: { kind: 'all' },
          fault: { kind: 'bad-request' },
        } as const,
      ],
    },
  ],
}

async function asked(profile: Profile, config = CONFIG): Promise<Started> {
  const started = await start({ profile, config, scenario: REFUSING })
  for (const model of ['glm', 'glm', 'kimi-k2'])
    await (await started.client('/v1/chat/completions', post({ ...CHAT, model }))).text()
  return started
}

describe('the usage queue', () => {
  it('gives each record once, oldest first', async () => {
    const { manage } = await asked('upstream')
    const first = (await (await manage('/usage-queue')).json()) as Record<string, unknown>[]
    expect(first).toMatchObject([
      {
        model: 'glm-4.7',
        alias: 'glm',
        endpoint: 'POST /v1/chat/completions',
        api_key: CLIENT_KEY,
        failed: false,
        tokens: { input_tokens: 4, output_tokens: 1, total_tokens: 5 },
      },
    ])
    const rest = (await (await manage('/usage-queue?count=9')).json()) as Record<string, unknown>[]
    expect(rest).toMatchObject([
      { alias: 'glm' },
      { alias: 'kimi-k2', failed: true, fail: { status_code: 400 } },
    ])
    expect(await (await manage('/usage-queue?count=9')).json()).toEqual([])
  })

  it.each(['0', '-1', 'x', '1.5'])('refuses to give %s', async (count) => {
    const { manage } = await start()
    expect((await manage(`/usage-queue?count=${count}`)).status).toBe(400)
  })

  it('loses records after their retention, and has none when statistics are off', async () => {
    const { manage, clock } = await asked('upstream')
    clock.advance(61_000)
    expect(await (await manage('/usage-queue?count=9')).json()).toEqual([])
    const off = await asked('upstream', CONFIG.replace('usage-statistics-enabled: true', 'debug: false'))
    expect(await (await off.manage('/usage-queue?count=9')).json()).toEqual([])
  })

  it('does not grow without end when nobody reads it', () => {
    const usage = createUsage('queue', () => ({ recording: 'on', retentionSeconds: 60 }))
    for (let i = 0; i < 50_000; i++) usage.add({ timeMs: i * 1_000 } as UsageRecord)
    expect(usage.take(100_000, 50_000_000).length).toBeLessThanOrEqual(61)
  })
})

describe('usage statistics of the old line', () => {
  it('add up per client key and model', async () => {
    const { manage } = await asked('fork-old')
    expect(await (await manage('/usage')).json()).toMatchObject({
      failed_requests: 1,
      usage: {
        total_requests: 3,
        success_count: 2,
        failure_count: 1,
        total_tokens: 10,
        apis: {
          [CLIENT_KEY]: { total_requests: 3, models: { 'glm-4.7': { total_requests: 2, total_tokens: 10 } } },
        },
      },
    })
    expect((await manage('/usage-queue')).status).toBe(404)
  })

  it('count on after the details become too many to keep', () => {
    const usage = createUsage('statistics', () => ({ recording: 'on', retentionSeconds: 60 }))
    const record = {
      timeMs: 0,
      upstreamModel: 'a',
      endpoint: 'b',
      clientKey: 'c',
      failure: null,
      tokens: null,
    }
    for (let i = 0; i < 1_500; i++) usage.add(record as UsageRecord)
    const model = usage.statistics.clients.get('c')?.models.get('a')
    expect([model?.requests, model?.details.length]).toEqual([1_500, 1_000])
    expect([...usage.statistics.hours.values()]).toEqual([{ requests: 1_500, tokens: 0 }])
  })
})

describe('counters of API keys', () => {
  it('stand under provider and address with the plain key, in buckets', async () => {
    const { manage } = await asked('upstream')
    const usage = (await (await manage('/api-key-usage')).json()) as Record<
      string,
      Record<string, { recent_requests: unknown[] }>
    >
    const [[name, counts] = ['', undefined]] = Object.entries(usage.main ?? {})
    expect(name).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1\|sk-upstream-1$/)
    expect(counts).toMatchObject({ success: 2, failed: 1 })
    expect(counts?.recent_requests.at(-1)).toMatchObject({ success: 2, failed: 1 })
  })

  it('are there for a provider with a name that every object knows', async () => {
    const { client, manage } = await asked(
      'runbook',
      CONFIG.replaceAll('- name: main', '- name: constructor'),
    )
    expect(await (await manage('/api-key-usage')).json()).toHaveProperty('constructor')
    const metrics = (await (await client('/v1/metrics/providers')).json()) as object
    expect(Object.entries(metrics)).toMatchObject([['constructor', { cost_per_1k_input: 0.25 }]])
  })

  it('are unknown to the old line', async () => {
    const { manage } = await start({ profile: 'fork-old' })
    expect((await manage('/api-key-usage')).status).toBe(404)
  })
})

describe('provider metrics', () => {
  it('are true figures per provider with measured latency, in the runbook profile, without a key', async () => {
    const upstreams = [{ ...UPSTREAM, latency: { baseMs: 200, spreadMs: 0 } }]
    const started = await start({ scenario: { upstreams } })
    for (let i = 0; i < 3; i++) {
      const reply = started.client('/v1/chat/completions', post(CHAT))
      await new Promise((resolve) => setTimeout(resolve, 40))
      started.clock.advance(200)
      await (await reply).text()
    }
    const metrics = await started.client('/v1/metrics/providers', { key: null })
    expect(await metrics.json()).toEqual({
      main: {
        request_count: 3,
        success_count: 3,
        failure_count: 0,
        total_tokens: 15,
        success_rate: 1,
        cost_per_1k_input: 0.25,
        cost_per_1k_output: 0.5,
        latency_p50_ms: 200,
        latency_p95_ms: 200,
      },
    })
  })

  it('show a provider without traffic with its zeros, and no latency', async () => {
    const { client } = await start()
    const { main } = (await (await client('/v1/metrics/providers')).json()) as Record<
      string,
      Record<string, unknown>
    >
    expect(main).toMatchObject({ request_count: 0, success_rate: 1 })
    expect(main).not.toHaveProperty('latency_p50_ms')
  })

  it('are 404 where no release ever served them', async () => {
    for (const profile of ['upstream', 'fork'] as const) {
      const { client } = await start({ profile })
      expect((await client('/v1/metrics/providers')).status).toBe(404)
    }
  })

  it('are grouped by client key in the old line: empty for ordinary keys', async () => {
    const { client } = await asked('fork-old')
    expect(await (await client('/v1/metrics/providers')).json()).toEqual({})
  })

  it('of the old line show a key that begins like a provider, never a latency', async () => {
    const config = CONFIG.replace(CLIENT_KEY, 'glm-team-key')
    const started = await start({ profile: 'fork-old', config, scenario: REFUSING })
    for (const model of ['glm', 'kimi-k2'])
      await (
        await started.client('/v1/chat/completions', { ...post({ ...CHAT, model }), key: 'glm-team-key' })
      ).text()
    expect(await (await started.client('/v1/metrics/providers')).json()).toEqual({
      glm: {
        request_count: 2,
        success_count: 1,
        failure_count: 1,
        total_tokens: 5,
        success_rate: 0.5,
        cost_per_1k_input: 0.4,
        cost_per_1k_output: 0.8,
      },
    })
  })

  it('of the old line need usage statistics', async () => {
    const config = CONFIG.replace(CLIENT_KEY, 'glm-team-key').replace(
      'usage-statistics-enabled: true',
      'debug: false',
    )
    const started = await start({ profile: 'fork-old', config })
    await started.client('/v1/chat/completions', { ...post(CHAT), key: 'glm-team-key' })
    expect(await (await started.client('/v1/metrics/providers')).json()).toEqual({})
  })
})
