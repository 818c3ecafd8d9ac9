import type { IncomingHttpHeaders } from 'node:http'
import { StringDecoder } from 'node:string_decoder'
import type { Dispatcher } from 'undici'
import { type ProviderReply, type ProviderRequest, urlOf } from './provider-request.ts'
import { ReplyBody } from './reply-body.ts'

/** Posts over one of the dispatcher's connections; `path` is the whole path below the origin. */
export function callOverNetwork(
  connections: Dispatcher,
  path: string,
  request: ProviderRequest,
): Promise<ProviderReply> {
  const { headers } = request
  const body = JSON.stringify(request.body)
  return new Promise((resolve) => {
    connections.dispatch({ path, method: 'POST', headers, body }, new ReplyReader(request, resolve))
  })
}

/** Takes a reply as it comes off the network. */
class ReplyReader implements Dispatcher.DispatchHandler {
  readonly #request: ProviderRequest
  readonly #resolve: (reply: ProviderReply) => void
  readonly #decoder = new StringDecoder('utf8')
  readonly #body: ReplyBody
  #controller: Dispatcher.DispatchController | null = null

  constructor(request: ProviderRequest, resolve: (reply: ProviderReply) => void) {
    this.#request = request
    this.#resolve = resolve
    this.#body = new ReplyBody({
      pause: () => this.#controller?.pause(),
      resume: () => this.#controller?.resume(),
      abandon: this.#abort,
    })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    const { gone } = this.#request.asker
    if (gone.aborted) controller.abort(LEFT)
    else gone.addEventListener('abort', this.#abort)
  }

  readonly #abort = (): void => this.#controller?.abort(LEFT)

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status >= 200) this.#resolve({ kind: 'reply', status, headers, body: this.#body })
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body.push(this.#decoder.write(chunk))
  }

  onResponseEnd(): void {
    this.#finish('closed')
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#finish('reset')
    this.#resolve({ kind: 'broken', message: `Post "${urlOf(this.#request)}": ${goReason(error)}` })
  }

  #finish(how: 'closed' | 'reset'): void {
    this.#body.push(this.#decoder.end())
    this.#body.finish(how)
    this.#request.asker.gone.removeEventListener('abort', this.#abort)
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
