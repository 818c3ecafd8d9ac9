import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LOG_ROUTES, routeAt, routeClass, routeName } from '../../../src/analysis/logs/routes.ts'

describe('routes of a log', () => {
  it.each([
    ['/v1/responses', '/v1/responses', 'client-api'],
    ['/v1/responses?a=/v0/management', '/v1/responses', 'client-api'],
    ['/v1/responses/compact', '/v1/responses/compact', 'client-api'],
    ['/v1/responses/', '/v1/*', 'client-api'],
    ['/v1/response', '/v1/*', 'client-api'],
    ['/v1', 'other', 'other'],
    ['/v1/images/edits', '/v1/images/*', 'client-api'],
    ['/v1/videos/abc', '/v1/videos*', 'client-api'],
    ['/v1/modelsx', '/v1/*', 'client-api'],
    ['/v1beta/models/gemini-2.5-pro:generateContent', '/v1beta/models/*', 'client-api'],
    ['/v1internal:generateContent', '/v1internal*', 'client-api'],
    ['/v0/management', '/v0/management*', 'management'],
    ['/v0/management/auth-files', '/v0/management*', 'management'],
    ['/v1/metrics/providers', '/v1/metrics/providers', 'health'],
    ['/', '/', 'health'],
    ['/healthz', '/healthz', 'health'],
    ['/healthzz', 'other', 'other'],
    ['/v1/ünïcode', '/v1/*', 'client-api'],
    ['', 'other', 'other'],
    ['?', 'other', 'other'],
  ])('%s is counted as %s', (path, route, group) => {
    const found = routeName(routeAt(path))
    expect(found).toBe(route)
    expect(routeClass(found)).toBe(group)
  })

  it('every path has the route of the longest pattern that fits', () => {
    const literals = LOG_ROUTES.map((route) => route.replace('*', ''))
    const paths = fc.oneof(
      fc.string(),
      fc.tuple(fc.constantFrom(...literals), fc.string()).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(paths, (path) => {
        const bare = path.split('?')[0] ?? ''
        const fits = LOG_ROUTES.filter((route) =>
          route.endsWith('*') ? bare.startsWith(route.slice(0, -1)) : bare === route && bare.startsWith('/'),
        )
        const longest = fits.sort(
          (a, b) => Number(a.endsWith('*')) - Number(b.endsWith('*')) || b.length - a.length,
        )
        expect(routeName(routeAt(path))).toBe(longest[0] ?? 'other')
      }),
    )
  })
})
