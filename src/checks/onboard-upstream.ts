import type { Newcomer } from '../analysis/onboarding/spec.ts'
import type { Judgement } from '../core/check.ts'
import { nearest } from '../core/near.ts'
import { counted, listed } from '../core/text.ts'
import type { Gateway } from '../gateway/port.ts'
import { readModelList } from '../wire/models.ts'
import type { Route } from '../wire/routes.ts'
import { type Asked, unknownFrom, unreadable } from './replies.ts'

/** Below the provider's `base-url`, as every OpenAI-style server has it. */
const PROVIDER_MODELS: Route = { method: 'GET', path: '/models', key: 'client' }

/**
 * Asks the provider itself, with the new key, whether it serves the models of the plan. The key goes to the origin of
 * `base-url` alone: redirects are not followed.
 */
export async function askProvider(
  provider: Gateway,
  { models }: Newcomer,
  signal: AbortSignal,
): Promise<Judgement> {
  const asked: Asked = {
    source: `GET ${provider.url}/models`,
    expected: `a list with ${listed(models.map(({ name }) => name))}`,
    why: 'an alias of a model that the provider does not serve is listed by the gateway all the same',
  }
  const as = provider.clientKeys > 0 ? 0 : 'none'
  const result = await provider.get(PROVIDER_MODELS, { as, signal })
  if (result.kind === 'fault') return unknownFrom(result.fault, asked)
  const reply = result.value
  if (reply.status === 401 || reply.status === 403) {
    return {
      ...asked,
      outcome: 'fail',
      cause: 'auth',
      saw: `the provider refuses the key with ${reply.status}`,
      next: 'put the right key into the key file',
    }
  }
  if (reply.status === 404 || reply.status === 405) {
    return {
      ...asked,
      outcome: 'warn',
      saw: `the provider has no list of models there (${reply.status})`,
      next: 'make sure of base-url; the canaries will tell whether it serves them',
    }
  }
  if (reply.status !== 200 || reply.body.kind !== 'json') return unreadable(reply, '', asked)
  const reading = readModelList(reply.body.value)
  if (reading.kind === 'unreadable') return unreadable(reply, reading.reason, asked)
  const ids = reading.list.models.map(({ id }) => id)
  const missing = models.map(({ name }) => name).filter((name) => !ids.includes(name))
  if (missing.length === 0)
    return {
      outcome: 'pass',
      source: asked.source,
      saw: `serves ${counted(models.length, 'model')} of the plan`,
    }
  if (reading.list.hasMore) {
    return {
      ...asked,
      outcome: 'warn',
      saw: `${listed(missing)} not on the first page of its list`,
      next: 'the canaries will tell whether it serves them',
    }
  }
  const near = missing.flatMap((name) => nearest(name, ids).slice(0, 1))
  return {
    ...asked,
    outcome: 'fail',
    saw: `the provider does not serve ${listed(missing)}${near.length > 0 ? ` (nearest: ${listed(near)})` : ''}`,
    next: 'correct the names of the models; they are sent to the provider as they are',
  }
}
