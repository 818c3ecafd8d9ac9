import type { Endpoint } from '../../../wire/routes.ts'
import { goJson } from '../go-text.ts'
import type { Profile } from '../profile.ts'
import { isObject, objectOf, parseObject, stringOf } from './json.ts'
import { quirksOf } from './quirks.ts'
import { INCOMPLETE_STREAM } from './read/codex.ts'
import type { JsonBody, UpstreamFailure, UpstreamKind } from './types.ts'

export interface ErrorContext {
  readonly endpoint: Endpoint
  readonly profile: Profile
  /** Whether the client asked for a stream. */
  readonly stream: boolean
}

/**
 * The body of an HTTP error: JSON text is sent as it is, other text is wrapped; `/v1/messages` keeps only type and
 * message (contract, HTTP 6 and 7.1).
 */
export function errorBody(failure: UpstreamFailure, { endpoint, profile, stream }: ErrorContext): string {
  if (endpoint === 'messages' && quirksOf(profile).messagesErrors === 'claude')
    return goJson(claudeError(failure))
  const text = failure.text.trim()
  const body = isJson(text) ? text : goJson({ error: openaiError({ ...failure, text }) })
  return endpoint === 'responses' && stream && quirksOf(profile).streamedErrors === 'reduced'
    ? reduced(body)
    : body
}

/** What a client is sent for a failure after the first byte (contract, HTTP 4.5, 5, 6). */
export function errorFrame(failure: UpstreamFailure, { endpoint, profile }: ErrorContext): string {
  if (endpoint === 'messages') return `event: error\ndata: ${goJson(claudeError(failure))}\n\n`
  const text = failure.text.trim()
  const nested = isJson(text) ? text : goJson({ error: openaiError({ ...failure, text }) })
  if (endpoint === 'chat') return `data: ${nested}\n\n`
  return quirksOf(profile).responsesErrorFrame === 'nested'
    ? `event: error\ndata: ${nested}\n\n`
    : `\nevent: error\ndata: ${goJson(flatError(failure))}\n\n`
}

interface Words {
  readonly type: string
  readonly code: string | null
}

/** Contract, HTTP 7.1. */
function wordsFor(status: number): Words {
  switch (status) {
    case 401:
      return { type: 'authentication_error', code: 'invalid_api_key' }
    case 403:
      return { type: 'permission_error', code: 'insufficient_quota' }
    case 404:
      return { type: 'invalid_request_error', code: 'model_not_found' }
    case 429:
      return { type: 'rate_limit_error', code: 'rate_limit_exceeded' }
    default:
      return status >= 500
        ? { type: 'server_error', code: 'internal_server_error' }
        : { type: 'invalid_request_error', code: null }
  }
}

function openaiError({ status, text }: UpstreamFailure): JsonBody {
  const { type, code } = wordsFor(status)
  return { message: text, type, ...(code === null ? {} : { code }) }
}

/** Contract, HTTP 6. */
function claudeTypeFor(status: number): string {
  switch (status) {
    case 401:
      return 'authentication_error'
    case 402:
      return 'billing_error'
    case 403:
      return 'permission_error'
    case 404:
      return 'not_found_error'
    case 413:
      return 'request_too_large'
    case 429:
      return 'rate_limit_error'
    case 504:
      return 'timeout_error'
    case 529:
      return 'overloaded_error'
    default:
      return status >= 500 ? 'api_error' : 'invalid_request_error'
  }
}

function claudeError({ status, text }: UpstreamFailure): JsonBody {
  const told = objectOf(parseObject(text)?.error)
  const type = stringOf(told.type) || claudeTypeFor(status)
  const message = stringOf(told.message) || stringOf(told.code) || text.trim()
  return { type: 'error', error: { type, message } }
}

/** Contract, HTTP 4.5. */
const FLAT_CODES: Readonly<Record<number, string>> = {
  401: 'invalid_api_key',
  403: 'insufficient_quota',
  404: 'model_not_found',
  408: 'request_timeout',
  429: 'rate_limit_exceeded',
}

function flatError({ status, text }: UpstreamFailure): JsonBody {
  const told = objectOf(parseObject(text)?.error)
  const byStatus = FLAT_CODES[status] ?? (status >= 500 ? 'internal_server_error' : 'invalid_request_error')
  const code = stringOf(told.code) || byStatus
  return { type: 'error', code, message: stringOf(told.message) || text.trim(), sequence_number: 0 }
}

/** Before the first byte of a Responses stream, upstream keeps type, code and message of a provider's error only. */
function reduced(body: string): string {
  const error = parseObject(body)?.error
  if (!isObject(error)) return body
  const { type, code, message, param } = error
  return goJson({
    error: {
      type,
      ...(typeof code === 'string' ? { code } : {}),
      message,
      ...(typeof param === 'string' ? { param } : {}),
    },
  })
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return text !== ''
  } catch {
    return false
  }
}

/** A stream that ended before anything could be sent (contract, HTTP 4.5). */
export const EMPTY_STREAM: UpstreamFailure = {
  status: 500,
  text: 'empty_stream: upstream stream closed before first payload',
}

/** The failure of a reply whose connection broke inside its body, plain or streamed. */
export function brokenBody(kind: UpstreamKind, profile: Profile): UpstreamFailure {
  return kind === 'codex' && quirksOf(profile).earlyEnd === 'raised'
    ? INCOMPLETE_STREAM
    : { status: 500, text: 'unexpected EOF' }
}

/** What the gateway makes of a Codex refusal before it acts on it: limits are 429, refused tokens are told alike. */
export function codexFailure(failure: UpstreamFailure, profile: Profile): UpstreamFailure {
  const error = objectOf(parseObject(failure.text)?.error)
  const status = error.type === 'usage_limit_reached' ? 429 : failure.status
  if (status !== 401 || quirksOf(profile).codexUnauthorized === 'verbatim') return { ...failure, status }
  const message = stringOf(error.message) || failure.text.trim() || 'Unauthorized'
  return {
    status,
    text: JSON.stringify({ error: { message, type: 'authentication_error', code: 'auth_unavailable' } }),
  }
}
