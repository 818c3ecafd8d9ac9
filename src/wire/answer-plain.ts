import {
  addChatMessage,
  addContentBlock,
  addOutputItem,
  type ContentSink,
  createContentSink,
} from './answer-content.ts'
import {
  type Answer,
  type AnswerHead,
  type Finish,
  finishOf,
  hasError,
  refused,
  responseFinish,
  unreadable,
} from './answers.ts'
import { type Fields, fieldsOf, isFields, listOf, textOf } from './fields.ts'
import type { Endpoint } from './routes.ts'
import { countsSomething, findUsage } from './usage.ts'

/**
 * Reads a whole answer that was asked for without streaming. Leading newlines are the gateway's keep-alive, after
 * which even a failure comes with status 200, so `.error` is looked for at any status (contract, HTTP 4.4).
 */
export function readPlainAnswer(head: AnswerHead, body: string): Answer {
  const text = body.replace(/^\uFEFF/, '').trim()
  if (head.status >= 400 || text === '') return refused(head, text)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return unparsable(text)
  }
  if (!isFields(value)) return unreadable('other-shape', text)
  if (isError(value)) return refused(head, value)
  return readBody(head, value) ?? unreadable('other-shape', text)
}

function unparsable(text: string): Answer {
  if (/^(?:<!doctype|<html|<head)/i.test(text)) return unreadable('html', text)
  if (/^(?:event|data|id|retry)?:/.test(text)) return unreadable('event-stream', text)
  return unreadable(/^[[{]/.test(text) ? 'half-json' : 'not-json', text)
}

function isError(body: Fields): boolean {
  if (body.type === 'error' || hasError(body)) return true
  return 'detail' in body && Object.keys(body).length === 1
}

/** Each fills the sink and tells the end; null for a body of another endpoint's shape. */
const READERS = {
  responses: (body, sink) => {
    if (body.object !== 'response' && !Array.isArray(body.output)) return null
    for (const item of listOf(body.output)) addOutputItem(sink, item)
    return responseFinish(body)
  },
  chat: (body, sink) => {
    if (!Array.isArray(body.choices)) return null
    const choice = fieldsOf(body.choices[0])
    addChatMessage(sink, choice.message)
    return finishOf(textOf(choice.finish_reason))
  },
  messages: (body, sink) => {
    if (body.type !== 'message' || !Array.isArray(body.content)) return null
    for (const block of body.content) addContentBlock(sink, block)
    return finishOf(textOf(body.stop_reason))
  },
} as const satisfies Record<Endpoint, (body: Fields, sink: ContentSink) => Finish | null>

function readBody(head: AnswerHead, body: Fields): Answer | null {
  const sink = createContentSink()
  const finish = READERS[head.endpoint](body, sink)
  if (finish === null) return null
  if (finish.kind === 'not-finished') return unreadable('not-finished', JSON.stringify(body))
  const usage = findUsage(body)
  // From an upstream body that was no JSON, gateways make an answer that is well formed and empty.
  if (sink.isEmpty() && !countsSomething(usage)) return refused(head, '')
  return { ...finish, model: textOf(body.model), usage, content: sink.digest() }
}
