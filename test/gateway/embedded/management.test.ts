import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import type { AuthFile } from '../../../src/gateway/embedded/scenario.ts'
import { CLIENT_KEY, CONFIG, closeAll, post, type Started, start } from './harness.ts'

afterEach(closeAll)

const send = (method: string, body: unknown): RequestInit => ({ ...post(body), method })

async function ids({ client }: Started): Promise<string[]> {
  const { data } = (await (await client('/v1/models')).json()) as { data: { id: string }[] }
  return data.map(({ id }) => id).sort()
}

const fileText = ({ gateway }: Started): string => readFileSync(gateway.configFile, 'utf8')

async function answer(reply: Promise<Response>): Promise<[number, unknown]> {
  const { status, text } = await reply.then(async (each) => ({
    status: each.status,
    text: await each.text(),
  }))
  return [status, text === '' ? '' : JSON.parse(text)]
}

describe('single switches', () => {
  it.each([
    ['debug', false, true],
    ['request-retry', 0, 3],
    ['proxy-url', '', 'http://127.0.0.1:9'],
    ['force-model-prefix', false, true],
  ])('%s is read, written to the file and read again', async (name, before, after) => {
    const started = await start()
    expect(await answer(started.manage(`/${name}`))).toEqual([200, { [name]: before }])
    expect(await answer(started.manage(`/${name}`, send('PUT', { value: after })))).toEqual([
      200,
      { status: 'ok' },
    ])
    expect(await answer(started.manage(`/${name}`))).toEqual([200, { [name]: after }])
    expect(fileText(started)).toContain(`${name}: ${after}`)
  })

  it('refuse a value of another type, and none', async () => {
    const { manage } = await start()
    for (const body of [{ value: 'yes' }, {}, [], null])
      expect(await answer(manage('/debug', send('PUT', body)))).toEqual([400, { error: 'invalid body' }])
  })

  it('know the names of strategies', async () => {
    const { manage } = await start()
    expect(await answer(manage('/routing/strategy', send('PUT', { value: 'ff' })))).toEqual([
      200,
      { status: 'ok' },
    ])
    expect(await answer(manage('/routing/strategy'))).toEqual([200, { strategy: 'fill-first' }])
    for (const value of ['fastest', 'constructor'])
      expect(await answer(manage('/routing/strategy', send('PUT', { value })))).toEqual([
        400,
        { error: 'invalid strategy' },
      ])
  })

  it('keep comments and order in the file, and the inode', async () => {
    const started = await start()
    const before = statSync(started.gateway.configFile).ino
    await started.manage('/debug', send('PUT', { value: true }))
    const text = fileText(started)
    expect(text).toContain('\n# only from here\n')
    expect(text.indexOf('remote-management')).toBeLessThan(text.indexOf('openai-compatibility'))
    expect(statSync(started.gateway.configFile).ino).toBe(before)
  })

  it('leave no blank line, as the start does, but in a value', async () => {
    const note = 'note: |\n  one\n\n  two\n'
    const started = await start({
      config: `${CONFIG.replace('api-keys:', '\n\napi-keys:')}\n${note}debug: false\n`,
    })
    const kept = `      - name: kimi-k2\n${note}debug: `
    expect(fileText(started)).toContain(`\napi-keys:\n  - ${CLIENT_KEY}\n`)
    expect(fileText(started)).toContain(`${kept}false\n`)
    await started.manage('/debug', send('PUT', { value: true }))
    expect(fileText(started)).toContain(`${kept}true\n`)
  })

  it.each([
    ['runbook', ['display-name: GLM', 'weight: 2']],
    ['fork', []],
  ] as const)(
    'take out what the gateway does not know of a provider, and only there (%s)',
    async (profile, kept) => {
      const config = CONFIG.replace('- name: main', '- name: main\n    typo: 1\n    weight: 1')
        .replace(
          '- api-key: sk-upstream-1',
          '- api-key: sk-upstream-1\n        weight: 2\n        note: mine',
        )
        .replace('alias: glm', 'alias: glm\n        display-name: GLM\n        odd: 1')
      const started = await start({ profile, config: `${config}unknown:\n  a: 1\n` })
      await started.manage('/debug', send('PUT', { value: true }))
      const own = /typo.*|weight.*|note.*|display-name.*|odd.*|unknown:\n {2}a: 1/g
      expect((fileText(started).match(own) ?? []).sort()).toEqual([...kept, 'unknown:\n  a: 1'].sort())
    },
  )
})

