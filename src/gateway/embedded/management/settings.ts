import type { Settings } from '../../../analysis/config/model.ts'
import type { Exchange, Replied } from '../exchange.ts'
import type { Profile } from '../profile.ts'
import type { Runtime, ServedRoute } from '../runtime.ts'
import { editConfig } from './edit.ts'
import { parseJson } from './json-body.ts'

type Value = boolean | number | string

interface Setting {
  /** The route's name, and the path of the key in the file unless `key` says another. */
  readonly name: string
  readonly type: 'boolean' | 'number' | 'string'
  readonly read: (settings: Settings) => Value
  readonly only?: readonly Profile[]
}

/** Single switches (contract, HTTP 8.2). */
const SETTINGS: readonly Setting[] = [
  { name: 'debug', type: 'boolean', read: (s) => s.debug },
  { name: 'logging-to-file', type: 'boolean', read: (s) => s.loggingToFile },
  { name: 'usage-statistics-enabled', type: 'boolean', read: (s) => s.usageStatisticsEnabled },
  { name: 'request-log', type: 'boolean', read: (s) => s.requestLog },
  { name: 'ws-auth', type: 'boolean', read: (s) => s.wsAuth },
  { name: 'force-model-prefix', type: 'boolean', read: (s) => s.forceModelPrefix },
  { name: 'logs-max-total-size-mb', type: 'number', read: (s) => s.logsMaxTotalSizeMb },
  { name: 'error-logs-max-files', type: 'number', read: (s) => s.errorLogsMaxFiles },
  { name: 'request-retry', type: 'number', read: (s) => s.requestRetry },
  { name: 'max-retry-interval', type: 'number', read: (s) => s.maxRetryIntervalSeconds },
  {
    name: 'max-retry-credentials',
    type: 'number',
    read: (s) => s.maxRetryCredentials,
    only: ['upstream', 'runbook'],
  },
  { name: 'proxy-url', type: 'string', read: (s) => s.proxyUrl },
  { name: 'routing/strategy', type: 'string', read: (s) => s.strategy },
]

export function settingRoutes(profile: Profile): readonly ServedRoute[] {
  const served = SETTINGS.filter(({ only }) => only === undefined || only.includes(profile))
  return [
    ...served.flatMap(routesOf),
    {
      method: 'DELETE',
      path: '/v0/management/proxy-url',
      key: 'management',
      handle: (exchange, runtime) =>
        editConfig(exchange, runtime, (document) => document.delete('proxy-url')),
    },
  ]
}

function routesOf(setting: Setting): ServedRoute[] {
  const path = `/v0/management/${setting.name}`
  const write = (exchange: Exchange, runtime: Runtime) => writeSetting(exchange, runtime, setting)
  return [
    {
      method: 'GET',
      path,
      key: 'management',
      handle: (exchange, runtime) => {
        const name = setting.name.split('/').at(-1) ?? ''
        return exchange.json(200, { [name]: setting.read(runtime.config.gateway.settings) })
      },
    },
    { method: 'PUT', path, key: 'management', handle: write },
    { method: 'PATCH', path, key: 'management', handle: write },
  ]
}

async function writeSetting(exchange: Exchange, runtime: Runtime, setting: Setting): Promise<Replied> {
  const body = parseJson(await exchange.readBody())
  const value = body.kind === 'object' ? body.value.value : undefined
  if (typeof value !== setting.type) return exchange.json(400, { error: 'invalid body' })
  const written =
    setting.name === 'routing/strategy' ? strategyNamed(String(value), runtime.profile) : (value as Value)
  if (written === null) return exchange.json(400, { error: 'invalid strategy' })
  return editConfig(exchange, runtime, (document) => document.setIn(setting.name.split('/'), written))
}

const STRATEGIES: ReadonlyMap<string, string> = new Map([
  ['', 'round-robin'],
  ['round-robin', 'round-robin'],
  ['roundrobin', 'round-robin'],
  ['rr', 'round-robin'],
  ['fill-first', 'fill-first'],
  ['fillfirst', 'fill-first'],
  ['ff', 'fill-first'],
])
const WEIGHTED = ['weighted-round-robin', 'weightedroundrobin', 'wrr']

function strategyNamed(text: string, profile: Profile): string | null {
  const name = text.trim().toLowerCase()
  if (WEIGHTED.includes(name) && !profile.startsWith('fork')) return 'weighted-round-robin'
  return STRATEGIES.get(name) ?? null
}
