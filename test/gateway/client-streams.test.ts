import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { ClientOptions } from '../../src/gateway/client.ts'
import { type Fault, type StreamedReply, StreamFault } from '../../src/gateway/port.ts'
import { ROUTES } from '../../src/wire/routes.ts'
import { clientOf, jsonReply } from './client-rig.ts'
import { headOf, type Mutation, startMutatingServer, whole } from './mutating-server.ts'

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const STREAM_HEAD = headOf({ type: 'text/event-stream', headers: ['Transfer-Encoding: chunked'] })

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
}

interface Rig {
  readonly socket: () => Socket
  readonly open: () => Promise<StreamedReply>
  readonly gateway: ReturnType<typeof clientOf>['gateway']
  readonly events: ReturnType<typeof clientOf>['events']
}

async function streaming(reply: Mutation['reply'], changes: Partial<ClientOptions> = {}): Promise<Rig> {
  let last: Socket | null = null
  const server = await startMutatingServer({
    good: () => jsonReply({}),
    pick: () => ({
      name: 'stream',
      sees: 'text',
      reply: (wire) => {
        last = wire.socket
        reply(wire)
      },
    }),
  })
  const { gateway, events } = clientOf(server.origin, changes)
  closing.push(
    () => server.close(),
    () => gateway.close(),
  )
  const open = async () => {
    const result = await gateway.stream(ROUTES.responses, { json: { model: 'm', stream: true } })
    if (result.kind === 'fault') throw new StreamFault(result.fault)
    return result.value
  }
  const socket = () => {
    if (!last) throw new Error('nobody has connected')
    return last
  }
  return { gateway, events, open, socket }
}

interface Read {
  readonly text: string
  readonly fault: Fault | null
}

async function readAll({ bytes }: StreamedReply): Promise<Read> {
  const chunks: Uint8Array[] = []
  const text = () => Buffer.concat(chunks).toString()
  try {
    for await (const piece of bytes) chunks.push(piece)
    return { text: text(), fault: null }
  } catch (error) {
    if (!(error instanceof StreamFault)) throw error
    return { text: text(), fault: error.fault }
  }
}

