import {
  addChatMessage,
  addContentBlock,
  addOutputItem,
  addToolCall,
  type ContentSink,
  createContentSink,
} from './answer-content.ts'
import { type Finish, finishOf, hasError, responseFinish } from './answers.ts'
import { type Fields, fieldsOf, isFields, listOf, textOf } from './fields.ts'
import type { Endpoint } from './routes.ts'
import type { SseEvent } from './sse.ts'
import { findUsage, mergeUsage, NO_USAGE, type Usage } from './usage.ts'

/** What the events of one stream have said so far. */
export interface FoldState {
  /** Frames with data, `[DONE]` not counted. */
  frames: number
  /** Frames whose data was JSON. */
  parsed: number
  /** Frames that belong to this endpoint's protocol, errors included. */
  recognised: number
  /** The first data that was no JSON. */
  garbled: string | null
  lastEvent: string | null
  model: string | null
  usage: Usage
  content: ContentSink
  /** Whether something was generated, even if `content` has not been told. */
  producedOutput: boolean
  finish: Finish
  /** The event that closes the protocol was seen: `[DONE]`, `message_stop`, a terminal response event. */
  closed: boolean
  /** The first error frame, as a body to classify. */
  error: Fields | null
}

/** Enough of unreadable data to recognise it by. */
const GARBLED_CHARS = 200

export interface AnswerFold {
  readonly add: (event: SseEvent) => void
  readonly state: Readonly<FoldState>
}

/** Follows the stream of one answer, in memory that does not grow with it (contract, HTTP 4.2, 5 and 6). */
export function createAnswerFold(endpoint: Endpoint): AnswerFold {
  const state: FoldState = {
    frames: 0,
    parsed: 0,
    recognised: 0,
    garbled: null,
    lastEvent: null,
    model: null,
    usage: NO_USAGE,
    content: createContentSink(),
    producedOutput: false,
    finish: { kind: 'not-finished' },
    closed: false,
    error: null,
  }
  return { add: (event) => addEvent(endpoint, state, event), state }
}

function addEvent(endpoint: Endpoint, state: FoldState, event: SseEvent): void {
  if (endpoint === 'responses' && skimDelta(state, event.name)) return
  const { data } = event
  if (data === '') return
  if (data === '[DONE]') {
    // Elsewhere it may slip through from an upstream and means nothing (contract, HTTP 4.2).
    if (endpoint === 'chat') state.closed = true
    return
  }
  state.frames++
  const payload = parse(data)
  if (payload === null) {
    state.garbled ??= data.slice(0, GARBLED_CHARS)
    return
  }
  state.parsed++
  const type = textOf(payload.type) ?? event.name ?? null
  state.lastEvent = type
  const error = errorFrameOf(payload, type)
  if (error !== null) {
    state.recognised++
    if (endOf(state) === null) state.error ??= error
  } else if (FOLLOWERS[endpoint](state, payload, type)) {
    state.recognised++
  }
}

/** The proper end of the answer, or null. What comes after it changes nothing. */
export function endOf(state: FoldState): WholeFinish | null {
  return state.closed && state.finish.kind !== 'not-finished' ? state.finish : null
}

type WholeFinish = Exclude<Finish, { readonly kind: 'not-finished' }>

function parse(data: string): Fields | null {
  try {
    const value: unknown = JSON.parse(data)
    return isFields(value) ? value : null
  } catch {
    return null
  }
}

/** Any of the error frames (contract, HTTP 4.5 and 14.12), as a body: flat, nested, `response.failed`, Claude. */
function errorFrameOf(payload: Fields, type: string | null): Fields | null {
  if (type === 'response.failed') return failedResponse(payload)
  if (type === 'error' || hasError(payload)) return payload
  const response = fieldsOf(payload.response)
  return response.status === 'failed' ? failedResponse(payload) : null
}

