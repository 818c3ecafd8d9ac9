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

/** Index into `ROUTE_CLASSES`, by route number. */
export const CLASS_OF_ROUTE = Uint8Array.from(LOG_ROUTES, (route) => ROUTE_CLASSES.indexOf(routeClass(route)))

/**
 * The table as a state machine over ASCII bytes, so that the byte reader needs one look-up per byte of a path:
 * `ROUTE_STEPS[state * 128 + byte]` is the next state, `ROUTE_OF_STATE[state]` the route of a path that ends there.
 */
export const ROUTE_STEPS: Uint16Array = buildSteps()
export const ROUTE_OF_STATE: Uint8Array = Uint8Array.from(routeOfState())
export const ROUTE_START = LOG_ROUTES.length

/** The number of a path's route; a query is left out of account. */
export function routeAt(path: string): number {
  let state = ROUTE_START
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i)
    if (code === 0x3f) break
    state = ROUTE_STEPS[state * 128 + Math.min(code, 127)] ?? 0
  }
  return ROUTE_OF_STATE[state] ?? OTHER_ROUTE
}

/** Every beginning of a pattern's literal part, shortest first. */
function knownBeginnings(): string[] {
  const all = new Set([''])
  for (const pattern of patterns) {
    const literal = pattern.replace('*', '')
    for (let length = 1; length <= literal.length; length++) all.add(literal.slice(0, length))
  }
  return [...all]
}

/** The route of everything that begins with `text`, as far as `text` tells. */
function prefixRoute(text: string): number {
  const matching = patterns.filter(
    (pattern) => pattern.endsWith('*') && text.startsWith(pattern.slice(0, -1)),
  )
  const longest = matching.sort((a, b) => b.length - a.length)[0]
  return longest === undefined ? OTHER_ROUTE : LOG_ROUTES.indexOf(longest)
}

// States: first one per route ("nothing but a prefix can match any more"), then one per known beginning.
function buildSteps(): Uint16Array {
  const beginnings = knownBeginnings()
  const stateOf = new Map(beginnings.map((text, index) => [text, LOG_ROUTES.length + index]))
  const steps = new Uint16Array((LOG_ROUTES.length + beginnings.length) * 128)
  for (let route = 0; route < LOG_ROUTES.length; route++) steps.fill(route, route * 128, route * 128 + 128)
  for (const [text, state] of stateOf) steps.fill(prefixRoute(text), state * 128, state * 128 + 128)
  for (const [text, state] of stateOf) {
    const shorter = stateOf.get(text.slice(0, -1))
    if (text !== '' && shorter !== undefined) steps[shorter * 128 + text.charCodeAt(text.length - 1)] = state
  }
  return steps
}

function routeOfState(): number[] {
  const ofBeginnings = knownBeginnings().map((text) => {
    const exact = patterns.find((pattern) => pattern === text)
    return exact === undefined ? prefixRoute(text) : LOG_ROUTES.indexOf(exact)
  })
  return [...LOG_ROUTES.keys(), ...ofBeginnings]
}
