import { type ProviderReply, type ProviderRequest, urlOf } from './provider-request.ts'
import { ReplyBody } from './reply-body.ts'
import type { LineHeaders, ReplyLine } from './upstream/line.ts'
import type { Upstream } from './upstream/upstream.ts'

/**
 * Asks a simulated provider of this process without the network between, which would cost more than all else that a
 * request takes. What comes back, and how it breaks off, is what the same provider sends over its socket.
 */
export function callDirectly(
  upstream: Upstream,
  path: string,
  request: ProviderRequest,
): ProviderReply | Promise<ProviderReply> {
  const line = new DirectLine(request)
  const { headers, body } = request
  upstream.handle({ method: 'POST', path, headers, body }, line)?.catch(() => line.drop())
  line.watch()
  return line.reply
}

class DirectLine implements ReplyLine {
  readonly #request: ProviderRequest
  #reply: ProviderReply | null = null
  #resolve: ((reply: ProviderReply) => void) | null = null
  readonly #body: ReplyBody
  /** Made when it is first looked at. */
  #left: AbortController | null = null
  #state: 'open' | 'watched' | 'ended' = 'open'
  isGone = false

  constructor(request: ProviderRequest) {
    this.#request = request
    // A provider that sleeps between its pieces sends too little to be made to wait.
    this.#body = new ReplyBody({ pause: () => {}, resume: () => {}, abandon: this.#leave })
  }

  get reply(): ProviderReply | Promise<ProviderReply> {
    if (this.#reply) return this.#reply
    return new Promise((resolve) => {
      this.#resolve = resolve
    })
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

  send(status: number, headers: LineHeaders, text: string): void {
    this.begin(status, headers)
    this.end(text)
  }

  begin(status: number, headers: LineHeaders): void {
    this.#answer({ kind: 'reply', status, headers, body: this.#body })
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
    this.#answer({ kind: 'broken', message: `Post "${urlOf(this.#request)}": ${reason}` })
  }

  /** Only the first one counts. */
  #answer(reply: ProviderReply): void {
    this.#reply ??= reply
    this.#resolve?.(this.#reply)
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
