import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../../../core/clock.ts'
import { parseObject } from '../translation/json.ts'
import type { Connection, ReplyHeaders } from './connection.ts'
import { type Arrival, type RequestCount, SimulatedProvider } from './simulated-provider.ts'
import type { UpstreamSpec } from './types.ts'

export interface UpstreamOptions {
  readonly clock: Clock
  /** 0, the default, takes a free one. */
  readonly port?: number
}

export interface RunningUpstream {
  readonly name: string
  /** `http://127.0.0.1:<port>`, without a path. */
  readonly baseUrl: string
  /** The same provider without the network between. */
  readonly provider: SimulatedProvider
  /** Requests so far, one entry per type, model and status. */
  counts(): RequestCount[]
  /** Ends every connection, also those that a fault keeps waiting. */
  close(): Promise<void>
}

const MAX_BODY_BYTES = 64 * 1024 * 1024
/** Longer than any client keeps an idle connection, so that none is closed while a request is on its way. */
const KEEP_ALIVE_MS = 120_000

/** Starts a simulated provider on loopback. Fails as `node:http` does, e.g. with EADDRINUSE. */
export async function startUpstream(spec: UpstreamSpec, options: UpstreamOptions): Promise<RunningUpstream> {
  const provider = new SimulatedProvider(spec, options.clock)
  const server = createServer((request, response) => {
    serve(provider, request, response).catch(() => response.destroy())
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  await listen(server, options.port ?? 0)
  const { port } = server.address() as AddressInfo
  return {
    name: spec.name,
    baseUrl: `http://127.0.0.1:${port}`,
    provider,
    counts: () => provider.counts(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}

async function serve(
  provider: SimulatedProvider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const connection = new SocketConnection(response)
  const { method = 'GET', url = '/', headers } = request
  await provider.handle({ method, path: url, headers, body: await readBody(request) }, connection)
}

/** Anything but a JSON object is taken for an empty one; of a body above the limit the rest is not read. */
async function readBody(request: IncomingMessage): Promise<Arrival['body']> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    if (sizeBytes > MAX_BODY_BYTES) return 'too-large'
    chunks.push(chunk)
  }
  return parseObject(Buffer.concat(chunks).toString('utf8')) ?? {}
}

class SocketConnection implements Connection {
  readonly #response: ServerResponse
  readonly #left = new AbortController()

  constructor(response: ServerResponse) {
    this.#response = response
    response.once('close', () => this.#left.abort(new Error('the client left')))
  }

  get isGone(): boolean {
    return this.#response.destroyed
  }

  get signal(): AbortSignal {
    return this.#left.signal
  }

  send(status: number, headers: ReplyHeaders, text: string): void {
    this.#response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(text) })
    this.#response.end(text)
  }

  begin(status: number, headers: ReplyHeaders): void {
    this.#response.writeHead(status, headers)
    this.#response.flushHeaders()
  }

  write(text: string): void {
    this.#response.write(text)
  }

  end(last: string): void {
    this.#response.end(last)
  }

  breakOff(last: string): void {
    if (last === '') setImmediate(() => this.drop())
    else this.#response.write(last, () => this.drop())
  }

  drop(): void {
    this.#response.destroy()
  }
}
