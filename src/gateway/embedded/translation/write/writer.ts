import type { Piece, Said } from '../pieces.ts'
import type { Quirks } from '../quirks.ts'
import type { Call, UpstreamKind } from '../types.ts'

/** Writes an answer in the words of one client endpoint. Holds the state of one stream. */
export interface AnswerWriter {
  /** The frames for one piece; `''` for pieces that have none. */
  write(piece: Piece): string
  /** The frames that complete the answer after the upstream's terminal marker. */
  complete(): string
  /** The name of the event written last. */
  readonly lastEvent: string
}

export interface WriterContext {
  readonly call: Call
  readonly kind: UpstreamKind
  readonly quirks: Quirks
  /** What the upstream was sent; some fields are echoed from it. */
  readonly sent: Readonly<Record<string, unknown>>
}

export type PlainWriter = (said: Said, context: WriterContext) => unknown
