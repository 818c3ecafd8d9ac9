import { present } from '../json.ts'
import type { Finish, Piece, Said, Usage } from '../pieces.ts'
import { namedFrame } from '../sse.ts'
import type { JsonBody } from '../types.ts'
import type { AnswerWriter, WriterContext } from './writer.ts'

/** Request fields that the answer repeats when they were sent (contract, HTTP 4.1). */
const ECHOED = [
  'instructions',
  'max_output_tokens',
  'max_tool_calls',
  'parallel_tool_calls',
  'previous_response_id',
  'prompt_cache_key',
  'reasoning',
  'safety_identifier',
  'service_tier',
  'store',
  'temperature',
  'text',
  'tool_choice',
  'tools',
  'top_logprobs',
  'top_p',
  'truncation',
  'user',
  'metadata',
] as const

/** A whole Responses answer made of another format's. */
export function writeResponse(said: Said, context: WriterContext): unknown {
  const { call, quirks } = context
  const id = said.id || `resp_${call.newHex(16)}`
  const status = statusOf(said.finish, context)
  const output = [...reasoningItems(said, id), ...messageItems(said, id, status), ...callItems(said, status)]
  return {
    id,
    object: 'response',
    created_at: said.createdS ?? Math.floor(call.nowMs / 1000),
    status,
    background: false,
    error: null,
    incomplete_details: incompleteDetails(said.finish, context),
    ...echo(context, plainEchoSource(context)),
    ...(output.length > 0 ? { output } : {}),
    ...(said.usage === null ? {} : { usage: said.usage === 'null' ? null : plainUsage(said.usage, context) }),
  }

  function plainUsage(usage: Usage, { kind }: WriterContext): JsonBody {
    if (kind === 'claude' && quirks.usageDetails === 'as-given')
      return {
        ...counts(usage),
        input_tokens_details: { cached_tokens: usage.cached ?? 0 },
        output_tokens_details: {},
      }
    const { cached } = usage
    const details =
      cached === null && kind !== 'claude' ? {} : { input_tokens_details: { cached_tokens: cached ?? 0 } }
    return withDetails({ ...counts(usage), ...details }, context)
  }
}

/** Answers from OpenAI-compatible upstreams repeat what was sent upstream, not what the client sent. */
const plainEchoSource = ({ kind, sent, call }: WriterContext): JsonBody =>
  kind === 'openai' ? sent : call.body

function echo({ call, kind }: WriterContext, source: JsonBody): JsonBody {
  const model = source === call.body ? call.requestedModel : call.upstreamModel
  const limit = kind === 'openai' ? { max_output_tokens: source.max_output_tokens ?? source.max_tokens } : {}
  const fields = Object.fromEntries(ECHOED.map((key) => [key, source[key]]))
  return present({ model, ...fields, ...limit })
}

const statusOf = (finish: Finish | null, { quirks }: WriterContext) =>
  incomplete(finish) && quirks.lengthStatus === 'incomplete' ? 'incomplete' : 'completed'

const incomplete = (finish: Finish | null) => finish === 'length' || finish === 'content-filter'

function incompleteDetails(finish: Finish | null, context: WriterContext): JsonBody | null {
  if (statusOf(finish, context) === 'completed') return null
  return { reason: finish === 'content-filter' ? 'content_filter' : 'max_output_tokens' }
}

function reasoningItems({ reasoning }: Said, id: string): JsonBody[] {
  if (reasoning === '') return []
  const summary = [{ type: 'summary_text', text: reasoning }]
  return [{ id: `rs_${id.replace(/^resp_/, '')}`, type: 'reasoning', encrypted_content: '', summary }]
}

const outputText = (text: string) => ({ type: 'output_text', annotations: [], logprobs: [], text })

function messageItems({ text }: Said, id: string, status: string): JsonBody[] {
  return text === '' ? [] : [messageItem(`msg_${id}_0`, text, status)]
}

const messageItem = (id: string, text: string, status: string): JsonBody => ({
  id,
  type: 'message',
  status,
  content: [outputText(text)],
  role: 'assistant',
})

const callItem = (id: string, name: string, text: string, status: string): JsonBody => ({
  id: `fc_${id}`,
  type: 'function_call',
  status,
  arguments: text,
  call_id: id,
  name,
})

const callItems = ({ tools }: Said, status: string): JsonBody[] =>
  tools.map(({ id, name, arguments: text }) => callItem(id, name, text, status))

function counts({ input, output, total }: Usage): JsonBody {
  const sum = (input ?? 0) + (output ?? 0)
  return { input_tokens: input ?? 0, output_tokens: output ?? 0, total_tokens: total || sum }
}

