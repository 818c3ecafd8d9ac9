import type { Head } from './exchange.ts'

export type Redirect =
  | { readonly kind: 'none' }
  | { readonly kind: 'same-page'; readonly path: string; readonly to: string }
  | { readonly kind: 'elsewhere'; readonly to: string }

const REDIRECTS = new Set([301, 302, 303, 307, 308])

/**
 * Where a reply sends its reader. `same-page` is the same path of the same origin with or without its last slash, as
 * gateways answer (contract, HTTP 1.3); everything else is `elsewhere`, shown without user info and query.
 */
export function redirectOf(head: Head, askedPath: string, origin: string): Redirect {
  const location = head.headers.location
  if (!REDIRECTS.has(head.status) || location === undefined) return { kind: 'none' }
  const asked = new URL(origin + askedPath)
  const target = parse(location, asked)
  if (!target)
    return { kind: 'elsewhere', to: location.replace(/[?#].*/s, '').replace(/^([^/]*\/\/)[^/]*@/, '$1') }
  const to = (target.origin === 'null' ? target.protocol : target.origin) + target.pathname
  const samePage = withoutSlash(target.pathname) === withoutSlash(asked.pathname)
  if (target.origin === asked.origin && samePage && target.pathname !== asked.pathname)
    return { kind: 'same-page', path: target.pathname + asked.search, to }
  return { kind: 'elsewhere', to }
}

function parse(location: string, base: URL): URL | null {
  try {
    return new URL(location, base)
  } catch {
    return null
  }
}

function withoutSlash(pathname: string): string {
  return pathname.endsWith('/') ? pathname.slice(0, -1) : pathname
}
