import { isLoopback } from './loopback.ts'

/** Where requests go through, as the environment variables of the same names say it; null or empty means no proxy. */
export interface ProxySettings {
  readonly httpProxy: string | null
  readonly httpsProxy: string | null
  readonly noProxy: string | null
}

/**
 * The proxy for an origin, or null. Loopback addresses never go through one, as in Go's net/http: a proxy elsewhere
 * could not reach them, and would be shown the key.
 */
export function proxyFor(origin: URL, proxy: ProxySettings): string | null {
  if (isLoopback(origin.hostname)) return null
  const url = origin.protocol === 'https:' ? proxy.httpsProxy : proxy.httpProxy
  return url || null
}
