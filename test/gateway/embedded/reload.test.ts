import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { closeAll, post, type Started, start, UPSTREAM } from './harness.ts'

afterEach(closeAll)

async function ids({ client }: Started): Promise<string[]> {
  const { data } = (await (await client('/v1/models')).json()) as { data: { id: string }[] }
  return data.map(({ id }) => id).sort()
}

async function logText({ manage }: Started): Promise<string> {
  const { lines } = (await (await manage('/logs')).json()) as { lines: string[] }
  return lines.join('\n')
}

/** Well beyond the gateway's quiet time of 150 ms. */
const SETTLED_MS = 450

function edit({ gateway }: Started, change: (text: string) => string): void {
  writeFileSync(gateway.configFile, change(readFileSync(gateway.configFile, 'utf8')))
}

describe('a configuration written in place', () => {
  it('is put to work after a moment, with a word in the log', async () => {
    const started = await start()
    edit(started, (text) => text.replace('alias: glm', 'alias: renamed'))
    await expect.poll(() => ids(started)).toEqual(['kimi-k2', 'renamed'])
    expect(await logText(started)).toContain('config successfully reloaded, triggering client reload')
  })

  it('changes client keys and switches, and says which', async () => {
    const started = await start()
    edit(started, (text) => `${text.replace('sk-client-1', 'sk-client-2')}\nrequest-retry: 3\n`)
    await expect.poll(async () => (await started.client('/v1/models')).status).toBe(401)
    expect((await started.client('/v1/models', { key: 'sk-client-2' })).status).toBe(200)
    expect(await logText(started)).toContain('  request-retry: 0 -> 3')
  })

  it('that is broken changes nothing but the log', async () => {
    const started = await start()
    appendFileSync(started.gateway.configFile, '\n broken: [\n')
    await expect.poll(() => logText(started)).toContain('failed to reload config: line')
    expect(await ids(started)).toEqual(['glm', 'kimi-k2'])
  })

  it('that is emptied is ignored', async () => {
    const started = await start()
    writeFileSync(started.gateway.configFile, '')
    await sleep(SETTLED_MS)
    expect(await ids(started)).toEqual(['glm', 'kimi-k2'])
    expect(await logText(started)).not.toContain('reload')
  })

  it('that is written in two halves is read once, when it is whole', async () => {
    const started = await start()
    const text = readFileSync(started.gateway.configFile, 'utf8').replace('alias: glm', 'alias: whole')
    const half = text.indexOf('openai-compatibility')
    writeFileSync(started.gateway.configFile, text.slice(0, half))
    await sleep(50)
    appendFileSync(started.gateway.configFile, text.slice(half))
    await expect.poll(() => ids(started)).toEqual(['kimi-k2', 'whole'])
    expect((await logText(started)).match(/config file changed/g)).toHaveLength(1)
  })

  it.each([
    ['runbook', 200],
    ['fork', 200],
    ['fork-old', 500],
  ] as const)(
    'lifts every bench, be it a comment that changed, but not in the old line (%s)',
    async (profile, status) => {
      const once = { kind: 'first', count: 1 } as const
      const fault = { kind: 'unauthorized', reason: 'text' } as const
      const upstreams = [{ ...UPSTREAM, rules: [{ when: {}, afterMs: 0, forMs: null, pick: once, fault }] }]
      const started = await start({ profile, scenario: { upstreams } })
      const ask = async (): Promise<number> =>
        (await started.client('/v1/chat/completions', post({ model: 'glm', messages: [] }))).status
      expect([await ask(), await ask()]).toEqual([401, profile === 'fork-old' ? 500 : 503])
      edit(started, (text) => `${text}# a comment\n`)
      await expect.poll(() => logText(started)).toContain('config successfully reloaded')
      expect(await ask()).toBe(status)
    },
  )

  it('hashes a new plain management key at once', async () => {
    const started = await start()
    edit(started, (text) => text.replace(/secret-key: .*/, 'secret-key: another-key'))
    await expect.poll(() => readFileSync(started.gateway.configFile, 'utf8')).not.toContain('another-key')
    expect((await started.manage('/debug', { key: 'another-key' })).status).toBe(200)
    expect((await started.manage('/debug')).status).toBe(401)
  })
})

