import parseDuration from 'parse-duration'
import { type Fields, fieldsOf, listOf, numberOf, textOf } from './fields.ts'
import type { HeaderMap } from './refusal-facts.ts'

/** How long a refusal asks to wait, and where it said so. */
export interface Wait {
  readonly delayMs: number
  readonly source: WaitSource
}

/**
 * The places a wait is stated in, best first. The body comes before the header, because the gateway's own
 * `reset_seconds` is exact and `Retry-After` is mostly dropped on the way (contract, HTTP 7.3 and 14.15).
 */
export type WaitSource =
  | 'reset_seconds'
  | 'resets_in_seconds'
  | 'resets_at'
  | 'quotaResetDelay'
  | 'retryDelay'
  | 'reset_time'
  | 'retry_after'
  | 'retry-after-ms'
  | 'retry-after'
  | 'message'

interface Sources {
  readonly error: Fields
  readonly headers: HeaderMap
  readonly message: string
  readonly nowMs: number
}

const READERS: readonly (readonly [WaitSource, (from: Sources) => number | null])[] = [
  ['reset_seconds', ({ error }) => secondsMs(error.reset_seconds)],
  ['resets_in_seconds', ({ error }) => secondsMs(error.resets_in_seconds)],
  ['resets_at', ({ error, nowMs }) => untilMs(error.resets_at, nowMs)],
  ['quotaResetDelay', ({ error }) => durationMs(googleDetail(error, 'quotaResetDelay'))],
  ['retryDelay', ({ error }) => durationMs(googleDetail(error, 'retryDelay'))],
  ['reset_time', ({ error }) => durationMs(error.reset_time)],
  ['retry_after', ({ error }) => secondsMs(error.retry_after)],
  ['retry-after-ms', ({ headers }) => numberOf(headers['retry-after-ms'])],
  ['retry-after', ({ headers, nowMs }) => retryAfterMs(headers['retry-after'], nowMs)],
  ['message', ({ message }) => inWordsMs(message)],
]

/**
 * The wait a refusal names, in milliseconds from `nowMs`, never negative; null when it names none. `error` is the body's
 * error object; `message` is searched last, for words such as "try again in 29m59s" or "reset after 27h41m36.2s".
 */
export function readWait(from: Sources): Wait | null {
  for (const [source, read] of READERS) {
    const delayMs = read(from)
    if (delayMs !== null) return { delayMs: Math.max(0, Math.round(delayMs)), source }
  }
  return null
}

function secondsMs(value: unknown): number | null {
  const seconds = numberOf(value)
  return seconds === null ? null : seconds * 1000
}

/** A moment as Unix seconds, Unix milliseconds or ISO text. */
function untilMs(value: unknown, nowMs: number): number | null {
  const number = numberOf(value)
  if (number !== null) return (number > MILLISECONDS_FROM ? number : number * 1000) - nowMs
  const at = Date.parse(textOf(value) ?? '')
  return Number.isNaN(at) ? null : at - nowMs
}

/** Unix seconds stay below this until the year 5138, Unix milliseconds passed it in 1973. */
const MILLISECONDS_FROM = 1e11

/** `Retry-After`: seconds or an HTTP date (RFC 9110, 10.2.3). */
function retryAfterMs(value: string | undefined, nowMs: number): number | null {
  return secondsMs(value) ?? untilMs(value, nowMs)
}

/** A duration as Go prints it (`137h41m9s`, `27h41m36.2s`); a bare number is none. */
function durationMs(value: unknown): number | null {
  const text = textOf(value)?.trim() ?? ''
  return /^\d[\d.]*\s*[a-z]/i.test(text) ? parseDuration(text) : null
}

/** Google puts the wait into `details[]`, plain or under `metadata`. */
function googleDetail(error: Fields, name: string): unknown {
  for (const detail of listOf(error.details)) {
    const fields = fieldsOf(detail)
    const value = fields[name] ?? fieldsOf(fields.metadata)[name]
    if (value !== undefined) return value
  }
  return undefined
}

const WAIT_IN_WORDS =
  /\b(?:try again|retry|resets?|available again|wait)\b[^.\d]{0,30}?\b(?:in|after|for|wait)\s+((?:\d+(?:\.\d+)?\s*(?:d(?:ays?)?|h(?:ours?)?|m(?:in(?:ute)?s?)?|s(?:ec(?:ond)?s?)?|ms)\b\s*,?\s*(?:and\s+)?|\d+(?:\.\d+)?[hms](?=\d))+)/i

function inWordsMs(message: string): number | null {
  const found = WAIT_IN_WORDS.exec(message)?.[1]
  return found === undefined ? null : parseDuration(found)
}
