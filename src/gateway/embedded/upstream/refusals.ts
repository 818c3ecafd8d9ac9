import type { UpstreamKind } from '../translation/types.ts'
import type { Survey } from './survey.ts'
import type { Fault } from './types.ts'

export interface Refusal {
  readonly status: number
  readonly contentType: string
  readonly text: string
  readonly headers?: Readonly<Record<string, string>>
}

export interface RefusalContext {
  readonly kind: UpstreamKind
  readonly model: string
  readonly survey: Survey
  readonly nowMs: number
}

/** The refusal a fault stands for, or null when it lets the request through. Bodies follow what providers send. */
export function refusalOf(fault: Fault, context: RefusalContext): Refusal | null {
  const error = errorBody(context.kind)
  switch (fault.kind) {
    case 'unauthorized':
      return unauthorized(fault.reason, error)
    case 'forbidden':
      return forbidden(fault.reason, error)
    case 'payment-required':
      return error(
        402,
        'Insufficient balance.',
        ['billing_error', 'insufficient_quota'],
        'insufficient_balance',
      )
    case 'not-found':
      return notFound(fault.reason, context, error)
    case 'model-not-supported':
      return json(fault.status, {
        detail: `The '${context.model}' model is not supported when using Codex with a ChatGPT account.`,
      })
    case 'bad-request':
      return error(400, "Invalid value for 'temperature'.", INVALID_REQUEST, 'invalid_value')
    case 'too-large':
      return error(
        413,
        'Request too large',
        ['request_too_large', 'invalid_request_error'],
        'request_too_large',
      )
    case 'context-length':
      return error(
        400,
        "This model's maximum context length is 131072 tokens. However, your messages resulted in more.",
        INVALID_REQUEST,
        'context_length_exceeded',
      )
    case 'rate-limited':
      return rateLimited(fault, context.nowMs, error)
    case 'server-error':
      return serverError(fault, error)
    case 'html-page':
      return page(200, 'Sign in')
    case 'half-json':
      return { status: 200, contentType: JSON_TYPE, text: '{"id":"half","choices":[{"mess' }
    case 'images':
      return fault.how === 'refused' ? refusedImage(context, error) : null
    default:
      return null
  }
}

/** 401 for a credential that is not on the upstream's list. */
export const unknownKey = (kind: UpstreamKind): Refusal => unauthorized('invalid-key', errorBody(kind))

export const unknownModel = (kind: UpstreamKind, model: string): Refusal =>
  noSuchModel(model, errorBody(kind))

export const unknownPath = (kind: UpstreamKind, path: string): Refusal =>
  errorBody(kind)(404, `Unknown path ${path}`, NOT_FOUND, 'unknown_url')

const JSON_TYPE = 'application/json'

const json = (status: number, body: unknown, headers: Record<string, string> = {}): Refusal => ({
  status,
  contentType: JSON_TYPE,
  text: JSON.stringify(body),
  headers,
})

const page = (status: number, title: string): Refusal => ({
  status,
  contentType: 'text/html',
  text: `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><center><h1>${title}</h1></center></body></html>\n`,
})

const plain = (status: number, text: string): Refusal => ({ status, contentType: 'text/plain', text })

/** The word Claude uses and the word OpenAI uses. */
type Types = readonly [claude: string, openai: string]
const INVALID_REQUEST: Types = ['invalid_request_error', 'invalid_request_error']
const AUTHENTICATION: Types = ['authentication_error', 'authentication_error']
const PERMISSION: Types = ['permission_error', 'request_forbidden']
const NOT_FOUND: Types = ['not_found_error', 'invalid_request_error']
const RATE_LIMIT: Types = ['rate_limit_error', 'requests']
const SERVER: Types = ['api_error', 'server_error']

type ErrorBody = (
  status: number,
  message: string,
  types: Types,
  code: string,
  headers?: Record<string, string>,
) => Refusal

function errorBody(kind: UpstreamKind): ErrorBody {
  return (status, message, [claude, openai], code, headers) =>
    kind === 'claude'
      ? json(
          status,
          { type: 'error', error: { type: claude, message }, request_id: 'req_simulated_1' },
          headers,
        )
      : json(status, { error: { message, type: openai, param: null, code } }, headers)
}

