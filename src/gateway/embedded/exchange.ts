import type { IncomingMessage, ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import type { Credential } from './credentials.ts'
import { goJson } from './go-text.ts'
import { NO_REQUEST_ID } from './log-line.ts'
import type { JsonBody } from './translation/types.ts'

/** The gateway has no limit of its own; this one keeps a laptop's memory (a difference, see the list of them). */
export const MAX_BODY_BYTES = 64 * 1024 * 1024

export const JSON_TYPE = 'application/json; charset=utf-8'
/** Completion routes answer without a charset (contract, HTTP 4). */
export const BARE_JSON_TYPE = 'application/json'

/** One try at one provider, as the error log shows it (contract, files 4.8). */
export interface Attempt {
  readonly url: string
  readonly credential: Credential
  readonly timeMs: number
  readonly body: JsonBody
}

/** What a route returns once it has answered, so that none can forget to. */
export type Replied = 'replied'

export interface ExchangeOptions {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly path: string
  readonly rawQuery: string
  readonly startedMs: number
  readonly requestId: string
  /** Sent with every reply, names and values in turn. */
  readonly headers: readonly string[]
}

/** One request and its reply, and what the logs need to know of both. */
export class Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly method: string
  /** Percent-decoded, without the query. */
  readonly path: string
  readonly rawQuery: string
  readonly startedMs: number
  readonly requestId: string
  readonly address: string
  readonly attempts: Attempt[] = []
  /** The client key that was accepted; null on an open gateway and on other routes. */
  clientKey: string | null = null
  /** The credential asked last, by its index; null before the first. */
  servedBy: string | null = null
  status = 0
  requestBody = ''
  replyBody = ''
  /** What the last provider said when it refused; the error log shows it. */
  lastRefusal: string | null = null
  #headers: string[]
  #query: URLSearchParams | null = null
  #left: AbortController | null = null

  constructor(options: ExchangeOptions) {
    this.request = options.request
    this.response = options.response
    this.method = options.request.method ?? 'GET'
    this.path = options.path
    this.rawQuery = options.rawQuery
    this.startedMs = options.startedMs
    this.requestId = options.requestId
    this.address = clientAddress(options.request)
    this.#headers = [...options.headers]
  }

  get query(): URLSearchParams {
    this.#query ??= new URLSearchParams(this.rawQuery)
    return this.#query
  }

  /** Aborts when the client goes away before the reply is complete. */
  get gone(): AbortSignal {
    if (this.#left) return this.#left.signal
    const left = new AbortController()
    this.#left = left
    const { response } = this
    if (response.destroyed) left.abort()
    else response.once('close', () => response.writableFinished || left.abort())
    return left.signal
  }

  /** What `gone` tells, without making a signal of it. */
  get hasLeft(): boolean {
    return this.response.destroyed && !this.response.writableFinished
  }

  get hasRequestId(): boolean {
    return this.requestId !== NO_REQUEST_ID
  }

  /** The header's values joined; `''` when it was not sent. */
  header(name: string): string {
    const value = this.request.headers[name]
    return value === undefined ? '' : Array.isArray(value) ? value.join(', ') : value
  }

  addHeader(name: string, value: string): void {
    this.#headers.push(name, value)
  }

  json(status: number, value: unknown, type = JSON_TYPE): Replied {
    return this.send(status, type, goJson(value))
  }

  empty(status: number): Replied {
    return this.send(status, null, '')
  }

  /** Commits the reply to a 200 whose body begins with line breaks. */
  lineFeed(): void {
    if (!this.response.headersSent) this.begin(200, BARE_JSON_TYPE)
    this.response.write('\n')
  }

  send(status: number, type: string | null, body: string | Buffer): Replied {
    if (this.response.headersSent) {
      // Line breaks went out before, and a 200 with them.
      this.response.end(body)
      return 'replied'
    }
    this.status = status
    if (status >= 400) this.replyBody = String(body)
    const length = Buffer.byteLength(body)
    const headers = [...this.#headers]
    if (type !== null) headers.push('Content-Type', type)
    if (status !== 204) headers.push('Content-Length', String(length))
    this.response.writeHead(status, headers)
    // Plain ASCII needs no encoding, which is faster to be told than found out.
    const encoding = length === body.length ? 'latin1' : 'utf8'
    // The answers of one turn of the event loop leave together: clients that are woken once for each of them cost more.
    setImmediate(() => {
      if (this.method === 'HEAD') this.response.end()
      else this.response.end(body, encoding)
    })
    return 'replied'
  }

  /** Begins a reply that is written in pieces. */
  begin(status: number, type: string, headers: readonly string[] = []): void {
    this.status = status
    this.response.writeHead(status, [...this.#headers, 'Content-Type', type, ...headers])
  }

  /** Resolves when the piece is on its way or the client is gone. */
  write(text: string): Promise<void> | void {
    if (text === '' || this.response.destroyed || this.response.write(text)) return
    return new Promise((resolve) => {
      const done = (): void => {
        this.response.off('drain', done)
        this.response.off('close', done)
        resolve()
      }
      this.response.once('drain', done)
      this.response.once('close', done)
    })
  }

  /** Nobody is there to be answered any more. */
  abandon(): Replied {
    return 'replied'
  }

  end(): Replied {
    this.response.end()
    return 'replied'
  }

  /** The body as text; null when it is longer than `MAX_BODY_BYTES` (the rest is not read) or the client broke off. */
  readBody(): Promise<string | null> {
    return new Promise((resolve) => {
      readText(this.request, (text) => {
        this.requestBody = text ?? ''
        resolve(text)
      })
    })
  }
}

/** Only the first call back counts. */
function readText(request: IncomingMessage, done: (text: string | null) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= MAX_BODY_BYTES) return chunks.push(chunk)
    chunks.length = 0
    request.removeAllListeners('data')
    request.resume()
    return done(null)
  })
  request.on('end', () => done(textOf(chunks)))
  // A request that breaks off closes, too, with or without an error.
  request.on('close', () => {
    if (!request.readableEnded) done(null)
  })
}

function textOf(chunks: readonly Buffer[]): string {
  return (chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)).toString('utf8')
}

/** The client's address as the gateway sees it: forwarded headers are believed from anybody (contract, HTTP 8.1). */
function clientAddress(request: IncomingMessage): string {
  const forwarded = request.headers['x-forwarded-for']
  if (typeof forwarded === 'string') {
    const hops = forwarded.split(',').map((hop) => hop.trim())
    if (hops.length > 0 && hops.every((hop) => isIP(hop) !== 0)) return hops[0] ?? ''
  }
  const real = request.headers['x-real-ip']
  if (typeof real === 'string' && isIP(real.trim()) !== 0) return real.trim()
  return (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
}
