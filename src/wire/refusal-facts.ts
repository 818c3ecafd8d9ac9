import { type Fields, fieldsOf, isFields, listOf, numberOf, textOf } from './fields.ts'

/** Response headers, names in lower case. */
export type HeaderMap = Readonly<Record<string, string | undefined>>

/** A reply, or an error frame of a stream, that is to be classified. */
export interface RefusalSource {
  /** The HTTP status; 200 for an error inside a reply that had begun well. */
  readonly status: number
  readonly headers: HeaderMap
  /** The body as text, or a stream's error frame as parsed JSON. */
  readonly body: string | Fields
  /** For waits that are given as a moment. */
  readonly nowMs: number
}

/** What the body turned out to be. `string-error` is `{"error":"…"}`, the gateway's own way (contract, HTTP 2.1). */
export type RefusalShape = 'empty' | 'html' | 'text' | 'string-error' | 'object' | 'other-json'

/** Everything the rules look at, read from any of the error shapes that reach a client. */
export interface RefusalFacts {
  readonly shape: RefusalShape
  /** The HTTP status; inside a 200, the one that the error's own status, code or type stands for; null when none does. */
  readonly status: number | null
  readonly headers: HeaderMap
  /** Foreign text, cut at `MESSAGE_LIMIT`, with keys, addresses and sign-in links left out; of a page, its title. */
  readonly message: string
  readonly type: string | null
  readonly code: string | null
  /** Whether `message` stands for a page that was put into a JSON error (contract, HTTP 7.1). */
  readonly pageInside: boolean
  /** Message, type, code, reasons and page text in lower case, to search in. */
  readonly text: string
  /** The error object itself. */
  readonly error: Fields
}

/** The gateway puts whole pages and bodies into the message (contract, HTTP 7.1). */
const MESSAGE_LIMIT = 400
/** What the rules look for stands in the first lines. */
const SEARCH_LIMIT = 8000

export function readRefusalFacts(source: RefusalSource): RefusalFacts {
  const { headers } = source
  const { shape, root, raw } = parse(source.body)
  const error = errorOf(root)
  const rawMessage = messageOf(root, error) ?? (shape === 'text' || shape === 'html' ? raw : '')
  const pageInside = shape !== 'html' && isPage(rawMessage)
  const page = shape === 'html' || pageInside
  const type = typeOf(error)
  const code = codeOf(root, error)
  const parts = [rawMessage, type, code, ...reasonsOf(error), shape === 'other-json' ? raw : null]
  return {
    shape,
    status: statusOf(source.status, root, error, code, type),
    headers,
    message: page ? titleOf(rawMessage) : withoutPrivate(rawMessage.trim()).slice(0, MESSAGE_LIMIT),
    type,
    code,
    pageInside,
    text: parts
      .filter((part) => part !== null)
      .join('\n')
      .slice(0, SEARCH_LIMIT)
      .toLowerCase(),
    error,
  }
}

interface Parsed {
  readonly shape: RefusalShape
  readonly root: Fields
  readonly raw: string
}

function parse(body: string | Fields): Parsed {
  if (typeof body !== 'string') return { shape: shapeOf(body), root: body, raw: '' }
  const raw = body.trim()
  if (raw === '') return { shape: 'empty', root: {}, raw }
  if (isPage(raw)) return { shape: 'html', root: {}, raw }
  try {
    const value: unknown = JSON.parse(raw)
    // Google wraps errors of streams in a list.
    const root = Array.isArray(value) ? value[0] : value
    return isFields(root) ? { shape: shapeOf(root), root, raw } : { shape: 'other-json', root: {}, raw }
  } catch {
    return { shape: 'text', root: {}, raw }
  }
}

function shapeOf(root: Fields): RefusalShape {
  if (typeof root.error === 'string') return 'string-error'
  const known = isFields(root.error) || 'detail' in root || textOf(root.message) !== null
  return known ? 'object' : 'other-json'
}

