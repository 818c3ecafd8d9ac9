import type { IncomingHttpHeaders } from 'node:http'
import { StringDecoder } from 'node:string_decoder'
import type { Dispatcher } from 'undici'
import Pool from 'undici/lib/dispatcher/pool.js'

export interface ProviderRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Breaks the request off, also in the middle of the reply. */
  readonly signal: AbortSignal
}

export type ProviderReply =
  | {
      readonly kind: 'reply'
      readonly status: number
      readonly headers: IncomingHttpHeaders
      readonly body: ProviderBody
    }
  /** No reply came; the message is the one Go would give. */
  | { readonly kind: 'broken'; readonly message: string }

/** A reply's body; to be read by one of the two. */
export interface ProviderBody {
  whole(): Promise<WholeBody>
  /** As text, cut as it comes, and how it ended. Leaving early breaks the connection off. */
  pieces(): AsyncGenerator<BodyPiece, void, void>
}

export type WholeBody =
  | { readonly kind: 'whole'; readonly text: string }
  /** The connection broke inside the body; `text` came before. */
  | { readonly kind: 'cut'; readonly text: string }

export type BodyPiece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'end'; readonly how: 'closed' | 'reset' }

/** Calls providers over connections that are kept open. */
export interface Providers {
  post(request: ProviderRequest): Promise<ProviderReply>
  /** Ends all of them at once. */
  close(): Promise<void>
}

/** Longer than any pause of a provider that is only slow. */
const NO_TIME_LIMIT = { headersTimeout: 0, bodyTimeout: 0 } as const

export function createProviders(): Providers {
  const pools = new Map<string, Pool>()
  const poolFor = (origin: string): Pool => {
    const known = pools.get(origin)
    if (known) return known
    const pool = new Pool(origin, NO_TIME_LIMIT)
    pools.set(origin, pool)
    return pool
  }
  return {
    post: (request) =>
      new Promise((resolve) => {
        const [origin, path] = splitUrl(request.url)
        if (origin === null)
          return resolve({ kind: 'broken', message: `parse "${request.url}": invalid URL` })
        const options = { path, method: 'POST', headers: request.headers, body: request.body } as const
        return poolFor(origin).dispatch(options, new ReplyReader(request, resolve))
      }),
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
    },
  }
}

function splitUrl(url: string): readonly [origin: string | null, path: string] {
  const match = /^(https?:\/\/[^/?#]+)(.*)$/i.exec(url)
  return match ? [match[1] ?? null, match[2] || '/'] : [null, '']
}

/** Above this much unread text the provider is made to wait. */
const PAUSE_ABOVE_BYTES = 256 * 1024

type End = { readonly how: 'closed' | 'reset' }

/** Takes a reply as it comes, for somebody who reads at their own pace. */
class ReplyReader implements Dispatcher.DispatchHandler, ProviderBody {
  readonly #request: ProviderRequest
  readonly #resolve: (reply: ProviderReply) => void
  #controller: Dispatcher.DispatchController | null = null
  #chunks: Buffer[] = []
  #unreadBytes = 0
  #end: End | null = null
  #wake: (() => void) | null = null

  constructor(request: ProviderRequest, resolve: (reply: ProviderReply) => void) {
    this.#request = request
    this.#resolve = resolve
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    const { signal } = this.#request
    if (signal.aborted) controller.abort(LEFT)
    else signal.addEventListener('abort', this.#abort)
  }

  readonly #abort = (): void => this.#controller?.abort(LEFT)

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status >= 200) this.#resolve({ kind: 'reply', status, headers, body: this })
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#unreadBytes += chunk.length
    if (this.#unreadBytes > PAUSE_ABOVE_BYTES) controller.pause()
    this.#wake?.()
  }

  onResponseEnd(): void {
    this.#finish('closed')
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#finish('reset')
    this.#resolve({ kind: 'broken', message: `Post "${this.#request.url}": ${goReason(error)}` })
  }

  #finish(how: End['how']): void {
    this.#end = { how }
    this.#request.signal.removeEventListener('abort', this.#abort)
    this.#wake?.()
  }

  /** Resolves when there is something new, or the end. */
  #more(): Promise<void> | null {
    if (this.#chunks.length > 0 || this.#end) return null
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null
        resolve()
      }
    })
  }

  #take(): Buffer[] {
    const chunks = this.#chunks
    this.#chunks = []
    this.#unreadBytes = 0
    if (this.#controller?.paused) this.#controller.resume()
    return chunks
  }

  async whole(): Promise<WholeBody> {
    const chunks: Buffer[] = []
    while (!this.#end) {
      await this.#more()
      chunks.push(...this.#take())
    }
    const text = Buffer.concat(chunks.concat(this.#take())).toString('utf8')
    return { kind: this.#end.how === 'closed' ? 'whole' : 'cut', text }
  }

  async *pieces(): AsyncGenerator<BodyPiece, void, void> {
    const decoder = new StringDecoder('utf8')
    try {
      for (;;) {
        await this.#more()
        for (const chunk of this.#take()) {
          const text = decoder.write(chunk)
          if (text !== '') yield { kind: 'text', text }
        }
        if (!this.#end || this.#chunks.length > 0) continue
        yield { kind: 'end', how: this.#end.how }
        return
      }
    } finally {
      if (!this.#end) this.#controller?.abort(LEFT)
    }
  }
}

/** Why the embedded gateway breaks a request off; never shown. */
const LEFT = new Error('the client left')

function goReason(
  error: Error & { readonly code?: string; readonly address?: string; readonly port?: number },
): string {
  const place = error.address ? `dial tcp ${error.address}:${error.port}: ` : ''
  switch (error.code) {
    case 'ECONNREFUSED':
      return `${place}connect: connection refused`
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'EOF'
    default:
      return error === LEFT ? 'context canceled' : (error.code ?? 'unknown error')
  }
}
