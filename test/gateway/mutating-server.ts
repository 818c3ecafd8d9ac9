import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'

/** A whole reply that a gateway would give, before something happens to it. */
export interface GoodReply {
  readonly status: number
  readonly contentType: string
  readonly body: Buffer
  /** Whole lines besides type and length. */
  readonly headers?: readonly string[]
}

export interface SeenRequest {
  readonly method: string
  readonly path: string
  /** The head as it came, request line included. */
  readonly head: string
  readonly body: Buffer
}

/** What a mutation has to work with: the reply it is to damage, and the bare connection. */
export interface Wire {
  readonly good: GoodReply
  readonly socket: Socket
  /** The origin of this server, and one that is not. */
  readonly origin: string
  readonly elsewhere: string
  readonly request: SeenRequest
}

export interface Mutation {
  readonly name: string
  /**
   * What a client that asks without retries has to make of it: a fault's kind, a status that is not 200, or the kind
   * of a body that came with 200.
   */
  readonly sees: `fault ${string}` | `status ${number}` | 'json' | 'half-json' | 'html' | 'text' | 'empty'
  readonly reply: (wire: Wire) => void
}

export interface MutatingServer {
  readonly origin: string
  readonly requests: SeenRequest[]
  readonly connections: () => number
  close(): Promise<void>
}

export interface MutatingOptions {
  /** The mutation for a request, or null to let the good reply through. */
  readonly pick: (request: SeenRequest) => Mutation | null
  readonly good: (request: SeenRequest) => GoodReply | Promise<GoodReply>
  readonly elsewhere?: string
}

/** A server on loopback that gives good replies and damages those it is told to. */
export async function startMutatingServer(options: MutatingOptions): Promise<MutatingServer> {
  const requests: SeenRequest[] = []
  const sockets = new Set<Socket>()
  let opened = 0
  const server: Server = createServer((socket) => {
    opened++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    onRequest(socket, async (seen) => {
      requests.push(seen)
      const good = await options.good(seen)
      const mutation = options.pick(seen)
      const wire = { good, socket, origin, elsewhere: options.elsewhere ?? 'http://192.0.2.1', request: seen }
      if (mutation) mutation.reply(wire)
      else socket.write(whole(good))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    requests,
    connections: () => opened,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resolve())
      }),
  }
}

/** Calls back for each request of a connection once all of it is here. */
function onRequest(socket: Socket, answer: (request: SeenRequest) => Promise<void>): void {
  let waiting = ''
  socket.setEncoding('latin1')
  socket.on('data', (data: string) => {
    waiting += data
    const end = waiting.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = waiting.slice(0, end)
    const bodyBytes = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0)
    if (waiting.length < end + 4 + bodyBytes) return
    const body = Buffer.from(waiting.slice(end + 4, end + 4 + bodyBytes), 'latin1')
    waiting = waiting.slice(end + 4 + bodyBytes)
    const [method = '', path = ''] = head.split(' ', 2)
    void answer({ method, path, head, body })
  })
}

/** Good replies for a server that stands before another one: what that one answers. */
export function replyOf(target: string): (request: SeenRequest) => Promise<GoodReply> {
  return ({ method, path, head, body }) => {
    const lines = head.split('\r\n').slice(1)
    const headers = lines.flatMap((line) => [/^[^:]*/.exec(line)?.[0] ?? '', line.replace(/^[^:]*: */, '')])
    return new Promise((resolve, reject) => {
      const outgoing = request(new URL(path, target), { method, headers, agent: false }, (incoming) => {
        const chunks: Buffer[] = []
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
        incoming.on('error', reject)
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            contentType: incoming.headers['content-type'] ?? '',
            body: Buffer.concat(chunks),
          }),
        )
      })
      outgoing.on('error', reject)
      outgoing.end(body)
    })
  }
}

export interface HeadParts {
  readonly status?: number | string
  readonly type?: string
  readonly headers?: readonly string[]
}

/** The lines of a head, with the blank one. */
export function headOf({
  status = 200,
  type = 'application/json; charset=utf-8',
  headers = [],
}: HeadParts): string {
  return [`HTTP/1.1 ${status} Status`, `Content-Type: ${type}`, ...headers, '', ''].join('\r\n')
}

/** A whole reply with the right length, after which the connection stays open. */
export function whole(good: GoodReply, headers: readonly string[] = []): Buffer {
  const head = headOf({
    status: good.status,
    type: good.contentType,
    headers: [`Content-Length: ${good.body.length}`, ...(good.headers ?? []), ...headers],
  })
  return Buffer.concat([Buffer.from(head), good.body])
}
