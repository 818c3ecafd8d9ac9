import { readFileSync } from 'node:fs'
import type { GatewayConfig, Settings } from '../../../analysis/config/model.ts'
import { DEDICATED_BLOCKS, type Section } from '../../../analysis/config/schema-providers.ts'
import { readConfig } from '../config-state.ts'
import type { Exchange, Replied } from '../exchange.ts'
import type { Runtime, ServedRoute } from '../runtime.ts'
import { oauthAliasesJson, oauthExcludedJson } from './oauth-maps.ts'
import { sectionJson } from './provider-json.ts'
import { outdentComments, writeInPlace } from './rewrite.ts'

/** The configuration as a whole (contract, HTTP 8.3). */
export const CONFIG_ROUTES: readonly ServedRoute[] = [
  { method: 'GET', path: '/v0/management/config', key: 'management', handle: getConfig },
  { method: 'GET', path: '/v0/management/config.yaml', key: 'management', handle: getConfigYaml },
  { method: 'PUT', path: '/v0/management/config.yaml', key: 'management', handle: putConfigYaml },
]

type Json = Record<string, unknown>

/** With plain secrets, as the real reply; host, port, remote-management and auth-dir are left out. */
function getConfig(exchange: Exchange, runtime: Runtime): Replied {
  const { gateway } = runtime.config
  const { settings, flavour } = gateway
  const keys = runtime.config.clientKeys
  const whole = {
    'proxy-url': settings.proxyUrl,
    'disable-image-generation': imageGeneration(settings),
    'force-model-prefix': settings.forceModelPrefix,
    'request-log': settings.requestLog,
    ...(flavour === 'upstream'
      ? { 'claude-code': { 'disable-cloaking-model-list': settings.claudeCode.disableCloakingModelList } }
      : {}),
    'api-keys': keys.length === 0 ? null : keys,
    'passthrough-headers': settings.passthroughHeaders,
    streaming: {
      ...(settings.streaming.keepaliveSeconds === 0
        ? {}
        : { 'keepalive-seconds': settings.streaming.keepaliveSeconds }),
      ...(settings.streaming.bootstrapRetries === 0
        ? {}
        : { 'bootstrap-retries': settings.streaming.bootstrapRetries }),
    },
    tls: settings.tls,
    ...switches(settings),
    ...fixedParts(flavour),
    ...sections(runtime),
    ...oauthMaps(gateway),
    payload: { default: null, 'default-raw': null, override: null, 'override-raw': null, filter: null },
  }
  return exchange.json(200, flavour === 'fork-old' ? asOld(whole) : whole)
}

/** Keys that came after the fork's old line. */
const NEWER_KEYS: ReadonlySet<string> = new Set([
  'disable-image-generation',
  'redis-usage-queue-retention-seconds',
  'save-cooldown-status',
  'transient-error-cooldown-seconds',
  'auth-auto-refresh-workers',
  'max-retry-credentials',
  'disable-claude-cloak-mode',
  'codex-header-defaults',
  'plugins',
  'codex',
  'amp-code',
])

function asOld(whole: Json): Json {
  const kept = Object.entries(whole).filter(([key]) => !NEWER_KEYS.has(key))
  return { ...Object.fromEntries(kept), ampcode: whole['amp-code'] }
}

function imageGeneration({ disableImageGeneration }: Settings): boolean | string {
  if (disableImageGeneration === 'true' || disableImageGeneration === 'false')
    return disableImageGeneration === 'true'
  return disableImageGeneration
}

function switches(settings: Settings): Json {
  return {
    debug: settings.debug,
    pprof: { enable: false, addr: '127.0.0.1:8316' },
    'commercial-mode': settings.commercialMode,
    'logging-to-file': settings.loggingToFile,
    'logs-max-total-size-mb': settings.logsMaxTotalSizeMb,
    'error-logs-max-files': settings.errorLogsMaxFiles,
    'usage-statistics-enabled': settings.usageStatisticsEnabled,
    'redis-usage-queue-retention-seconds': settings.redisUsageQueueRetentionSeconds,
    'disable-cooling': settings.disableCooling,
    'save-cooldown-status': settings.saveCooldownStatus,
    'transient-error-cooldown-seconds': settings.transientErrorCooldownSeconds,
    'auth-auto-refresh-workers': 0,
    'request-retry': settings.requestRetry,
    'max-retry-credentials': settings.maxRetryCredentials,
    'max-retry-interval': settings.maxRetryIntervalSeconds,
    'quota-exceeded': {
      'switch-project': false,
      'switch-preview-model': false,
      'antigravity-credits': false,
    },
    routing: {
      strategy: settings.strategyText || settings.strategy,
      ...(settings.sessionAffinity ? { 'session-affinity': true } : {}),
    },
    'ws-auth': settings.wsAuth,
    'disable-claude-cloak-mode': false,
  }
}

