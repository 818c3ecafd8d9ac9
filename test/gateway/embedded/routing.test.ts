import { afterEach, describe, expect, it } from 'vitest'
import type { Scenario } from '../../../src/gateway/embedded/scenario.ts'
import type { Fault, Rule, UpstreamSpec } from '../../../src/gateway/embedded/upstream/types.ts'
import { CONFIG_HEAD, closeAll, post, type Started, start, UPSTREAM } from './harness.ts'

afterEach(closeAll)

const fails = (keys: readonly string[], fault: Fault, pick: Rule['pick'] = { kind: 'all' }): Rule => ({
  when: { keys },
  afterMs: 0,
  forMs: null,
  pick,
  fault,
})
const UNAUTHORIZED: Fault = { kind: 'unauthorized', reason: 'invalid-key' }
const LIMITED: Fault = { kind: 'rate-limited', hint: 'none', resetsInMs: 0, plan: 'plus' }
const BROKEN: Fault = { kind: 'server-error', status: 500, page: 'json' }

const upstream = (...rules: Rule[]): UpstreamSpec => ({ ...UPSTREAM, rules })

/** One openai-compatibility block with one model `glm`. */
function block(name: string, keys: readonly string[], lines: readonly string[] = []): string {
  return [
    `  - name: ${name}`,
    '    base-url: "{{upstream:main}}/v1"',
    ...lines.map((line) => `    ${line}`),
    '    api-key-entries:',
    ...keys.map((key) => `      - api-key: ${key}`),
    '    models:',
    '      - name: glm-4.7',
    '        alias: glm',
    '',
  ].join('\n')
}

const config = (...blocks: string[]): string => `${CONFIG_HEAD}openai-compatibility:\n${blocks.join('')}`

async function ask({ client }: Started, model = 'glm'): Promise<number> {
  const messages = [{ role: 'user', content: 'ping' }]
  const reply = await client('/v1/chat/completions', post({ model, messages }))
  await reply.text()
  return reply.status
}

/** Successes and failures of each key so far. */
async function used({ manage }: Started): Promise<Record<string, [success: number, failed: number]>> {
  const usage = (await (await manage('/api-key-usage')).json()) as Record<
    string,
    Record<string, { success: number; failed: number }>
  >
  const keys = Object.values(usage).flatMap((each) => Object.entries(each))
  return Object.fromEntries(
    keys.map(([name, { success, failed }]) => [name.split('|')[1], [success, failed]]),
  )
}

async function askTimes(started: Started, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await ask(started)
}