describe('client keys', () => {
  it('are replaced, changed, added and removed', async () => {
    const { manage } = await start()
    const keys = async (): Promise<unknown> => (await answer(manage('/api-keys')))[1]
    await manage('/api-keys', send('PUT', ['a', 'b']))
    await manage('/api-keys', send('PATCH', { index: 0, value: 'c' }))
    await manage('/api-keys', send('PATCH', { old: 'nobody', new: 'd' }))
    expect(await keys()).toEqual({ 'api-keys': ['c', 'b', 'd'] })
    await manage('/api-keys?value=b', { method: 'DELETE' })
    await manage('/api-keys?index=0', { method: 'DELETE' })
    expect(await keys()).toEqual({ 'api-keys': ['d'] })
    expect(await answer(manage('/api-keys', { method: 'DELETE' }))).toEqual([
      400,
      { error: 'missing index or value' },
    ])
    expect(await answer(manage('/api-keys', send('PUT', { items: [] })))).toEqual([
      400,
      { error: 'invalid body' },
    ])
  })

  it('that are emptied open the gateway', async () => {
    const { manage, client } = await start()
    await manage('/api-keys', send('PUT', []))
    expect((await client('/v1/models', { key: null })).status).toBe(200)
  })
})

describe('openai-compatibility', () => {
  const entry = (name: string, more: Record<string, unknown> = {}) => ({
    name,
    'base-url': 'http://127.0.0.1:9/v1',
    'api-key-entries': [{ 'api-key': `sk-${name}` }],
    models: [{ name: `${name}-1`, alias: name }],
    ...more,
  })

  it('is replaced as a whole, without entries that have no address', async () => {
    const started = await start()
    await started.manage(
      '/openai-compatibility',
      send('PUT', [entry('one'), { name: 'two', 'base-url': ' ' }]),
    )
    expect(await ids(started)).toEqual(['one'])
    expect(fileText(started)).not.toContain('two')
  })

  it('round-trips: what GET shows can be PUT back', async () => {
    const started = await start()
    const shown = (await (await started.manage('/openai-compatibility')).json()) as Record<string, unknown[]>
    await started.manage('/openai-compatibility', send('PUT', shown['openai-compatibility']))
    expect(fileText(started)).not.toContain('auth-index')
    expect(await ids(started)).toEqual(['glm', 'kimi-k2'])
  })

  it('is patched by name or index, and an emptied address deletes', async () => {
    const started = await start()
    await started.manage(
      '/openai-compatibility',
      send('PATCH', { name: 'main', value: { prefix: 'team', priority: 9 } }),
    )
    expect(await ids(started)).toEqual(['glm', 'kimi-k2', 'team/glm', 'team/kimi-k2'])
    expect(fileText(started)).not.toContain('priority')
    await started.manage('/openai-compatibility', send('PATCH', { index: 0, value: { disabled: true } }))
    expect(await ids(started)).toEqual([])
    await started.manage('/openai-compatibility', send('PATCH', { index: 0, value: { 'base-url': '' } }))
    expect(await answer(started.manage('/openai-compatibility'))).toEqual([
      200,
      { 'openai-compatibility': [] },
    ])
    const unknown = started.manage('/openai-compatibility', send('PATCH', { name: 'main', value: {} }))
    expect(await answer(unknown)).toEqual([404, { error: 'item not found' }])
  })

  it('is deleted by name or index', async () => {
    const started = await start()
    await started.manage('/openai-compatibility', send('PUT', [entry('one'), entry('two'), entry('three')]))
    await started.manage('/openai-compatibility?name=one', { method: 'DELETE' })
    await started.manage('/openai-compatibility?index=1', { method: 'DELETE' })
    expect(await ids(started)).toEqual(['two'])
    const missing = started.manage('/openai-compatibility', { method: 'DELETE' })
    expect(await answer(missing)).toEqual([400, { error: 'missing name or index' }])
  })
})

describe('key sections', () => {
  const config = `${CONFIG}claude-api-key:\n  - api-key: k1\n    base-url: http://127.0.0.1:9\n    models:\n      - name: claude-x\n        alias: x\n  - api-key: k1\n    base-url: http://127.0.0.1:8\n    models:\n      - name: claude-y\n        alias: y\n`

  it('ask for the address when a key stands twice', async () => {
    const started = await start({ config })
    const ambiguous = started.manage('/claude-api-key?api-key=k1', { method: 'DELETE' })
    expect(await answer(ambiguous)).toEqual([
      400,
      { error: 'multiple items match api-key; base-url is required' },
    ])
    await started.manage('/claude-api-key?api-key=k1&base-url=http://127.0.0.1:8', { method: 'DELETE' })
    expect(await ids(started)).toEqual(['glm', 'kimi-k2', 'x'])
  })

  it('are patched by index when a key stands twice', async () => {
    const started = await start({ config })
    const ambiguous = started.manage(
      '/claude-api-key',
      send('PATCH', { match: 'k1', value: { prefix: 'p' } }),
    )
    expect((await answer(ambiguous))[0]).toBe(400)
    await started.manage('/claude-api-key', send('PATCH', { index: 1, value: { prefix: 'p' } }))
    expect(await ids(started)).toContain('p/y')
  })
})