describe('a stream', () => {
  it('is there at its head and hands its bytes out as they come', async () => {
    const rig = await streaming(({ socket }) => socket.write(STREAM_HEAD + chunk('data: 1\n\n')))
    const reply = await rig.open()
    expect(reply).toMatchObject({
      status: 200,
      attempts: 1,
      headers: { 'content-type': 'text/event-stream' },
    })
    const pieces: string[] = []
    for await (const piece of reply.bytes) {
      pieces.push(Buffer.from(piece).toString())
      if (pieces.length === 1) rig.socket().write(chunk('data: 2\n\n'))
      if (pieces.length === 2) rig.socket().write('0\r\n\r\n')
    }
    expect(pieces).toEqual(['data: 1\n\n', 'data: 2\n\n'])
    expect(rig.events.at(-1)).toMatchObject({ kind: 'answered', status: 200, receivedBytes: 18 })
    expect(rig.gateway.tally).toEqual({ total: 1, probes: 1 })
  })

  it('may be longer than the limit as long as it does not fall silent', async () => {
    const rig = await streaming(
      ({ socket }) => {
        socket.write(STREAM_HEAD)
        let left = 14
        const timer = setInterval(() => {
          socket.write(left > 0 ? chunk('x') : '0\r\n\r\n')
          if (left-- === 0) clearInterval(timer)
        }, 60)
      },
      { timeoutMs: 600 },
    )
    expect(await readAll(await rig.open())).toEqual({ text: 'x'.repeat(14), fault: null })
  })

  it('ends in a fault when it falls silent', async () => {
    const rig = await streaming(({ socket }) => socket.write(STREAM_HEAD + chunk('x')), { timeoutMs: 100 })
    const fault = { kind: 'timeout', phase: 'body', afterMs: 100 }
    expect(await readAll(await rig.open())).toEqual({ text: 'x', fault })
    expect(rig.events.at(-1)).toMatchObject({ kind: 'failed', status: 200, fault })
  })

  it('does not count the silence of its reader', async () => {
    const rig = await streaming(({ socket }) => socket.write(`${STREAM_HEAD + chunk('x')}0\r\n\r\n`), {
      timeoutMs: 60,
    })
    const reply = await rig.open()
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(await readAll(reply)).toEqual({ text: 'x', fault: null })
  })

  it('hands out what came before it broke', async () => {
    const rig = await streaming(({ socket }) => socket.end(STREAM_HEAD + chunk('data: 1\n\n')))
    expect(await readAll(await rig.open())).toEqual({
      text: 'data: 1\n\n',
      fault: { kind: 'truncated', receivedBytes: 9 },
    })
  })

  it('is cut off at its size limit', async () => {
    const rig = await streaming(
      ({ socket }) => {
        socket.write(STREAM_HEAD)
        for (let n = 0; n < 50; n++) socket.write(chunk('x'.repeat(100)))
      },
      { streamLimitBytes: 1000 },
    )
    const { text, fault } = await readAll(await rig.open())
    expect(fault).toEqual({ kind: 'too-large', limitBytes: 1000 })
    expect(text.length).toBeLessThanOrEqual(1000)
  })

  it('does not pile up what its reader has not taken', async () => {
    let written = 0
    const rig = await streaming(({ socket }) => {
      socket.write(headOf({ type: 'text/event-stream' }))
      const more = (): void => {
        while (!socket.destroyed) {
          written += 65_536
          if (!socket.write(Buffer.alloc(65_536, 'x'))) break
        }
        if (!socket.destroyed) socket.once('drain', more)
      }
      more()
    })
    const reply = await rig.open()
    await expect.poll(() => written).toBeGreaterThan(1024 * 1024)
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(written).toBeLessThan(32 * 1024 * 1024)
    for await (const _ of reply.bytes) break
  })

  it('closes its connection when its reader leaves', async () => {
    const rig = await streaming(({ socket }) => socket.write(STREAM_HEAD + chunk('x')))
    const reply = await rig.open()
    for await (const _ of reply.bytes) break
    await expect.poll(() => rig.socket().destroyed).toBe(true)
  })

  it('closes its connection with the gateway when nobody ever reads it', async () => {
    const rig = await streaming(({ socket }) => socket.write(STREAM_HEAD + chunk('x')))
    await rig.open()
    await rig.gateway.close()
    await expect.poll(() => rig.socket().destroyed).toBe(true)
  })

  it('ends when the run does', async () => {
    const run = new AbortController()
    const rig = await streaming(({ socket }) => socket.write(STREAM_HEAD + chunk('x')), {
      signal: run.signal,
    })
    const reply = await rig.open()
    setTimeout(() => run.abort(), 30)
    expect(await readAll(reply)).toEqual({ text: 'x', fault: { kind: 'aborted' } })
  })

  it('is a reply whatever its status', async () => {
    const rig = await streaming(({ socket }) => socket.write(whole(jsonReply({ error: 'no' }, 503))))
    const reply = await rig.open()
    expect(reply.status).toBe(503)
    expect(await readAll(reply)).toEqual({ text: '{"error":"no"}', fault: null })
  })

  it('is a fault when it is compressed', async () => {
    const headers = ['Content-Encoding: gzip', 'Transfer-Encoding: chunked']
    const rig = await streaming(({ socket }) => socket.write(`${headOf({ headers })}${chunk('x')}`))
    await expect(rig.open()).rejects.toMatchObject({ fault: { kind: 'garbled' } })
  })

  it('keeps its status when it is a refusal that is compressed', async () => {
    const headers = ['Content-Encoding: gzip', 'Transfer-Encoding: chunked']
    const rig = await streaming(({ socket }) =>
      socket.write(`${headOf({ status: 429, headers })}${chunk('x')}`),
    )
    const reply = await rig.open()
    expect(reply.status).toBe(429)
    expect(await readAll(reply)).toMatchObject({ text: '', fault: { kind: 'garbled' } })
  })

  it('that has no head in time is a fault, and no second request follows', async () => {
    const rig = await streaming(() => {}, { timeoutMs: 100, retries: 2 })
    await expect(rig.open()).rejects.toMatchObject({ fault: { kind: 'timeout', phase: 'headers' } })
    expect(rig.gateway.tally.total).toBe(1)
  })

  it('is not led elsewhere', async () => {
    const rig = await streaming(({ socket }) =>
      socket.write(headOf({ status: 307, headers: ['Location: /v1/responses/', 'Content-Length: 0'] })),
    )
    await expect(rig.open()).rejects.toMatchObject({ fault: { kind: 'redirected', status: 307 } })
  })
})