function withDetails(usage: JsonBody, { quirks }: WriterContext): JsonBody {
  if (quirks.usageDetails === 'as-given') return usage
  return {
    input_tokens_details: { cached_tokens: 0 },
    output_tokens_details: { reasoning_tokens: 0 },
    ...usage,
  }
}

interface OpenItem {
  readonly kind: 'reasoning' | 'message' | 'call'
  readonly id: string
  readonly index: number
  readonly name: string
  text: string
}

/** The events of a Responses stream made of another format's (contract, HTTP 4.2). */
export class ResponsesWriter implements AnswerWriter {
  readonly #context: WriterContext
  #sequence = 0
  #id = ''
  #createdS = 0
  #open: OpenItem[] = []
  readonly #calls = new Map<number, OpenItem>()
  #done: { readonly index: number; readonly item: JsonBody }[] = []
  #items = 0
  #finish: Finish | null = null
  #usage: Usage | null = null
  #completed = false
  lastEvent = ''

  constructor(context: WriterContext) {
    this.#context = context
  }

  write(piece: Piece): string {
    switch (piece.kind) {
      case 'start':
        return this.#start(piece)
      case 'reasoning':
        return this.#reasoning(piece.text)
      case 'text':
        return this.#text(piece.text)
      case 'tool':
        return this.#closeSpoken() + this.#openCall(piece)
      case 'block-end':
        return this.#closeCalls()
      case 'arguments':
        return this.#arguments(piece)
      case 'finish':
        return this.#finished(piece.finish)
      case 'usage':
        this.#usage = piece.usage
        return ''
      default:
        return ''
    }
  }

  complete(): string {
    if (this.#completed || this.#id === '') return ''
    this.#completed = true
    const { call, kind, quirks } = this.#context
    const closing = this.#closeAll()
    const status = statusOf(this.#finish, this.#context)
    const source = quirks.completesAt === 'finish' && kind === 'openai' ? this.#context.sent : call.body
    const output = this.#done.toSorted((a, b) => a.index - b.index).map(({ item }) => item)
    const details = incompleteDetails(this.#finish, this.#context)
    const response = {
      ...this.#head(status),
      background: false,
      error: null,
      ...(details === null ? {} : { incomplete_details: details }),
      ...echo(this.#context, source),
      ...(output.length > 0 ? { output } : {}),
      ...(this.#usage && this.#tellsUsage() ? { usage: this.#streamUsage(this.#usage) } : {}),
    }
    return closing + this.#event(`response.${status}`, { response })
  }

  /** Whether the answer may be completed although the upstream's marker is missing. */
  get isFinished(): boolean {
    return this.#finish !== null
  }

  #tellsUsage(): boolean {
    const { kind, quirks } = this.#context
    return !(kind === 'openai' && quirks.completesAt === 'finish')
  }

  #streamUsage(usage: Usage): JsonBody {
    const reasoning =
      (usage.reasoning ?? 0) > 0 ? { output_tokens_details: { reasoning_tokens: usage.reasoning } } : {}
    const input_tokens_details = { cached_tokens: usage.cached ?? 0 }
    return withDetails({ ...counts(usage), input_tokens_details, ...reasoning }, this.#context)
  }

  #event(type: string, fields: JsonBody): string {
    this.lastEvent = type
    return namedFrame(type, { type, sequence_number: ++this.#sequence, ...fields })
  }

  #head(status: string): JsonBody {
    return { id: this.#id, object: 'response', created_at: this.#createdS, status }
  }

  #start({ id, createdS }: Piece & { kind: 'start' }): string {
    const { call, quirks } = this.#context
    this.#id = id || `resp_${call.newHex(16)}`
    this.#createdS = createdS ?? Math.floor(call.nowMs / 1000)
    const full = quirks.earlyEvents === 'full'
    const model = full ? { model: call.requestedModel } : {}
    const head = this.#head('in_progress')
    return (
      this.#event('response.created', {
        response: { ...head, background: false, error: null, output: [], ...model },
      }) +
      this.#event('response.in_progress', {
        response: { ...head, ...(full ? { output: [] } : {}), ...model },
      })
    )
  }

