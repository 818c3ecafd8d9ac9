import { isObject, numberOf, objectOf, objectsOf, parseObject, stringOf } from '../json.ts'
import { type Finish, type Piece, responsesUsage } from '../pieces.ts'
import type { Quirks } from '../quirks.ts'
import { type SseEvent, splitEvents } from '../sse.ts'
import type { JsonBody, UpstreamFailure } from '../types.ts'

/** What a Codex stream without its terminal event is called; nobody's credential is to blame. */
export const INCOMPLETE_STREAM: UpstreamFailure = {
  status: 408,
  text: 'stream error: stream disconnected before completion: stream closed before response.completed',
  requestScoped: true,
}

/** Reads the events of a native Responses stream. */
export class CodexReader {
  readonly #quirks: Quirks
  #calledTool = false

  constructor(quirks: Quirks) {
    this.#quirks = quirks
  }

  event({ data }: SseEvent): Piece[] {
    const payload = parseObject(data)
    if (!payload) return []
    switch (payload.type) {
      case 'response.created':
        return [startPiece(objectOf(payload.response))]
      case 'response.output_text.delta':
        return [{ kind: 'text', text: stringOf(payload.delta) }]
      case 'response.reasoning_summary_text.delta':
        return [{ kind: 'reasoning', text: stringOf(payload.delta) }]
      case 'response.output_item.added':
        return this.#item(payload)
      case 'response.function_call_arguments.delta':
        return [
          { kind: 'arguments', index: numberOf(payload.output_index) ?? 0, text: stringOf(payload.delta) },
        ]
      case 'response.output_item.done':
        return [{ kind: 'block-end' }]
      case 'response.completed':
        return terminalPieces(payload, this.#calledTool)
      case 'response.incomplete':
        return this.#quirks.nativeIncomplete === 'unknown' ? [] : terminalPieces(payload, this.#calledTool)
      default:
        return this.#failure(payload)
    }
  }

  #item({ item, output_index }: JsonBody): Piece[] {
    if (!isObject(item) || item.type !== 'function_call') return []
    this.#calledTool = true
    const index = numberOf(output_index) ?? 0
    return [{ kind: 'tool', index, id: stringOf(item.call_id), name: stringOf(item.name) }]
  }

  #failure(payload: JsonBody): Piece[] {
    const failure = this.#quirks.errorsInStream === 'raised' ? failureIn(payload) : null
    return failure ? [{ kind: 'failure', failure }] : []
  }
}

const startPiece = (response: JsonBody): Piece => ({
  kind: 'start',
  id: stringOf(response.id),
  model: stringOf(response.model),
  createdS: numberOf(response.created_at),
})

function terminalPieces({ type, response: value }: JsonBody, calledTool: boolean): Piece[] {
  const response = objectOf(value)
  const pieces: Piece[] = [finishPiece(type === 'response.incomplete', response, calledTool)]
  if (isObject(response.usage)) pieces.push({ kind: 'usage', usage: responsesUsage(response.usage) })
  return [...pieces, { kind: 'end' }]
}

function finishPiece(incomplete: boolean, response: JsonBody, calledTool: boolean): Piece {
  if (!incomplete) {
    const finish: Finish = calledTool ? 'tool' : 'stop'
    return { kind: 'finish', finish, native: calledTool ? 'tool_calls' : 'stop' }
  }
  const reason = stringOf(objectOf(response.incomplete_details).reason)
  return {
    kind: 'finish',
    finish: reason === 'content_filter' ? 'content-filter' : 'length',
    native: reason || 'max_output_tokens',
  }
}

/** The failure that `error` and `response.failed` events stand for; null for every other event. */
export function failureIn(payload: JsonBody): UpstreamFailure | null {
  if (payload.type !== 'error' && payload.type !== 'response.failed') return null
  const told = payload.type === 'error' ? payload.error : objectOf(payload.response).error
  const { code, message } = payload
  const error = isObject(told) ? told : { ...(code ? { code } : {}), ...(message ? { message } : {}) }
  return { status: statusFor(error), text: JSON.stringify({ error }) }
}

const STATUS_BY_WORD: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  context_length_exceeded: 400,
  cyber_policy: 400,
  authentication_error: 401,
  invalid_api_key: 401,
  unauthorized: 401,
  permission_error: 403,
  forbidden: 403,
  not_found_error: 404,
  not_found: 404,
  model_not_found: 404,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  usage_limit_reached: 429,
}

function statusFor(error: JsonBody): number {
  return STATUS_BY_WORD[stringOf(error.type)] ?? STATUS_BY_WORD[stringOf(error.code)] ?? 502
}

export type CodexReading =
  | { readonly kind: 'response'; readonly response: JsonBody; readonly pieces: readonly Piece[] }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure }

/** The final response object in a whole stream, its output put together from the items where the upstream left it out. */
export function readCodexStream(text: string, quirks: Quirks): CodexReading {
  const understood = quirks.nativeIncomplete === 'understood'
  const reader = new CodexReader(understood ? quirks : { ...quirks, nativeIncomplete: 'unknown' })
  const items: unknown[] = []
  const pieces: Piece[] = []
  for (const event of splitEvents(text)) {
    const payload = parseObject(event.data) ?? {}
    if (payload.type === 'response.output_item.done') items.push(payload.item)
    pieces.push(...reader.event(event))
    const last = pieces.at(-1)
    if (last?.kind === 'failure') return { kind: 'failed', failure: last.failure }
    if (last?.kind === 'end')
      return { kind: 'response', response: withOutput(payload.response, items), pieces }
  }
  return { kind: 'failed', failure: INCOMPLETE_STREAM }
}

/** Codex may leave `output` empty in its terminal event although it sent the items before. */
export function withOutput(response: unknown, items: readonly unknown[]): JsonBody {
  const final = objectOf(response)
  return objectsOf(final.output).length > 0 || items.length === 0 ? final : { ...final, output: items }
}
