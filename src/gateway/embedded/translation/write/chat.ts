import type { Finish, Piece, Said, Usage } from '../pieces.ts'
import { dataFrame } from '../sse.ts'
import type { JsonBody } from '../types.ts'
import type { AnswerWriter, WriterContext } from './writer.ts'

const FINISH: Readonly<Record<Finish, string>> = {
  stop: 'stop',
  length: 'length',
  tool: 'tool_calls',
  'content-filter': 'content_filter',
}

/** A whole chat completion made of a Codex or Claude answer. */
export function writeChatCompletion(said: Said, context: WriterContext): unknown {
  const { call, kind } = context
  return {
    id: said.id,
    object: 'chat.completion',
    created: said.createdS ?? Math.floor(call.nowMs / 1000),
    model: kind === 'codex' ? said.model : (call.answerModel ?? call.upstreamModel),
    choices: [kind === 'codex' ? codexChoice(said, context) : claudeChoice(said)],
    ...(said.usage === null || said.usage === 'null' ? {} : { usage: usageOf(said.usage, context) }),
  }
}

const toolCalls = ({ tools }: Said) =>
  tools.map(({ id, name, arguments: text }) => ({
    id,
    type: 'function',
    function: { name, arguments: text },
  }))

function codexChoice(said: Said, { quirks }: WriterContext): JsonBody {
  const called = said.tools.length > 0
  const finish = called && quirks.codexToolFinish === 'stop' ? 'stop' : FINISH[said.finish ?? 'stop']
  return {
    index: 0,
    message: {
      role: 'assistant',
      content: said.text === '' ? null : said.text,
      reasoning_content: said.reasoning === '' ? null : said.reasoning,
      tool_calls: called ? toolCalls(said) : null,
    },
    finish_reason: finish,
    native_finish_reason: said.finish === 'length' ? said.native : finish,
  }
}

function claudeChoice(said: Said): JsonBody {
  const called = said.tools.length > 0
  return {
    index: 0,
    message: {
      role: 'assistant',
      content: said.text,
      ...(said.reasoning === '' ? {} : { reasoning_content: said.reasoning }),
      ...(called ? { tool_calls: toolCalls(said) } : {}),
    },
    finish_reason: called ? 'tool_calls' : FINISH[said.finish ?? 'stop'],
  }
}

function usageOf(usage: Usage, { kind, quirks }: WriterContext): JsonBody {
  if (kind === 'codex')
    return {
      completion_tokens: usage.output ?? 0,
      total_tokens: usage.total ?? 0,
      prompt_tokens: usage.input ?? 0,
      prompt_tokens_details: { cached_tokens: usage.cached ?? 0 },
      completion_tokens_details: { reasoning_tokens: usage.reasoning ?? 0 },
    }
  const lost = quirks.claudePrompt === 'lost'
  const prompt = lost ? 0 : (usage.input ?? 0)
  return {
    prompt_tokens: prompt,
    completion_tokens: usage.output ?? 0,
    total_tokens: prompt + (usage.output ?? 0),
    prompt_tokens_details: {
      cached_tokens: lost ? 0 : (usage.cached ?? 0),
      ...(quirks.cacheCreation === 'told' ? { cached_creation_tokens: usage.cacheCreated ?? 0 } : {}),
    },
  }
}

interface PendingCall {
  readonly index: number
  readonly id: string
  readonly name: string
  text: string
}

/** The chunks of a chat stream made of a Codex or Claude stream (contract, HTTP 5). */
export class ChatWriter implements AnswerWriter {
  readonly #context: WriterContext
  #id = ''
  #model = ''
  #createdS = 0
  #finish: Finish | null = null
  #native = ''
  #calls = new Map<number, PendingCall>()
  #callCount = 0
  lastEvent = ''

  constructor(context: WriterContext) {
    this.#context = context
  }

