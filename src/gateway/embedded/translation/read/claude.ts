import { isObject, numberOf, objectOf, parseObject, stringOf } from '../json.ts'
import { claudeUsage, type Finish, type Piece } from '../pieces.ts'
import { type SseEvent, splitEvents } from '../sse.ts'
import type { JsonBody, UpstreamFailure } from '../types.ts'

const FINISHES: Readonly<Record<string, Finish>> = {
  max_tokens: 'length',
  tool_use: 'tool',
  refusal: 'content-filter',
}

/** Reads the events of a Claude message stream. The input is told at the start, the output at the end. */
export class ClaudeReader {
  #startUsage: JsonBody = {}

  event({ data }: SseEvent): Piece[] {
    const payload = parseObject(data)
    if (!payload) return []
    switch (payload.type) {
      case 'message_start':
        return this.#start(objectOf(payload.message))
      case 'content_block_start':
        return blockStart(payload)
      case 'content_block_delta':
        return blockDelta(payload)
      case 'content_block_stop':
        return [{ kind: 'block-end' }]
      case 'message_delta':
        return this.#delta(payload)
      case 'message_stop':
        return [{ kind: 'end' }]
      case 'error': {
        const error = objectOf(payload.error)
        return [{ kind: 'error-event', type: stringOf(error.type), message: stringOf(error.message) }]
      }
      default:
        return []
    }
  }

  #start(message: JsonBody): Piece[] {
    this.#startUsage = objectOf(message.usage)
    return [{ kind: 'start', id: stringOf(message.id), model: stringOf(message.model), createdS: null }]
  }

  #delta({ delta, usage }: JsonBody): Piece[] {
    const native = stringOf(objectOf(delta).stop_reason)
    const pieces: Piece[] =
      native === '' ? [] : [{ kind: 'finish', finish: FINISHES[native] ?? 'stop', native }]
    if (usage === undefined) return pieces
    const counts = { ...this.#startUsage, ...definedNumbers(objectOf(usage)) }
    return [...pieces, { kind: 'usage', usage: claudeUsage(counts) }]
  }
}

const definedNumbers = (usage: JsonBody): JsonBody =>
  Object.fromEntries(Object.entries(usage).filter(([, value]) => numberOf(value) !== null))

function blockStart({ index, content_block }: JsonBody): Piece[] {
  const block = objectOf(content_block)
  if (block.type !== 'tool_use') return []
  return [{ kind: 'tool', index: numberOf(index) ?? 0, id: stringOf(block.id), name: stringOf(block.name) }]
}

function blockDelta({ index, delta: value }: JsonBody): Piece[] {
  const delta = objectOf(value)
  switch (delta.type) {
    case 'text_delta':
      return [{ kind: 'text', text: stringOf(delta.text) }]
    case 'thinking_delta':
      return [{ kind: 'reasoning', text: stringOf(delta.thinking) }]
    case 'input_json_delta':
      return [{ kind: 'arguments', index: numberOf(index) ?? 0, text: stringOf(delta.partial_json) }]
    default:
      return []
  }
}

export type ClaudeReading =
  | { readonly kind: 'pieces'; readonly pieces: readonly Piece[] }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure }

/** The pieces of a whole stream, which must have a start and an end to count as an answer. */
export function readClaudeStream(text: string): ClaudeReading {
  const reader = new ClaudeReader()
  const pieces = splitEvents(text).flatMap((event) => reader.event(event))
  const error = pieces.find((piece) => piece.kind === 'error-event')
  if (error) return refused(`upstream returned error event: ${error.message || error.type}`)
  if (pieces.length === 0) return refused('upstream returned empty stream response')
  if (!pieces.some(({ kind }) => kind === 'start'))
    return refused('upstream stream response is missing message_start')
  if (!pieces.some(({ kind }) => kind === 'finish' || kind === 'usage'))
    return refused('upstream stream response ended before message completion')
  return { kind: 'pieces', pieces }
}

const refused = (reason: string): ClaudeReading => ({
  kind: 'failed',
  failure: { status: 502, text: `claude executor: ${reason}` },
})

/** Usage of a plain message; null when it has none. */
export function messageUsage(text: string) {
  const usage = parseObject(text)?.usage
  return isObject(usage) ? claudeUsage(usage) : null
}
