import type { DecodedMap } from './decoded.ts'
import type { Flavour } from './flavour.ts'
import type { LocatedText, RoutingStrategy, Settings } from './model.ts'
import { flagOf, itemsAt, mapAt, numberOf, textOf } from './read.ts'
import type { Position } from './yaml-source.ts'

const DEFAULT_AUTH_DIR = '~/.cli-proxy-api'
const DEFAULT_ERROR_LOGS_MAX_FILES = 10
/** Seconds; more is cut to the second number (contract, files 1.2). */
const USAGE_RETENTION = { absent: 60, most: 3600 } as const

/** The top-level switches with the gateway's defaults and clamps (contract, files 1.2). */
export function settingsOf(root: DecodedMap, flavour: Flavour): Settings {
  const tls = mapAt(root, 'tls')
  const management = mapAt(root, 'remote-management')
  const routing = mapAt(root, 'routing')
  const streaming = mapAt(root, 'streaming')
  const strategyText = textOf(routing, 'strategy').trim()
  return {
    host: textOf(root, 'host'),
    port: numberOf(root, 'port'),
    tls: { enable: flagOf(tls, 'enable'), cert: textOf(tls, 'cert'), key: textOf(tls, 'key') },
    authDir: textOf(root, 'auth-dir').trim() || DEFAULT_AUTH_DIR,
    apiKeys: clientKeysOf(root),
    remoteManagement: {
      allowRemote: flagOf(management, 'allow-remote'),
      secretKey: textOf(management, 'secret-key'),
      disableControlPanel: flagOf(management, 'disable-control-panel'),
    },
    debug: flagOf(root, 'debug'),
    commercialMode: flagOf(root, 'commercial-mode'),
    loggingToFile: flagOf(root, 'logging-to-file'),
    logsMaxTotalSizeMb: Math.max(numberOf(root, 'logs-max-total-size-mb'), 0),
    errorLogsMaxFiles: errorLogsOf(numberOf(root, 'error-logs-max-files', DEFAULT_ERROR_LOGS_MAX_FILES)),
    requestLog: flagOf(root, 'request-log'),
    usageStatisticsEnabled: flagOf(root, 'usage-statistics-enabled'),
    redisUsageQueueRetentionSeconds: retentionOf(numberOf(root, 'redis-usage-queue-retention-seconds')),
    proxyUrl: textOf(root, 'proxy-url').trim(),
    forceModelPrefix: flagOf(root, 'force-model-prefix'),
    passthroughHeaders: flagOf(root, 'passthrough-headers'),
    requestRetry: Math.max(numberOf(root, 'request-retry'), 0),
    maxRetryCredentials: Math.max(numberOf(root, 'max-retry-credentials'), 0),
    maxRetryIntervalSeconds: Math.max(numberOf(root, 'max-retry-interval'), 0),
    disableCooling: flagOf(root, 'disable-cooling'),
    saveCooldownStatus: flagOf(root, 'save-cooldown-status'),
    transientErrorCooldownSeconds: numberOf(root, 'transient-error-cooldown-seconds'),
    strategy: strategyOf(strategyText, flavour) ?? 'round-robin',
    strategyText,
    sessionAffinity: flagOf(routing, 'session-affinity'),
    sessionAffinityTtl: textOf(routing, 'session-affinity-ttl').trim() || '1h',
    wsAuth: flagOf(root, 'ws-auth', flavour === 'upstream'),
    claudeCode: {
      disableCloakingModelList: flagOf(mapAt(root, 'claude-code'), 'disable-cloaking-model-list'),
    },
    disableImageGeneration: textOf(
      root,
      'disable-image-generation',
      'false',
    ) as Settings['disableImageGeneration'],
    streaming: {
      keepaliveSeconds: numberOf(streaming, 'keepalive-seconds'),
      bootstrapRetries: numberOf(streaming, 'bootstrap-retries'),
    },
    nonstreamKeepaliveIntervalSeconds: numberOf(root, 'nonstream-keepalive-interval'),
    at: placesBelow(root),
  }
}

/**
 * The strategy a gateway takes `text` for; null when it does not know the word and silently uses round-robin. The
 * words of v6.9.3's sticky rotation are among those: its start and its reload both fall back (contract, files 1.2,
 * corrected by sdk/cliproxy/builder.go and service.go of that release).
 */
export function strategyOf(text: string, flavour: Flavour): RoutingStrategy | null {
  switch (text.toLowerCase()) {
    case '':
    case 'round-robin':
      return 'round-robin'
    case 'fill-first':
    case 'fillfirst':
    case 'ff':
      return 'fill-first'
    case 'weighted-round-robin':
    case 'weightedroundrobin':
    case 'wrr':
      return flavour === 'upstream' ? 'weighted-round-robin' : null
    default:
      return null
  }
}

function clientKeysOf(root: DecodedMap): LocatedText[] {
  const keys = new Map<string, LocatedText>()
  for (const { value, at } of itemsAt(root, 'api-keys')) {
    const text = typeof value === 'string' ? value.trim() : ''
    if (text !== '' && !keys.has(text)) keys.set(text, { text, at })
  }
  return [...keys.values()]
}

function errorLogsOf(count: number): number {
  return count < 0 ? DEFAULT_ERROR_LOGS_MAX_FILES : count
}

function retentionOf(seconds: number): number {
  return seconds <= 0 ? USAGE_RETENTION.absent : Math.min(seconds, USAGE_RETENTION.most)
}

function placesBelow(root: DecodedMap): ReadonlyMap<string, Position> {
  const places = new Map<string, Position>()
  for (const [key, { at, value }] of root.fields) {
    places.set(key, at)
    if (value !== null && typeof value === 'object' && value.kind === 'map')
      for (const [inner, field] of value.fields) places.set(`${key}.${inner}`, field.at)
  }
  return places
}
