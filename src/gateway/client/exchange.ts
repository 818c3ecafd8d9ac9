import type { Dispatcher } from 'undici'
import type { Fault } from '../port.ts'
import { faultOf, type Phase } from './faults.ts'

export interface Head {
  readonly status: number
  /** Lower-case names; repeated headers joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
}

export type HeadStep =
  | { readonly kind: 'head'; readonly head: Head }
  | { readonly kind: 'fault'; readonly fault: Fault }

export type BodyStep =
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'fault'; readonly fault: Fault }

/** Bytes of a body that may wait for their reader before the connection is told to pause. */
const WAITING_LIMIT_BYTES = 1024 * 1024

/** A gateway sends no interim replies, a reverse proxy a few. */
const INTERIM_LIMIT = 20

/**
 * One request on its way, as undici's handler of it and as the one reader's end. Every failure ends up as a fault of
 * `head` or `next`; nothing here throws.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  phase: Phase = 'connect'
  receivedBytes = 0
  readonly startedMs: number
  /** When a connection took it; null while none has. */
  sentMs: number | null = null
  /** Resolves when a connection has taken it, or with what came before that; never rejects. */
  readonly sent: Promise<Fault | null>
  /** When the head was complete; null before. */
  headMs: number | null = null
  /** When the body was complete; null before. */
  endMs: number | null = null
  readonly #limitBytes: number
  readonly #nowMs: () => number
  #controller: Dispatcher.DispatchController | null = null
  #head: Head | null = null
  #chunks: Uint8Array[] = []
  #waitingBytes = 0
  #interimReplies = 0
  #complete = false
  #fault: Fault | null = null
  #wake: (() => void) | null = null
  #onSent: (fault: Fault | null) => void = () => {}

  constructor(limitBytes: number, nowMs: () => number) {
    this.#limitBytes = limitBytes
    this.#nowMs = nowMs
    this.startedMs = nowMs()
    this.sent = new Promise((resolve) => {
      this.#onSent = resolve
    })
  }

  /** Breaks the exchange off, unless it has come to its end. */
  fail(fault: Fault): void {
    if (this.#fault || this.endMs !== null) return
    this.#fault = fault
    this.#onSent(fault)
    this.#controller?.abort(new Error(fault.kind))
    this.#changed()
  }

  async head(): Promise<HeadStep> {
    for (;;) {
      if (this.#head) return { kind: 'head', head: this.#head }
      if (this.#fault) return { kind: 'fault', fault: this.#fault }
      await this.#change()
    }
  }

  /** The next piece of the body; what came before a fault is handed out before it. */
  async next(): Promise<BodyStep> {
    for (;;) {
      const bytes = this.#chunks.shift()
      if (bytes) {
        this.#waitingBytes -= bytes.byteLength
        if (this.#waitingBytes < WAITING_LIMIT_BYTES) this.#controller?.resume()
        return { kind: 'chunk', bytes }
      }
      if (this.#fault) return { kind: 'fault', fault: this.#fault }
      if (this.#complete) return { kind: 'end' }
      await this.#change()
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#fault) {
      controller.abort(new Error(this.#fault.kind))
      return
    }
    this.phase = 'headers'
    this.sentMs = this.#nowMs()
    this.#onSent(null)
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHeaders): void {
    if (status < 200) {
      this.#interimReplies++
      if (this.#interimReplies > INTERIM_LIMIT)
        this.fail({ kind: 'garbled', message: `more than ${INTERIM_LIMIT} interim replies` })
      return
    }
    this.phase = 'body'
    this.headMs = this.#nowMs()
    this.#head = { status, headers: plainHeaders(headers) }
    if (Number(this.#head.headers['content-length']) > this.#limitBytes) this.#failTooLarge()
    else this.#changed()
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#fault) return
    this.receivedBytes += chunk.byteLength
    if (this.receivedBytes > this.#limitBytes) {
      this.#failTooLarge()
      return
    }
    this.#chunks.push(chunk)
    this.#waitingBytes += chunk.byteLength
    if (this.#waitingBytes >= WAITING_LIMIT_BYTES) controller.pause()
    this.#changed()
  }

  onResponseEnd(): void {
    this.endMs = this.#nowMs()
    // undici frees the connection in the next turn of the event loop; who asks again before that opens another one.
    setImmediate(() =>
      setImmediate(() => {
        this.#complete = true
        this.#changed()
      }),
    )
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.fail(faultOf(error, this))
  }

  #failTooLarge(): void {
    this.fail({ kind: 'too-large', limitBytes: this.#limitBytes })
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #changed(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}

type IncomingHeaders = Readonly<Record<string, string | string[] | undefined>>

function plainHeaders(headers: IncomingHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )
}
