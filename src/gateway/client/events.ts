import type { Fault } from '../port.ts'

/** A connection was opened. Times are null where that step was not needed (an address needs no look-up). */
export interface ConnectedEvent {
  readonly kind: 'connected'
  /** Host and port of the gateway, or of the proxy on the way to it. */
  readonly host: string
  readonly lookupMs: number | null
  readonly connectMs: number
  readonly tlsMs: number | null
}

interface ExchangeEvent {
  readonly method: string
  /** With the names of query parameters and no values. */
  readonly path: string
  /** 1 for the first try. */
  readonly attempt: number
  /** From handing over to a free connection; null when there was none. */
  readonly waitMs: number | null
  /** From handing over to the last byte of the head; null when there was no head. */
  readonly headMs: number | null
  readonly totalMs: number
  /** Bytes of the body as they came over the wire. */
  readonly receivedBytes: number
}

/** One request and its end: what `--debug` shows. Nothing in it holds a key or a body. */
export type ClientEvent =
  | ConnectedEvent
  | (ExchangeEvent & { readonly kind: 'answered'; readonly status: number })
  | (ExchangeEvent & { readonly kind: 'failed'; readonly status: number | null; readonly fault: Fault })
