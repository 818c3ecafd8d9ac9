import { gatewayErrorText } from '../../wire/gateway-error.ts'
import type { Fault, Reply, ReplyHead, RequestTally, Result, StreamedReply } from '../port.ts'
import { readBody } from './body.ts'
import type { ClientEvent } from './events.ts'
import { Exchange, type Head } from './exchange.ts'
import { faultOf, presentable, presentableText } from './faults.ts'
import { FirstContact } from './first-contact.ts'
import type { KeyOutcome } from './management-guard.ts'
import { redirectOf } from './redirect.ts'
import { type Prepared, withKey } from './request.ts'
import { compressed, streamed } from './streaming.ts'
import type { Transport } from './transport.ts'
import type { Watch } from './watch.ts'

export interface SenderOptions {
  readonly origin: string
  /** Called at the first request. */
  readonly openTransport: () => Promise<Transport>
  readonly nowMs: () => number
  readonly sizeLimitBytes: number
  readonly streamLimitBytes: number
  /** Takes the keys out of a text. */
  readonly hide: (text: string) => string
  readonly onEvent: (event: ClientEvent) => void
}

/** What one try came to, and what it says of the management key. */
export interface Judged<T> {
  readonly result: Result<T>
  readonly outcome: KeyOutcome
}

interface Opened {
  readonly exchange: Exchange
  readonly head: Head
}

type Opening =
  | { readonly kind: 'opened'; readonly opened: Opened }
  | { readonly kind: 'failed'; readonly fault: Fault; readonly outcome: KeyOutcome }

/** Sends requests to one origin, each just once; counts them and tells of them. */
export class Sender {
  readonly tally: RequestTally = { total: 0, probes: 0 }
  readonly #options: SenderOptions
  readonly #firstContact = new FirstContact()
  #transport: Promise<Transport> | null = null

  constructor(options: SenderOptions) {
    this.#options = options
  }

  /** Asks and reads the whole body. `attempt` counts from 1. */
  async ask(request: Prepared, watch: Watch, attempt: number): Promise<Judged<Reply>> {
    const { sizeLimitBytes, nowMs } = this.#options
    const opening = await this.#open(request, watch, attempt, sizeLimitBytes)
    if (opening.kind === 'failed') return failedWith(opening)
    const { exchange, head } = opening.opened
    const received = await collect(exchange)
    const reading =
      received.kind === 'fault' ? received : await readBody(received.bytes, head, sizeLimitBytes)
    if (reading.kind === 'fault') {
      const fault = this.#end(request, exchange, attempt, { status: head.status, fault: reading.fault })
      return failedWith({ fault, outcome: keyOutcome(head.status, '') })
    }
    this.#end(request, exchange, attempt, { status: head.status, fault: null })
    const reply: Reply = {
      ...replyHead(opening.opened, attempt),
      body: reading.body,
      totalMs: (exchange.endMs ?? nowMs()) - exchange.startedMs,
    }
    return { result: { kind: 'ok', value: reply }, outcome: keyOutcome(head.status, this.#refusal(reply)) }
  }

  /** Asks and hands the body out as it comes; `watch` is released at its end. */
  async stream(request: Prepared, watch: Watch): Promise<Judged<StreamedReply>> {
    const opening = await this.#open(request, watch, 1, this.#options.streamLimitBytes)
    if (opening.kind === 'failed') return failedWith(opening)
    const { exchange, head } = opening.opened
    const unreadable = isSuccess(head.status) ? compressed(head) : null
    if (unreadable !== null) {
      exchange.fail({ kind: 'aborted' })
      const fault = this.#end(request, exchange, 1, { status: head.status, fault: unreadable })
      return failedWith({ fault, outcome: keyOutcome(head.status, '') })
    }
    watch.pause()
    const onEnd = (fault: Fault | null) => this.#end(request, exchange, 1, { status: head.status, fault })
    const reply: StreamedReply = {
      ...replyHead(opening.opened, 1),
      bytes: streamed(exchange, head, watch, onEnd),
    }
    return { result: { kind: 'ok', value: reply }, outcome: keyOutcome(head.status, '') }
  }

  async close(): Promise<void> {
    const transport = await this.#transport?.catch(() => null)
    await transport?.close()
  }

  /** Up to the head of the reply; a read is led on to the same page once. */
  async #open(request: Prepared, watch: Watch, attempt: number, limitBytes: number): Promise<Opening> {
    const first = await this.#exchange(request, request.path, watch, attempt, limitBytes)
    if (first.kind === 'failed') return first
    const redirect = redirectOf(first.opened.head, request.path, this.#options.origin)
    if (redirect.kind === 'none') return first
    if (redirect.kind === 'elsewhere' || request.route.method !== 'GET')
      return this.#redirected(request, first.opened, attempt, redirect.to)
    first.opened.exchange.fail({ kind: 'aborted' })
    this.#end(request, first.opened.exchange, attempt, { status: first.opened.head.status, fault: null })
    const second = await this.#exchange(request, redirect.path, watch, attempt, limitBytes)
    if (second.kind === 'failed') return second
    const again = redirectOf(second.opened.head, redirect.path, this.#options.origin)
    return again.kind === 'none' ? second : this.#redirected(request, second.opened, attempt, again.to)
  }

  #redirected(request: Prepared, { exchange, head }: Opened, attempt: number, to: string): Opening {
    const { status } = head
    exchange.fail({ kind: 'aborted' })
    const fault = this.#end(request, exchange, attempt, { status, fault: { kind: 'redirected', status, to } })
    return { kind: 'failed', fault, outcome: { kind: 'undecided' } }
  }

  async #exchange(
    request: Prepared,
    path: string,
    watch: Watch,
    attempt: number,
    limitBytes: number,
  ): Promise<Opening> {
    const exchange = new Exchange(limitBytes, this.#options.nowMs)
    watch.guard(exchange)
    if (!watch.fault) await this.#dispatch(exchange, request, path)
    const step = await exchange.head()
    if (step.kind === 'head') return { kind: 'opened', opened: { exchange, head: step.head } }
    const fault = this.#end(request, exchange, attempt, {
      status: null,
      fault: exchange.sentMs === null ? await this.#withProxy(step.fault) : step.fault,
    })
    const unanswered = exchange.sentMs !== null && fault.kind !== 'aborted'
    return { kind: 'failed', fault, outcome: { kind: unanswered ? 'unanswered' : 'undecided' } }
  }