describe('a configuration renamed over the old one', () => {
  it('is never seen, nor any edit after it', async () => {
    const started = await start()
    const { configFile } = started.gateway
    const text = readFileSync(configFile, 'utf8')
    writeFileSync(`${configFile}.new`, text.replace('alias: glm', 'alias: renamed'))
    renameSync(`${configFile}.new`, configFile)
    await sleep(SETTLED_MS)
    expect(await ids(started)).toEqual(['glm', 'kimi-k2'])
    writeFileSync(configFile, text.replace('alias: glm', 'alias: later'))
    await sleep(SETTLED_MS)
    expect(await ids(started)).toEqual(['glm', 'kimi-k2'])
  })

  it('is put to work by the next management write, which reads the file itself', async () => {
    const started = await start()
    const { configFile } = started.gateway
    writeFileSync(
      `${configFile}.new`,
      readFileSync(configFile, 'utf8').replace('alias: glm', 'alias: renamed'),
    )
    renameSync(`${configFile}.new`, configFile)
    await sleep(SETTLED_MS)
    await started.manage('/request-retry', { ...post({ value: 2 }), method: 'PUT' })
    expect(await ids(started)).toEqual(['kimi-k2', 'renamed'])
  })
})

describe('the auth directory', () => {
  const channels = { codex: { upstream: 'main', models: ['gpt-5.3-codex'] } }

  it('is watched as a directory: files come, by rename too, and go', async () => {
    const started = await start({ scenario: { channels } })
    const file = join(started.gateway.authDir, 'codex-a.json')
    writeFileSync(`${file}.tmp`, '{"type":"codex","access_token":"t"}')
    renameSync(`${file}.tmp`, file)
    await expect.poll(() => ids(started)).toContain('gpt-5.3-codex')
    rmSync(file)
    await expect.poll(() => ids(started)).not.toContain('gpt-5.3-codex')
  })

  it('sets an account free that has signed in again, and only that one', async () => {
    const fault = { kind: 'unauthorized', reason: 'token-expired' } as const
    const expired = {
      when: { keys: ['old'] },
      afterMs: 0,
      forMs: null,
      pick: { kind: 'all' as const },
      fault,
    }
    const upstreams = [{ ...UPSTREAM, kind: 'codex' as const, models: ['gpt-5.3-codex'], rules: [expired] }]
    const started = await start({ scenario: { channels, upstreams } })
    const token = (name: string, value: string): void =>
      writeFileSync(
        join(started.gateway.authDir, `codex-${name}.json`),
        JSON.stringify({ type: 'codex', access_token: value }),
      )
    const ask = async (): Promise<number> =>
      (await started.client('/v1/responses', post({ model: 'gpt-5.3-codex', input: 'ping' }))).status
    for (const name of ['a', 'b']) token(name, 'old')
    await expect.poll(() => ids(started)).toContain('gpt-5.3-codex')
    expect([await ask(), await ask()]).toEqual([401, 503])
    token('a', 'new')
    await expect.poll(ask).toBe(200)
    const { files } = (await (await started.manage('/auth-files')).json()) as {
      files: { name: string; unavailable: boolean }[]
    }
    expect(files.map(({ name, unavailable }) => [name, unavailable])).toEqual([
      ['codex-a.json', false],
      ['codex-b.json', true],
    ])
  })

  it('may hold what is no credential', async () => {
    const started = await start({ scenario: { channels } })
    for (const [name, text] of Object.entries({
      'a.json': '{broken',
      'b.json': '[]',
      'c.json': '{}',
      'd.txt': 'x',
    }))
      writeFileSync(join(started.gateway.authDir, name), text)
    await sleep(SETTLED_MS)
    expect(await (await started.manage('/auth-files')).json()).toEqual({ files: [] })
  })
})