describe('session affinity', () => {
  const affine = (...blocks: string[]): string =>
    `${config(...blocks)}routing:\n  session-affinity: true\n  session-affinity-ttl: 10m\n`

  async function askAs(
    { client }: Started,
    headers: Record<string, string>,
    body: Record<string, unknown> = {},
    path = '/v1/chat/completions',
  ): Promise<void> {
    const messages = [{ role: 'user', content: 'ping' }]
    const request = post({ model: 'glm', max_tokens: 9, messages, ...body })
    const reply = await client(path, { ...request, headers: { ...request.headers, ...headers } })
    await reply.text()
  }

  /** What was logged of each choice, up to the credential. */
  async function choices({ manage }: Started): Promise<string[]> {
    const { lines } = (await (await manage('/logs')).json()) as { lines: string[] }
    return lines.flatMap((line) => /session-affinity: (.*) auth=/.exec(line)?.[1] ?? [])
  }

  const said = (content: string) => ({ messages: [{ role: 'user', content }] })

  it('keeps a session with its credential, and says so in the log', async () => {
    const started = await start({ config: affine(block('a', ['k1', 'k2', 'k3'])) })
    for (let i = 0; i < 4; i++) await askAs(started, { 'x-session-id': 's1' }, said(`message ${i}`))
    expect(Object.values(await used(started)).sort()).toEqual([
      [0, 0],
      [0, 0],
      [4, 0],
    ])
    expect(await choices(started)).toEqual([
      'cache miss, new binding | session=header:s1',
      ...Array(3).fill('cache hit | session=header:s1'),
    ])
    const { lines } = (await (await started.manage('/logs')).json()) as { lines: string[] }
    expect(lines.find((line) => line.includes('cache hit'))).toMatch(
      /\[info \] \[selector\.go:\d+\] .* auth=openai-compatibility:a:[0-9a-f]{12} provider=mixed model=glm$/,
    )
  })

  it.each([
    ['codex:c', { session_id: 'c', 'x-session-id': 'x', 'x-client-request-id': 'r' }, {}],
    ['header:x', { 'x-session-id': 'x', 'x-client-request-id': 'r' }, {}],
    ['clientreq:r', { 'x-client-request-id': 'r' }, { prompt_cache_key: 'p' }],
    ['session:b', {}, { session_id: 'b', prompt_cache_key: 'p' }],
    ['pck:p', {}, { prompt_cache_key: 'p', conversation: 'v' }],
    ['conv:v', {}, { conversation: 'v', metadata: { user_id: 'u' } }],
    ['conv:v', {}, { conversation: { id: 'v' } }],
    ['user:u', {}, { metadata: { user_id: 'u' }, conversation_id: 'v' }],
    ['conv:v', {}, { conversation_id: 'v' }],
    ['claude:1...', { 'x-session-id': 'x' }, { metadata: { user_id: `a_session_${'1'.repeat(36)}` } }],
    ['header:sssssssssssss', { 'x-session-id': 's'.repeat(13) }, {}],
    ['header:s...', { 'x-session-id': 's'.repeat(14) }, {}],
    ['derived:...', {}, {}],
  ])('is by %s', async (session, headers, body) => {
    const started = await start({ config: affine(block('a', ['k1'])) })
    await askAs(started, headers as Record<string, string>, body)
    expect(await choices(started)).toEqual([`cache miss, new binding | session=${session}`])
  })

  it('knows a conversation by its beginning, on each endpoint and for each model', async () => {
    const started = await start({ config: affine(block('a', ['k1', 'k2'])) })
    const later = [...said('ping').messages, { role: 'assistant', content: 'pong' }, ...said('more').messages]
    await askAs(started, {})
    await askAs(started, {}, { messages: later })
    await askAs(started, {}, { messages: [{ role: 'system', content: 'be brief' }, ...later] })
    await askAs(started, {}, {}, '/v1/messages')
    await askAs(started, {}, { model: 'glm', messages: [] })
    const events = (await choices(started)).map((each) => each.split(' |')[0])
    expect(events).toEqual([
      'cache miss, new binding',
      'cache hit',
      'cache miss, new binding',
      'cache miss, new binding',
    ])
  })

  it('outranks priority, and ends with the time it was given', async () => {
    const text = affine(block('low', ['k1']), block('high', ['k2'], ['priority: 5']))
    const limited = upstream(fails(['k2'], LIMITED, { kind: 'first', count: 1 }))
    const started = await start({ config: text, scenario: { upstreams: [limited] } })
    await askAs(started, { 'x-session-id': 's' })
    started.clock.advance(9 * 60_000)
    await askAs(started, { 'x-session-id': 's' })
    expect(await used(started)).toEqual({ k1: [2, 0], k2: [0, 1] })
    started.clock.advance(10 * 60_000)
    await askAs(started, { 'x-session-id': 's' })
    expect(await used(started)).toEqual({ k1: [2, 0], k2: [1, 1] })
  })

  it('goes by the body alone in the fork, which links a conversation to its first words', async () => {
    const started = await start({ profile: 'fork', config: affine(block('a', ['k1', 'k2'])) })
    const later = [...said('ping').messages, { role: 'assistant', content: 'pong' }, ...said('more').messages]
    await askAs(started, { 'x-session-id': 'x' })
    await askAs(started, {}, { messages: later })
    await askAs(started, {}, { messages: later })
    const events = (await choices(started)).map((each) => each.replace(/[0-9a-f]{16}/g, '#'))
    expect(events).toEqual([
      'cache miss, new binding | session=msg:#',
      'fallback cache hit | session=msg:# fallback=msg:#',
      'cache hit | session=msg:#',
    ])
  })

  it.each([
    ['runbook', 'cache miss, new binding'],
    ['fork', 'cache hit but auth unavailable, reselected'],
  ] as const)('moves on when its credential fails, in the words of %s', async (profile, words) => {
    const broken = upstream(fails(['k1'], { kind: 'unauthorized', reason: 'text' }))
    const text = affine(block('a', ['k1'], ['priority: 1']), block('b', ['k2']))
    const started = await start({ profile, config: text, scenario: { upstreams: [broken] } })
    await askAs(started, {})
    await askAs(started, {})
    const events = (await choices(started)).map((each) => each.split(' |')[0])
    expect(events).toEqual(['cache miss, new binding', words, 'cache hit'])
    expect(await used(started)).toEqual({ k1: [0, 1], k2: [2, 0] })
  })

  it('is not known to the old line', async () => {
    const started = await start({ profile: 'fork-old', config: affine(block('a', ['k1'])) })
    await askAs(started, { 'x-session-id': 's' })
    expect(await choices(started)).toEqual([])
  })
})