function unauthorized(reason: (Fault & { kind: 'unauthorized' })['reason'], error: ErrorBody): Refusal {
  switch (reason) {
    case 'invalid-key':
      return error(401, 'Invalid API key', AUTHENTICATION, 'invalid_api_key')
    case 'openai':
      return error(
        401,
        'Incorrect API key provided: sk-simul***0001. You can find your API key in the console.',
        ['authentication_error', 'invalid_request_error'],
        'invalid_api_key',
      )
    case 'token-expired':
      return error(
        401,
        'Provided authentication token is expired. Please try signing in again.',
        AUTHENTICATION,
        'token_expired',
      )
    case 'token-invalidated':
      return error(
        401,
        'Your authentication token has been invalidated. Please try signing in again.',
        AUTHENTICATION,
        'token_invalidated',
      )
    case 'text':
      return plain(401, 'Unauthorized\n')
  }
}

function forbidden(reason: (Fault & { kind: 'forbidden' })['reason'], error: ErrorBody): Refusal {
  switch (reason) {
    case 'region':
      return error(
        403,
        'Country, region, or territory not supported',
        PERMISSION,
        'unsupported_country_region_territory',
      )
    case 'policy':
      return error(403, 'Your organization has disabled this model.', PERMISSION, 'model_disabled')
    case 'edge-page':
      return page(403, '403 Forbidden')
    case 'text':
      return plain(403, 'forbidden\n')
  }
}

function notFound(
  reason: (Fault & { kind: 'not-found' })['reason'],
  { model }: RefusalContext,
  error: ErrorBody,
): Refusal {
  if (reason === 'page') return page(404, '404 Not Found')
  return reason === 'model'
    ? noSuchModel(model, error)
    : error(404, 'Not found', ['not_found_error', 'not_found'], 'not_found')
}

const noSuchModel = (model: string, error: ErrorBody): Refusal =>
  error(
    404,
    `The model \`${model}\` does not exist or you do not have access to it.`,
    NOT_FOUND,
    'model_not_found',
  )

function rateLimited(fault: Fault & { kind: 'rate-limited' }, nowMs: number, error: ErrorBody): Refusal {
  const seconds = Math.ceil(fault.resetsInMs / 1000)
  const message = 'Rate limit reached for requests'
  switch (fault.hint) {
    case 'none':
      return error(429, message, RATE_LIMIT, 'rate_limit_exceeded')
    case 'retry-after':
      return error(429, `${message}. Please try again in ${seconds}s.`, RATE_LIMIT, 'rate_limit_exceeded', {
        'retry-after': String(seconds),
      })
    case 'plan-limit':
      return json(429, {
        error: {
          type: 'usage_limit_reached',
          message: 'The usage limit has been reached',
          plan_type: fault.plan,
          resets_at: Math.floor(nowMs / 1000) + seconds,
          resets_in_seconds: seconds,
        },
      })
  }
}

const STATUS_TEXT = {
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Temporarily Unavailable',
  504: 'Gateway Time-out',
  529: 'Overloaded',
} as const

function serverError({ status, page: form }: Fault & { kind: 'server-error' }, error: ErrorBody): Refusal {
  if (form === 'html') return page(status, `${status} ${STATUS_TEXT[status]}`)
  if (status === 529) return error(529, 'Overloaded', ['overloaded_error', 'overloaded_error'], 'overloaded')
  return status === 503
    ? error(503, 'The engine is currently overloaded, please try again later', SERVER, 'engine_overloaded')
    : error(status, 'The server had an error while processing your request.', SERVER, 'internal_error')
}

function refusedImage({ survey }: RefusalContext, error: ErrorBody): Refusal | null {
  if (survey.listInToolMessage !== null)
    return error(
      400,
      `messages[${survey.listInToolMessage}].content: invalid type: sequence, expected a string (ToolMessageContent)`,
      INVALID_REQUEST,
      'invalid_type',
    )
  return survey.images.some(({ inToolResult }) => inToolResult)
    ? error(
        400,
        'tool_result: image content is not supported by this model',
        INVALID_REQUEST,
        'unsupported_content',
      )
    : null
}
