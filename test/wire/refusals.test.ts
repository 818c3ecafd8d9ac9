import { describe, expect, it } from 'vitest'
import { REFUSAL_RULES, type RefusalRuleId } from '../../src/wire/refusal-rules.ts'
import { classifyRefusal, type Refusal } from '../../src/wire/refusals.ts'

const NOW_MS = Date.parse('2026-08-22T10:00:00Z')

function classify(status: number, body: unknown, headers: Record<string, string> = {}): Refusal {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return classifyRefusal({ status, headers, body: text, nowMs: NOW_MS })
}

/** The body the gateway builds around a text (contract, HTTP 7.1). */
const built = (message: string, type: string, code?: string) => ({
  error: { message, type, ...(code ? { code } : {}) },
})
const page = (title: string, inside = '') =>
  `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body>${inside}<hr><center>nginx</center></body></html>\n`
const claude = (type: string, message: string) => ({ type: 'error', error: { type, message } })

type Sample = readonly [status: number, body: unknown, headers?: Record<string, string>]

/** What each rule is there for, as gateways and providers send it. */
const SAMPLES: Readonly<Record<RefusalRuleId, readonly Sample[]>> = {
  'safe-mode': [
    [403, { error: 'unsafe_example_api_key', message: 'Proxy API endpoints are disabled' }],
    [403, '', { 'x-cpa-safe-mode': 'example-api-key' }],
  ],
  'key-missing': [[401, { error: 'Missing API key' }]],
  'key-invalid': [[401, { error: 'Invalid API key' }]],
  'key-check-failed': [[500, { error: 'Authentication service error' }]],
  'management-key-missing': [[401, { error: 'missing management key' }]],
  'management-key-invalid': [[401, { error: 'invalid management key' }]],
  'management-key-not-set': [[403, { error: 'remote management key not set' }]],
  'management-local-only': [[403, { error: 'remote management disabled' }]],
  'management-ban': [[403, { error: 'IP banned due to too many failed attempts. Try again in 29m59s' }]],
  'model-not-named': [
    [502, built('unknown provider for model', 'server_error', 'internal_server_error')],
    [400, built('unknown provider for model ', 'invalid_request_error', 'model_not_found')],
  ],
  'model-unknown': [
    [502, built('unknown provider for model glm-9', 'server_error', 'internal_server_error')],
    [400, built('unknown provider for model glm-9', 'invalid_request_error', 'model_not_found')],
    [502, claude('api_error', 'unknown provider for model claude-fable-5-dd-mlg')],
  ],
  'model-other-route': [
    [
      503,
      built(
        'model gpt-image-2 is only supported on /v1/images/generations and /v1/images/edits',
        'server_error',
      ),
    ],
  ],
  'model-cooldown': [
    [
      429,
      {
        error: {
          code: 'model_cooldown',
          message: 'All credentials for model m are cooling down',
          model: 'm',
        },
      },
    ],
    [429, claude('rate_limit_error', 'All credentials for model glm are cooling down via provider codex')],
  ],
  'auth-unavailable': [
    [503, built('auth_unavailable: no auth available (providers=a,b, model=m)', 'server_error')],
    [500, built('auth_unavailable: no auth available', 'server_error', 'internal_server_error')],
  ],
  'auth-not-found': [[500, built('auth_not_found: no auth candidates', 'server_error')]],
  'no-executor': [
    [500, built('executor_not_found: executor not registered', 'server_error')],
    [500, built('provider_not_found: no provider supplied', 'server_error')],
    [503, built('home_unavailable: home control center unavailable', 'server_error')],
  ],
  'stream-not-offered': [
    [400, built('Streaming not supported for compact responses', 'invalid_request_error')],
  ],
  'no-answer': [
    [500, built('empty_stream: upstream stream closed before first payload', 'server_error')],
    [200, '\n'],
  ],
  'stream-cut': [
    [502, built('upstream stream closed before [DONE]', 'server_error')],
    [
      200,
      {
        type: 'error',
        code: 'internal_server_error',
        message: 'upstream stream closed before a terminal event (last event: x)',
      },
    ],
    [
      408,
      built(
        'stream error: stream disconnected before completion: stream closed before response.completed',
        'invalid_request_error',
      ),
    ],
    [500, built('unexpected EOF', 'server_error')],
  ],
  'provider-unreachable': [
    [500, built('Post "https://provider.example.com/v1/chat/completions": EOF', 'server_error')],
    [502, built('dial tcp 192.0.2.1:443: connect: connection refused', 'server_error')],
  ],
  'edge-challenge': [
    [403, page('Just a moment...', '<script src="/cdn-cgi/challenge-platform/x.js"></script>')],
    [403, built(page('Attention Required! | Cloudflare'), 'permission_error', 'insufficient_quota')],
    [403, '', { 'cf-mitigated': 'challenge' }],
  ],
  'sign-in-page': [[403, page('Sign in to your account')]],
  'provider-page': [[403, built(page('403 Forbidden'), 'permission_error', 'insufficient_quota')]],
  'edge-page': [[502, page('502 Bad Gateway')]],
  'tool-image': [
    [
      400,
      built(
        'messages[2].content: invalid type: sequence, expected a string (ToolMessageContent)',
        'invalid_request_error',
      ),
    ],
    [
      400,
      built(
        'tool_result: image content is not supported by this model',
        'invalid_request_error',
        'unsupported_content',
      ),
    ],
    [
      400,
      claude(
        'invalid_request_error',
        'Only text tool_result blocks are supported when tool_result.content is an array.',
      ),
    ],
    [400, built('tool_result has no content field', 'invalid_request_error')],
    [400, built('.messages[5].image[0]: You have uploaded an unsupported image.', 'invalid_request_error')],
  ],
  'payload-shape': [
    [
      400,
      {
        error: {
          code: 400,
          message: 'Invalid JSON payload received. Unknown name "content"',
          status: 'INVALID_ARGUMENT',
        },
      },
    ],
    [400, built("Invalid 'messages' in payload. Please check the structure.", 'invalid_request_error')],
  ],
  'client-too-old': [
    [
      400,
      {
        detail:
          "The 'gpt-5.5' model requires a newer version of Codex. Please upgrade to the latest app or CLI and try again.",
      },
    ],
    [
      400,
      {
        error: {
          message: '[400]: {"detail":"The \'gpt-5.4\' model requires a newer version of Codex."}',
          code: 'bad_request',
        },
      },
    ],
  ],
  'plan-without-model': [
    [
      400,
      { detail: "The 'gpt-5.3-codex-spark' model is not supported when using Codex with a ChatGPT account." },
    ],
    [
      400,
      {
        type: 'error',
        status: 400,
        error: {
          type: 'invalid_request_error',
          message:
            "The 'gpt-5.3-codex-spark' model is not supported when using Codex with a ChatGPT account.",
        },
      },
    ],
    [
      400,
      built(
        'upstream returned JSON payload without top-level error field: {"detail":"The \'x\' model is not supported when using Codex with a ChatGPT account."}',
        'invalid_request_error',
      ),
    ],
    [429, { error: { type: 'usage_not_included', message: 'Your plan does not include this.' } }],
  ],
  region: [
    [
      403,
      {
        error: {
          code: 'unsupported_country_region_territory',
          message: 'Country, region, or territory not supported',
          type: 'request_forbidden',
        },
      },
    ],
    [403, claude('permission_error', 'Country, region, or territory not supported')],
    [
      400,
      {
        error: {
          code: 400,
          message: 'User location is not supported for the API use.',
          status: 'FAILED_PRECONDITION',
        },
      },
    ],
  ],
  'model-not-supported': [
    [
      400,
      {
        error: {
          message: 'The requested model is not supported.',
          code: 'model_not_supported',
          param: 'model',
        },
      },
    ],
    [422, built('This is not available for your plan', 'invalid_request_error')],
  ],
  'model-not-found': [
    [
      404,
      built(
        'The model `x` does not exist or you do not have access to it.',
        'invalid_request_error',
        'model_not_found',
      ),
    ],
    [404, claude('not_found_error', 'model: claude-9')],
    [404, { error: "model 'llama9' not found" }],
    [200, { type: 'error', code: 'model_not_found', message: 'Unknown model x' }],
  ],
  'account-deactivated': [
    [402, { detail: { code: 'deactivated_workspace' } }],
    [403, claude('permission_error', 'This organization has been disabled.')],
  ],
  'account-verification': [
    [
      403,
      {
        error: {
          code: 403,
          message: 'To continue, verify your account at',
          status: 'PERMISSION_DENIED',
          details: [{ reason: 'VALIDATION_REQUIRED' }],
        },
      },
    ],
  ],
  'refresh-token-reused': [
    [401, { error: { code: 'refresh_token_reused', message: 'Please log in again' } }],
  ],
  'token-invalidated': [
    [
      401,
      {
        error: { message: 'Your authentication token has been invalidated.', code: 'token_invalidated' },
        status: 401,
      },
    ],
    [400, { error: 'invalid_grant', message: 'Token is unusable' }],
  ],
  'token-expired': [
    [401, { error: { message: 'Provided authentication token is expired.', code: 'token_expired' } }],
  ],
  'plan-limit': [
    [
      429,
      {
        error: {
          type: 'usage_limit_reached',
          message: 'The usage limit has been reached',
          plan_type: 'plus',
          resets_in_seconds: 4000,
        },
      },
    ],
    [429, { error: { error_type: 'usage_limit_reached', plan_type: 'plus' } }],
  ],
  'quota-exhausted': [
    [
      429,
      built(
        'You exceeded your current quota, please check your plan and billing details.',
        'insufficient_quota',
        'insufficient_quota',
      ),
    ],
    [402, { error: { message: 'You have no quota', code: 'quota_exceeded' } }],
    [
      429,
      [
        {
          error: {
            code: 429,
            message: 'Individual quota reached.',
            status: 'RESOURCE_EXHAUSTED',
            details: [{ reason: 'QUOTA_EXHAUSTED' }],
          },
        },
      ],
    ],
  ],
  'payment-required': [
    [
      402,
      {
        error: { message: 'Insufficient balance.', type: 'insufficient_quota', code: 'insufficient_balance' },
      },
    ],
    [400, claude('invalid_request_error', 'Your credit balance is too low to access the API.')],
    [402, claude('billing_error', 'Please pay')],
  ],
  capacity: [
    [529, claude('overloaded_error', 'Overloaded')],
    [200, { type: 'error', code: 'overloaded', message: 'The server is overloaded' }],
    [
      503,
      built(
        'The engine is currently overloaded, please try again later',
        'server_error',
        'engine_overloaded',
      ),
    ],
    [
      429,
      {
        error: {
          code: 429,
          message: 'No capacity available',
          status: 'RESOURCE_EXHAUSTED',
          details: [{ reason: 'MODEL_CAPACITY_EXHAUSTED' }],
        },
      },
    ],
  ],
  'rate-limited': [
    [429, built('Rate limit reached for requests', 'requests', 'rate_limit_exceeded')],
    [
      429,
      {
        error: {
          code: 429,
          message: 'Resource has been exhausted (e.g. check quota).',
          status: 'RESOURCE_EXHAUSTED',
        },
      },
    ],
    [429, 'Too Many Requests'],
    [200, { error: { message: 'slow down', type: 'rate_limit_error' } }],
  ],
  'context-overflow': [
    [
      400,
      built(
        "This model's maximum context length is 131072 tokens.",
        'invalid_request_error',
        'context_length_exceeded',
      ),
    ],
    [400, claude('invalid_request_error', 'prompt is too long: 1254321 tokens > 200000 maximum')],
  ],
  'too-large': [
    [413, built('Request too large', 'invalid_request_error', 'request_too_large')],
    [413, ''],
  ],
  policy: [
    [400, built('Your request was rejected by the safety system.', 'invalid_request_error')],
    [
      400,
      built('flagged as potentially violating our usage policy', 'invalid_request_error', 'invalid_prompt'),
    ],
  ],
  'credential-refused': [
    [401, built('Incorrect API key provided: sk-x***1.', 'invalid_request_error', 'invalid_api_key')],
    // A Codex 401 is stamped with the code of a gateway error.
    [401, built('Invalid API key', 'authentication_error', 'auth_unavailable')],
    [401, claude('authentication_error', 'Invalid API key')],
    [401, 'Unauthorized'],
  ],
  forbidden: [
    // The code is the gateway's stamp on a plain text, no quota (contract, HTTP 7.1).
    [403, built('forbidden', 'permission_error', 'insufficient_quota')],
    [200, { type: 'error', code: 'insufficient_quota', message: 'forbidden' }],
  ],
  'route-missing': [
    [404, ''],
    [404, '404 page not found'],
  ],
  'provider-path-missing': [
    // The code is the gateway's stamp on a plain text, no missing model.
    [404, built('Not Found', 'invalid_request_error', 'model_not_found')],
    [404, { error: { message: 'Not found', type: 'not_found', code: 'not_found' } }],
  ],
  'upstream-timeout': [
    [504, built('context deadline exceeded', 'server_error')],
    [408, built('timed out', 'invalid_request_error')],
    [524, ''],
  ],
  'gateway-without-words': [
    [500, ''],
    [503, '\n'],
  ],
  'upstream-error': [
    [500, built('The server had an error while processing your request.', 'server_error', 'internal_error')],
    [502, built('{"id":"x","choices":[{"mess', 'server_error')],
    [
      200,
      {
        type: 'response.failed',
        response: { status: 'failed', error: { code: 'server_error', message: 'oops' } },
      },
    ],
  ],
  'bad-request': [
    [400, built("Invalid value for 'temperature'.", 'invalid_request_error', 'invalid_value')],
    [422, { detail: [{ loc: ['body', 'input'], msg: 'field required' }] }],
  ],
  unrecognised: [
    [200, { error: { message: 'something else' } }],
    [200, '[]'],
  ],
}

