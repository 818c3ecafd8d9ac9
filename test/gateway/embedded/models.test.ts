import { afterEach, describe, expect, it } from 'vitest'
import { uncloaked } from '../../../src/gateway/embedded/routes/models.ts'
import { readModelList } from '../../../src/wire/models.ts'
import { CONFIG, closeAll, START_MS, start } from './harness.ts'

afterEach(closeAll)

describe('the model list', () => {
  it('has four fields in the OpenAI shape; created is the time of registration', async () => {
    const { client } = await start()
    const body = (await (await client('/v1/models')).json()) as { object: string; data: { id: string }[] }
    expect(body.object).toBe('list')
    expect(body.data.find(({ id }) => id === 'glm')).toEqual({
      id: 'glm',
      object: 'model',
      created: Math.floor(START_MS / 1_000),
      owned_by: 'main',
    })
  })

  it('tells of each entry what the last reload made of it', async () => {
    const { client, manage, clock } = await start()
    await client('/v1/models')
    clock.advance(60_000)
    const config = await (await manage('/config.yaml')).text()
    await manage('/config.yaml', { method: 'PUT', body: config.replace('name: main', 'name: renamed') })
    const { data } = (await (await client('/v1/models')).json()) as { data: unknown[] }
    const created = Math.floor(START_MS / 1_000) + 60
    expect(data).toContainEqual({ id: 'glm', object: 'model', created, owned_by: 'renamed' })
  })

  it.each([
    ['claude', '/v1/models', { 'anthropic-version': '2023-06-01' }],
    ['claude', '/v1/models', { 'user-agent': 'claude-cli/2.0 (external)' }],
    ['codex', '/v1/models?client_version=', {}],
    ['grok', '/v1/models', { 'user-agent': 'grok-shell/1' }],
    ['gemini', '/v1beta/models', {}],
  ] as const)('is read by our own reader in the %s shape', async (shape, path, headers) => {
    const { client } = await start()
    const reading = readModelList(await (await client(path, { headers })).json())
    if (reading.kind !== 'list') throw new Error(reading.reason)
    expect(reading.list.shape).toBe(shape)
    expect(reading.list.models.map(({ id }) => id)).toEqual(['glm', 'kimi-k2'])
  })

  it('cloaks ids for Claude clients upstream, unless told not to, and not in the fork', async () => {
    const headers = { 'anthropic-version': '2023-06-01' }
    const ids = async (options: Parameters<typeof start>[0]): Promise<string[]> => {
      const { client } = await start(options)
      const { data } = (await (await client('/v1/models', { headers })).json()) as { data: { id: string }[] }
      return data.map(({ id }) => id).sort()
    }
    expect(await ids({})).toEqual(['claude-fable-5-dd-2k-imik', 'claude-fable-5-dd-mlg'])
    expect(await ids({ config: `${CONFIG}claude-code:\n  disable-cloaking-model-list: true\n` })).toEqual([
      'glm',
      'kimi-k2',
    ])
    expect(await ids({ profile: 'fork' })).toEqual(['glm', 'kimi-k2'])
  })

  it('is empty, not null, without a model', async () => {
    const { client } = await start({ config: CONFIG.slice(0, CONFIG.indexOf('openai-compatibility')) })
    expect(await (await client('/v1/models')).json()).toEqual({ object: 'list', data: [] })
    const claude = await client('/v1/models', { headers: { 'anthropic-version': 'x' } })
    expect(await claude.json()).toEqual({ data: [], first_id: '', has_more: false, last_id: '' })
  })

  it('comes in another order from time to time, and in the same for the same seed', async () => {
    const config = CONFIG.replace(
      '    models:\n',
      `    models:\n${Array.from({ length: 12 }, (_, i) => `      - name: m${i}\n`).join('')}`,
    )
    const orders = async (seed: number): Promise<string[]> => {
      const { client } = await start({ config, seed })
      const order = async (): Promise<string> => {
        const { data } = (await (await client('/v1/models')).json()) as { data: { id: string }[] }
        return data.map(({ id }) => id).join(' ')
      }
      return [await order(), await order()]
    }
    const [first, second] = [await orders(1), await orders(1)]
    expect(first[0]).not.toBe(first[1])
    expect(first).toEqual(second)
  })
})

describe('a cloaked id', () => {
  it('is undone with its suffix kept', () => {
    expect(uncloaked('claude-fable-5-dd-mlg')).toBe('glm')
    expect(uncloaked('claude-fable-5-dd-mlg(high)')).toBe('glm(high)')
    expect(uncloaked('claude-sonnet-4-5')).toBe('claude-sonnet-4-5')
  })
})