/** The error object: `.error`, `.response.error` (a failed response), an object in `.detail`, or the body itself. */
function errorOf(root: Fields): Fields {
  const inner = [root.error, fieldsOf(root.response).error, root.detail].find(isFields)
  return inner ?? root
}

function messageOf(root: Fields, error: Fields): string | null {
  if (typeof root.error === 'string') return textOf(root.message) ?? root.error
  const detail = Array.isArray(root.detail) ? fieldsOf(root.detail[0]).msg : root.detail
  return textOf(error.message) ?? textOf(detail) ?? textOf(error.msg)
}

/** `error` only says that it is one. */
function typeOf(error: Fields): string | null {
  const type = textOf(error.type) ?? textOf(error.error_type) ?? textOf(error.status)
  return type === 'error' ? null : type
}

/** Beside a message a string error is the code. Google's `code` is the status as a number. */
function codeOf(root: Fields, error: Fields): string | null {
  if (typeof root.error === 'string') return textOf(root.message) === null ? null : root.error
  return textOf(error.code) ?? (typeof error.code === 'number' ? String(error.code) : null)
}

/** Google says what it means in `details[].reason` and `errors[].reason`. */
function reasonsOf(error: Fields): readonly string[] {
  return [...listOf(error.details), ...listOf(error.errors)]
    .map((detail) => textOf(fieldsOf(detail).reason))
    .filter((reason) => reason !== null)
}

/** Statuses that words stand for inside a stream (contract, HTTP 4.5, 6 and 7.1). */
const STATUS_OF_WORD: Readonly<Record<string, number>> = {
  invalid_api_key: 401,
  authentication_error: 401,
  billing_error: 402,
  insufficient_quota: 403,
  permission_error: 403,
  model_not_found: 404,
  not_found_error: 404,
  request_timeout: 408,
  request_too_large: 413,
  rate_limit_exceeded: 429,
  rate_limit_error: 429,
  model_cooldown: 429,
  usage_limit_reached: 429,
  api_error: 500,
  server_error: 500,
  internal_server_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
  invalid_request_error: 400,
}

function statusOf(
  httpStatus: number,
  root: Fields,
  error: Fields,
  code: string | null,
  type: string | null,
): number | null {
  if (httpStatus >= 400) return httpStatus
  const stated = [root.status, root.status_code, error.status, error.status_code, error.code]
    .map(numberOf)
    .find((number) => number !== null && number >= 400 && number < 600)
  return stated ?? STATUS_OF_WORD[code ?? ''] ?? STATUS_OF_WORD[type ?? ''] ?? null
}

/**
 * Providers repeat the key they refuse, name the account and send sign-in links; none of these is known to this run, so
 * they are recognised by their looks.
 */
const PRIVATE: readonly (readonly [RegExp, string])[] = [
  [/\b(?:sk|pk|rk|gsk|xai|ghp|gho|ghu|AIza|ya29)[-_.]?[\w-]{12,}/g, '[secret]'],
  [/\beyJ[\w-]{8,}(?:\.[\w-]+)*/g, '[secret]'],
  [/\bBearer\s+[\w.~+/=-]{8,}/gi, 'Bearer [secret]'],
  [/[\w.+-]+@[\w-]+\.[\w.-]*\w/g, '[address]'],
  [/\bhttps?:\/\/\S*(?:sign-?in|verif|challenge|continue|token|code)\S*/gi, '[link]'],
]

function withoutPrivate(text: string): string {
  // What is cut off later needs no cleaning, but a key must not be cut in two first.
  const head = text.slice(0, 4 * MESSAGE_LIMIT)
  return PRIVATE.reduce((clean, [pattern, shown]) => clean.replace(pattern, shown), head)
}

function isPage(text: string): boolean {
  return /^\s*(?:<!doctype html|<html|<head|<\?xml[^>]*>\s*<!doctype html)/i.test(text)
}

function titleOf(page: string): string {
  const title = /<title[^>]*>([^<]*)<\/title>/i.exec(page)?.[1] ?? ''
  return title.trim() === '' ? 'a page without a title' : title.trim().slice(0, MESSAGE_LIMIT)
}
