import { isModelRefusal } from './cooldowns.ts'
import type { UpstreamFailure } from './translation/types.ts'

const FAULT_CODES: ReadonlySet<string> = new Set([
  'cyber_policy',
  'context_length_exceeded',
  'message_too_big',
  'string_above_max_length',
  'invalid_prompt',
  'invalid_value',
  'unsupported_value',
  'invalid_request_error',
  'previous_response_not_found',
])
const FAULT_TYPES: ReadonlySet<string> = new Set([
  'invalid_request',
  'invalid_request_error',
  'bad_request_error',
  'invalid_prompt',
])
const FAULT_STATUSES: ReadonlySet<number> = new Set([400, 409, 413, 422])

/**
 * Whether the request itself is at fault: then no other credential is tried and none is benched (contract, HTTP 7.4).
 * Upstream believes the body's words even under 401, 403 and 404 (`by-body`); the fork goes by the status first.
 */
export function isRequestFault(
  { status, text, requestScoped }: UpstreamFailure,
  rule: 'by-body' | 'by-status',
): boolean {
  if (requestScoped) return true
  if (isModelRefusal(status, text)) return false
  if (rule === 'by-status')
    return status === 422 || (status === 400 && text.includes('invalid_request_error'))
  if (status === 402 || status === 429) return false
  const words = errorWords(text)
  if (status === 401 && words.types.includes('authentication_error')) return false
  return (
    words.codes.some((code) => FAULT_CODES.has(code)) ||
    words.types.some((type) => FAULT_TYPES.has(type)) ||
    FAULT_STATUSES.has(status)
  )
}

function errorWords(text: string): { readonly codes: readonly string[]; readonly types: readonly string[] } {
  const body = asObject(parse(text))
  const places = [asObject(body.error), body]
  return { codes: textsAt(places, 'code'), types: textsAt(places, 'type') }
}

function textsAt(places: readonly Record<string, unknown>[], key: string): string[] {
  return places.flatMap((place) => (typeof place[key] === 'string' ? [place[key].trim().toLowerCase()] : []))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** How long a provider says to wait: only Codex's plan limit is understood (contract, HTTP 7.3 and 7.4). */
export function quotaHintMs({ status, text }: UpstreamFailure, nowMs: number): number | null {
  if (status !== 429) return null
  const error = asObject(asObject(parse(text)).error)
  if (error.type !== 'usage_limit_reached') return null
  const { resets_at: at, resets_in_seconds: seconds } = error
  if (typeof at === 'number' && at * 1_000 > nowMs) return at * 1_000 - nowMs
  return typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : null
}
