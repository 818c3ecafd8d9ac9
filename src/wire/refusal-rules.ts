import type { RefusalFacts } from './refusal-facts.ts'

/**
 * Who said no: the gateway's own key check, routing or cooldown; its management API; the provider behind it; or a page
 * of something in between (reverse proxy, CDN, sign-in portal).
 */
export type RefusedBy = 'gateway' | 'management' | 'provider' | 'edge'

/** What a no is about, which decides what to do next. */
export type RefusalCause =
  | 'key'
  | 'safe-mode'
  | 'ban'
  | 'route'
  | 'model'
  | 'entitlement'
  | 'client-version'
  | 'cooldown'
  | 'unavailable'
  | 'credential'
  | 'account'
  | 'quota'
  | 'rate'
  | 'capacity'
  | 'money'
  | 'region'
  | 'policy'
  | 'context'
  | 'translation'
  | 'request'
  | 'page'
  | 'stream'
  | 'upstream'
  | 'unknown'

export interface RefusalRule {
  readonly id: string
  readonly by: RefusedBy
  readonly cause: RefusalCause
  readonly matches: (facts: RefusalFacts) => boolean
}

type Match = RefusalRule['matches']

const text =
  (...patterns: readonly RegExp[]): Match =>
  (facts) =>
    patterns.some((pattern) => pattern.test(facts.text))
const code =
  (...codes: readonly string[]): Match =>
  (facts) =>
    codes.includes(facts.code ?? '') || codes.includes(facts.type ?? '')
const status =
  (...statuses: readonly number[]): Match =>
  (facts) =>
    statuses.includes(facts.status ?? 0)
const stringError =
  (pattern: RegExp): Match =>
  (facts) =>
    facts.shape === 'string-error' && pattern.test(facts.message)
const anyOf =
  (...matches: readonly Match[]): Match =>
  (facts) =>
    matches.some((match) => match(facts))
const allOf =
  (...matches: readonly Match[]): Match =>
  (facts) =>
    matches.every((match) => match(facts))

const CHALLENGE = text(/cloudflare|cf-ray|cf-error|challenge-platform|just a moment/)
const page: Match = (facts) => facts.shape === 'html' || facts.pageInside
/** Our own 404, as gateways before v7.1.47 print it. */
const PLAIN_404 = /^404 page not found$/

const UNRECOGNISED = {
  id: 'unrecognised',
  by: 'provider',
  cause: 'unknown',
  matches: () => true,
} as const satisfies RefusalRule

/**
 * The rules, in order: the first that matches names the refusal. The gateway's own words come first, then pages, then
 * what a provider can mean, from the particular to the general, and bare statuses last.
 */
