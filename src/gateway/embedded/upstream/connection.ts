/** A reply's headers, lower-case names. */
export type ReplyHeaders = Readonly<Record<string, string>>

/** What a simulated provider answers one request over: a socket, or straight into the gateway of the same process. */
export interface Connection {
  /** The asker left, or the provider stopped: nothing more arrives. */
  readonly isGone: boolean
  /** Aborts when that happens. */
  readonly signal: AbortSignal
  /** A whole reply. */
  send(status: number, headers: ReplyHeaders, text: string): void
  /** The head of a reply that is written in pieces. */
  begin(status: number, headers: ReplyHeaders): void
  write(text: string): void
  end(last: string): void
  /** Ends the connection inside the body, after `last` has left. */
  breakOff(last: string): void
  /** Ends the connection before there is a reply. */
  drop(): void
}