describe('a section that the gateway translates for', () => {
  const text = (url: string): string => `${CONFIG_HEAD}gemini-api-key:
  - api-key: k1
    base-url: "${url}"
    models:
      - name: glm-4.7
        alias: glm
`
  it('is answered by a simulated provider behind it, in its own format', async () => {
    const started = await start({ config: text('{{upstream:main}}') })
    expect(await ask(started)).toBe(200)
  })

  it('is not called where it is a real one', async () => {
    const started = await start({ config: text('http://127.0.0.1:9/v1beta') })
    expect(await ask(started)).toBe(502)
  })
})

describe('the choice of a credential', () => {
  it('goes round over all of them, each key its turn', async () => {
    const started = await start({ config: config(block('a', ['k1', 'k2', 'k3']), block('b', ['k4'])) })
    await askTimes(started, 8)
    expect(await used(started)).toEqual({ k1: [2, 0], k2: [2, 0], k3: [2, 0], k4: [2, 0] })
  })

  it('stays with the first one under fill-first', async () => {
    const text = `${config(block('a', ['k1', 'k2']))}routing:\n  strategy: fill-first\n`
    const started = await start({ config: text })
    await askTimes(started, 3)
    const counts = Object.values(await used(started)).map(([success]) => success)
    expect(counts.sort()).toEqual([0, 3])
  })

  it('follows the weights under weighted-round-robin', async () => {
    const text = config(block('a', ['k1', 'k2', 'k3']))
      .replace('- api-key: k1', '- api-key: k1\n        weight: 3')
      .replace('- api-key: k3', '- api-key: k3\n        weight: 0')
    const started = await start({ config: `${text}routing:\n  strategy: weighted-round-robin\n` })
    await askTimes(started, 8)
    expect(await used(started)).toEqual({ k1: [6, 0], k2: [2, 0], k3: [0, 0] })
  })

  it('takes the highest priority that has a ready one', async () => {
    const text = config(block('low', ['k1']), block('high', ['k2'], ['priority: 5']))
    const started = await start({
      config: text,
      scenario: { upstreams: [upstream(fails(['k2'], UNAUTHORIZED))] },
    })
    expect(await ask(started)).toBe(200)
    await askTimes(started, 2)
    expect(await used(started)).toEqual({ k1: [3, 0], k2: [0, 1] })
  })

  it('keeps to the prefix, when one is asked for', async () => {
    const text = config(block('a', ['k1']), block('b', ['k2'], ['prefix: team']))
    const started = await start({ config: text })
    for (let i = 0; i < 3; i++) expect(await ask(started, 'team/glm')).toBe(200)
    expect(await used(started)).toEqual({ k1: [0, 0], k2: [3, 0] })
  })

  it('rotates over a pool of names, and goes on to the next when one fails', async () => {
    const text = config(block('a', ['k1'])).replace(
      '      - name: glm-4.7\n',
      '      - name: kimi-k2\n        alias: glm\n      - name: glm-4.7\n',
    )
    const rule: Rule = { ...fails([], BROKEN), when: { models: ['kimi-k2'] } }
    const started = await start({ config: text, scenario: { upstreams: [upstream(rule)] } })
    expect([await ask(started), await ask(started)]).toEqual([200, 200])
  })
})

