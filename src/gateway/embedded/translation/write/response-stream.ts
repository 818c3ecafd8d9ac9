import type { Finish, Piece, Usage } from '../pieces.ts'
import { namedFrame } from '../sse.ts'
import type { JsonBody } from '../types.ts'
import {
  callItem,
  counts,
  echo,
  incompleteDetails,
  messageItem,
  outputText,
  statusOf,
  withDetails,
} from './response-parts.ts'
import type { AnswerWriter, WriterContext } from './writer.ts'

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
        return this.#forgetsTexts ? this.#closeAll() : this.#closeCalls()
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
    const { call, kind, quirks } = this.#context
    const unsaid = this.#finish === null && kind === 'openai' && quirks.earlyEnd === 'silent'
    if (this.#completed || this.#id === '' || unsaid) return ''
    this.#completed = true
    const closing = this.#closeAll()
    const status = statusOf(this.#finish, this.#context)
    // Completed at its finish, the answer is told before the chunk with the usage has come.
    const early = quirks.completesAt === 'finish' && kind === 'openai'
    const output = this.#done.toSorted((a, b) => a.index - b.index).map(({ item }) => item)
    const details = incompleteDetails(this.#finish, this.#context)
    const response = {
      ...this.#head(status),
      background: false,
      error: null,
      ...(details === null ? {} : { incomplete_details: details }),
      ...echo(this.#context, early ? this.#context.sent : call.body),
      ...(output.length > 0 ? { output } : {}),
      ...(this.#usage && !early ? { usage: this.#streamUsage(this.#usage) } : {}),
    }
    return closing + this.#event(`response.${status}`, { response })
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
    const done = messageItem(item.id, item.text, statusOf(this.#finish, this.#context))
    this.#done.push({ index: item.index, item: done })
    const forgets = this.#forgetsTexts
    const text = forgets ? '' : item.text
    const told = forgets ? { ...done, content: [{ type: 'output_text', text }] } : done
    return (
      this.#event('response.output_text.done', { ...contentPlace(item), text, logprobs: [] }) +
      this.#event('response.content_part.done', { ...contentPlace(item), part: outputText(text) }) +
      this.#event('response.output_item.done', { output_index: item.index, item: told })
    )
  }

  get #forgetsTexts(): boolean {
    const { kind, quirks } = this.#context
    return kind === 'claude' && quirks.claudeTexts === 'forgotten'
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
