import { isDeepStrictEqual } from 'node:util'
import { loadConfig } from '../../analysis/config/load.ts'
import type { GatewayConfig, Settings } from '../../analysis/config/model.ts'
import { offersOf } from '../../analysis/config/offers.ts'
import { readAuthDir } from './auth-dir.ts'
import { catalogueWith } from './catalogue.ts'
import { type Credential, credentialFrom } from './credentials.ts'
import { inventoryOf } from './inventory.ts'
import type { LogLevel } from './log-line.ts'
import { isHashed } from './management/secret.ts'
import type { LoadedConfig, Runtime } from './runtime.ts'
import type { UpstreamKind } from './translation/types.ts'

/** Base URLs of the simulated upstreams and what they speak, by name. */
export type UpstreamAddresses = ReadonlyMap<string, { readonly url: string; readonly speaks: UpstreamKind }>

export type ConfigReading =
  | { readonly kind: 'loaded'; readonly config: LoadedConfig }
  /** Why the gateway refuses the text, first reason; never quotes the file. */
  | { readonly kind: 'rejected'; readonly reason: string; readonly fault: 'yaml' | 'values' }

export function readConfig(text: string, flavour: GatewayConfig['flavour'], nowMs: number): ConfigReading {
  const loaded = loadConfig(text, flavour)
  if (loaded.kind === 'rejected') {
    const [{ code, line, message, expected }] = loaded.problems
    return {
      kind: 'rejected',
      reason: `line ${line}: ${message}; expected ${expected}`,
      fault: code === 'weight-range' ? 'values' : 'yaml',
    }
  }
  const { config } = loaded
  const clientKeys = config.settings.apiKeys.map(({ text: key }) => key)
  return { kind: 'loaded', config: { gateway: config, clientKeys, text, loadedMs: nowMs } }
}

/** Puts a configuration to work: keys, switches, credentials and ids, all at once. */
export function applyConfig(runtime: Runtime, config: LoadedConfig): void {
  runtime.config = config
  const { settings } = config.gateway
  if (settings.remoteManagement.secretKey !== '') runtime.managementWasOn = true
  runtime.log.setEnabled(settings.loggingToFile ? 'file' : 'off')
  if (runtime.traits.reloadedBenches === 'lifted') runtime.cooldowns.keepOnly(new Set())
  registerCredentials(runtime)
}

/** Makes the credentials and their ids anew, from the configuration and the auth directory. */
export function registerCredentials(runtime: Runtime): void {
  const { gateway } = runtime.config
  const { channels } = runtime.scenario
  const tokenFiles = readAuthDir(runtime.paths.auth, runtime.traits.flavour)
  const offers = offersOf(gateway, {
    oauth: tokenFiles.map(({ credential }) => credential),
    catalogue: catalogueWith(channels),
  })
  const sources = { tokenFiles, channels, upstreams: runtime.upstreams }
  const before = new Map(runtime.credentials.map((credential) => [credential.id, credential]))
  runtime.credentials = offers.list.flatMap(({ credential }) => credentialFrom(credential, sources) ?? [])
  runtime.offers = offers
  runtime.inventory = inventoryOf(offers, runtime.credentials)
  runtime.rotation.routes.clear()
  const unchanged = runtime.credentials.filter(
    (credential) => !isNewToken(before.get(credential.id), credential),
  )
  runtime.cooldowns.keepOnly(new Set(unchanged.map(({ id }) => id)))
}

/** A token file with another content is another credential: whoever signs in again starts without a bench. */
function isNewToken(before: Credential | undefined, { source }: Credential): boolean {
  if (before?.source.kind !== 'file' || source.kind !== 'file') return false
  return !isDeepStrictEqual(before.source.file.fields, source.file.fields)
}

/** A line of the gateway itself, not of a request. */
export function logApp(runtime: Runtime, level: LogLevel, caller: string, message: string): void {
  runtime.log.write({ level, caller, message })
}

/** What the gateway tells of a reload: one line per switch that changed, values of secrets left out. */
export function changesBetween(before: GatewayConfig, after: GatewayConfig): string[] {
  const switches = COMPARED.flatMap(([name, read]) => {
    const [old, now] = [read(before.settings), read(after.settings)]
    return old === now ? [] : [`  ${name}: ${old} -> ${now}`]
  })
  const counts = before.credentials.length === after.credentials.length
  return [
    ...switches,
    ...(counts ? [] : [`  credentials: ${before.credentials.length} -> ${after.credentials.length} entries`]),
  ]
}

const COMPARED: readonly (readonly [
  name: string,
  read: (settings: Settings) => string | number | boolean,
])[] = [
  ['debug', (s) => s.debug],
  ['logging-to-file', (s) => s.loggingToFile],
  ['usage-statistics-enabled', (s) => s.usageStatisticsEnabled],
  ['disable-cooling', (s) => s.disableCooling],
  ['request-log', (s) => s.requestLog],
  ['request-retry', (s) => s.requestRetry],
  ['max-retry-credentials', (s) => s.maxRetryCredentials],
  ['max-retry-interval', (s) => s.maxRetryIntervalSeconds],
  ['force-model-prefix', (s) => s.forceModelPrefix],
  ['routing.strategy', (s) => s.strategy],
  ['api-keys count', (s) => s.apiKeys.length],
]

/** A key in plain text that this gateway may replace by a hash in a file of its own. */
export function plainSecret(config: LoadedConfig): string | null {
  const { secretKey } = config.gateway.settings.remoteManagement
  return secretKey === '' || isHashed(secretKey) ? null : secretKey
}
