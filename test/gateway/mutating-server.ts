import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server, type Socket } from 'node:net'

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
  readonly requests: readonly SeenRequest[]
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
    onRequest(socket, async (request) => {
      requests.push(request)
      const good = await options.good(request)
      const mutation = options.pick(request)
      const wire = { good, socket, origin, elsewhere: options.elsewhere ?? 'http://192.0.2.1', request }
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
    waiting = waiting.slice(end + 4 + bodyBytes)
    const [method = '', path = ''] = head.split(' ', 2)
    void answer({ method, path, head })
  })
}

/** A good reply for a server that stands before another one: what that one answers. */
export function replyOf(target: string): (request: SeenRequest) => Promise<GoodReply> {
  const { hostname, port } = new URL(target)
  return ({ head }) =>
    new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      const socket = connect(Number(port), hostname, () => {
        socket.write(`${head.replace(/^connection:.*\r\n/im, '')}\r\nconnection: close\r\n\r\n`)
      })
      socket.on('data', (chunk) => chunks.push(chunk))
      socket.on('error', reject)
      socket.on('end', () => resolve(parseReply(Buffer.concat(chunks))))
    })
}

function parseReply(bytes: Buffer): GoodReply {
  const end = bytes.indexOf('\r\n\r\n')
  const head = bytes.subarray(0, end).toString('latin1')
  const raw = bytes.subarray(end + 4)
  return {
    status: Number(head.split(' ', 2)[1]),
    contentType: /^content-type: *(.*)$/im.exec(head)?.[1] ?? '',
    body: /^transfer-encoding: *chunked/im.test(head) ? unchunk(raw) : raw,
  }
}

function unchunk(raw: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < raw.length; ) {
    const lineEnd = raw.indexOf('\r\n', at)
    const size = Number.parseInt(raw.subarray(at, lineEnd).toString('latin1'), 16)
    if (!size) break
    parts.push(raw.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
  return Buffer.concat(parts)
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
