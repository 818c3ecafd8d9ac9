import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Clock } from '../../../../src/core/clock.ts'
import { type RunningUpstream, startUpstream } from '../../../../src/gateway/embedded/upstream/server.ts'
import type { Fault, Rule, UpstreamSpec } from '../../../../src/gateway/embedded/upstream/types.ts'

const started: RunningUpstream[] = []
afterEach(async () => {
  await Promise.all(started.splice(0).map((upstream) => upstream.close()))
})

/** Remembers how long it was asked to sleep and returns at once. */
function testClock(): Clock & { readonly slept: number[]; timeMs: number } {
  const slept: number[] = []
  return {
    slept,
    timeMs: 1_790_000_000_000,
    nowMs() {
      return this.timeMs
    },
    sleep(durationMs) {
      slept.push(durationMs)
      return Promise.resolve()
    },
  }
}

const rule = (fault: Fault, when: Rule['when'] = {}): Rule => ({
  when,
  afterMs: 0,
  forMs: null,
  pick: { kind: 'all' },
  fault,
})

async function start(
  changes: Partial<UpstreamSpec> = {},
  clock: Clock = testClock(),
): Promise<RunningUpstream> {
  const upstream = await startUpstream(
    {
      name: 'sim',
      kind: 'openai',
      models: ['m'],
      keys: null,
      latency: { baseMs: 0, spreadMs: 0 },
      rules: [],
      ...changes,
    },
    { clock },
  )
  started.push(upstream)
  return upstream
}

const PING = { model: 'm', messages: [{ role: 'user', content: 'ping' }] }

