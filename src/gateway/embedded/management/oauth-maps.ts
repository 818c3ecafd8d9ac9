import type { GatewayConfig } from '../../../analysis/config/model.ts'
import type { Exchange, Replied } from '../exchange.ts'
import type { Handler, Runtime, ServedRoute } from '../runtime.ts'
import { editConfig } from './edit.ts'
import { parseJson } from './json-body.ts'

/** Maps by channel (contract, HTTP 8.5). */
export const OAUTH_MAP_ROUTES: readonly ServedRoute[] = [
  ...mapRoutes('oauth-excluded-models', oauthExcludedJson, {
    channelKeys: ['provider'],
    itemsKey: 'models',
    notFound: 'provider not found',
    missing: 'missing provider',
  }),
  ...mapRoutes('oauth-model-alias', oauthAliasesJson, {
    channelKeys: ['channel', 'provider'],
    itemsKey: 'aliases',
    notFound: 'channel not found',
    missing: 'missing channel',
  }),
]

export function oauthExcludedJson({ oauthExcludedModels }: GatewayConfig): Record<string, unknown> | null {
  if (oauthExcludedModels.size === 0) return null
  return Object.fromEntries(
    [...oauthExcludedModels].map(([channel, patterns]) => [channel, patterns.map(({ text }) => text)]),
  )
}

export function oauthAliasesJson({ oauthModelAliases }: GatewayConfig): Record<string, unknown> | null {
  if (oauthModelAliases.size === 0) return null
  return Object.fromEntries(
    [...oauthModelAliases].map(([channel, aliases]) => [
      channel,
      aliases.map(({ name, alias, fork }) => ({ name, alias, ...(fork ? { fork } : {}) })),
    ]),
  )
}

interface MapWords {
  /** Names that the channel may have in a body or query, first wins. */
  readonly channelKeys: readonly string[]
  readonly itemsKey: string
  readonly notFound: string
  readonly missing: string
}

function mapRoutes(name: string, read: (config: GatewayConfig) => unknown, words: MapWords): ServedRoute[] {
  const path = `/v0/management/${name}`
  const route = (method: ServedRoute['method'], handle: Handler): ServedRoute => ({
    method,
    path,
    key: 'management',
    handle,
  })
  return [
    route('GET', (exchange, { config }) => exchange.json(200, { [name]: read(config.gateway) })),
    route('PUT', (exchange, runtime) => putMap(exchange, runtime, name)),
    route('PATCH', (exchange, runtime) => patchMap(exchange, runtime, name, words)),
    route('DELETE', (exchange, runtime) => deleteFromMap(exchange, runtime, name, words)),
  ]
}

async function putMap(exchange: Exchange, runtime: Runtime, name: string): Promise<Replied> {
  const body = parseJson(await exchange.readBody())
  if (body.kind !== 'object') return exchange.json(400, { error: 'invalid body' })
  const items = body.value.items
  const map = typeof items === 'object' && items !== null ? items : body.value
  return editConfig(exchange, runtime, (document) => document.set(name, document.createNode(map)))
}

async function patchMap(
  exchange: Exchange,
  runtime: Runtime,
  name: string,
  words: MapWords,
): Promise<Replied> {
  const body = parseJson(await exchange.readBody())
  const fields = body.kind === 'object' ? body.value : {}
  const channel = words.channelKeys.map((key) => fields[key]).find((value) => typeof value === 'string')
  const items = fields[words.itemsKey]
  if (typeof channel !== 'string' || !Array.isArray(items))
    return exchange.json(400, { error: 'invalid body' })
  const key = channel.trim().toLowerCase()
  if (items.length > 0)
    return editConfig(exchange, runtime, (document) =>
      document.setIn([name, key], document.createNode(items)),
    )
  if (!channels(runtime, name).has(key)) return exchange.json(404, { error: words.notFound })
  return editConfig(exchange, runtime, (document) => document.deleteIn([name, key]))
}

function deleteFromMap(exchange: Exchange, runtime: Runtime, name: string, words: MapWords): Replied {
  const given = words.channelKeys.map((key) => exchange.query.get(key)).find((value) => value !== null)
  const channel = (given ?? '').trim().toLowerCase()
  if (channel === '') return exchange.json(400, { error: words.missing })
  if (!channels(runtime, name).has(channel)) return exchange.json(404, { error: words.notFound })
  return editConfig(exchange, runtime, (document) => document.deleteIn([name, channel]))
}

function channels({ config }: Runtime, name: string): ReadonlyMap<string, unknown> {
  return name === 'oauth-model-alias' ? config.gateway.oauthModelAliases : config.gateway.oauthExcludedModels
}
