/**
 * What the text of an upstream error tells about its status. `explicit` is a number written in it, `guess` comes
 * from an error word and can be overruled by better evidence.
 */
export type StatusInText =
  | { readonly kind: 'explicit'; readonly status: number }
  | { readonly kind: 'guess'; readonly status: number }
  | { readonly kind: 'unknown' }

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

/** Since v7.2.138 a failure line names no status (contract, files 4.5), so its error text has to. */
export function statusInText(errorText: string): StatusInText {
  for (const pattern of EXPLICIT) {
    const found = pattern.exec(errorText)?.[1]
    if (found !== undefined) return { kind: 'explicit', status: Number(found) }
  }
  const guess = GUESSES.find(([pattern]) => pattern.test(errorText))
  return guess === undefined ? { kind: 'unknown' } : { kind: 'guess', status: guess[1] }
}