  #reasoning(text: string): string {
    const current = this.#current('reasoning')
    if (current) {
      current.text += text
      return this.#event('response.reasoning_summary_text.delta', { ...summaryPlace(current), delta: text })
    }
    const item = this.#add('reasoning', `rs_${this.#id}_0`, '')
    item.text = text
    return (
      this.#event('response.output_item.added', {
        output_index: item.index,
        item: { id: item.id, type: 'reasoning', status: 'in_progress', summary: [] },
      }) +
      this.#event('response.reasoning_summary_part.added', {
        ...summaryPlace(item),
        part: { type: 'summary_text', text: '' },
      }) +
      this.#event('response.reasoning_summary_text.delta', { ...summaryPlace(item), delta: text })
    )
  }

  #text(text: string): string {
    const current = this.#current('message')
    if (current) {
      current.text += text
      return this.#event('response.output_text.delta', {
        ...contentPlace(current),
        delta: text,
        logprobs: [],
      })
    }
    const closing = this.#closeSpoken()
    const item = this.#add('message', `msg_${this.#id}_0`, '')
    item.text = text
    return (
      closing +
      this.#event('response.output_item.added', {
        output_index: item.index,
        item: { id: item.id, type: 'message', status: 'in_progress', content: [], role: 'assistant' },
      }) +
      this.#event('response.content_part.added', { ...contentPlace(item), part: outputText('') }) +
      this.#event('response.output_text.delta', { ...contentPlace(item), delta: text, logprobs: [] })
    )
  }

  #openCall({ index, id, name }: Piece & { kind: 'tool' }): string {
    const callId = id || `call_${this.#id}_0_${index}`
    const item = this.#add('call', callId, name)
    this.#calls.set(index, item)
    return this.#event('response.output_item.added', {
      output_index: item.index,
      item: callItem(callId, name, '', 'in_progress'),
    })
  }

  #arguments({ index, text }: Piece & { kind: 'arguments' }): string {
    const item = this.#calls.get(index)
    if (!item || text === '') return ''
    item.text += text
    return this.#event('response.function_call_arguments.delta', {
      item_id: `fc_${item.id}`,
      output_index: item.index,
      delta: text,
    })
  }

  #finished(finish: Finish): string {
    this.#finish = finish
    const { kind, quirks } = this.#context
    if (kind !== 'openai') return ''
    return quirks.completesAt === 'finish' ? this.complete() : this.#closeAll()
  }

  #current(kind: OpenItem['kind']): OpenItem | undefined {
    return this.#open.find((item) => item.kind === kind)
  }

  #add(kind: OpenItem['kind'], id: string, name: string): OpenItem {
    const item: OpenItem = { kind, id, index: this.#items++, name, text: '' }
    this.#open.push(item)
    return item
  }

  #closeAll(): string {
    return this.#closeSpoken() + this.#closeCalls()
  }

  /** A thought or a text ends when something else begins. */
  #closeSpoken(): string {
    return this.#closeThose(({ kind }) => kind !== 'call')
  }

  #closeCalls(): string {
    return this.#closeThose(({ kind }) => kind === 'call')
  }

  #closeThose(ends: (item: OpenItem) => boolean): string {
    const closing = this.#open.filter(ends)
    this.#open = this.#open.filter((item) => !ends(item))
    return closing.map((item) => this.#close(item)).join('')
  }

  #close(item: OpenItem): string {
    if (item.kind === 'reasoning') return this.#closeReasoning(item)
    return item.kind === 'message' ? this.#closeMessage(item) : this.#closeCall(item)
  }

  #closeReasoning(item: OpenItem): string {
    const part = { type: 'summary_text', text: item.text }
    this.#done.push({ index: item.index, item: { id: item.id, type: 'reasoning', summary: [part] } })
    return (
      this.#event('response.reasoning_summary_text.done', { ...summaryPlace(item), text: item.text }) +
      this.#event('response.reasoning_summary_part.done', { ...summaryPlace(item), part }) +
      this.#event('response.output_item.done', {
        output_index: item.index,
        item: { id: item.id, type: 'reasoning', encrypted_content: '', summary: [part] },
      })
    )
  }

  #closeMessage(item: OpenItem): string {
    const status = statusOf(this.#finish, this.#context)
    this.#done.push({ index: item.index, item: messageItem(item.id, item.text, status) })
    return (
      this.#event('response.output_text.done', { ...contentPlace(item), text: item.text, logprobs: [] }) +
      this.#event('response.content_part.done', { ...contentPlace(item), part: outputText(item.text) }) +
      this.#event('response.output_item.done', {
        output_index: item.index,
        item: messageItem(item.id, item.text, status),
      })
    )
  }

  #closeCall(item: OpenItem): string {
    const status = statusOf(this.#finish, this.#context)
    const done = callItem(item.id, item.name, item.text, status)
    this.#done.push({ index: item.index, item: done })
    return (
      this.#event('response.function_call_arguments.done', {
        item_id: `fc_${item.id}`,
        output_index: item.index,
        arguments: item.text,
      }) + this.#event('response.output_item.done', { output_index: item.index, item: done })
    )
  }
}

const summaryPlace = ({ id, index }: OpenItem) => ({ item_id: id, output_index: index, summary_index: 0 })

const contentPlace = ({ id, index }: OpenItem) => ({ item_id: id, output_index: index, content_index: 0 })
