import { expect, it } from 'vitest'
import { routeTable } from '../../../src/gateway/embedded/route-table.ts'
import type { ServedRoute } from '../../../src/gateway/embedded/runtime.ts'

const route = (method: ServedRoute['method'], path: string): ServedRoute => ({
  method,
  path,
  key: 'none',
  handle: () => 'replied',
})

const find = routeTable([
  route('GET', '/v1/models'),
  route('POST', '/v1/models'),
  route('GET', '/logs/:id'),
  route('GET', '/files/*'),
])

const found = (method: string, rawPath: string): unknown => {
  const hit = find(method, rawPath)
  return hit && [hit.route.method, hit.route.path, hit.params]
}

it('finds a path by its method', () => {
  expect(found('GET', '/v1/models')).toEqual(['GET', '/v1/models', {}])
  expect(found('POST', '/v1/models')).toEqual(['POST', '/v1/models', {}])
  expect(found('DELETE', '/v1/models')).toBeNull()
})

it('reads parameters, decoded', () => {
  expect(found('GET', '/logs/a%20b')).toEqual(['GET', '/logs/:id', { id: 'a b' }])
  expect(found('GET', '/files/x/y')).toMatchObject(['GET', '/files/*', { '*': 'x/y' }])
})

it('finds an encoded path, and none beside a path', () => {
  expect(found('GET', '/v1/%6dodels')).toEqual(['GET', '/v1/models', {}])
  for (const path of ['/v1/models/', '/v1', '/V1/models', '/logs/:id/x', ''])
    expect(found('GET', path)).toBeNull()
})
