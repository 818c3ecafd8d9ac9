import Pool from 'undici/lib/dispatcher/pool.js'
import { callDirectly } from './direct-call.ts'
import { kept } from './kept.ts'
import { callOverNetwork } from './network-call.ts'
import { type ProviderReply, type ProviderRequest, urlOf } from './provider-request.ts'
import type { SimulatedProvider } from './upstream/simulated-provider.ts'

/** Calls providers: real ones over connections that are kept open, simulated ones of this process directly. */
export interface Providers {
  /** Resolves with the head of the reply; what the provider does wrong is in it, too. */
  post(request: ProviderRequest): Promise<ProviderReply>
  /** Ends all connections at once. */
  close(): Promise<void>
}

/** Longer than any pause of a provider that is only slow. */
const NO_TIME_LIMIT = { headersTimeout: 0, bodyTimeout: 0 } as const

const BASE_URL = /^(https?:\/\/[^/?#]+)(.*)$/i

/** `simulated` by origin, e.g. `http://127.0.0.1:4711`. */
export function createProviders(simulated: ReadonlyMap<string, SimulatedProvider>): Providers {
  const pools = new Map<string, Pool>()
  return {
    async post(request) {
      const [, origin, below = ''] = BASE_URL.exec(request.baseUrl) ?? []
      if (origin === undefined) return { kind: 'broken', message: `parse "${urlOf(request)}": invalid URL` }
      const path = `${below}${request.path}`
      const provider = simulated.get(origin)
      return provider
        ? callDirectly(provider, path, request)
        : callOverNetwork(
            kept(pools, origin, () => new Pool(origin, NO_TIME_LIMIT)),
            path,
            request,
          )
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()))
    },
  }
}
