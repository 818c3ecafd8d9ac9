import type { Exchange, Replied } from '../exchange.ts'
import type { Runtime, ServedRoute } from '../runtime.ts'
import { editConfig } from './edit.ts'
import { parseJson } from './json-body.ts'

const PATH = '/v0/management/api-keys'

/** Client keys (contract, HTTP 8.4). */
export const API_KEY_ROUTES: readonly ServedRoute[] = [
  {
    method: 'GET',
    path: PATH,
    key: 'management',
    handle: (exchange, { config }) => exchange.json(200, { 'api-keys': config.clientKeys }),
  },
  { method: 'PUT', path: PATH, key: 'management', handle: replaceKeys },
  { method: 'PATCH', path: PATH, key: 'management', handle: patchKey },
  { method: 'DELETE', path: PATH, key: 'management', handle: deleteKey },
]

function save(exchange: Exchange, runtime: Runtime, keys: readonly string[]): Replied {
  return editConfig(exchange, runtime, (document) => document.set('api-keys', document.createNode(keys)))
}

async function replaceKeys(exchange: Exchange, runtime: Runtime): Promise<Replied> {
  const body = parseJson(await exchange.readBody())
  if (body.kind === 'null') return save(exchange, runtime, [])
  const items = body.kind === 'object' ? body.value.items : body.kind === 'list' ? body.value : undefined
  const isEmptyItems = body.kind === 'object' && Array.isArray(items) && items.length === 0
  if (!isStrings(items) || isEmptyItems) return exchange.json(400, { error: 'invalid body' })
  return save(exchange, runtime, items)
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

async function patchKey(exchange: Exchange, runtime: Runtime): Promise<Replied> {
  const body = parseJson(await exchange.readBody())
  if (body.kind !== 'object') return exchange.json(400, { error: 'invalid body' })
  const { index, value, old, new: replacement } = body.value
  const keys = [...runtime.config.clientKeys]
  if (typeof index === 'number' && typeof value === 'string' && index >= 0 && index < keys.length) {
    keys[index] = value
    return save(exchange, runtime, keys)
  }
  if (typeof old !== 'string' || typeof replacement !== 'string')
    return exchange.json(400, { error: 'missing fields' })
  const place = keys.indexOf(old)
  // An unknown old key appends the new one.
  if (place < 0) keys.push(replacement)
  else keys[place] = replacement
  return save(exchange, runtime, keys)
}

function deleteKey(exchange: Exchange, runtime: Runtime): Replied {
  const keys = runtime.config.clientKeys
  const index = exchange.query.get('index')
  const value = (exchange.query.get('value') ?? '').trim()
  if (index !== null && /^\d+$/.test(index) && Number(index) < keys.length)
    return save(
      exchange,
      runtime,
      keys.filter((_, i) => i !== Number(index)),
    )
  if (value === '') return exchange.json(400, { error: 'missing index or value' })
  return save(
    exchange,
    runtime,
    keys.filter((key) => key !== value),
  )
}