describe('fail-over', () => {
  it('hides one refused credential from the client', async () => {
    const text = config(block('a', ['k1', 'k2']))
    const started = await start({
      config: text,
      scenario: { upstreams: [upstream(fails(['k1'], UNAUTHORIZED))] },
    })
    for (let i = 0; i < 4; i++) expect(await ask(started)).toBe(200)
    expect(await used(started)).toEqual({ k1: [0, 1], k2: [4, 0] })
  })

  it('ends with the last refusal, then with the local consequence', async () => {
    const started = await start({
      scenario: { upstreams: [upstream(fails(['sk-upstream-1'], UNAUTHORIZED))] },
    })
    expect([await ask(started), await ask(started)]).toEqual([401, 503])
    started.clock.advance(30 * 60_000)
    expect(await ask(started)).toBe(401)
  })

  it('does not follow a fault of the request, which benches nobody', async () => {
    const text = config(block('a', ['k1', 'k2']))
    const scenario = { upstreams: [upstream(fails(['k1', 'k2'], { kind: 'context-length' }))] }
    const started = await start({ config: text, scenario })
    expect([await ask(started), await ask(started)]).toEqual([400, 400])
    const counts = Object.values(await used(started)).map(([, failed]) => failed)
    expect(counts).toEqual([1, 1])
  })

  it('is limited by max-retry-credentials', async () => {
    const text = `${config(block('a', ['k1', 'k2', 'k3']))}max-retry-credentials: 1\n`
    const started = await start({
      config: text,
      scenario: { upstreams: [upstream(fails(['k1', 'k2', 'k3'], BROKEN))] },
    })
    await ask(started)
    expect(Object.values(await used(started)).reduce((sum, [, failed]) => sum + failed, 0)).toBe(1)
  })
})

describe('further rounds', () => {
  const limitedOnce = {
    upstreams: [upstream(fails(['sk-upstream-1'], LIMITED, { kind: 'first', count: 1 }))],
  }
  const retrying = (seconds: number) =>
    `${config(block('main', ['sk-upstream-1']))}request-retry: 1\nmax-retry-interval: ${seconds}\n`

  it('wait for the cool-down when it is short enough', async () => {
    const started = await start({ config: retrying(30), scenario: limitedOnce })
    const asked = ask(started)
    await expect.poll(async () => (await used(started))['sk-upstream-1']).toEqual([0, 1])
    started.clock.advance(1_000)
    expect(await asked).toBe(200)
  })

  it('do not wait at all without max-retry-interval', async () => {
    const started = await start({ config: retrying(0), scenario: limitedOnce })
    expect(await ask(started)).toBe(429)
  })

  it('come at once where cooling is off, but not in the fork', async () => {
    const text = `${retrying(0)}disable-cooling: true\n`
    const started = await start({ config: text, scenario: limitedOnce })
    expect(await ask(started)).toBe(200)
    const fork = await start({ config: text, scenario: limitedOnce, profile: 'fork' })
    expect(await ask(fork)).toBe(429)
  })

  it('end when the client leaves while waiting', async () => {
    const started = await start({ config: retrying(30), scenario: limitedOnce })
    const left = new AbortController()
    const messages = [{ role: 'user', content: 'ping' }]
    const asked = started.client('/v1/chat/completions', {
      ...post({ model: 'glm', messages }),
      signal: left.signal,
    })
    await expect.poll(async () => (await used(started))['sk-upstream-1']).toEqual([0, 1])
    left.abort()
    await expect(asked).rejects.toThrow()
    await expect
      .poll(async () =>
        ((await (await started.manage('/logs?limit=50')).json()) as { lines: string[] }).lines.join('\n'),
      )
      .toMatch(/ 499 \| .*"\/v1\/chat\/completions"/)
  })
})