function failedResponse(payload: Fields): Fields {
  const { error } = fieldsOf(payload.response)
  return { error: isFields(error) ? error : { message: 'response.failed' } }
}

/**
 * Nearly all events of a long Responses stream are deltas, and their text comes again in `response.output_item.done`
 * and in the terminal event. So they only count as output and are not even parsed.
 */
function skimDelta(state: FoldState, name: string | undefined): boolean {
  if (name === undefined || !name.startsWith('response.') || !name.endsWith('.delta')) return false
  state.frames++
  state.parsed++
  state.recognised++
  state.producedOutput = true
  state.lastEvent = name
  return true
}

const TERMINALS: ReadonlySet<string | null> = new Set([
  'response.completed',
  'response.incomplete',
  'response.done',
])

/** Each takes in one event; false for one of another protocol. */
const FOLLOWERS = {
  responses: (state, payload, type) => {
    if (type === null || !type.startsWith('response.')) return false
    if (endOf(state) !== null) return true
    if (type.endsWith('.delta')) state.producedOutput = true
    const response = fieldsOf(payload.response)
    state.model = textOf(response.model) ?? state.model
    state.usage = mergeUsage(state.usage, findUsage(payload))
    if (type === 'response.output_item.done') addOutputItem(state.content, payload.item)
    if (!TERMINALS.has(type)) return true
    state.closed = true
    state.finish = responseFinish(
      type === 'response.incomplete' ? { ...response, status: 'incomplete' } : response,
    )
    const output = createContentSink()
    for (const item of listOf(response.output)) addOutputItem(output, item)
    // The terminal event may leave the output to the item events before it, or the other way round.
    if (!output.isEmpty()) state.content = output
    return true
  },

  chat: (state, payload) => {
    if (!Array.isArray(payload.choices) && payload.object !== 'chat.completion.chunk') return false
    state.model = textOf(payload.model) ?? state.model
    state.usage = mergeUsage(state.usage, findUsage(payload))
    const choice = fieldsOf(listOf(payload.choices)[0])
    if (isFields(choice.delta)) addChatMessage(state.content, choice.delta)
    const finish = finishOf(textOf(choice.finish_reason))
    if (finish.kind !== 'not-finished') state.finish = finish
    return true
  },

  messages: (state, payload, type) => {
    if (type === null || !MESSAGE_EVENTS.has(type)) return false
    if (endOf(state) !== null) return true
    const { message, delta } = payload
    state.model = textOf(fieldsOf(message).model) ?? state.model
    state.usage = mergeUsage(state.usage, findUsage(payload))
    if (type === 'content_block_start') startBlock(state.content, payload.content_block)
    if (type === 'content_block_delta') addBlockDelta(state.content, fieldsOf(delta))
    if (type === 'message_delta') {
      const finish = finishOf(textOf(fieldsOf(delta).stop_reason))
      if (finish.kind !== 'not-finished') state.finish = finish
    }
    // Gateways close a cut upstream stream with this event too; `stop_reason` is what they do not invent.
    if (type === 'message_stop') state.closed = true
    return true
  },
} as const satisfies Record<Endpoint, (state: FoldState, payload: Fields, type: string | null) => boolean>

const MESSAGE_EVENTS: ReadonlySet<string> = new Set([
  'message_start',
  'content_block_start',
  'content_block_delta',
  'content_block_stop',
  'message_delta',
  'message_stop',
  'ping',
])

/** A tool's input starts as `{}` and comes in pieces. */
function startBlock(content: ContentSink, value: unknown): void {
  const block = fieldsOf(value)
  if (block.type === 'tool_use' || block.type === 'server_tool_use') addToolCall(content, block.name, null)
  else addContentBlock(content, block)
}

function addBlockDelta(content: ContentSink, delta: Fields): void {
  content.add('text', textOf(delta.text) ?? '')
  content.add('reasoning', textOf(delta.thinking) ?? '')
  addToolCall(content, null, delta.partial_json)
}
