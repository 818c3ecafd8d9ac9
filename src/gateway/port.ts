import type { Route } from '../wire/routes.ts'

/**
 * Why there is no usable reply. None of these says anything about the gateway's health but "not known", and none of
 * them carries a secret: addresses are shown without user info and query.
 */
export type Fault =
  /** Nobody listens there, the name is not known, or the connection broke before a reply. `code` is node's, e.g. ECONNREFUSED. */
  | {
      readonly kind: 'unreachable'
      readonly code: string
      readonly message: string
      /** Host and port of the proxy that could not be reached, where it was not the gateway. */
      readonly proxy?: string
    }
  | { readonly kind: 'tls'; readonly code: string; readonly message: string }
  /** No reply, or no end of it, within `afterMs`. `connect` is also waiting for a free connection, or for one's turn. */
  | { readonly kind: 'timeout'; readonly phase: 'connect' | 'headers' | 'body'; readonly afterMs: number }
  /** The connection ended inside the body. */
  | { readonly kind: 'truncated'; readonly receivedBytes: number }
  | { readonly kind: 'too-large'; readonly limitBytes: number }
  /** A redirect that leads elsewhere, which is never followed: the key would go with it. */
  | { readonly kind: 'redirected'; readonly status: number; readonly to: string }
  /** The reply breaks HTTP, or its encoding cannot be undone. */
  | { readonly kind: 'garbled'; readonly message: string }
  /** The run's deadline or Ctrl-C came first. */
  | { readonly kind: 'aborted' }
  /** This call wants a key that was not given; nothing was sent. */
  | { readonly kind: 'no-key'; readonly key: 'client' | 'management' }
  /**
   * A management key was refused earlier in this run, or its first request got no answer; nothing more is sent (five
   * refusals ban the address, contract, HTTP 8.1).
   */
  | { readonly kind: 'held-back'; readonly refusal: string }

export interface ReplyHead {
  readonly status: number
  /** Lower-case names; repeated headers joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  /** Attempts it took; above 1 when an idempotent read was retried. */
  readonly attempts: number
  /** From sending to the last byte of the head. */
  readonly headMs: number
}

/** What a body turned out to be. `html` and `half-json` are told apart because they mean different things to an operator. */
export type Body =
  | { readonly kind: 'json'; readonly value: unknown; readonly text: string }
  | { readonly kind: 'empty' }
  | { readonly kind: 'html'; readonly title: string | null; readonly text: string }
  /** Starts like JSON and does not parse: cut or broken on the way. */
  | { readonly kind: 'half-json'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }

export interface Reply extends ReplyHead {
  readonly body: Body
  /** From sending to the last byte of the body. */
  readonly totalMs: number
}

export type Result<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'fault'; readonly fault: Fault }

export interface CallOptions {
  /** Query parameters; never a key. */
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly json?: unknown
  /** Sent as it is, with `content-type` from `headers`. */
  readonly text?: string
  /** Overrides the client's per-request limit, e.g. for probes (contract, HTTP 14.16). */
  readonly timeoutMs?: number
  /** Ends the call; of a shared read just this caller's waiting for it. */
  readonly signal?: AbortSignal
}

export interface StreamedReply extends ReplyHead {
  /**
   * The body's bytes as they come. Throws `StreamFault` when the stream breaks, stalls past the time limit or grows
   * past the size limit. Must be read to its end or left by `break`, which closes the connection.
   */
  readonly bytes: AsyncIterable<Uint8Array>
}

/** Thrown only from inside `StreamedReply.bytes`, where a result value cannot be returned. */
export class StreamFault extends Error {
  readonly fault: Fault
  constructor(fault: Fault) {
    super(fault.kind)
    this.fault = fault
  }
}

/** Which client key a call uses: an index into the keys given, 0 being the first; `none` sends no key at all. */
export type ClientKey = number | 'none'

export interface RequestTally {
  /** Requests sent, retries included. */
  total: number
  /** Among them those that cost tokens. */
  probes: number
}

/**
 * A gateway as a client sees it. Live and embedded ones are the same from here. Any status is a reply, not a fault:
 * what a 404 or 401 means is for the caller to say.
 */
export interface Gateway {
  /** Scheme, host, port and path prefix, without user info, query or trailing slash. */
  readonly url: string
  readonly tally: Readonly<RequestTally>
  /** How many client keys there are. */
  readonly clientKeys: number
  readonly hasManagementKey: boolean
  /**
   * Asks a read route. The same GET (route, query, headers, key) is sent once per run, its reply or fault shared.
   * Retried on broken connections, 502, 503 and 504 only, within its time limit, never with a management key; a refused
   * connection or unknown name is final.
   */
  get(route: Route, options?: CallOptions & { readonly as?: ClientKey }): Promise<Result<Reply>>
  /** Forgets shared replies, so that the next `get` asks again; for watching and for verifying a change. */
  forget(): void
  /** Sends once, never retried, never shared. */
  send(route: Route, options?: CallOptions & { readonly as?: ClientKey }): Promise<Result<Reply>>
  /** Like `send`, for event streams: resolves at the head. */
  stream(route: Route, options?: CallOptions & { readonly as?: ClientKey }): Promise<Result<StreamedReply>>
  /** Closes the connections. */
  close(): Promise<void>
}
