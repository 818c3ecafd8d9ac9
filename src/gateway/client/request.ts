import type { Route } from '../../wire/routes.ts'
import type { Secret } from '../../wire/secret.ts'
import type { CallOptions, ClientKey, Fault } from '../port.ts'

/** A request ready to be sent. */
export interface Prepared {
  readonly kind: 'prepared'
  readonly route: Route
  /** With the address's prefix and the query. */
  readonly path: string
  /** For showing: names of query parameters only. */
  readonly shownPath: string
  /** Without the key. */
  readonly headers: Readonly<Record<string, string>>
  readonly key: Secret | null
  readonly body: string | null
  /** Equal for calls that ask the same with the same key. */
  readonly identity: string
}

export interface Keys {
  readonly client: readonly Secret[]
  readonly management: Secret | null
}

export interface Address {
  /** Path prefix without trailing slash; empty for most. */
  readonly prefix: string
  readonly userAgent: string
}

export type Preparation = Prepared | { readonly kind: 'fault'; readonly fault: Fault }

/** Puts a call together; `no-key` when the key it wants was not given. */
export function prepare(
  route: Route,
  options: CallOptions & { readonly as?: ClientKey },
  keys: Keys,
  address: Address,
): Preparation {
  const as = options.as ?? 0
  const key = keyFor(route, as, keys)
  if (key === 'missing') {
    const wanted = route.key === 'management' ? 'management' : 'client'
    return { kind: 'fault', fault: { kind: 'no-key', key: wanted } }
  }
  const query = new URLSearchParams(options.query)
  const path = address.prefix + route.path
  const fullPath = query.size > 0 ? `${path}?${query}` : path
  const headers = headersOf(options, address.userAgent)
  return {
    kind: 'prepared',
    route,
    path: fullPath,
    shownPath: query.size > 0 ? `${path}?${[...query.keys()].map((name) => `${name}=…`).join('&')}` : path,
    headers,
    key,
    body: options.json === undefined ? (options.text ?? null) : JSON.stringify(options.json),
    identity: JSON.stringify([route.method, fullPath, route.key === 'client' ? as : route.key, headers]),
  }
}

function keyFor(route: Route, as: ClientKey, keys: Keys): Secret | null | 'missing' {
  if (route.key === 'none') return null
  if (route.key === 'management') return keys.management ?? 'missing'
  return as === 'none' ? null : (keys.client[as] ?? 'missing')
}

/** Plain bytes are asked for: a body of at most some megabytes is read once, and a bomb cannot be packed into it. */
function headersOf(options: CallOptions, userAgent: string): Record<string, string> {
  return {
    accept: '*/*',
    'accept-encoding': 'identity',
    'user-agent': userAgent,
    ...(options.json === undefined ? {} : { 'content-type': 'application/json' }),
    ...options.headers,
  }
}

/** Both kinds of key go into the same header, which every version reads (contract, HTTP 2.1 and 8.1). */
export function withKey(
  headers: Readonly<Record<string, string>>,
  key: Secret | null,
): Record<string, string> {
  return key === null ? { ...headers } : { ...headers, authorization: `Bearer ${key.reveal()}` }
}
