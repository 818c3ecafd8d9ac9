import { estimateTokens } from '../estimate.ts'
import { parseObject } from '../json.ts'
import type { Finish, Piece, Said, SaidTool, Usage } from '../pieces.ts'
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
export function writeMessage(said: Said, { kind }: WriterContext): unknown {
  const thought = said.reasoning === '' ? [] : [{ type: 'thinking', thinking: said.reasoning }]
  const words = said.text === '' ? [] : [{ type: 'text', text: said.text }]
  const content: JsonBody[] = kind === 'openai' ? [...words, ...thought] : [...thought, ...words]
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
}

/** The events of a Claude stream made of an OpenAI or Codex stream (contract, HTTP 6). */
export class MessagesWriter implements AnswerWriter {
  readonly #context: WriterContext
  #block: Block | null = null
  #blocks = 0
  /** OpenAI calls may be told in turns; each is sent whole, at the end. */
  #calls: SaidTool[] = []
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
        return this.#arguments(piece)
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
    return this.#closeAll() + this.#messageDelta(null) + this.#event('message_stop', {})
  }

  #event(type: string, fields: JsonBody): string {
    this.lastEvent = type
    return namedFrame(type, { type, ...fields })
  }

  #finished(finish: Finish): string {
    this.#finish = finish
    const { kind, quirks } = this.#context
    return kind === 'openai' && quirks.completesAt === 'finish' ? this.complete() : this.#closeAll()
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
    this.#block = { kind, index: this.#blocks++ }
    return this.#event('content_block_start', { index: this.#block.index, content_block })
  }

  #delta(delta: JsonBody): string {
    return this.#event('content_block_delta', { index: this.#block?.index ?? 0, delta })
  }

  #tool({ index, id, name }: Piece & { kind: 'tool' }): string {
    this.#calledTool = true
    const closing = this.#closeBlock()
    if (this.#context.kind === 'codex')
      return closing + this.#openBlock('tool', toolBlock(id, name)) + this.#delta(argumentsDelta(''))
    this.#calls.push({ index, id, name, arguments: '' })
    return closing
  }

  #arguments({ index, text }: Piece & { kind: 'arguments' }): string {
    if (this.#context.kind === 'codex') return this.#delta(argumentsDelta(text))
    const call = this.#calls.find((each) => each.index === index)
    if (call) call.arguments += text
    return ''
  }

  #closeBlock(): string {
    const block = this.#block
    if (!block) return ''
    this.#block = null
    return this.#event('content_block_stop', { index: block.index })
  }

  #closeAll(): string {
    const calls = this.#calls
    this.#calls = []
    let text = this.#closeBlock()
    for (const { id, name, arguments: whole } of calls) {
      text += this.#openBlock('tool', toolBlock(id, name))
      if (whole !== '') text += this.#delta(argumentsDelta(whole))
      text += this.#closeBlock()
    }
    return text
  }

  /** Once, when the finish is known: with the usage chunk, or with zeros at the end when none came. */
  #messageDelta(usage: Usage | null): string {
    if (this.#finish === null || this.#deltaSent) return ''
    this.#deltaSent = true
    const stop_reason = this.#calledTool ? 'tool_use' : STOP[this.#finish]
    return this.#event('message_delta', {
      delta: { stop_reason, stop_sequence: null },
      usage: usageOf(usage),
    })
  }
}

const toolBlock = (id: string, name: string): JsonBody => ({ type: 'tool_use', id, name, input: {} })

const argumentsDelta = (partial_json: string): JsonBody => ({ type: 'input_json_delta', partial_json })
