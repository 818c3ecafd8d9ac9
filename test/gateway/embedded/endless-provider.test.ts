import { createServer, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { CLIENT_KEY, CONFIG_HEAD, closeAll, post, type Started, start } from './harness.ts'

const servers: Server[] = []
afterEach(async () => {
  await closeAll()
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

const MIB = 1_048_576

interface Endless extends Started {
  /** What the provider has sent, and whether its connection is closed. */
  readonly sent: { bytes: number; ended: boolean }
}

/** A gateway before a provider on the network that sends `piece` again and again, at most up to `mostBytes`. */
async function startBefore(piece: string, mostBytes = 400 * MIB): Promise<Endless> {
  const sent = { bytes: 0, ended: false }
  const server = createServer((incoming, outgoing) => {
    incoming.resume()
    outgoing.writeHead(200, { 'content-type': 'text/event-stream' })
    outgoing.once('close', () => {
      sent.ended = true
    })
    send(outgoing)
  })
  const send = (outgoing: ServerResponse): void => {
    while (!outgoing.destroyed && sent.bytes < mostBytes) {
      sent.bytes += piece.length
      if (!outgoing.write(piece)) return void outgoing.once('drain', () => send(outgoing))
    }
  }
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const config = `${CONFIG_HEAD}openai-compatibility:
  - name: real
    base-url: http://127.0.0.1:${port}/v1
    api-key-entries:
      - api-key: k
    models:
      - name: glm
streaming:
  keepalive-seconds: 5
`
  return { ...(await start({ config })), sent }
}

const ASKED = { model: 'glm', messages: [{ role: 'user', content: 'ping' }], input: 'ping' }

/** Asks for a stream over a connection that reads nothing until it is told to. */
function askWithoutReading({ gateway }: Started, path: string): Socket {
  const body = JSON.stringify({ ...ASKED, stream: true })
  const socket = connect(gateway.port, '127.0.0.1')
  socket.pause()
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${CLIENT_KEY}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  return socket
}

/** Resolves when the provider has been made to wait. */
async function stalled({ sent }: Endless): Promise<void> {
  for (let before = -1; before !== sent.bytes || before === 0; ) {
    before = sent.bytes
    await new Promise((resolve) => setTimeout(resolve, 150))
  }
}

const FRAME = `data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, delta: { content: 'y'.repeat(4_000) } }] })}\n\n`

describe('a provider that sends faster than the client reads', () => {
  it.each(['/v1/chat/completions', '/v1/responses', '/v1/messages'])(
    'is made to wait, and is left with the client: %s',
    async (path) => {
      const started = await startBefore(FRAME)
      const socket = askWithoutReading(started, path)
      await stalled(started)
      // What the system keeps for two connections, and little more.
      expect(started.sent.bytes).toBeLessThan(40 * MIB)
      socket.destroy()
      await expect.poll(() => started.sent.ended).toBe(true)
    },
  )

  it('gets no signs of life between, which would only heap up', async () => {
    const started = await startBefore(FRAME, 24 * MIB)
    const socket = askWithoutReading(started, '/v1/chat/completions')
    await stalled(started)
    for (let i = 0; i < 50; i++) {
      started.clock.advance(5_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
    })
    socket.resume()
    await expect.poll(() => text.length, { timeout: 5_000 }).toBeGreaterThan(24 * MIB)
    expect(text.split(': keep-alive').length - 1).toBeLessThan(2)
    socket.destroy()
  })
})

describe('a reply without an end', () => {
  it.each([
    ['that is no stream', { ...ASKED, stream: false }, '/v1/chat/completions'],
    ['whose stream is one line', { ...ASKED, stream: true }, '/v1/chat/completions'],
    ['whose stream is one line, translated', { ...ASKED, stream: true }, '/v1/messages'],
  ])('%s is given up, and its provider left', async (_, body, path) => {
    const started = await startBefore('data'.repeat(16_384))
    const reply = await started.client(path, post(body))
    expect([reply.status, await reply.text()]).toEqual([500, expect.stringContaining('unexpected EOF')])
    expect(started.sent.bytes).toBeLessThan(100 * MIB)
    await expect.poll(() => started.sent.ended).toBe(true)
  })
})
