import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { CLIENT_KEY, closeAll, post, start } from './harness.ts'

afterEach(closeAll)

/** Sends bytes as they are and gives back everything that comes until the end. */
function raw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let reply = ''
    socket.on('data', (chunk) => {
      reply += chunk.toString('latin1')
    })
    socket.on('close', () => resolve(reply))
    socket.on('error', () => {})
    socket.write(text)
  })
}

const statusOf = (reply: string): string => reply.split('\r\n')[0] ?? ''

describe('paths', () => {
  it('that are no route are 404, with an empty body or in the old words', async () => {
    const { client } = await start({ profile: 'upstream' })
    const reply = await client('/no/such/path')
    expect([reply.status, await reply.text()]).toEqual([404, ''])
    const old = await start({ profile: 'fork-old' })
    expect(await (await old.client('/no/such/path')).text()).toBe('404 page not found')
  })

  it('asked with another method are 404, never 405', async () => {
    const { client } = await start()
    expect((await client('/healthz', { method: 'POST' })).status).toBe(404)
    expect((await client('/v1/chat/completions')).status).toBe(404)
  })

  it('below /v1 that are no route are 404 without a key', async () => {
    const { client } = await start()
    expect((await client('/v1/nothing', { key: null })).status).toBe(404)
  })

  it('with a slash too many are redirected', async () => {
    const { client } = await start()
    const get = await client('/v1/models/')
    expect([get.status, get.headers.get('location')]).toEqual([301, '/v1/models'])
    const sent = await client('/v1/responses/', post({}))
    expect([sent.status, sent.headers.get('location')]).toEqual([307, '/v1/responses'])
  })

  it('answer a preflight with 204, whatever they are', async () => {
    const { client } = await start()
    const reply = await client('/anything', { method: 'OPTIONS', key: null })
    expect([reply.status, reply.headers.get('access-control-allow-origin')]).toEqual([204, '*'])
  })
})

describe('health', () => {
  it.each([
    ['runbook', [200, 200]],
    ['upstream', [404, 200]],
    ['fork', [404, 200]],
    ['fork-old', [404, 404]],
  ] as const)('of profile %s is found where that gateway has it', async (profile, statuses) => {
    const { client } = await start({ profile })
    const replies = await Promise.all(['/health', '/healthz'].map((path) => client(path, { key: null })))
    expect(replies.map(({ status }) => status)).toEqual(statuses)
  })

  it('is answered to HEAD without a body', async () => {
    const { client } = await start()
    const reply = await client('/healthz', { method: 'HEAD' })
    expect([reply.status, await reply.text()]).toEqual([200, ''])
  })

  it('is hinted at by the banner, which names the metrics where they are', async () => {
    const { client } = await start()
    const { endpoints } = (await (await client('/')).json()) as { endpoints: string[] }
    expect(endpoints).toContain('GET /v1/metrics/providers')
    const upstream = await start({ profile: 'upstream' })
    expect(await (await upstream.client('/')).text()).not.toContain('metrics')
  })
})

describe('hostile requests', () => {
  it('get 400 for what is no HTTP, and the gateway lives on', async () => {
    const { gateway, client } = await start()
    expect(statusOf(await raw(gateway.port, 'nonsense\r\n\r\n'))).toBe('HTTP/1.1 400 Bad Request')
    expect(statusOf(await raw(gateway.port, 'GET / HTTP/9.9\r\n\r\n'))).toContain('400')
    expect((await client('/healthz')).status).toBe(200)
  })

  it('get 400 for a stray percent sign in the path', async () => {
    const { gateway } = await start()
    const request = 'GET /v1/%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n'
    expect(statusOf(await raw(gateway.port, request))).toBe('HTTP/1.1 400 Bad Request')
  })

  it('get 431 for a flood of headers', async () => {
    const { gateway, client } = await start()
    const flood = `x-flood: ${'a'.repeat(8_000)}\r\n`.repeat(200)
    const reply = await raw(gateway.port, `GET / HTTP/1.1\r\nhost: x\r\n${flood}\r\n`)
    expect(statusOf(reply)).toBe('HTTP/1.1 431 Request Header Fields Too Large')
    expect((await client('/healthz')).status).toBe(200)
  })

  it('get 413 for a body that never seems to end, which is not read to its end', async () => {
    const { gateway, client } = await start()
    const head = `POST /v1/responses HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${CLIENT_KEY}\r\nconnection: close\r\ncontent-length: 9000000000\r\n\r\n`
    const body = Buffer.alloc(1024 * 1024, 97)
      .toString('latin1')
      .repeat(66)
    expect(statusOf(await raw(gateway.port, head + body))).toBe('HTTP/1.1 413 Payload Too Large')
    expect((await client('/healthz')).status).toBe(200)
  })

  it('nested deeper than anybody can follow get an answer, and no error log at worst', async () => {
    const { client } = await start()
    const content = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    const body = `{"model":"glm","messages":[{"role":"user","content":${content}}],"input":${content}}`
    const statuses = []
    for (const path of ['chat/completions', 'responses', 'messages', 'messages/count_tokens', 'completions'])
      statuses.push((await client(`/v1/${path}`, { method: 'POST', body })).status)
    expect(statuses.every((status) => status === 200 || status === 500)).toBe(true)
    expect((await client('/healthz')).status).toBe(200)
  })

  it('that break off in the body leave nothing behind', async () => {
    const { gateway, client } = await start()
    const socket = connect(gateway.port, '127.0.0.1')
    socket.on('error', () => {})
    await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
    socket.write(
      `POST /v1/responses HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${CLIENT_KEY}\r\ncontent-length: 100\r\n\r\n{"mo`,
    )
    socket.destroy()
    expect((await client('/healthz')).status).toBe(200)
  })

  it('whose client leaves right after its last byte are logged, too', async () => {
    const { gateway, manage } = await start()
    const body = JSON.stringify({ model: 'glm', messages: [] })
    for (let i = 0; i < 20; i++) {
      const socket = connect(gateway.port, '127.0.0.1')
      socket.on('error', () => {})
      const head = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${CLIENT_KEY}\r\n`
      socket.write(`${head}content-length: ${body.length}\r\n\r\n${body}`, () => socket.destroy())
    }
    const logged = async (): Promise<number> => {
      const { lines } = (await (await manage('/logs')).json()) as { lines: string[] }
      return lines.filter((line) => / POST {4}"\/v1\/chat\/completions"/.test(line)).length
    }
    await expect.poll(logged).toBe(20)
  })

  it('with a line break in the path forge a log line, as they do with the real gateway', async () => {
    const { client, manage } = await start()
    const forged =
      '[2026-08-22 10:00:00] [deadbeef] [warn ] [x.go:1] 401 | 5ms | 127.0.0.1 | POST "/v1/responses"'
    await client(`/x%0A${encodeURIComponent(forged)}`)
    const { lines } = (await (await manage('/logs')).json()) as { lines: string[] }
    expect(lines).toContain(`${forged}"`)
  })

  it('with bytes that are no UTF-8 are answered and logged', async () => {
    const { client, manage } = await start()
    expect((await client('/v1/%ff%fe')).status).toBe(404)
    const { lines } = (await (await manage('/logs?limit=1')).json()) as { lines: string[] }
    expect(lines[0]).toContain('GET     "/v1/\ufffd\ufffd"')
  })
})