  async #dispatch(exchange: Exchange, request: Prepared, path: string): Promise<void> {
    const unreachable = await this.#firstContact.turn(exchange)
    if (unreachable) {
      exchange.fail(unreachable)
      return
    }
    this.tally.total++
    if (request.route.costsTokens) this.tally.probes++
    try {
      this.#transport ??= this.#options.openTransport()
      const transport = await this.#transport
      const { method } = request.route
      const headers = withKey(request.headers, request.key)
      transport.dispatch({ path, method, headers, body: request.body }, exchange)
    } catch (error) {
      exchange.fail(faultOf(error, exchange))
    }
  }

  /** A connection that failed on the way to the proxy says nothing about the gateway. */
  async #withProxy(fault: Fault): Promise<Fault> {
    if (fault.kind !== 'unreachable') return fault
    const tried = (await this.#transport?.catch(() => null))?.lastTried ?? null
    return tried === null || tried === new URL(this.#options.origin).host ? fault : { ...fault, proxy: tried }
  }

  /** Tells of an exchange's end; gives its fault back without keys in it. */
  #end<F extends Fault | null>(
    request: Prepared,
    exchange: Exchange,
    attempt: number,
    end: { readonly status: number | null; readonly fault: F },
  ): F {
    const { nowMs, hide, onEvent } = this.#options
    const since = (ms: number | null) => (ms === null ? null : ms - exchange.startedMs)
    const common = {
      method: request.route.method,
      path: hide(request.shownPath),
      attempt,
      waitMs: since(exchange.sentMs),
      headMs: since(exchange.headMs),
      totalMs: (exchange.endMs ?? nowMs()) - exchange.startedMs,
      receivedBytes: exchange.receivedBytes,
    }
    const fault = end.fault === null ? end.fault : (presentable(end.fault, hide) as F)
    if (fault !== null) onEvent({ ...common, kind: 'failed', status: end.status, fault })
    else if (end.status !== null) onEvent({ ...common, kind: 'answered', status: end.status })
    return fault
  }

  #refusal({ status, body }: Reply): string {
    const text = body.kind === 'json' ? gatewayErrorText(body.value) : null
    return text === null ? `status ${status}` : presentableText(text, this.#options.hide)
  }
}

type Received =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'fault'; readonly fault: Fault }

async function collect(exchange: Exchange): Promise<Received> {
  const chunks: Uint8Array[] = []
  for (;;) {
    const step = await exchange.next()
    if (step.kind === 'fault') return step
    if (step.kind === 'end') return { kind: 'bytes', bytes: Buffer.concat(chunks) }
    chunks.push(step.bytes)
  }
}

function replyHead({ exchange, head }: Opened, attempts: number): ReplyHead {
  return { ...head, attempts, headMs: (exchange.headMs ?? exchange.startedMs) - exchange.startedMs }
}

function failedWith({ fault, outcome }: { fault: Fault; outcome: KeyOutcome }): Judged<never> {
  return { result: { kind: 'fault', fault }, outcome }
}

function keyOutcome(status: number, refusal: string): KeyOutcome {
  if (status === 401 || status === 403) return { kind: 'refused', refusal: refusal || `status ${status}` }
  return { kind: isSuccess(status) ? 'accepted' : 'undecided' }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}
