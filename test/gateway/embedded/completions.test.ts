import { afterEach, describe, expect, it } from 'vitest'
import type { Rule } from '../../../src/gateway/embedded/upstream/types.ts'
import { CONFIG, closeAll, post, type Started, start, UPSTREAM } from './harness.ts'

afterEach(closeAll)

const CHAT = { model: 'glm', messages: [{ role: 'user', content: 'ping' }] }
const rule = (fault: Rule['fault'], when: Rule['when'] = {}): Rule => ({
  when,
  afterMs: 0,
  forMs: null,
  pick: { kind: 'all' },
  fault,
})
const behaving = (...rules: Rule[]) => ({ upstreams: [{ ...UPSTREAM, rules }] })

async function logLines({ manage }: Started): Promise<string> {
  return ((await (await manage('/logs?limit=50')).json()) as { lines: string[] }).lines.join('\n')
}

describe('the trace id', () => {
  it('names time, credential and request, as log and management do', async () => {
    const started = await start()
    const reply = await started.client('/v1/chat/completions', post(CHAT))
    const [time, index, requestId] = (reply.headers.get('x-cpa-trace-id') ?? '').split('-')
    expect(time).toMatch(/^\d{14}$/)
    expect(await (await started.manage('/openai-compatibility')).text()).toContain(`"auth-index":"${index}"`)
    expect(await logLines(started)).toContain(`[${requestId}] [info ]`)
  })

  it('is missing where no credential was asked, and in the fork', async () => {
    const { client } = await start()
    const unknown = await client('/v1/chat/completions', post({ ...CHAT, model: 'nothing' }))
    expect(unknown.headers.has('x-cpa-trace-id')).toBe(false)
    const fork = await start({ profile: 'fork' })
    expect((await fork.client('/v1/chat/completions', post(CHAT))).headers.has('x-cpa-trace-id')).toBe(false)
  })
})

describe('models in requests', () => {
  it('may carry a thinking suffix, a cloak, or be auto', async () => {
    const { client } = await start()
    const asked = ['glm(high)', 'auto', 'glm']
    for (const model of asked)
      expect((await client('/v1/chat/completions', post({ ...CHAT, model }))).status).toBe(200)
    const cloaked = { ...CHAT, model: 'claude-fable-5-dd-mlg', max_tokens: 5 }
    expect((await client('/v1/messages', post(cloaked))).status).toBe(200)
  })

  it('that nobody offers are 400 or 502', async () => {
    const body = post({ ...CHAT, model: 'nothing' })
    const { client } = await start()
    expect(await (await client('/v1/chat/completions', body)).json()).toEqual({
      error: {
        message: 'unknown provider for model nothing',
        type: 'invalid_request_error',
        code: 'model_not_found',
        param: 'model',
      },
    })
    const fork = await start({ profile: 'fork' })
    expect((await fork.client('/v1/chat/completions', body)).status).toBe(502)
  })

  it('come back under the name that was asked for, with force-mapping', async () => {
    const config = CONFIG.replace('alias: glm', 'alias: glm\n        force-mapping: true')
    const { client } = await start({ config })
    expect(await (await client('/v1/chat/completions', post(CHAT))).json()).toMatchObject({ model: 'glm' })
    const stream = await (await client('/v1/chat/completions', post({ ...CHAT, stream: true }))).text()
    expect(stream).toContain('"model":"glm"')
    expect(stream).not.toContain('glm-4.7')
  })
})

describe('a half-read body', () => {
  it('is asked for its model only, and no error of its own', async () => {
    const { client } = await start()
    const half = (text: string): RequestInit => ({ method: 'POST', body: text })
    expect((await client('/v1/chat/completions', half('{"model":"glm","messages":['))).status).not.toBe(500)
    const empty = await client('/v1/chat/completions', half(''))
    expect([empty.status, await empty.text()]).toEqual([
      400,
      expect.stringContaining('unknown provider for model '),
    ])
  })
})

describe('signs of life', () => {
  const slow = behaving(rule({ kind: 'slow', delayMs: 2_500 }))

  it('before a plain answer are line breaks that commit it to 200', async () => {
    const started = await start({ config: `${CONFIG}nonstream-keepalive-interval: 1\n`, scenario: slow })
    const asked = started.client('/v1/chat/completions', post(CHAT))
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 40))
      started.clock.advance(1_000)
    }
    const reply = await asked
    const text = await reply.text()
    expect(text).toMatch(/^\n{2,3}\{/)
    expect([reply.status, JSON.parse(text)]).toMatchObject([200, { object: 'chat.completion' }])
  })

  it('turn a late failure into a 200 with an error in it', async () => {
    const scenario = behaving(
      rule({ kind: 'slow', delayMs: 2_500 }),
      rule({ kind: 'server-error', status: 500, page: 'json' }),
    )
    const started = await start({ config: `${CONFIG}nonstream-keepalive-interval: 1\n`, scenario })
    const asked = started.client('/v1/chat/completions', post(CHAT))
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 40))
      started.clock.advance(1_000)
    }
    const reply = await asked
    expect([reply.status, JSON.parse(await reply.text())]).toMatchObject([200, { error: {} }])
  })

  it('between the events of a stream are comments', async () => {
    const scenario = behaving(rule({ kind: 'slow-stream', gapMs: 2_000 }))
    const started = await start({ config: `${CONFIG}streaming:\n  keepalive-seconds: 1\n`, scenario })
    const reply = await started.client('/v1/chat/completions', post({ ...CHAT, stream: true }))
    let done = false
    const reading = reply.text().finally(() => {
      done = true
    })
    while (!done) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      started.clock.advance(1_000)
    }
    expect(await reading).toMatch(/\n\n: keep-alive\n\n/)
  })
})

