import type { Clock } from '../core/clock.ts'
import { gatewayErrorText } from '../wire/gateway-error.ts'
import { ROUTES, type RouteName } from '../wire/routes.ts'
import type { CallOptions, ClientKey, Fault, Gateway, Reply } from './port.ts'
import { type Aliveness, jsonOf, probeAliveness } from './probe/alive.ts'
import { type Auth, probeAuth } from './probe/auth.ts'
import { type Lineage, probeLineage } from './probe/lineage.ts'
import { buildOf, type Management, probeManagement } from './probe/management.ts'

/** The answer of a route that not every gateway offers. */
export type RouteAnswer =
  /** Any status, 404 only where the gateway says what was not found. */
  | { readonly kind: 'reply'; readonly reply: Reply }
  /** This gateway has no such route (contract, HTTP 11). */
  | { readonly kind: 'not-offered'; readonly reply: Reply }
  /** A management route, and management cannot be used; nothing was asked of the route. */
  | { readonly kind: 'no-management'; readonly management: Exclude<Management, { kind: 'on' }> }
  | { readonly kind: 'fault'; readonly fault: Fault }

type ReadRoute = {
  [Name in RouteName]: (typeof ROUTES)[Name]['method'] extends 'GET' ? Name : never
}[RouteName]

/**
 * What the gateway of this run can do. Everything is asked when it is wanted and not before, by reads that the gateway
 * shares within a run; after its `forget` the next question is asked anew.
 */
export interface Capabilities {
  alive(): Promise<Aliveness>
  /** For one client key, counted from 0; the first one if not given. */
  auth(keyIndex?: number): Promise<Auth>
  management(): Promise<Management>
  /** A guess from three reads without a key, and the version where a management key tells it. */
  lineage(): Promise<Lineage>
  /** Asks a read route that this gateway may not have. Management routes wait for `management`. */
  ask(route: ReadRoute, options?: CallOptions & { readonly as?: ClientKey }): Promise<RouteAnswer>
  /** The version if a reply has told it already; asks nothing. */
  knownVersion(): string | null
}

export function probeCapabilities(gateway: Gateway, clock: Clock): Capabilities {
  let version: string | null = null
  // A run that waits or watches looks many times, and each call without a key is a 401 in the gateway's log.
  let door: 'shut' | 'unseen' = 'unseen'
  const management = async () => {
    const found = await probeManagement(gateway, clock)
    if ('build' in found) version = found.build.version ?? version
    return found
  }
  return {
    alive: () => probeAliveness(gateway),
    auth: async (keyIndex = 0) => {
      const auth = await probeAuth(gateway, keyIndex, door)
      if (auth.kind === 'accepted' && auth.withoutKey === 'refused') door = 'shut'
      return auth
    },
    management,
    lineage: async () => {
      await management()
      return probeLineage(gateway, version)
    },
    ask: async (name, options) => {
      const route = ROUTES[name]
      if (route.key === 'management') {
        const found = await management()
        if (found.kind !== 'on') return { kind: 'no-management', management: found }
      }
      const result = await gateway.get(route, options)
      if (result.kind === 'fault') return result
      version = buildOf(result.value).version ?? version
      return isMissing(result.value)
        ? { kind: 'not-offered', reply: result.value }
        : { kind: 'reply', reply: result.value }
    },
    knownVersion: () => version,
  }
}

/** A handler that does not find what it was asked for says so in words; a route that is not there does not. */
function isMissing(reply: Reply): boolean {
  return reply.status === 404 && gatewayErrorText(jsonOf(reply)) === null
}
