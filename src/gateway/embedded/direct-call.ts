import { type ProviderReply, type ProviderRequest, urlOf } from './provider-request.ts'
import { ReplyBody } from './reply-body.ts'
import type { Connection, ReplyHeaders } from './upstream/connection.ts'
import type { SimulatedProvider } from './upstream/simulated-provider.ts'

/**
 * Asks a simulated provider of this process without the network between, which would cost more than all else that a
 * request takes. What comes back, and how it breaks off, is what the same provider sends over its socket.
 */
export function callDirectly(
  provider: SimulatedProvider,
  path: string,
  request: ProviderRequest,
): Promise<ProviderReply> {
  return new Promise((resolve) => {
    const connection = new DirectConnection(request, resolve)
    const { headers, body } = request
    provider.handle({ method: 'POST', path, headers, body }, connection).catch(() => connection.drop())
    connection.watch()
  })
}

class DirectConnection implements Connection {
  readonly #request: ProviderRequest
  /** Only the first reply counts. */
  readonly #resolve: (reply: ProviderReply) => void
  readonly #body: ReplyBody
  /** Made when it is first looked at. */
  #left: AbortController | null = null
  #state: 'open' | 'watched' | 'ended' = 'open'
  isGone = false

  constructor(request: ProviderRequest, resolve: (reply: ProviderReply) => void) {
    this.#request = request
    this.#resolve = resolve
    // Nobody is made to wait: a simulated provider has its whole reply, which is not long, before it sends any of it.
    this.#body = new ReplyBody({ pause: () => {}, resume: () => {}, abandon: this.#leave })
  }

  /** From now on the asker may leave; what was answered at once is past that. */
  watch(): void {
    if (this.#state === 'ended') return
    const { gone } = this.#request.asker
    this.#state = 'watched'
    if (gone.aborted) this.#leave()
    else gone.addEventListener('abort', this.#leave)
  }

  get signal(): AbortSignal {
    this.#left ??= new AbortController()
    if (this.isGone) this.#left.abort(LEFT)
    return this.#left.signal
  }

  send(status: number, headers: ReplyHeaders, text: string): void {
    this.begin(status, headers)
    this.end(text)
  }

  begin(status: number, headers: ReplyHeaders): void {
    this.#resolve({ kind: 'reply', status, headers, body: this.#body })
  }

  write(text: string): void {
    this.#body.push(text)
  }

  end(last: string): void {
    this.#finish(last, 'closed')
  }

  breakOff(last: string): void {
    this.#finish(last, 'reset')
  }

  drop(): void {
    this.#break('EOF')
  }

  readonly #leave = (): void => {
    this.isGone = true
    this.#left?.abort(LEFT)
    this.#break('context canceled')
  }

  #break(reason: string): void {
    this.#finish('', 'reset')
    this.#resolve({ kind: 'broken', message: `Post "${urlOf(this.#request)}": ${reason}` })
  }

  #finish(last: string, how: 'closed' | 'reset'): void {
    if (this.#state === 'ended') return
    if (this.#state === 'watched') this.#request.asker.gone.removeEventListener('abort', this.#leave)
    this.#state = 'ended'
    this.#body.push(last)
    this.#body.finish(how)
  }
}

/** Why a provider's wait ends; never shown. */
const LEFT = new Error('the client left')