describe('config.yaml', () => {
  it('is given as it is, with the hash, and taken back', async () => {
    const started = await start()
    const reply = await started.manage('/config.yaml')
    const text = await reply.text()
    expect([reply.headers.get('content-type'), text]).toEqual([
      'application/yaml; charset=utf-8',
      fileText(started),
    ])
    const edited = text.replace('alias: glm', 'alias: other')
    const put = started.manage('/config.yaml', { method: 'PUT', body: edited })
    expect(await answer(put)).toEqual([200, { ok: true, changed: ['config'] }])
    expect(await ids(started)).toEqual(['kimi-k2', 'other'])
    expect((await started.manage('/debug')).status).toBe(200)
  })

  it.each([
    ['half of a list', 'api-keys: [\n  - "x'],
    ['a key twice', `${CONFIG}debug: true\ndebug: false\n`],
    ['a wrong type', `${CONFIG}debug: perhaps\n`],
  ])('that is %s is refused and not written', async (_, body) => {
    const started = await start()
    const before = fileText(started)
    const put = await answer(started.manage('/config.yaml', { method: 'PUT', body }))
    expect(put).toMatchObject([400, { error: 'invalid_yaml' }])
    expect(fileText(started)).toBe(before)
  })

  it('as JSON holds plain secrets and leaves out where the gateway lives', async () => {
    const { manage } = await start()
    const whole = (await (await manage('/config')).json()) as Record<string, unknown>
    expect(whole['api-keys']).toEqual([CLIENT_KEY])
    for (const key of ['host', 'port', 'remote-management', 'auth-dir', 'providers'])
      expect(whole).not.toHaveProperty(key)
  })
})

const account = (file: string, more: Partial<AuthFile> = {}): AuthFile => ({
  file,
  type: file.split('-')[0] ?? '',
  expiresInMs: 3_600_000,
  refreshedInMs: -600_000,
  accessToken: 'token',
  refreshToken: 'refresh',
  mode: 0o600,
  fields: { email: 'person@example.com' },
  quota: null,
  ...more,
})
const channels = { codex: { upstream: 'main', models: ['gpt-5.2', 'gpt-5.4'] } }