export const REFUSAL_RULES = [
  // The gateway speaks for itself: `error` is a text (contract, HTTP 1.4, 2.1 and 8.1).
  {
    id: 'safe-mode',
    by: 'gateway',
    cause: 'safe-mode',
    matches: anyOf((facts) => 'x-cpa-safe-mode' in facts.headers, code('unsafe_example_api_key')),
  },
  { id: 'key-missing', by: 'gateway', cause: 'key', matches: stringError(/^missing api key$/i) },
  { id: 'key-invalid', by: 'gateway', cause: 'key', matches: stringError(/^invalid api key$/i) },
  {
    id: 'key-check-failed',
    by: 'gateway',
    cause: 'key',
    matches: stringError(/^authentication service error$/i),
  },
  {
    id: 'management-key-missing',
    by: 'management',
    cause: 'key',
    matches: stringError(/^missing management key$/i),
  },
  {
    id: 'management-key-invalid',
    by: 'management',
    cause: 'key',
    matches: stringError(/^invalid management key$/i),
  },
  {
    id: 'management-key-not-set',
    by: 'management',
    cause: 'key',
    matches: stringError(/^remote management key not set$/i),
  },
  {
    id: 'management-local-only',
    by: 'management',
    cause: 'key',
    matches: stringError(/^remote management disabled$/i),
  },
  { id: 'management-ban', by: 'management', cause: 'ban', matches: stringError(/^ip banned/i) },

  // The gateway's routing and cooldowns (contract, HTTP 7.2).
  {
    id: 'model-not-named',
    by: 'gateway',
    cause: 'request',
    matches: text(/unknown provider for model\s*$/m),
  },
  { id: 'model-unknown', by: 'gateway', cause: 'model', matches: text(/unknown provider for model/) },
  { id: 'model-other-route', by: 'gateway', cause: 'model', matches: text(/is only supported on \/v1\//) },
  {
    id: 'model-cooldown',
    by: 'gateway',
    cause: 'cooldown',
    matches: anyOf(code('model_cooldown'), text(/all credentials for model .* are cooling down/)),
  },
  // By its text: the code alone is also what a Codex 401 is rewritten to.
  { id: 'auth-unavailable', by: 'gateway', cause: 'unavailable', matches: text(/^auth_unavailable: /m) },
  { id: 'auth-not-found', by: 'gateway', cause: 'unavailable', matches: text(/^auth_not_found: /m) },
  {
    id: 'no-executor',
    by: 'gateway',
    cause: 'unavailable',
    matches: text(/^(?:provider_not_found|executor_not_found|home_unavailable): /m),
  },
  {
    id: 'stream-not-offered',
    by: 'gateway',
    cause: 'request',
    matches: text(/streaming not supported for compact responses/),
  },
  {
    id: 'no-answer',
    by: 'provider',
    cause: 'stream',
    matches: anyOf(
      text(/^empty_stream: |upstream stream closed before first payload/m),
      // A 200 with nothing in it (contract, HTTP 4.5 and 14.11).
      (facts) => facts.shape === 'empty' && facts.status === null,
    ),
  },
  {
    id: 'stream-cut',
    by: 'provider',
    cause: 'stream',
    matches: text(
      /upstream stream closed before/,
      /stream disconnected before completion|stream closed before response\.completed/,
      /^(?:unexpected )?eof$/m,
    ),
  },
  {
    id: 'provider-unreachable',
    by: 'gateway',
    cause: 'upstream',
    matches: text(/^(?:post|get) "https?:[^"]*": /m, /\bdial tcp\b|no such host|connection refused/),
  },

  // Pages instead of answers.
  {
    id: 'edge-challenge',
    by: 'edge',
    cause: 'page',
    matches: anyOf(allOf(page, CHALLENGE), (facts) => 'cf-mitigated' in facts.headers),
  },
  {
    id: 'sign-in-page',
    by: 'edge',
    cause: 'page',
    matches: allOf(page, (facts) => /\b(?:sign ?in|log ?in|sso)\b/i.test(facts.message)),
  },
  { id: 'provider-page', by: 'edge', cause: 'page', matches: (facts) => facts.pageInside },
  { id: 'edge-page', by: 'edge', cause: 'page', matches: (facts) => facts.shape === 'html' },

  // Shapes a provider does not take after translation (runbook, Tool-Result Image Translation Regressions).
  {
    id: 'tool-image',
    by: 'provider',
    cause: 'translation',
    matches: text(
      /toolmessagecontent/,
      /tool[_ ]?(?:result|message|output)[^\n]*(?:image|content field|must be (?:a )?string)/,
      /only text tool_result/,
      /(?:image|multimodal)[^\n]*\b(?:in|for|on|inside) [^\n]*tool/,
      /role ['"`]?tool['"`]?[^\n]*(?:image|array|string)/,
      /uploaded an unsupported image/,
    ),
  },
  {
    id: 'payload-shape',
    by: 'provider',
    cause: 'translation',
    matches: text(
      /invalid json payload|invalid 'messages' in payload|input should be a valid string|invalid type: sequence, expected a string/,
    ),
  },

  // This client, this model, this plan (runbook, Copilot Spark Mismatch).
  {
    id: 'client-too-old',
    by: 'provider',
    cause: 'client-version',
    matches: text(
      /requires a newer version|no longer supported\. please (?:upgrade|update)|please upgrade to the latest (?:app|cli|version)/,
    ),
  },
  {
    id: 'plan-without-model',
    by: 'provider',
    cause: 'entitlement',
    matches: anyOf(
      code('usage_not_included'),
      text(/model is not supported when using codex with a chatgpt account/),
    ),
  },
  {
    id: 'region',
    by: 'provider',
    cause: 'region',
    matches: text(
      /unsupported_country_region_territory|country, region, or territory not supported|user location is not supported/,
    ),
  },
  {
    id: 'model-not-supported',
    by: 'provider',
    cause: 'entitlement',
    // The words for which the gateway benches a credential for 12 hours (contract, HTTP 7.4).
    matches: text(
      /model_not_supported|unsupported model|model not supported|model is not supported|model unavailable/,
      /requested model is un(?:supported|available)|not available for your (?:plan|account)/,
    ),
  },
  {
    id: 'model-not-found',
    by: 'provider',
    cause: 'model',
    matches: anyOf(
      allOf(code('model_not_found'), text(/\bmodel\b/)),
      text(/model[^\n]*(?:does not exist|not found|do(?:es)? not have access)/),
      allOf(code('not_found_error'), text(/^model: /m)),
    ),
  },

  // The account behind the credential.
  {
    id: 'account-deactivated',
    by: 'provider',
    cause: 'account',
    matches: text(
      /deactivated_workspace|account[^\n]*(?:deactivated|disabled|suspended|banned)|organization[^\n]*disabled/,
    ),
  },
  {
    id: 'account-verification',
    by: 'provider',
    cause: 'account',
    matches: text(/validation_required|verify your account/),
  },
  {
    id: 'refresh-token-reused',
    by: 'provider',
    cause: 'credential',
    matches: text(/refresh_token_reused|refresh token (?:was|has been) already used/),
  },
  {
    id: 'token-invalidated',
    by: 'provider',
    cause: 'credential',
    matches: text(/token_invalidated|token has been (?:invalidated|revoked)|token_revoked|invalid_grant/),
  },
  {
    id: 'token-expired',
    by: 'provider',
    cause: 'credential',
    matches: text(/token_expired|token (?:has|is) expired|expired token/),
  },

  // Limits, from long to short.
  {
    id: 'plan-limit',
    by: 'provider',
    cause: 'quota',
    matches: anyOf(
      code('usage_limit_reached'),
      text(/usage limit|5-hour limit|weekly limit|usage_limit_exceeded/),
    ),
  },
  {
    id: 'quota-exhausted',
    by: 'provider',
    cause: 'quota',
    matches: anyOf(
      text(
        /quota_exhausted|quota_exceeded|quota will reset|quota reached|exceeded your current quota|you have no quota|premium request allowance/,
      ),
      // The gateway stamps this code on every 403 that came as plain text (contract, HTTP 7.1).
      allOf(code('insufficient_quota'), (facts) => /quota/i.test(facts.message)),
    ),
  },
  {
    id: 'payment-required',
    by: 'provider',
    cause: 'money',
    matches: anyOf(
      status(402),
      code('billing_error', 'insufficient_balance'),
      text(
        /insufficient (?:balance|credits?|funds)|credit balance is too low|billing hard limit|payment required/,
      ),
    ),
  },
  {
    id: 'capacity',
    by: 'provider',
    cause: 'capacity',
    matches: anyOf(
      status(529),
      code('overloaded_error', 'engine_overloaded', 'overloaded', 'server_is_overloaded'),
      text(/model_capacity_exhausted|no capacity available|(?:currently|is|are) overloaded|at capacity/),
    ),
  },
  {
    id: 'rate-limited',
    by: 'provider',
    cause: 'rate',
    matches: anyOf(status(429), code('rate_limit_exceeded', 'rate_limit_error', 'RESOURCE_EXHAUSTED')),
  },

  // The request itself.
  {
    id: 'context-overflow',
    by: 'provider',
    cause: 'context',
    matches: anyOf(
      code('context_length_exceeded'),
      text(
        /maximum context length|context window|prompt is too long|input is too long|exceeds? (?:the )?(?:model's )?(?:max|context)/,
      ),
    ),
  },
  {
    id: 'too-large',
    by: 'provider',
    cause: 'context',
    matches: anyOf(status(413), code('request_too_large')),
  },
  {
    id: 'policy',
    by: 'provider',
    cause: 'policy',
    matches: text(
      /content[_ ](?:policy|filter)|usage polic|flagged (?:as|for|by)|prohibited_content|cyber_policy|invalid_prompt/,
      /safety (?:system|filter|reasons|guard)/,
    ),
  },

  // Nothing but the status is left, or a code that was stamped on plain text.
  { id: 'credential-refused', by: 'provider', cause: 'credential', matches: status(401) },
  { id: 'forbidden', by: 'provider', cause: 'credential', matches: status(403) },
  {
    id: 'route-missing',
    by: 'gateway',
    cause: 'route',
    matches: allOf(
      status(404),
      (facts) => facts.shape === 'empty' || (facts.shape === 'text' && PLAIN_404.test(facts.message)),
    ),
  },
  // Mostly a wrong `base-url`; the code says model_not_found whatever the provider meant.
  { id: 'provider-path-missing', by: 'provider', cause: 'route', matches: status(404) },
  {
    id: 'upstream-timeout',
    by: 'provider',
    cause: 'upstream',
    matches: anyOf(status(408, 504, 524), text(/deadline exceeded/)),
  },
  {
    id: 'gateway-without-words',
    by: 'gateway',
    cause: 'upstream',
    matches: allOf(status(500, 502, 503), (facts) => facts.shape === 'empty'),
  },
  { id: 'upstream-error', by: 'provider', cause: 'upstream', matches: (facts) => (facts.status ?? 0) >= 500 },
  { id: 'bad-request', by: 'provider', cause: 'request', matches: (facts) => (facts.status ?? 0) >= 400 },
  UNRECOGNISED,
] as const satisfies readonly RefusalRule[]

export type RefusalRuleId = (typeof REFUSAL_RULES)[number]['id']
type KnownRule = (typeof REFUSAL_RULES)[number]

/** The first rule that matches; the last one always does. */
export function ruleOf(facts: RefusalFacts): KnownRule {
  return REFUSAL_RULES.find((rule) => rule.matches(facts)) ?? UNRECOGNISED
}