/** Parts that are only told, never looked at: they stand with their defaults. */
function fixedParts(flavour: GatewayConfig['flavour']): Json {
  const headers = {
    'user-agent': '',
    'package-version': '',
    'runtime-version': '',
    os: '',
    arch: '',
    timeout: '',
  }
  const both = { 'codex-header-defaults': { 'user-agent': '', 'beta-features': '' } }
  if (flavour !== 'upstream')
    return {
      ...both,
      plugins: { enabled: false, dir: 'plugins' },
      codex: { 'identity-confuse': false },
      'claude-header-defaults': { ...headers, 'stabilize-device-profile': null },
      'amp-code': {
        'upstream-url': '',
        'upstream-api-key': '',
        'restrict-management-to-localhost': false,
        'model-mappings': null,
        'force-model-mappings': false,
      },
      'kiro-preferred-endpoint': '',
      'incognito-browser': false,
      ...Object.fromEntries([...DEDICATED_BLOCKS, 'kiro', 'cursor'].map((block) => [block, null])),
    }
  return {
    ...both,
    plugins: { enabled: false, dir: 'plugins', configs: {} },
    'credential-concurrency': {
      'lifecycle-config-revision': 0,
      'observation-barrier-revision': 0,
      ...CONCURRENCY,
    },
    'credential-in-flight': IN_FLIGHT,
    antigravity: {},
    xai: { 'inject-x-search': false },
    codex: {
      'identity-confuse': false,
      'disable-codex-cloaking': false,
      'stream-bootstrap-buffering': false,
      'optimize-multi-agent-v2': false,
      'live-media-relay': {
        enabled: false,
        'max-sessions': 0,
        'disable-private-remote-ips': false,
        'public-ip': '',
        'udp-port-min': 0,
        'udp-port-max': 0,
        'ice-servers': null,
      },
    },
    'claude-header-defaults': { ...headers, timezone: '' },
  }
}

/** Nanoseconds, as Go prints a duration in JSON. */
const CONCURRENCY = {
  'cpa-heartbeat-timeout': 3_000_000_000,
  'cpa-cancel-bound': 5_000_000_000,
  'reclaim-grace': 5_000_000_000,
  'cleanup-interval': 5_000_000_000,
  'release-flush-interval': 250_000_000,
  'release-max-backoff': 2_000_000_000,
  'busy-retry-min': 250_000_000,
  'busy-retry-max': 1_000_000_000,
  'max-limit': 1_000_000,
} as const

const IN_FLIGHT = {
  'snapshot-interval': '2s',
  'stale-after': '10s',
  'max-part-bytes': 262_144,
  'max-part-count': 64,
  'max-revision-bytes': 16_777_216,
  'max-aggregate-groups': 100_000,
  'max-details': 10_000,
  'max-string-bytes': 256,
  'staging-retention': '1m',
} as const

function sections(runtime: Runtime): Json {
  const names: readonly Section[] = [
    'gemini-api-key',
    'codex-api-key',
    'claude-api-key',
    'openai-compatibility',
    'vertex-api-key',
    ...(runtime.traits.flavour === 'upstream' ? (['interactions-api-key', 'xai-api-key'] as const) : []),
  ]
  return Object.fromEntries(
    names.map((name) => {
      const entries = sectionJson(runtime, name, 'left-out')
      return [name, entries.length === 0 ? null : entries]
    }),
  )
}

function oauthMaps(config: GatewayConfig): Json {
  const [excluded, aliases] = [oauthExcludedJson(config), oauthAliasesJson(config)]
  return {
    ...(excluded ? { 'oauth-excluded-models': excluded } : {}),
    ...(aliases ? { 'oauth-model-alias': aliases } : {}),
  }
}

function getConfigYaml(exchange: Exchange, runtime: Runtime): Replied {
  exchange.addHeader('Cache-Control', 'no-store')
  exchange.addHeader('X-Content-Type-Options', 'nosniff')
  try {
    return exchange.send(200, 'application/yaml; charset=utf-8', readFileSync(runtime.paths.config))
  } catch (error) {
    const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const [status, name] = isGone ? [404, 'not_found'] : [500, 'read_failed']
    return exchange.json(Number(status), { error: name, message: 'the configuration file cannot be read' })
  }
}

/** Checked first, then written in place; the watcher or the reload after it puts it to work. */
async function putConfigYaml(exchange: Exchange, runtime: Runtime): Promise<Replied> {
  const text = await exchange.readBody()
  if (text === null) return exchange.json(400, { error: 'invalid_yaml', message: 'the body cannot be read' })
  const reading = readConfig(text, runtime.traits.flavour, runtime.clock.nowMs())
  if (reading.kind === 'rejected') {
    const [status, error] = reading.fault === 'values' ? [422, 'invalid_config'] : [400, 'invalid_yaml']
    return exchange.json(Number(status), { error, message: reading.reason })
  }
  try {
    writeInPlace(runtime.paths.config, outdentComments(text))
  } catch {
    return exchange.json(500, { error: 'write_failed', message: 'the configuration file cannot be written' })
  }
  runtime.reload()
  return exchange.json(200, { ok: true, changed: ['config'] })
}
