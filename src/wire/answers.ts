import type { AnswerContent } from './answer-content.ts'
import { type Fields, fieldsOf, isFields, textOf } from './fields.ts'
import type { HeaderMap } from './refusal-facts.ts'
import { classifyRefusal, type Refusal } from './refusals.ts'
import type { Endpoint } from './routes.ts'
import type { Usage } from './usage.ts'

/** The head of a reply, and what was asked. A saved file stands for a 200 without headers. */
export interface AnswerHead {
  readonly endpoint: Endpoint
  readonly status: number
  readonly headers: HeaderMap
  /** For waits that are given as a moment. */
  readonly nowMs: number
}

/** What was read of an answer, whole or not. */
export interface AnswerBody {
  /** The model as the answer names it, which may be the upstream's name for it (contract, HTTP 5); null when it names none. */
  readonly model: string | null
  readonly usage: Usage
  readonly content: AnswerContent
}

/** Why an answer stopped short of its natural end although it was delivered whole. */
export type IncompleteReason = 'length' | 'content-filter' | 'paused' | 'other'

/** Why a stream has no end. */
export type Interruption =
  /** An error frame after some output had come. */
  | { readonly kind: 'error-frame'; readonly refusal: Refusal }
  /** The stream ended without the events that prove an end. `lastEvent` is the type of the last one, null if unnamed. */
  | { readonly kind: 'no-terminal'; readonly lastEvent: string | null }
  /** The connection broke on the other side. */
  | { readonly kind: 'connection'; readonly reason: string }
  /** Reading was given up on this side (time limit, Ctrl-C, size limit): says nothing about the gateway. */
  | { readonly kind: 'stopped'; readonly reason: string }

/** Why bytes that came with a good status are no answer. */
export type UnreadableWhy =
  | 'html'
  | 'half-json'
  | 'not-json'
  /** JSON, but not an answer of the endpoint that was asked; a gateway that does not translate does this. */
  | 'other-shape'
  /** A plain answer that says itself that it is not finished. */
  | 'not-finished'
  /** An event stream where JSON was asked for. */
  | 'event-stream'
  /** JSON where an event stream was asked for. */
  | 'not-a-stream'
  /** Events, of which none holds JSON. */
  | 'garbled-stream'
  | 'event-too-large'
  /** The connection broke before the first event. */
  | 'cut-at-once'

/**
 * One answer of a gateway. `complete` and `incomplete` were delivered whole, by the success rule of the endpoint
 * (contract, HTTP 14.11); `refused` is an error at any status, and a 200 with nothing in it.
 */
export type Answer =
  | (AnswerBody & { readonly kind: 'complete'; readonly finish: string })
  | (AnswerBody & {
      readonly kind: 'incomplete'
      readonly reason: IncompleteReason
      readonly finish: string
    })
  | (AnswerBody & { readonly kind: 'interrupted'; readonly interruption: Interruption })
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'unreadable'; readonly why: UnreadableWhy; readonly head: string }

/** Finish words that mean "cut short", over all endpoints (contract, HTTP 4.1, 5 and 6); any other is a natural end. */
const CUT_SHORT: Readonly<Record<string, IncompleteReason>> = {
  length: 'length',
  max_tokens: 'length',
  max_output_tokens: 'length',
  model_context_window_exceeded: 'length',
  content_filter: 'content-filter',
  refusal: 'content-filter',
  pause_turn: 'paused',
}

/** How an answer says that it ended. */
export type Finish =
  | { readonly kind: 'complete'; readonly finish: string }
  | { readonly kind: 'incomplete'; readonly finish: string; readonly reason: IncompleteReason }
  | { readonly kind: 'not-finished' }

/** The end that a chat's `finish_reason` or a message's `stop_reason` states; null is none. */
export function finishOf(word: string | null): Finish {
  if (word === null) return { kind: 'not-finished' }
  const reason = CUT_SHORT[word]
  return reason === undefined
    ? { kind: 'complete', finish: word }
    : { kind: 'incomplete', finish: word, reason }
}

/** The end that a response object states; a passed-through one may have no `status`. */
export function responseFinish(response: Fields): Finish {
  const status = textOf(response.status) ?? 'completed'
  if (status === 'completed') return { kind: 'complete', finish: status }
  if (status !== 'incomplete') return { kind: 'not-finished' }
  const word = textOf(fieldsOf(response.incomplete_details).reason) ?? status
  return { kind: 'incomplete', finish: word, reason: CUT_SHORT[word] ?? 'other' }
}

/** Whether `.error` says that something failed: `null` and `{}` do not. */
export function hasError({ error }: Fields): boolean {
  return textOf(error) !== null || (isFields(error) && Object.keys(error).length > 0)
}

/** Enough of an unreadable body to recognise it by. */
const HEAD_CHARS = 200

export function unreadable(why: UnreadableWhy, text: string): Answer {
  return { kind: 'unreadable', why, head: text.slice(0, HEAD_CHARS) }
}

/** A refusal; an empty body or answer is one too, whatever its status. */
export function refused(head: AnswerHead, body: string | Fields): Answer {
  return { kind: 'refused', refusal: classifyRefusal({ ...head, body }) }
}