describe('a client that leaves', () => {
  it('ends the request to the provider, benches nobody, and is no failure', async () => {
    const started = await start({ scenario: behaving(rule({ kind: 'hang' })) })
    const left = new AbortController()
    const asked = started.client('/v1/chat/completions', { ...post(CHAT), signal: left.signal })
    await new Promise((resolve) => setTimeout(resolve, 50))
    left.abort()
    await expect(asked).rejects.toThrow()
    await expect.poll(() => logLines(started)).toMatch(/ 499 \| .*chat\/completions/)
    expect(await (await started.manage('/api-key-usage')).text()).not.toMatch(/"failed":[1-9]/)
  })

  it('in the middle of a stream leaves no stream open', async () => {
    const started = await start({ scenario: behaving(rule({ kind: 'slow-stream', gapMs: 1_000 })) })
    const left = new AbortController()
    const reply = await started.client('/v1/chat/completions', {
      ...post({ ...CHAT, stream: true }),
      signal: left.signal,
    })
    const reader = reply.body?.getReader()
    await reader?.read()
    left.abort()
    await expect.poll(() => logLines(started)).toMatch(/ 200 \| .*chat\/completions/)
  })
})

describe('providers that cannot be called', () => {
  it('are failures with the reason, and bench nobody', async () => {
    const config = CONFIG.replace('{{upstream:main}}', 'http://127.0.0.1:1')
    const started = await start({ config })
    for (let i = 0; i < 2; i++) {
      const reply = await started.client('/v1/chat/completions', post(CHAT))
      expect([reply.status, await reply.text()]).toEqual([500, expect.stringContaining('connection refused')])
    }
  })

  it('with token files are never the real ones', async () => {
    const file = {
      file: 'codex-a.json',
      type: 'codex',
      expiresInMs: null,
      refreshedInMs: null,
      accessToken: 'secret-token',
      refreshToken: null,
      mode: 0o600,
      fields: {},
      quota: null,
    }
    const started = await start({ scenario: { authFiles: [file] } })
    const reply = await started.client('/v1/responses', post({ model: 'gpt-5.4', input: 'ping' }))
    expect([reply.status, await reply.text()]).toEqual([502, expect.stringContaining('sends no tokens')])
  })
})

describe('an error log', () => {
  it('is written for a failed request, with keys masked, and found by its request id', async () => {
    const scenario = behaving(rule({ kind: 'server-error', status: 500, page: 'json' }))
    const started = await start({ scenario })
    const reply = await started.client('/v1/chat/completions', post(CHAT))
    const requestId = (reply.headers.get('x-cpa-trace-id') ?? '').split('-')[2] ?? ''
    const { files } = (await (await started.manage('/request-error-logs')).json()) as {
      files: { name: string }[]
    }
    expect(files.map(({ name }) => name)).toEqual([
      expect.stringMatching(
        new RegExp(`^error-v1-chat-completions-\\d{4}-\\d\\d-\\d\\dT\\d{6}-${requestId}\\.log$`),
      ),
    ])
    const text = await (await started.manage(`/request-log-by-id/${requestId}`)).text()
    expect(text).toMatch(/^authorization: Bearer sk-c\.\.\.nt-1$/im)
    expect(text).toMatch(/=== REQUEST BODY ===\n\{"model":"glm"/)
    expect(text).toMatch(/=== API REQUEST 1 ===[\s\S]*type=api_key value=sk-u\.\.\.am-1/)
    expect(text).toMatch(/=== RESPONSE ===\nStatus: 500/)
    expect(text).not.toContain('sk-client-1')
    expect(text).not.toContain('sk-upstream-1')
  })

  it('is kept for the newest failures only', async () => {
    const scenario = behaving(rule({ kind: 'bad-request' }))
    const started = await start({ config: `${CONFIG}error-logs-max-files: 3\n`, scenario })
    for (let i = 0; i < 6; i++) await started.client('/v1/chat/completions', post(CHAT))
    const { files } = (await (await started.manage('/request-error-logs')).json()) as { files: unknown[] }
    expect(files).toHaveLength(3)
  })

  it('is not written in commercial mode; request-log writes every request under another name', async () => {
    const commercial = await start({ config: `${CONFIG}commercial-mode: true\n` })
    await commercial.client('/v1/chat/completions', post({ ...CHAT, model: 'nothing' }))
    expect(await (await commercial.manage('/request-error-logs')).json()).toEqual({ files: [] })
    const all = await start({ config: `${CONFIG}request-log: true\n` })
    const reply = await all.client('/v1/chat/completions', post(CHAT))
    const requestId = (reply.headers.get('x-cpa-trace-id') ?? '').split('-')[2] ?? ''
    expect(await (await all.manage('/request-error-logs')).json()).toEqual({ files: [] })
    expect((await all.manage(`/request-log-by-id/${requestId}`)).status).toBe(200)
  })
})
