import Router from 'find-my-way'
import type { ServedRoute } from './runtime.ts'

export interface FoundRoute {
  readonly route: ServedRoute
  readonly params: Readonly<Record<string, string | undefined>>
}

/** Finds a route by method and raw path; null when there is none. */
export type RouteTable = (method: string, rawPath: string) => FoundRoute | null

const NO_PARAMS = {}

/**
 * Most paths are looked up as they stand; only encoded ones, those with parameters and unknown ones need the router,
 * which takes a good part of the start to make.
 */
export function routeTable(routes: readonly ServedRoute[]): RouteTable {
  const fixed = new Map<string, FoundRoute>()
  for (const route of routes)
    if (!route.path.includes(':') && !route.path.includes('*'))
      fixed.set(`${route.method} ${route.path}`, { route, params: NO_PARAMS })
  let router: Router.Instance<Router.HTTPVersion.V1> | null = null
  return (method, rawPath) => {
    const known = fixed.get(`${method} ${rawPath}`)
    if (known) return known
    router ??= routerOf(routes)
    const found = router.find(method as Router.HTTPMethod, rawPath)
    return found ? { route: found.store as ServedRoute, params: found.params } : null
  }
}

function routerOf(routes: readonly ServedRoute[]): Router.Instance<Router.HTTPVersion.V1> {
  const router = Router({ ignoreTrailingSlash: false, maxParamLength: 500 })
  for (const route of routes) router.on(route.method, route.path, () => {}, route)
  return router
}
