import Pool from 'undici/lib/dispatcher/pool.js'
import { callDirectly } from './direct-call.ts'
import { callOverNetwork } from './network-call.ts'
import { type ProviderReply, type ProviderRequest, urlOf } from './provider-request.ts'
import type { Upstream } from './upstream/upstream.ts'

/** Calls providers: real ones over connections that are kept open, simulated ones of this process directly. */
export interface Providers {
  /** At once where a simulated provider answers at once. */
  post(request: ProviderRequest): ProviderReply | Promise<ProviderReply>
  /** Ends all connections at once. */
  close(): Promise<void>
}

/** Longer than any pause of a provider that is only slow. */
const NO_TIME_LIMIT = { headersTimeout: 0, bodyTimeout: 0 } as const

type Post = Providers['post']

/** `simulated` by origin, e.g. `http://127.0.0.1:4711`. */
export function createProviders(simulated: ReadonlyMap<string, Upstream>): Providers {
  const pools = new Map<string, Pool>()
  const poolFor = (origin: string): Pool => kept(pools, origin, () => new Pool(origin, NO_TIME_LIMIT))
  const ways = new Map<string, Post>()
  const wayTo = (baseUrl: string): Post => {
    const [, origin, below = ''] = /^(https?:\/\/[^/?#]+)(.*)$/i.exec(baseUrl) ?? []
    if (origin === undefined) return refuseUrl
    const upstream = simulated.get(origin)
    return upstream
      ? (request) => callDirectly(upstream, `${below}${request.path}`, request)
      : (request) => callOverNetwork(poolFor(origin), `${below}${request.path}`, request)
  }
  return {
    post: (request) => kept(ways, request.baseUrl, () => wayTo(request.baseUrl))(request),
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
    },
  }
}

function kept<T>(map: Map<string, T>, key: string, make: () => T): T {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}

const refuseUrl: Post = (request) => ({
  kind: 'broken',
  message: `parse "${urlOf(request)}": invalid URL`,
})
