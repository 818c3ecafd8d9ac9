import { isObject, numberOf, objectOf, objectsOf, parseObject, stringOf } from '../json.ts'
import { chatUsage, type Finish, type Piece, type Usage } from '../pieces.ts'
import type { Quirks } from '../quirks.ts'
import type { SseEvent } from '../sse.ts'
import type { JsonBody, UpstreamFailure } from '../types.ts'

const FINISHES: Readonly<Record<string, Finish>> = {
  length: 'length',
  max_tokens: 'length',
  tool_calls: 'tool',
  function_call: 'tool',
  content_filter: 'content-filter',
}

/** Reads the events of a chat completion stream. */
export class ChatReader {
  readonly #quirks: Quirks
  readonly #tools = new Set<number>()
  #started = false

  constructor(quirks: Quirks) {
    this.#quirks = quirks
  }

  event({ event, data }: SseEvent): Piece[] {
    if (data.trim() === '[DONE]') return [{ kind: 'end' }]
    const chunk = parseObject(data)
    if (this.#quirks.errorsInStream === 'raised') {
      const failure = failureIn(chunk, event, data)
      if (failure) return [{ kind: 'failure', failure }]
    }
    if (!chunk || !Array.isArray(chunk.choices)) return []
    return [...this.#start(chunk), ...this.#choice(objectsOf(chunk.choices)[0]), ...usagePieces(chunk)]
  }

  #start(chunk: JsonBody): Piece[] {
    if (this.#started) return []
    this.#started = true
    return [startPiece(chunk)]
  }

  #choice(choice: JsonBody | undefined): Piece[] {
    if (!choice) return []
    const delta = objectOf(choice.delta)
    const pieces = [...reasoningPieces(delta), ...textPieces(delta)]
    for (const call of objectsOf(delta.tool_calls)) pieces.push(...this.#toolCall(call))
    const finish = stringOf(choice.finish_reason)
    if (finish !== '') pieces.push(finishPiece(finish))
    return pieces
  }

  #toolCall(call: JsonBody): Piece[] {
    const index = numberOf(call.index) ?? 0
    const described = objectOf(call.function)
    const text = stringOf(described.arguments)
    const pieces: Piece[] = text === '' ? [] : [{ kind: 'arguments', index, text }]
    if (this.#tools.has(index)) return pieces
    this.#tools.add(index)
    return [{ kind: 'tool', index, id: stringOf(call.id), name: stringOf(described.name) }, ...pieces]
  }
}

/** What a whole chat completion says it cost; null when it says nothing that can be read. */
export function usageOfCompletion(text: string): Usage | null {
  const usage = parseObject(text)?.usage
  return isObject(usage) ? chatUsage(usage) : null
}

/** The pieces of a whole chat completion; none of a body that is no JSON object. */
export function readChatCompletion(text: string): Piece[] {
  const body = parseObject(text)
  if (!body) return []
  const choice = objectsOf(body.choices)[0] ?? {}
  const message = objectOf(choice.message)
  const calls = objectsOf(message.tool_calls).flatMap((call, index): Piece[] => {
    const described = objectOf(call.function)
    return [
      { kind: 'tool', index, id: stringOf(call.id), name: stringOf(described.name) },
      { kind: 'arguments', index, text: stringOf(described.arguments) },
    ]
  })
  const finish = stringOf(choice.finish_reason)
  return [
    startPiece(body),
    ...reasoningPieces(message),
    ...textPieces(message),
    ...calls,
    ...(finish === '' ? [] : [finishPiece(finish)]),
    ...usagePieces(body),
    { kind: 'end' },
  ]
}

const startPiece = (body: JsonBody): Piece => ({
  kind: 'start',
  id: stringOf(body.id),
  model: stringOf(body.model),
  createdS: numberOf(body.created),
})

const finishPiece = (native: string): Piece => ({
  kind: 'finish',
  finish: FINISHES[native] ?? 'stop',
  native,
})

function textPieces(from: JsonBody): Piece[] {
  const text = stringOf(from.content)
  return text === '' ? [] : [{ kind: 'text', text }]
}

function reasoningPieces(from: JsonBody): Piece[] {
  const text = stringOf(from.reasoning_content) || stringOf(from.reasoning)
  return text === '' ? [] : [{ kind: 'reasoning', text }]
}

function usagePieces({ usage }: JsonBody): Piece[] {
  if (usage === undefined) return []
  return isObject(usage) ? [{ kind: 'usage', usage: chatUsage(usage) }] : [{ kind: 'null-usage' }]
}

const ERROR_EVENTS: ReadonlySet<string> = new Set(['error', 'response.error', 'response.failed'])

/** An error that came inside a 200: 502 unless the payload names a status. */
function failureIn(chunk: JsonBody | null, event: string, data: string): UpstreamFailure | null {
  if (!chunk) return { status: 502, text: 'upstream stream ended with incomplete SSE data frame' }
  const error = chunk.error ?? objectOf(chunk.response).error ?? null
  const isError = error !== null || ERROR_EVENTS.has(event) || ERROR_EVENTS.has(stringOf(chunk.type))
  if (!isError && (chunk.code === undefined || chunk.message === undefined)) return null
  const named = [chunk.status, chunk.status_code, objectOf(error).status, objectOf(error).status_code]
  const status = named.map(numberOf).find((each) => each !== null && each >= 400 && each <= 599)
  return { status: status ?? 502, text: data }
}