describe('credentials of token files', () => {
  it('are listed by name with counts and buckets, and filtered', async () => {
    const authFiles = [account('codex-b.json'), account('codex-A.json')]
    const { manage } = await start({ scenario: { channels, authFiles } })
    const { files } = (await (await manage('/auth-files')).json()) as { files: Record<string, unknown>[] }
    expect(files.map(({ name }) => name)).toEqual(['codex-A.json', 'codex-b.json'])
    expect(files[0]).toMatchObject({
      status: 'active',
      disabled: false,
      unavailable: false,
      success: 0,
      failed: 0,
    })
    expect(files[0]?.recent_requests).toHaveLength(20)
    const filtered = (await (await manage('/auth-files?name=codex-b.json')).json()) as { files: unknown[] }
    expect(filtered.files).toHaveLength(1)
  })

  it('have no counts in the old line', async () => {
    const scenario = { channels, authFiles: [account('codex-a.json')] }
    const { manage } = await start({ profile: 'fork-old', scenario })
    const { files } = (await (await manage('/auth-files')).json()) as { files: Record<string, unknown>[] }
    expect(files[0]).not.toHaveProperty('recent_requests')
  })

  it('are switched off and on in their file, and offer nothing meanwhile', async () => {
    const started = await start({ scenario: { channels, authFiles: [account('codex-a.json')] } })
    const off = started.manage('/auth-files/status', send('PATCH', { name: 'codex-a.json', disabled: true }))
    expect(await answer(off)).toEqual([200, { status: 'ok', disabled: true }])
    expect(await ids(started)).not.toContain('gpt-5.4')
    expect(readFileSync(join(started.gateway.authDir, 'codex-a.json'), 'utf8')).toContain('"disabled":true')
    await started.manage('/auth-files/status', send('PATCH', { name: 'codex-a.json', disabled: false }))
    expect(await ids(started)).toContain('gpt-5.4')
  })

  it('follow the aliases and exclusions of their channel', async () => {
    const started = await start({ scenario: { channels, authFiles: [account('codex-a.json')] } })
    const aliases = [{ name: 'gpt-5.4', alias: 'newest' }]
    await started.manage('/oauth-model-alias', send('PATCH', { channel: 'codex', aliases }))
    expect(await ids(started)).toEqual(['glm', 'gpt-5.2', 'kimi-k2', 'newest'])
    await started.manage(
      '/oauth-model-alias',
      send('PATCH', { channel: 'codex', aliases: [{ ...aliases[0], fork: true }] }),
    )
    expect(await ids(started)).toEqual(['glm', 'gpt-5.2', 'gpt-5.4', 'kimi-k2', 'newest'])
    await started.manage('/oauth-excluded-models', send('PATCH', { provider: 'codex', models: ['gpt-5.2'] }))
    expect(await ids(started)).toEqual(['glm', 'gpt-5.4', 'kimi-k2', 'newest'])
    await started.manage('/oauth-model-alias?channel=codex', { method: 'DELETE' })
    await started.manage('/oauth-excluded-models?provider=codex', { method: 'DELETE' })
    expect(await ids(started)).toEqual(['glm', 'gpt-5.2', 'gpt-5.4', 'kimi-k2'])
    const gone = started.manage('/oauth-excluded-models?provider=codex', { method: 'DELETE' })
    expect(await answer(gone)).toEqual([404, { error: 'provider not found' }])
  })

  it('tell the models of one of them, and nothing of an unknown one', async () => {
    const { manage } = await start({ scenario: { channels, authFiles: [account('codex-a.json')] } })
    const { models } = (await (await manage('/auth-files/models?name=codex-a.json')).json()) as {
      models: unknown[]
    }
    expect(models).toHaveLength(2)
    expect(await answer(manage('/auth-files/models?name=nobody'))).toEqual([200, { models: [] }])
    expect(await answer(manage('/auth-files/models'))).toEqual([400, { error: 'name is required' }])
  })

  it('are downloaded, uploaded and deleted, by plain names only', async () => {
    const started = await start({ scenario: { channels } })
    const upload = started.manage('/auth-files?name=codex-a.json', {
      method: 'POST',
      body: '{"type":"codex"}',
    })
    expect(await answer(upload)).toEqual([200, { status: 'ok' }])
    expect(await ids(started)).toContain('gpt-5.4')
    expect(await (await started.manage('/auth-files/download?name=codex-a.json')).text()).toBe(
      '{"type":"codex"}',
    )
    writeFileSync(join(started.gateway.authDir, '..', 'secret.json'), '{}')
    for (const name of ['../secret.json', '..%2Fsecret.json', '/etc/passwd', '.hidden.json', 'a.txt'])
      expect((await started.manage(`/auth-files/download?name=${name}`)).status).toBe(400)
    expect((await started.manage('/auth-files?name=codex-a.json', { method: 'DELETE' })).status).toBe(200)
    expect(await ids(started)).not.toContain('gpt-5.4')
  })
})

describe('the Kiro quota', () => {
  const scenario = {
    channels: { kiro: { upstream: 'main', models: ['kiro-1'] } },
    authFiles: [
      account('kiro-a.json', { quota: { limit: 100, used: 87.5, resetsInMs: 3_600_000 } }),
      account('kiro-b.json', { quota: { limit: 50, used: 50, resetsInMs: 3_600_000 } }),
    ],
  }

  it('is told for the credential asked for, and the first one for an unknown', async () => {
    const { manage } = await start({ scenario })
    const { files } = (await (await manage('/auth-files')).json()) as { files: { auth_index: string }[] }
    const second = files[1]?.auth_index
    expect(await (await manage(`/kiro-quota?auth_index=${second}`)).json()).toMatchObject({
      auth_index: second,
      remaining_quota: 0,
      usage_percentage: 100,
      quota_exhausted: true,
    })
    expect(await (await manage('/kiro-quota?auth_index=nobody')).json()).toMatchObject({
      auth_index: files[0]?.auth_index,
      remaining_quota: 12.5,
      usage_percentage: 87.5,
      quota_exhausted: false,
    })
  })

  it('is refused without such a credential, and unknown to other versions', async () => {
    const { manage } = await start()
    expect(await answer(manage('/kiro-quota'))).toEqual([400, { error: 'no kiro credential found' }])
    const upstream = await start({ profile: 'upstream', scenario })
    expect((await upstream.manage('/kiro-quota')).status).toBe(404)
  })
})

describe('what does not change', () => {
  it('is told without asking anybody outside', async () => {
    const { manage, gateway } = await start()
    expect(await answer(manage('/latest-version'))).toEqual([200, { 'latest-version': gateway.version }])
    expect((await answer(manage('/model-definitions/codex')))[0]).toBe(200)
    expect(await answer(manage('/model-definitions/none'))).toEqual([
      400,
      { channel: 'none', error: 'unknown channel' },
    ])
  })
})