describe('a benched model', () => {
  const listed = async ({ client }: Started): Promise<string[]> => {
    const { data } = (await (await client('/v1/models')).json()) as { data: { id: string }[] }
    return data.map(({ id }) => id)
  }

  it('answers model_cooldown with the time left, and stays in the list', async () => {
    const started = await start({ scenario: { upstreams: [upstream(fails(['sk-upstream-1'], LIMITED))] } })
    expect(await ask(started)).toBe(429)
    started.clock.advance(400)
    const reply = await started.client('/v1/chat/completions', post({ model: 'glm', messages: [] }))
    expect([reply.status, await reply.json()]).toEqual([
      429,
      {
        error: {
          code: 'model_cooldown',
          message: 'All credentials for model glm are cooling down via provider openai-compatible-main',
          model: 'glm',
          provider: 'openai-compatible-main',
          reset_seconds: 1,
          reset_time: '1s',
        },
      },
    ])
    expect(await listed(started)).toContain('glm')
  })

  it('vanishes from the list after a refusal, until the bench ends', async () => {
    const started = await start({
      scenario: { upstreams: [upstream(fails(['sk-upstream-1'], UNAUTHORIZED))] },
    })
    await ask(started)
    expect(await listed(started)).toEqual(['kimi-k2'])
    started.clock.advance(30 * 60_000)
    expect(await listed(started)).toContain('glm')
  })

  it('stays in the list while one credential still serves it', async () => {
    const text = config(block('a', ['k1', 'k2']))
    const started = await start({
      config: text,
      scenario: { upstreams: [upstream(fails(['k1'], UNAUTHORIZED))] },
    })
    await askTimes(started, 2)
    expect(await listed(started)).toEqual(['glm'])
  })

  it('can be benched from the start, and set free by reset-quota', async () => {
    const cooldowns: Scenario['cooldowns'] = [
      {
        provider: 'main',
        credential: null,
        model: 'glm',
        reason: 'quota',
        remainingMs: 4_000_000,
        message: 'later',
      },
    ]
    const started = await start({ scenario: { cooldowns } })
    expect(await ask(started)).toBe(429)
    const { 'openai-compatibility': blocks } = (await (
      await started.manage('/openai-compatibility')
    ).json()) as {
      'openai-compatibility': { 'api-key-entries': { 'auth-index': string }[] }[]
    }
    const index = blocks[0]?.['api-key-entries'][0]?.['auth-index']
    const reset = await started.manage('/reset-quota', post({ auth_index: index }))
    expect(await reset.json()).toEqual({ auth_index: index, models: ['glm'], status: 'ok' })
    expect(await ask(started)).toBe(200)
  })
})

describe('log lines of failures', () => {
  const rules = { upstreams: [upstream(fails(['sk-upstream-1'], UNAUTHORIZED))] }
  const lines = async ({ manage }: Started): Promise<string[]> =>
    ((await (await manage('/logs?limit=20')).json()) as { lines: string[] }).lines

  it('name provider, model, credential and the bench, by request id', async () => {
    const started = await start({ scenario: rules })
    await askTimes(started, 2)
    const text = (await lines(started)).join('\n')
    expect(text).toMatch(
      /\[([0-9a-f]{8})\] \[warn \] \[\S+\] upstream execution failed: provider=openai-compatible-main model=glm-4\.7 auth=api_key=sk-u\.\.\.am-1 duration=0s err=\{.*\n\[[^\]]+\] \[\1\] \[warn \] \[\S+\] 401 \|/,
    )
    expect(text).toContain(
      'auth unavailable: 1 of 1 candidate(s) for model "glm" (provider=openai-compatible-main) are in cooldown: [api_key=sk-u...am-1, reason=unauthorized, remaining=30m0s]',
    )
  })

  it('are not written by the fork', async () => {
    const started = await start({ scenario: rules, profile: 'fork' })
    await askTimes(started, 2)
    expect((await lines(started)).join('\n')).not.toMatch(/upstream execution failed|auth unavailable:/)
  })
})
