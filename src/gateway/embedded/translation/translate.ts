import type { Endpoint } from '../../../wire/routes.ts'
import { collect, type Piece } from './pieces.ts'
import { quirksOf } from './quirks.ts'
import { ChatReader, readChatCompletion } from './read/chat.ts'
import { ClaudeReader, readClaudeStream } from './read/claude.ts'
import { CodexReader, readCodexStream } from './read/codex.ts'
import type { SseEvent } from './sse.ts'
import { type EventHandler, type EventOutcome, EventTranslator, latestUsage } from './stream.ts'
import type { Call, PlainAnswer, TokenCounts, Translation, UpstreamKind, UpstreamRequest } from './types.ts'
import { ChatWriter, writeChatCompletion } from './write/chat.ts'
import { MessagesWriter, writeMessage } from './write/messages.ts'
import { writeResponse } from './write/response.ts'
import { ResponsesWriter } from './write/response-stream.ts'
import type { AnswerWriter, PlainWriter, WriterContext } from './write/writer.ts'

interface PieceReader {
  event(event: SseEvent): Piece[]
}

const READERS = {
  openai: (call: Call): PieceReader => new ChatReader(quirksOf(call.profile)),
  codex: (call: Call): PieceReader => new CodexReader(quirksOf(call.profile)),
  claude: (): PieceReader => new ClaudeReader(),
} as const satisfies Record<UpstreamKind, (call: Call) => PieceReader>

const WRITERS = {
  chat: { plain: writeChatCompletion, stream: (context: WriterContext) => new ChatWriter(context) },
  responses: { plain: writeResponse, stream: (context: WriterContext) => new ResponsesWriter(context) },
  messages: { plain: writeMessage, stream: (context: WriterContext) => new MessagesWriter(context) },
} as const satisfies Record<
  Endpoint,
  { plain: PlainWriter; stream: (context: WriterContext) => AnswerWriter }
>

/** A client endpoint served by an upstream of another format. */
export function translation(
  endpoint: Endpoint,
  kind: UpstreamKind,
  request: (call: Call) => UpstreamRequest,
): Translation {
  const contextOf = (call: Call): WriterContext => ({
    call,
    kind,
    quirks: quirksOf(call.profile),
    sent: request(call).body,
  })
  return {
    request,
    answer: (text, call) => answer(text, WRITERS[endpoint].plain, contextOf(call)),
    stream: (call) =>
      new EventTranslator({ endpoint, kind, call }, new Translator(endpoint, kind, contextOf(call))),
  }
}

function answer(text: string, write: PlainWriter, context: WriterContext): PlainAnswer {
  const reading = readWhole(text, context)
  if (reading.kind === 'failed') return reading
  const said = collect(reading.pieces.map((piece) => renamed(piece, context.call)))
  return {
    kind: 'answer',
    text: JSON.stringify(write(said, context)),
    usage: said.usage === 'null' ? null : said.usage,
  }
}

type Whole =
  | { readonly kind: 'pieces'; readonly pieces: readonly Piece[] }
  | (PlainAnswer & { kind: 'failed' })

function readWhole(text: string, { kind, quirks }: WriterContext): Whole {
  if (kind === 'openai') return { kind: 'pieces', pieces: readChatCompletion(text) }
  if (kind === 'claude') return readClaudeStream(text)
  const reading = readCodexStream(text, quirks)
  return reading.kind === 'failed' ? reading : { kind: 'pieces', pieces: reading.pieces }
}

/** Reader and writer of one stream. */
class Translator implements EventHandler {
  readonly #reader: PieceReader
  readonly #writer: AnswerWriter
  readonly #context: WriterContext
  #usage: TokenCounts | null = null
  #finished = false

  constructor(endpoint: Endpoint, kind: UpstreamKind, context: WriterContext) {
    this.#context = context
    this.#reader = READERS[kind](context.call)
    this.#writer = WRITERS[endpoint].stream(context)
  }

  get usage(): TokenCounts | null {
    return this.#usage
  }

  get lastEvent(): string {
    return this.#writer.lastEvent
  }

  event(event: SseEvent): EventOutcome {
    const pieces = this.#reader.event(event)
    this.#usage = latestUsage(pieces, this.#usage)
    let text = ''
    for (const piece of pieces) {
      if (piece.kind === 'failure') return { text, state: piece.failure }
      if (piece.kind === 'end') return { text: text + this.#writer.complete(), state: 'done' }
      if (piece.kind === 'finish') this.#finished = true
      text += this.#writer.write(renamed(piece, this.#context.call))
    }
    return { text, state: 'open' }
  }

  closeEarly(): string {
    const { kind, quirks } = this.#context
    if (kind !== 'openai' || quirks.completesAt === 'finish') return ''
    return this.#finished || this.#writer instanceof MessagesWriter ? this.#writer.complete() : ''
  }
}

/** `force-mapping` puts the client's name for the model into the answer. */
function renamed(piece: Piece, { answerModel }: Call): Piece {
  return piece.kind === 'start' && answerModel !== undefined ? { ...piece, model: answerModel } : piece
}
