import { catalogueIds } from '../../../analysis/config/offers.ts'
import { catalogueWith } from '../catalogue.ts'
import type { Exchange, Replied } from '../exchange.ts'
import type { Runtime, ServedRoute } from '../runtime.ts'

/** What the routes tell that does not change (contract, HTTP 8.3, 8.5 and 8.6). */
export const FACT_ROUTES: readonly ServedRoute[] = [
  { method: 'GET', path: '/v0/management/latest-version', key: 'management', handle: latestVersion },
  { method: 'GET', path: '/v0/management/get-auth-status', key: 'management', handle: authStatus },
  {
    method: 'GET',
    path: '/v0/management/model-definitions/:channel',
    key: 'management',
    handle: modelDefinitions,
  },
]

/** Nobody is asked: the embedded gateway is the newest of its kind. */
function latestVersion(exchange: Exchange, { traits }: Runtime): Replied {
  return exchange.json(200, { 'latest-version': traits.latestVersion })
}

function authStatus(exchange: Exchange, { traits }: Runtime): Replied {
  if (traits.flavour !== 'upstream') return exchange.json(200, { status: 'ok' })
  return exchange.json(200, { error: 'unknown or expired state', status: 'error' })
}

function modelDefinitions(
  exchange: Exchange,
  { scenario }: Runtime,
  { channel = '' }: Readonly<Record<string, string | undefined>>,
): Replied {
  const name = channel.trim().toLowerCase()
  const ids = catalogueIds(catalogueWith(scenario.channels), name)
  if (ids === null) return exchange.json(400, { channel, error: 'unknown channel' })
  return exchange.json(200, {
    channel: name,
    models: ids.map((id) => ({ id, object: 'model', owned_by: name })),
  })
}
