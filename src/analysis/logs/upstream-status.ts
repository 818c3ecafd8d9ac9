import type { StatusEvidence } from './failures.ts'

const EXPLICIT = [
  /^([45]\d\d)\b/,
  /"(?:status|code|status_code)"\s*:\s*"?([45]\d\d)\b/,
  /\bstatus(?: code)?[:= ]+([45]\d\d)\b/,
  /<title>\s*([45]\d\d)\b/,
]

/**
 * Error words of OpenAI, Anthropic, Google and ChatGPT bodies (contract, HTTP 7). `insufficient_quota`, `api_error`
 * and `server_error` are left out: each comes with more than one status.
 */
const GUESSES: readonly (readonly [RegExp, number])[] = [
  [/rate_limit|usage_limit_reached|RESOURCE_EXHAUSTED|\bquota exceeded\b/i, 429],
  [
    /authentication_error|invalid_api_key|token_(?:invalidated|expired|revoked)|\bUnauthorized\b|UNAUTHENTICATED/i,
    401,
  ],
  [/permission_error|request_forbidden|\bForbidden\b|PERMISSION_DENIED|unsupported_country/i, 403],
  [/not_found_error|model_not_found/i, 404],
  [/overloaded_error/i, 529],
  [/invalid_request_error|model is not supported/i, 400],
]

/** The status of an upstream error by its text: most failure lines name none (contract, files 4.5). */
export function statusInText(errorText: string): StatusEvidence {
  for (const pattern of EXPLICIT) {
    const found = pattern.exec(errorText)?.[1]
    if (found !== undefined) return { kind: 'firm', status: Number(found) }
  }
  const guess = GUESSES.find(([pattern]) => pattern.test(errorText))
  return guess === undefined ? { kind: 'unknown' } : { kind: 'guess', status: guess[1] }
}
