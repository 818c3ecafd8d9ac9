import { estimateTokens } from '../estimate.ts'
import { parseObject } from '../json.ts'
import type { Finish, Piece, Said, Usage } from '../pieces.ts'
import { namedFrame } from '../sse.ts'
import type { JsonBody } from '../types.ts'
import type { AnswerWriter, WriterContext } from './writer.ts'

const STOP: Readonly<Record<Finish, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  tool: 'tool_use',
  'content-filter': 'end_turn',
}

/** A whole Claude message made of an OpenAI or Codex answer. */
export function writeMessage(said: Said): unknown {
  const content: JsonBody[] = []
  if (said.reasoning !== '') content.push({ type: 'thinking', thinking: said.reasoning })
  if (said.text !== '') content.push({ type: 'text', text: said.text })
  for (const { id, name, arguments: text } of said.tools)
    content.push({ type: 'tool_use', id, name, input: parseObject(text) ?? {} })
  const usage = said.usage === 'null' ? null : said.usage
  return {
    id: said.id,
    type: 'message',
    role: 'assistant',
    model: said.model,
    content,
    stop_reason: said.tools.length > 0 ? 'tool_use' : STOP[said.finish ?? 'stop'],
    stop_sequence: null,
    usage: usageOf(usage),
  }
}

/** Claude tells cached tokens apart from the input. */
function usageOf(usage: Usage | null): JsonBody {
  const cached = usage?.cached ?? 0
  return {
    input_tokens: Math.max(0, (usage?.input ?? 0) - cached),
    output_tokens: usage?.output ?? 0,
    ...(cached > 0 ? { cache_read_input_tokens: cached } : {}),
  }
}

interface Block {
  readonly kind: 'text' | 'thinking' | 'tool'
  readonly index: number
  /** Arguments of an OpenAI call, which are sent in one piece. */
  text: string
}

/** The events of a Claude stream made of an OpenAI or Codex stream (contract, HTTP 6). */
export class MessagesWriter implements AnswerWriter {
  readonly #context: WriterContext
  #block: Block | null = null
  #blocks = 0
  #started = false
  #finish: Finish | null = null
  #calledTool = false
  #deltaSent = false
  #stopped = false
  lastEvent = ''

  constructor(context: WriterContext) {
    this.#context = context
  }

  write(piece: Piece): string {
    switch (piece.kind) {
      case 'start':
        return this.#start(piece)
      case 'text':
        return (
          this.#in('text', { type: 'text', text: '' }) + this.#delta({ type: 'text_delta', text: piece.text })
        )
      case 'reasoning':
        return (
          this.#in('thinking', { type: 'thinking', thinking: '' }) +
          this.#delta({ type: 'thinking_delta', thinking: piece.text })
        )
      case 'tool':
        return this.#tool(piece)
      case 'arguments':
        return this.#arguments(piece.text)
      case 'block-end':
        return this.#closeBlock()
      case 'finish':
        return this.#finished(piece.finish)
      case 'usage':
        return this.#messageDelta(piece.usage)
      default:
        return ''
    }
  }

  complete(): string {
    if (this.#stopped) return ''
    this.#stopped = true
    return this.#closeBlock() + this.#messageDelta(null) + this.#event('message_stop', {})
  }

  #event(type: string, fields: JsonBody): string {
    this.lastEvent = type
    return namedFrame(type, { type, ...fields })
  }

  #finished(finish: Finish): string {
    this.#finish = finish
    const { kind, quirks } = this.#context
    return kind === 'openai' && quirks.completesAt === 'finish' ? this.complete() : this.#closeBlock()
  }

  #start({ id, model }: Piece & { kind: 'start' }): string {
    if (this.#started) return ''
    this.#started = true
    const { sent, quirks } = this.#context
    const input = quirks.messageStartUsage === 'estimated' ? estimateTokens(sent) : 0
    return this.#event('message_start', {
      message: {
        id,
        type: 'message',
        role: 'assistant',
        model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { input_tokens: input, output_tokens: 0 },
      },
    })
  }

  #in(kind: Block['kind'], opening: JsonBody): string {
    return this.#block?.kind === kind ? '' : this.#closeBlock() + this.#openBlock(kind, opening)
  }

  #openBlock(kind: Block['kind'], content_block: JsonBody): string {
    this.#block = { kind, index: this.#blocks++, text: '' }
    return this.#event('content_block_start', { index: this.#block.index, content_block })
  }

  #delta(delta: JsonBody): string {
    return this.#event('content_block_delta', { index: this.#block?.index ?? 0, delta })
  }

  #tool({ id, name }: Piece & { kind: 'tool' }): string {
    this.#calledTool = true
    const opening = this.#closeBlock() + this.#openBlock('tool', { type: 'tool_use', id, name, input: {} })
    return this.#context.kind === 'codex'
      ? opening + this.#delta({ type: 'input_json_delta', partial_json: '' })
      : opening
  }

  #arguments(text: string): string {
    if (this.#context.kind === 'codex') return this.#delta({ type: 'input_json_delta', partial_json: text })
    if (this.#block) this.#block.text += text
    return ''
  }

  #closeBlock(): string {
    const block = this.#block
    if (!block) return ''
    const whole = block.text === '' ? '' : this.#delta({ type: 'input_json_delta', partial_json: block.text })
    this.#block = null
    return whole + this.#event('content_block_stop', { index: block.index })
  }

  /** Once, when the finish is known: with the usage chunk, or without usage at the end. */
  #messageDelta(usage: Usage | null): string {
    const { kind, quirks } = this.#context
    if (this.#finish === null || this.#deltaSent) return ''
    this.#deltaSent = true
    if (kind === 'codex' && this.#finish === 'length' && quirks.nativeIncomplete === 'unknown') return ''
    const stop_reason = this.#calledTool ? 'tool_use' : STOP[this.#finish]
    const told = usage ?? (quirks.completesAt === 'finish' ? NO_USAGE : null)
    return this.#event('message_delta', {
      delta: { stop_reason, stop_sequence: null },
      ...(told ? { usage: usageOf(told) } : {}),
    })
  }
}

const NO_USAGE: Usage = { input: 0, output: 0, total: 0, cached: null, reasoning: null, cacheCreated: null }
