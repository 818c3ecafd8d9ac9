/**
 * The paths worth counting apart (contract, files 4.3), and whose traffic they are. `client-api` are requests of
 * clients that may reach a provider; answers on all others are the gateway's own and say nothing about providers.
 * A path ending in `*` stands for everything that begins like it; the longest match wins.
 */
const PATTERNS = {
  '/v1/chat/completions': 'client-api',
  '/v1/completions': 'client-api',
  '/v1/responses': 'client-api',
  '/v1/responses/compact': 'client-api',
  '/v1/messages': 'client-api',
  '/v1/messages/count_tokens': 'client-api',
  '/v1/models': 'client-api',
  '/v1/images/*': 'client-api',
  '/v1/videos*': 'client-api',
  '/v1/realtime*': 'client-api',
  '/v1/*': 'client-api',
  '/v1beta/models': 'client-api',
  '/v1beta/models/*': 'client-api',
  '/v1beta/interactions': 'client-api',
  '/v1beta/*': 'client-api',
  '/v1internal*': 'client-api',
  '/backend-api/codex/*': 'client-api',
  '/openai/v1/*': 'client-api',
  '/api/provider/*': 'client-api',
  '/v0/management*': 'management',
  '/management.html': 'management',
  '/': 'health',
  '/health': 'health',
  '/healthz': 'health',
  '/keep-alive': 'health',
  '/v1/metrics/providers': 'health',
} as const

export const ROUTE_CLASSES = ['client-api', 'management', 'health', 'other'] as const
export type RouteClass = (typeof ROUTE_CLASSES)[number]

/** An entry of the path table, `other` for any other path, `preflight` for a browser's `OPTIONS` to any path. */
export type LogRoute = keyof typeof PATTERNS | 'other' | 'preflight'

const patterns = Object.keys(PATTERNS) as (keyof typeof PATTERNS)[]

/** All routes; their index is the number that `routeAt` and the byte reader count by. */
export const LOG_ROUTES: readonly LogRoute[] = ['other', 'preflight', ...patterns]

export const OTHER_ROUTE = 0
export const PREFLIGHT_ROUTE = 1

export function routeName(route: number): LogRoute {
  return LOG_ROUTES[route] ?? 'other'
}

export function routeClass(route: LogRoute): RouteClass {
  return route === 'other' || route === 'preflight' ? 'other' : PATTERNS[route]
}

/** Index into `ROUTE_CLASSES`, by route number: its class number. */
export const CLASS_OF_ROUTE = Uint8Array.from(LOG_ROUTES, (route) => ROUTE_CLASSES.indexOf(routeClass(route)))

export const CLIENT_API = ROUTE_CLASSES.indexOf('client-api')
export const MANAGEMENT = ROUTE_CLASSES.indexOf('management')
export const HEALTH = ROUTE_CLASSES.indexOf('health')

const EXACT = new Map<string, number>(patterns.map((pattern) => [pattern, LOG_ROUTES.indexOf(pattern)]))
const PREFIXES = patterns
  .filter((pattern) => pattern.endsWith('*'))
  .map((pattern) => ({ prefix: pattern.slice(0, -1), route: LOG_ROUTES.indexOf(pattern) }))
  .sort((a, b) => b.prefix.length - a.prefix.length)

/** The number of a path's route; a query is left out of account. */
export function routeAt(path: string): number {
  const query = path.indexOf('?')
  const plain = query < 0 ? path : path.slice(0, query)
  return EXACT.get(plain) ?? PREFIXES.find(({ prefix }) => plain.startsWith(prefix))?.route ?? OTHER_ROUTE
}