describe('a refusal', () => {
  const samples = Object.entries(SAMPLES).flatMap(([rule, list]) =>
    list.map((sample) => [rule, sample[0], JSON.stringify(sample[1]).slice(0, 60), sample] as const),
  )
  it.each(samples)('is %s when the answer is %i %s', (rule, _status, _start, [status, body, headers]) => {
    expect(classify(status, body, headers).rule).toBe(rule)
  })

  it('has a sample for every rule', () => {
    const sampled = Object.entries(SAMPLES).filter(([, list]) => list.length > 0)
    expect(sampled.map(([rule]) => rule).sort()).toEqual(REFUSAL_RULES.map((rule) => rule.id).sort())
  })

  it('says who, why, and when to come back', () => {
    const body = {
      error: {
        code: 'model_cooldown',
        message: 'All credentials for model glm are cooling down via provider P',
        model: 'glm',
        provider: 'P',
        reset_seconds: 60,
        reset_time: '1m0s',
      },
    }
    expect(classify(429, body)).toEqual({
      rule: 'model-cooldown',
      by: 'gateway',
      cause: 'cooldown',
      status: 429,
      message: 'All credentials for model glm are cooling down via provider P',
      type: null,
      code: 'model_cooldown',
      model: 'glm',
      provider: 'P',
      plan: null,
      wait: { delayMs: 60_000, source: 'reset_seconds' },
    })
  })

  it('tells the wrong gateway key from a refused provider credential by the shape of the error', () => {
    expect(classify(401, { error: 'Invalid API key' })).toMatchObject({ by: 'gateway', cause: 'key' })
    const provider = built('Invalid API key', 'authentication_error', 'invalid_api_key')
    expect(classify(401, provider)).toMatchObject({ by: 'provider', cause: 'credential' })
  })

  it('names the plan, from the body or the header', () => {
    const body = { error: { type: 'usage_limit_reached', plan_type: 'plus', resets_in_seconds: 5 } }
    expect(classify(429, body).plan).toBe('plus')
    expect(classify(429, 'no', { 'x-codex-plan-type': 'free' }).plan).toBe('free')
  })

  it('shows of a page only its title', () => {
    expect(classify(502, page('502 Bad Gateway')).message).toBe('502 Bad Gateway')
    expect(classify(403, built(page('403 Forbidden'), 'permission_error')).message).toBe('403 Forbidden')
    expect(classify(502, '<html><body>x</body></html>').message).toBe('a page without a title')
  })

  it('cuts long messages, and still finds what stands behind the cut', () => {
    const message = `${'x'.repeat(2000)} context_length_exceeded: maximum context length`
    const refusal = classify(400, built(message, 'invalid_request_error'))
    expect(refusal.message).toHaveLength(400)
    expect(refusal.rule).toBe('context-overflow')
  })

  it.each([
    ['Incorrect API key provided: sk-proj-abcdefghijklmnop1234.', 'Incorrect API key provided: [secret].'],
    ['token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln expired', 'token [secret] expired'],
    ['sent Authorization: Bearer abcdefgh12345678', 'sent Authorization: Bearer [secret]'],
    ['account jane.doe+x@example.com is out of quota', 'account [address] is out of quota'],
    ['verify at https://accounts.example.com/signin/continue?x=1 please', 'verify at [link] please'],
    [
      'Incorrect API key provided: sk-x***1. See https://example.com/docs',
      'Incorrect API key provided: sk-x***1. See https://example.com/docs',
    ],
  ])('leaves out what is private in "%s"', (message, shown) => {
    expect(classify(401, built(message, 'x')).message).toBe(shown)
  })

  it('takes an error frame of a stream as parsed', () => {
    const frame = {
      type: 'error',
      code: 'rate_limit_exceeded',
      message: 'Try again in 7s',
      sequence_number: 0,
    }
    expect(classifyRefusal({ status: 200, headers: {}, body: frame, nowMs: NOW_MS })).toMatchObject({
      rule: 'rate-limited',
      status: 200,
      wait: { delayMs: 7000 },
    })
  })

  it.each([
    [null],
    [[]],
    [[null]],
    [7],
    ['"x"'],
    [{ error: null }],
    [{ error: [] }],
    [{ detail: [] }],
    ['{"error":'],
  ])('is never an exception, also for %j', (body) => {
    expect(classify(500, body).rule).toBe('upstream-error')
  })
})
