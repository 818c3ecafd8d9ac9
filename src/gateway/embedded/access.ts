import type { Exchange, Replied } from './exchange.ts'
import type { Runtime } from './runtime.ts'

/** Client routes in safe mode answer before any key is looked at (contract, HTTP 1.4). */
const SAFE_MODE_PATHS = ['/v1', '/v1beta', '/openai/v1', '/backend-api/codex']
const SAMPLE_KEYS: ReadonlySet<string> = new Set(['your-api-key-1', 'your-api-key-2', 'your-api-key-3'])

export function inSafeMode({ traits, config }: Runtime): boolean {
  return traits.sampleKeys === 'safe-mode' && config.clientKeys.some((key) => SAMPLE_KEYS.has(key))
}

/** Answers a client path in safe mode; null outside of it. */
export function refuseInSafeMode(exchange: Exchange, runtime: Runtime): Replied | null {
  if (!inSafeMode(runtime)) return null
  if (!SAFE_MODE_PATHS.some((root) => exchange.path === root || exchange.path.startsWith(`${root}/`)))
    return null
  exchange.addHeader('X-CPA-SAFE-MODE', 'example-api-key')
  return exchange.json(403, {
    error: 'unsafe_example_api_key',
    message:
      'Proxy API endpoints are disabled because api-keys contains template values. Open /management.html?safe-mode=configure, update api-keys in Management, then retry.',
  })
}

export type ClientKeyCheck =
  /** `key` is null on an open gateway. */
  | { readonly kind: 'accepted'; readonly key: string | null }
  | { readonly kind: 'refused'; readonly error: 'Missing API key' | 'Invalid API key' }

/** Looks for a client key in all five places; one right key suffices (contract, HTTP 2.1). */
export function checkClientKey(exchange: Exchange, clientKeys: readonly string[]): ClientKeyCheck {
  if (clientKeys.length === 0) return { kind: 'accepted', key: null }
  const offered = [
    bearer(exchange.header('authorization')),
    exchange.header('x-goog-api-key'),
    exchange.header('x-api-key'),
    ...(exchange.rawQuery === ''
      ? []
      : [exchange.query.get('key') ?? '', exchange.query.get('auth_token') ?? '']),
  ].filter((key) => key !== '')
  if (offered.length === 0) return { kind: 'refused', error: 'Missing API key' }
  const key = offered.find((candidate) => clientKeys.includes(candidate))
  return key === undefined ? { kind: 'refused', error: 'Invalid API key' } : { kind: 'accepted', key }
}

/** The key of a header: after `Bearer`, or the whole value when it has no scheme or another one. */
export function bearer(value: string): string {
  const match = /^bearer\s+(.*)$/i.exec(value.trim())
  return (match?.[1] ?? value).trim()
}

/** The reply for a path that is no route (contract, HTTP 1.3). */
export function notFound(exchange: Exchange, { traits }: Runtime): Replied {
  return traits.notFound === 'text'
    ? exchange.send(404, 'text/plain', '404 page not found')
    : exchange.empty(404)
}