  write(piece: Piece): string {
    switch (piece.kind) {
      case 'start':
        return this.#start(piece)
      case 'text':
        return this.#chunk(this.#spoken({ content: piece.text }))
      case 'reasoning':
        return this.#chunk(this.#spoken({ reasoning_content: piece.text }))
      case 'tool':
        return this.#tool(piece)
      case 'arguments':
        return this.#arguments(piece)
      case 'block-end':
        return this.#blockEnd()
      case 'finish':
        this.#finish = piece.finish
        this.#native = piece.native
        return ''
      case 'usage':
        return this.#finishChunk(piece.usage)
      case 'error-event':
        return dataFrame({ error: { message: piece.message, type: piece.type } })
      default:
        return ''
    }
  }

  complete(): string {
    return this.#finishChunk(null)
  }

  /** The last chunk, which tells the usage too; once. */
  #finishChunk(usage: Usage | null): string {
    if (this.#finish === null) return ''
    const { kind, quirks } = this.#context
    const length = this.#finish === 'length'
    const finish = FINISH[this.#finish]
    this.#finish = null
    if (kind === 'codex' && length && quirks.nativeIncomplete !== 'understood') return ''
    const native = length ? this.#native : finish
    return this.#chunk({}, { finish, native, ...(usage ? { usage: usageOf(usage, this.#context) } : {}) })
  }

  #start({ id, model, createdS }: Piece & { kind: 'start' }): string {
    const { call, kind, quirks } = this.#context
    this.#id = id
    const native = quirks.codexChunks === 'padded' ? 'model' : model
    this.#model = kind === 'codex' ? native : (call.answerModel ?? call.upstreamModel)
    this.#createdS = createdS ?? Math.floor(call.nowMs / 1000)
    return kind === 'claude' ? this.#chunk({ role: 'assistant' }) : ''
  }

  /** Codex chunks repeat the role. */
  #spoken(delta: JsonBody): JsonBody {
    return this.#context.kind === 'codex' ? { role: 'assistant', ...delta } : delta
  }

  #tool({ index, id, name }: Piece & { kind: 'tool' }): string {
    const call: PendingCall = { index: this.#callCount++, id, name, text: '' }
    this.#calls.set(index, call)
    return this.#context.kind === 'codex'
      ? this.#chunk(this.#spoken({ tool_calls: [startedCall(call)] }))
      : ''
  }

  #arguments({ index, text }: Piece & { kind: 'arguments' }): string {
    const call = this.#calls.get(index)
    if (!call) return ''
    if (this.#context.kind === 'codex')
      return this.#chunk({ tool_calls: [{ index: call.index, function: { arguments: text } }] })
    call.text += text
    return ''
  }

  /** Claude's calls are sent whole. */
  #blockEnd(): string {
    if (this.#context.kind === 'codex') return ''
    const calls = [...this.#calls.values()]
    this.#calls.clear()
    return calls.map((call) => this.#chunk({ tool_calls: [startedCall(call)] })).join('')
  }

  #chunk(delta: JsonBody, last?: { finish: string; native: string; usage?: JsonBody }): string {
    const { kind, quirks } = this.#context
    const padded = quirks.codexChunks === 'padded' && kind === 'codex'
    return dataFrame({
      id: this.#id,
      object: 'chat.completion.chunk',
      created: this.#createdS,
      model: this.#model,
      choices: [
        {
          index: 0,
          delta: padded ? { ...EMPTY_DELTA, ...delta } : delta,
          finish_reason: last?.finish ?? null,
          ...(kind === 'codex' ? { native_finish_reason: last?.native ?? null } : {}),
        },
      ],
      ...(last?.usage ? { usage: last.usage } : {}),
    })
  }
}

const EMPTY_DELTA = { role: null, content: null, reasoning_content: null, tool_calls: null }

const startedCall = ({ index, id, name, text }: PendingCall) => ({
  index,
  id,
  type: 'function',
  function: { name, arguments: text },
})
