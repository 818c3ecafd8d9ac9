import { Buffer } from 'node:buffer'
import { type AnswerFold, createAnswerFold, endOf, type FoldState } from './answer-fold.ts'
import { readPlainAnswer } from './answer-plain.ts'
import { type Answer, type AnswerHead, type Interruption, refused, unreadable } from './answers.ts'
import { classifyRefusal } from './refusals.ts'
import { readEventStream, SSE_LIMITS, type SseEnd, type SseLimits } from './sse.ts'
import { countsSomething } from './usage.ts'

/** What is kept of a reply until its first event shows that it is a stream: errors and pages are not longer. */
const HEAD_BYTES = 64 * 1024

/**
 * Reads an answer that was asked for as a stream, to the end of `body`. A failure before the first frame comes as an
 * ordinary reply (contract, HTTP 4.5) and is read as one. Whole means: by the success rule of the endpoint (contract,
 * HTTP 14.11), and for messages a stop reason too. What is missing at the end is told by `interrupted`; a stream that
 * carries nothing is `refused`, an error before any output too.
 */
export async function readStreamedAnswer(
  head: AnswerHead,
  body: AsyncIterable<Uint8Array>,
  limits: SseLimits = SSE_LIMITS,
): Promise<Answer> {
  const fold = createAnswerFold(head.endpoint)
  const start = keepStart(body, fold)
  const end = await readEventStream(start.bytes, fold.add, limits)
  return answerOf(head, fold.state, end, start.text())
}

/** Passes bytes on and keeps the first ones while no event has come. */
function keepStart(body: AsyncIterable<Uint8Array>, fold: AnswerFold) {
  const kept: Uint8Array[] = []
  let keptBytes = 0
  async function* bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const chunk of body) {
      if (fold.state.frames === 0 && keptBytes < HEAD_BYTES) {
        kept.push(chunk)
        keptBytes += chunk.byteLength
      }
      yield chunk
    }
  }
  return { bytes: bytes(), text: () => Buffer.concat(kept).toString('utf8') }
}

function answerOf(head: AnswerHead, state: FoldState, ended: SseEnd, start: string): Answer {
  if (head.status >= 400) return refused(head, state.error ?? start)
  if (ended.kind === 'event-too-large') return unreadable('event-too-large', start)
  if (state.frames === 0) return withoutFrames(head, ended, start)
  if (state.parsed === 0) return unreadable('garbled-stream', state.garbled ?? '')
  if (state.recognised === 0) return unreadable('other-shape', start)

  if (!state.producedOutput && state.content.isEmpty()) {
    if (state.error !== null) return refused(head, state.error)
    if (state.closed && !countsSomething(state.usage)) return refused(head, '')
  }
  const body = { model: state.model, usage: state.usage, content: state.content.digest() }
  const end = endOf(state)
  if (end !== null && state.error === null) return { ...end, ...body }
  return { kind: 'interrupted', interruption: interruptionOf(head, state, ended), ...body }
}

/** No event came: an ordinary reply, a page, or nothing but `[DONE]`, blank lines and comments. */
function withoutFrames(head: AnswerHead, ended: SseEnd, start: string): Answer {
  if (ended.kind === 'broken') return unreadable('cut-at-once', ended.reason)
  if (start.replace(/^(?::.*|data: ?\[DONE\])$/gm, '').trim() === '') return refused(head, '')
  const answer = readPlainAnswer(head, start)
  const readable = answer.kind === 'complete' || answer.kind === 'incomplete'
  return readable ? unreadable('not-a-stream', start) : answer
}

function interruptionOf(head: AnswerHead, state: FoldState, ended: SseEnd): Interruption {
  if (state.error !== null) {
    return { kind: 'error-frame', refusal: classifyRefusal({ ...head, body: state.error }) }
  }
  if (ended.kind === 'broken') return connectionEnd(ended.reason)
  return { kind: 'no-terminal', lastEvent: state.lastEvent }
}

/** How sockets and HTTP clients word an end on the other side; any other failure to read is our own. */
const OTHER_SIDE = /truncat|reset|closed|hang ?up|hung up|terminated|premature|epipe|\beof\b/i

function connectionEnd(reason: string): Interruption {
  return OTHER_SIDE.test(reason) ? { kind: 'connection', reason } : { kind: 'stopped', reason }
}