function post({ baseUrl }: RunningUpstream, body: unknown, path = '/v1/chat/completions', key = 'k') {
  return fetch(`${baseUrl}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify(body),
  })
}

describe('a simulated upstream', () => {
  it('lists its models', async () => {
    const { baseUrl } = await start({ models: ['a', 'b'] })
    const reply = await fetch(`${baseUrl}/v1/models`)
    expect(await reply.json()).toMatchObject({
      object: 'list',
      data: [{ id: 'a', owned_by: 'sim' }, { id: 'b' }],
    })
  })

  it('serves the OpenAI client, plain and streamed', async () => {
    const { baseUrl } = await start()
    const client = new OpenAI({ baseURL: `${baseUrl}/v1`, apiKey: 'k' })
    const plain = await client.chat.completions.create({
      model: 'm',
      messages: [{ role: 'user', content: 'ping' }],
    })
    expect(plain.choices[0]?.message.content).toBe('pong')
    const stream = await client.chat.completions.create({
      model: 'm',
      messages: [{ role: 'user', content: 'ping' }],
      stream: true,
      stream_options: { include_usage: true },
    })
    let text = ''
    let total: number | undefined
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? ''
      total = chunk.usage?.total_tokens ?? total
    }
    expect({ text, total }).toEqual({ text: 'pong', total: plain.usage?.total_tokens })
  })

  it('serves the Responses client, plain and streamed', async () => {
    const { baseUrl } = await start({ kind: 'codex' })
    const client = new OpenAI({ baseURL: baseUrl, apiKey: 'k' })
    const plain = await client.responses.create({ model: 'm', input: 'ping' })
    expect(plain.output_text).toBe('pong')
    const events: string[] = []
    for await (const event of await client.responses.create({ model: 'm', input: 'ping', stream: true }))
      events.push(event.type)
    expect(events[0]).toBe('response.created')
    expect(events.at(-1)).toBe('response.completed')
  })

  it('serves the Claude client, plain, streamed and counting', async () => {
    const { baseUrl } = await start({ kind: 'claude' })
    const client = new Anthropic({ baseURL: baseUrl, apiKey: 'k' })
    const request = { model: 'm', max_tokens: 50, messages: [{ role: 'user' as const, content: 'ping' }] }
    const plain = await client.messages.create(request)
    expect(plain.content).toEqual([{ type: 'text', text: 'pong' }])
    const streamed = await client.messages.stream(request).finalMessage()
    expect(streamed.usage).toEqual(plain.usage)
    const counted = await client.messages.countTokens({ model: 'm', messages: request.messages })
    expect(counted.input_tokens).toBe(plain.usage.input_tokens)
  })

  it('refuses other keys, models and paths', async () => {
    const upstream = await start({ keys: ['good'] })
    expect((await post(upstream, PING, undefined, 'bad')).status).toBe(401)
    expect((await post(upstream, PING, undefined, 'good')).status).toBe(200)
    expect((await post(upstream, { ...PING, model: 'n' }, undefined, 'good')).status).toBe(404)
    expect((await post(upstream, PING, '/v1/responses', 'good')).status).toBe(404)
    expect((await post(upstream, 'no object', undefined, 'good')).status).toBe(404)
  })

  it.each([
    [{ kind: 'unauthorized', reason: 'token-expired' }, 401, 'token_expired'],
    [{ kind: 'payment-required' }, 402, 'insufficient_balance'],
    [{ kind: 'forbidden', reason: 'edge-page' }, 403, '<title>403 Forbidden'],
    [{ kind: 'model-not-supported', status: 400 }, 400, "The 'm' model is not supported"],
    [
      { kind: 'rate-limited', hint: 'plan-limit', resetsInMs: 90_500, plan: 'team' },
      429,
      '"resets_in_seconds":91',
    ],
    [{ kind: 'server-error', status: 503, page: 'html' }, 503, 'Service Temporarily Unavailable'],
    [{ kind: 'html-page' }, 200, 'Sign in'],
    [{ kind: 'half-json' }, 200, '"mess'],
  ] as const)('refuses with %o', async (fault, status, text) => {
    const reply = await post(await start({ rules: [rule(fault)] }), PING)
    expect(reply.status).toBe(status)
    expect(await reply.text()).toContain(text)
  })

  it('says when to come back', async () => {
    const reply = await post(
      await start({
        rules: [rule({ kind: 'rate-limited', hint: 'retry-after', resetsInMs: 7000, plan: '' })],
      }),
      PING,
    )
    expect(reply.headers.get('retry-after')).toBe('7')
  })

  it('lets rules set in and end with the lent clock', async () => {
    const clock = testClock()
    const upstream = await start(
      { rules: [{ ...rule({ kind: 'payment-required' }), afterMs: 60_000, forMs: 60_000 }] },
      clock,
    )
    const statuses: number[] = []
    for (const timeMs of [0, 60_000, 119_999, 120_000]) {
      clock.timeMs = 1_790_000_000_000 + timeMs
      statuses.push((await post(upstream, PING)).status)
    }
    expect(statuses).toEqual([200, 402, 402, 200])
  })

  it('takes its time on the lent clock, spread evenly', async () => {
    const clock = testClock()
    const upstream = await start(
      { latency: { baseMs: 100, spreadMs: 50 }, rules: [rule({ kind: 'slow', delayMs: 1000 })] },
      clock,
    )
    for (let i = 0; i < 4; i++) await post(upstream, PING)
    expect(Math.min(...clock.slept)).toBeGreaterThanOrEqual(1100)
    expect(Math.max(...clock.slept)).toBeLessThan(1150)
    expect(new Set(clock.slept).size).toBe(4)
  })

  it('ends a stream early where a rule says so', async () => {
    const ask = async (fault: Fault) => {
      const reply = await post(await start({ rules: [rule(fault)] }), { ...PING, stream: true })
      return reply.text()
    }
    expect(await ask({ kind: 'cut', how: 'close', at: 'start' })).toBe('')
    const half = await ask({ kind: 'cut', how: 'close', at: 'middle' })
    expect(half).toContain('"po"')
    expect(half).not.toContain('"ng"')
    expect(await ask({ kind: 'cut', how: 'close', at: 'before-terminal' })).not.toContain('"stop"')
    expect(await ask({ kind: 'no-finish' })).toMatch(/"ng".*\n\ndata: \[DONE\]\n\n$/)
    expect(await ask({ kind: 'no-done' })).not.toContain('[DONE]')
    expect(await ask({ kind: 'error-in-stream', reason: 'overloaded' })).toContain('overloaded')
    await expect(ask({ kind: 'cut', how: 'reset', at: 'middle' })).rejects.toThrow()
  })

  it('breaks off plain answers and connections', async () => {
    const cut = await start({ rules: [rule({ kind: 'cut', how: 'close', at: 'middle' })] })
    await expect(post(cut, PING).then((reply) => reply.text())).rejects.toThrow()
    const dropped = await start({ rules: [rule({ kind: 'drop' })] })
    await expect(post(dropped, PING)).rejects.toThrow()
  })

  it('sends a slow stream frame by frame', async () => {
    const clock = testClock()
    const upstream = await start({ rules: [rule({ kind: 'slow-stream', gapMs: 40 })] }, clock)
    const text = await (await post(upstream, { ...PING, stream: true })).text()
    const frames = text.split('\n\n').length - 1
    expect(clock.slept).toEqual(Array(frames - 1).fill(40))
  })

  it('counts what it was asked', async () => {
    const upstream = await start({ rules: [rule({ kind: 'payment-required' }, { stream: true })] })
    await post(upstream, PING)
    await post(upstream, PING)
    await post(upstream, { ...PING, stream: true })
    await post(upstream, { ...PING, model: 'unheard-of' })
    expect(upstream.counts()).toEqual([
      { type: 'completion', model: 'm', status: 200, count: 2 },
      { type: 'completion', model: 'm', status: 402, count: 1 },
      { type: 'completion', model: '', status: 404, count: 1 },
    ])
  })

  it('closes although requests hang or sleep', async () => {
    let fellAsleep = () => {}
    const asleep = new Promise<void>((resolve) => {
      fellAsleep = resolve
    })
    const forever: Clock = {
      nowMs: () => 0,
      sleep: (_, signal) =>
        new Promise((_resolve, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason))
          fellAsleep()
        }),
    }
    const hanging = await start({ rules: [rule({ kind: 'hang' })] })
    const sleeping = await start({ latency: { baseMs: 1, spreadMs: 0 } }, forever)
    const asked = Promise.allSettled([post(hanging, PING), post(sleeping, PING)])
    await asleep
    await vi.waitFor(() => expect(hanging.counts()).toHaveLength(1))
    await Promise.all([hanging.close(), sleeping.close()])
    expect((await asked).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })

  it('fails when its port is taken', async () => {
    const { baseUrl } = await start()
    const port = Number(new URL(baseUrl).port)
    const spec: UpstreamSpec = {
      name: 'second',
      kind: 'openai',
      models: [],
      keys: null,
      latency: { baseMs: 0, spreadMs: 0 },
      rules: [],
    }
    await expect(startUpstream(spec, { clock: testClock(), port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
  })
})
