import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import { secondOf } from '../../../src/gateway/embedded/log-files.ts'
import { CONFIG, closeAll, post, START_MS, type Started, start } from './harness.ts'

afterEach(closeAll)

interface Page {
  readonly lines: string[]
  readonly 'line-count': number
  readonly 'latest-timestamp': number
  readonly 'next-cursor'?: string
  readonly 'cursor-reset'?: boolean
}

async function page({ manage }: Started, query = ''): Promise<Page> {
  return (await (await manage(`/logs${query}`)).json()) as Page
}

const lastOf = ({ lines }: Page): string => lines.at(-1) ?? ''

describe('main.log', () => {
  it('holds every request, in order, before its answer is read', async () => {
    const started = await start()
    for (const path of ['/a', '/b', '/c']) await started.client(path)
    const { lines } = await page(started)
    expect(lines.slice(-3).map((line) => /"(.*)"$/.exec(line)?.[1])).toEqual(['/a', '/b', '/c'])
  })

  it('gets the last line of a burst although nobody asks for it', async () => {
    const { gateway, client } = await start()
    await Promise.all(Array.from({ length: 30 }, (_, i) => client(`/burst-${i}`)))
    const lines = (): number =>
      readFileSync(join(gateway.logDir, 'main.log'), 'utf8').split('/burst-').length - 1
    await expect.poll(lines).toBe(30)
  })

  it('is complete after the end, with the requests that were still at work', async () => {
    const logDir = mkdtempSync(join(tmpdir(), 'provops-logs-'))
    // Begins a stream or nothing, and never ends it.
    const asked: string[] = []
    const provider = createServer(async (incoming, outgoing) => {
      let body = ''
      for await (const chunk of incoming) body += chunk
      asked.push(body)
      if (body.includes('"stream":true')) outgoing.write('data: {"choices":[{"delta":{"content":"x"}}]}\n\n')
    })
    await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`
    const { gateway, client } = await start({ logDir, config: CONFIG.replace('{{upstream:main}}', url) })
    const chat = (stream: boolean) =>
      client('/v1/chat/completions', post({ model: 'glm', stream, messages: [] }))
    const streaming = await chat(true)
    const waiting = chat(false).catch(() => 'broken off')
    await expect.poll(() => asked.length).toBe(2)
    await gateway.close()
    provider.close()
    expect(await waiting).toBe('broken off')
    await expect(streaming.text()).rejects.toThrow()
    const text = readFileSync(join(logDir, 'main.log'), 'utf8')
    const requests = [...text.matchAll(/ (\d{3}) \| .* "(\S+)"$/gm)].map(([, status, path]) => [status, path])
    expect(requests.sort()).toEqual([
      ['200', '/v1/chat/completions'],
      ['499', '/v1/chat/completions'],
    ])
    expect(readdirSync(logDir)).toEqual(['main.log'])
    rmSync(logDir, { recursive: true })
  })

  it('is for its owner only, and rotated at 10 MiB without cutting a line', async () => {
    const started = await start()
    const { logDir } = started.gateway
    const path = `/${'x'.repeat(60_000)}`
    for (let i = 0; i < 20; i++) await Promise.all(Array.from({ length: 10 }, () => started.client(path)))
    await page(started, '?limit=1')
    const files = readdirSync(logDir).filter((name) => name.startsWith('main'))
    expect(files).toContainEqual(expect.stringMatching(/^main-2026-08-22T10-04-30\.000\.log$/))
    expect(statSync(join(logDir, 'main.log')).mode & 0o777).toBe(0o600)
    for (const file of files) expect(readFileSync(join(logDir, file), 'utf8')).toMatch(/^\[[\s\S]*"\n$/)
  })

  it('is switched off and on by the configuration', async () => {
    const started = await start()
    await started.manage('/logging-to-file', { ...post({ value: false }), method: 'PUT' })
    const off = await started.manage('/logs')
    expect([off.status, await off.json()]).toEqual([400, { error: 'logging to file disabled' }])
    await started.client('/unseen')
    await started.manage('/logging-to-file', { ...post({ value: true }), method: 'PUT' })
    await started.client('/seen')
    const text = (await page(started)).lines.join('\n')
    expect(text).toContain('"/seen"')
    expect(text).not.toContain('"/unseen"')
  })
})

describe('GET /logs', () => {
  it('gives the last lines, all files together', async () => {
    const started = await start()
    const { logDir } = started.gateway
    const line = (n: number): string => `[2026-08-22 09:00:0${n}] [--------] [info ] [x.go:1] line ${n}\n`
    writeFileSync(join(logDir, 'main-2026-08-22T09-00-01.000.log'), line(1) + line(2))
    writeFileSync(join(logDir, 'main-2026-08-22T09-00-00.000.log.gz'), gzipSync(line(0)))
    writeFileSync(join(logDir, 'main.log.1'), line(3).replace('line 3', 'numbered'))
    const { lines } = await page(started)
    const words = lines
      .map((each) => /(line \d|numbered)$/.exec(each)?.[0])
      .filter((each) => each !== undefined)
    expect(words).toEqual(['numbered', 'line 0', 'line 1', 'line 2'])
    expect((await page(started, '?limit=2')).lines).toHaveLength(2)
  })

  it.each([
    ['0', 'invalid limit: must be greater than zero'],
    ['-1', 'invalid limit: must be greater than zero'],
    ['abc', 'invalid limit: must be a positive integer'],
  ])('refuses the limit %s', async (limit, error) => {
    const { manage } = await start()
    const reply = await manage(`/logs?limit=${limit}`)
    expect([reply.status, await reply.json()]).toEqual([400, { error }])
  })

  it('gives what is newer than a second, and counts what it scanned', async () => {
    const started = await start()
    await started.client('/before')
    started.clock.advance(10_000)
    await started.client('/after')
    const after = Math.floor(START_MS / 1_000)
    const newer = await page(started, `?after=${after}`)
    expect(newer.lines.map((line) => /"(.*)"$/.exec(line)?.[1])).toEqual(['/after'])
    expect(newer['line-count']).toBeGreaterThan(newer.lines.length)
    expect(newer['latest-timestamp']).toBe(after + 10)
  })

  it('goes on from a cursor, and says when it no longer fits', async () => {
    const started = await start()
    const first = await page(started, '?limit=1')
    await started.client('/next')
    const second = await page(started, `?cursor=${first['next-cursor']}`)
    expect(second.lines.map((line) => /"(.*)"$/.exec(line)?.[1])).toEqual([
      '/v0/management/logs?limit=1',
      '/next',
    ])
    expect(second['cursor-reset']).toBeUndefined()
    await started.manage('/logs', { method: 'DELETE' })
    expect((await page(started, `?cursor=${second['next-cursor']}`))['cursor-reset']).toBe(true)
    expect((await page(started, '?cursor=nonsense'))['cursor-reset']).toBe(true)
  })

  it('knows no cursor in the old line', async () => {
    const started = await start({ profile: 'fork-old' })
    expect(await page(started, '?limit=1')).not.toHaveProperty('next-cursor')
  })
})

describe('DELETE /logs', () => {
  it('empties main.log in place and removes the rotated ones', async () => {
    const started = await start()
    const { logDir } = started.gateway
    writeFileSync(join(logDir, 'main-2026-08-22T09-00-01.000.log'), 'x\n')
    const { ino: before, size } = statSync(join(logDir, 'main.log'))
    const reply = await started.manage('/logs', { method: 'DELETE' })
    expect(await reply.json()).toEqual({ success: true, message: 'Logs cleared successfully', removed: 1 })
    await started.client('/later')
    expect(lastOf(await page(started))).toContain('"/later"')
    expect(statSync(join(logDir, 'main.log')).ino).toBe(before)
    expect(readdirSync(logDir)).toEqual(['main.log'])
    const text = readFileSync(join(logDir, 'main.log'), 'latin1')
    expect(text.slice(0, size)).toBe('\0'.repeat(size))
    expect(text.slice(size)).toMatch(/^\[.*DELETE {2}"\/v0\/management\/logs"\n/)
  })
})

describe('the stamp of a line', () => {
  it('is read in the zone of the process, and a continuation has none', () => {
    expect(secondOf('[2026-08-22 21:40:03] [--------] x')).toBe(
      new Date(2026, 7, 22, 21, 40, 3).getTime() / 1_000,
    )
    expect(secondOf('  "error": {')).toBeNull()
  })
})
