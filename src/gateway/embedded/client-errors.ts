import type { Endpoint } from '../../wire/routes.ts'
import { BARE_JSON_TYPE, type Exchange, type Replied } from './exchange.ts'
import { goDuration, goJson } from './go-text.ts'
import type { Traits } from './profile.ts'
import type { KnownRoute } from './routing.ts'
import type { Runtime } from './runtime.ts'
import { errorBody } from './translation/errors.ts'
import type { UpstreamFailure } from './translation/types.ts'

/** What became of a request that has no answer. */
export type Refusal =
  | { readonly kind: 'unknown-model'; readonly model: string }
  | { readonly kind: 'cooling'; readonly route: KnownRoute; readonly waitMs: number }
  | { readonly kind: 'unavailable'; readonly route: KnownRoute }
  /** The last provider's refusal, passed on. */
  | { readonly kind: 'upstream'; readonly failure: UpstreamFailure }

/** The failure as status and text, before it takes the endpoint's shape (contract, HTTP 7.2). */
function failureOf(refusal: Refusal, { traits }: Runtime): UpstreamFailure {
  switch (refusal.kind) {
    case 'upstream':
      return refusal.failure
    case 'unknown-model': {
      const message = `unknown provider for model ${refusal.model}`
      if (traits.unknownModel === 'bad-gateway') return { status: 502, text: message }
      const error = { message, type: 'invalid_request_error', code: 'model_not_found', param: 'model' }
      return { status: 400, text: goJson({ error }) }
    }
    case 'cooling':
      return { status: 429, text: goJson({ error: cooldownError(refusal.route, refusal.waitMs, traits) }) }
    case 'unavailable': {
      const { providers, id } = refusal.route
      const hint = providers.includes('claude') ? CLAUDE_HINT : ''
      const who = traits.refusals === 'bare' ? '' : ` (providers=${providers.join(',')}, model=${id})${hint}`
      const text = `auth_unavailable: no auth available${who}`
      return { status: traits.authUnavailableStatus, text }
    }
  }
}

const CLAUDE_HINT = '; check Claude auth/key session and cooldown state via /v0/management/auth-files'

function cooldownError(
  { id, providers }: KnownRoute,
  waitMs: number,
  { refusals }: Traits,
): Record<string, unknown> {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000))
  const [provider, ...others] = providers
  const isOne = provider !== undefined && others.length === 0 && refusals === 'name-providers'
  return {
    code: 'model_cooldown',
    message: `All credentials for model ${id} are cooling down${isOne ? ` via provider ${provider}` : ''}`,
    model: id,
    ...(isOne ? { provider } : {}),
    reset_seconds: seconds,
    reset_time: goDuration(Math.max(1, Math.round(waitMs / 1_000)) * 1_000),
  }
}

/** Answers with an error in the shape of the endpoint (contract, HTTP 6 and 7). */
export function sendRefusal(
  exchange: Exchange,
  runtime: Runtime,
  endpoint: Endpoint,
  mode: 'plain' | 'stream',
  refusal: Refusal,
): Replied {
  const failure = failureOf(refusal, runtime)
  if (refusal.kind === 'cooling' && runtime.config.gateway.settings.passthroughHeaders)
    exchange.addHeader('Retry-After', String(Math.max(1, Math.ceil(refusal.waitMs / 1_000))))
  const { profile } = runtime
  return exchange.send(
    failure.status,
    BARE_JSON_TYPE,
    errorBody(failure, { endpoint, profile, stream: mode === 'stream' }),
  )
}
