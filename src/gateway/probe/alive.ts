import { gatewayErrorText } from '../../wire/gateway-error.ts'
import { isHealthy, readBanner } from '../../wire/health.ts'
import { readModelList } from '../../wire/models.ts'
import { ROUTES } from '../../wire/routes.ts'
import type { Fault, Gateway, Reply, Result } from '../port.ts'
import { isSafeModePage, safeModeMessage } from './safe-mode.ts'

/** The routes that tell whether a gateway runs, in the order they are asked (contract, HTTP 14.1). */
export const LIVENESS_ROUTES = ['healthz', 'banner', 'models', 'health'] as const
export type LivenessRoute = (typeof LIVENESS_ROUTES)[number]

export interface Tried {
  readonly route: LivenessRoute
  readonly result: Result<Reply>
}

export type Aliveness =
  /** `by` is the route that proved it, `reply` what it answered; `tried` all that were asked, that one last. */
  | {
      readonly kind: 'alive'
      readonly by: LivenessRoute
      readonly reply: Reply
      readonly tried: readonly Tried[]
    }
  /** Nothing came back that could be read. */
  | { readonly kind: 'no-answer'; readonly fault: Fault; readonly tried: readonly Tried[] }
  /** Something answers HTTP there, and nothing in it says that it is a gateway; `reply` is its first answer. */
  | { readonly kind: 'not-recognised'; readonly reply: Reply; readonly tried: readonly Tried[] }

/**
 * Asks one liveness route after the other until one proves a gateway. A 404 proves nothing, and neither does a 200 with
 * somebody else's page. Where the connection fails or hangs the chain ends at once: the others would only repeat it.
 */
export async function probeAliveness(gateway: Gateway): Promise<Aliveness> {
  const tried: Tried[] = []
  for (const route of LIVENESS_ROUTES) {
    // Without a key: a refusal in the gateway's own words is proof too, and no key is shown to a stranger.
    const result = await gateway.get(ROUTES[route], { as: 'none' })
    tried.push({ route, result })
    if (result.kind === 'ok' && PROOFS[route](result.value))
      return { kind: 'alive', by: route, reply: result.value, tried }
    if (result.kind === 'fault' && isFinal(result.fault)) break
  }
  const replies = tried.flatMap(({ result }) => (result.kind === 'ok' ? [result.value] : []))
  const faults = tried.flatMap(({ result }) => (result.kind === 'fault' ? [result.fault] : []))
  const [reply] = replies
  if (reply) return { kind: 'not-recognised', reply, tried }
  return { kind: 'no-answer', fault: faults[0] ?? { kind: 'aborted' }, tried }
}

const PROOFS: Readonly<Record<LivenessRoute, (reply: Reply) => boolean>> = {
  healthz: saysHealthy,
  banner: (reply) =>
    reply.status === 200 && (readBanner(jsonOf(reply)).kind === 'banner' || isSafeModePage(reply)),
  models: (reply) =>
    (reply.status === 200 && readModelList(jsonOf(reply)).kind === 'list') ||
    (reply.status === 401 && /\bAPI key\b/i.test(gatewayErrorText(jsonOf(reply)) ?? '')) ||
    safeModeMessage(reply) !== null,
  health: saysHealthy,
}

export function saysHealthy(reply: Reply): boolean {
  return reply.status === 200 && isHealthy(jsonOf(reply))
}

/** The value of a JSON body; undefined, which no reader takes for anything, when it is none. */
export function jsonOf({ body }: Reply): unknown {
  return body.kind === 'json' ? body.value : undefined
}

function isFinal(fault: Fault): boolean {
  return ['unreachable', 'tls', 'timeout', 'aborted'].includes(fault.kind)
}
