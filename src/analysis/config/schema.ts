import type { Flavour } from './flavour.ts'
import {
  CURSOR_ENTRY,
  DEDICATED_BLOCKS,
  DEDICATED_ENTRY,
  ERROR_RULE,
  KIRO_ENTRY,
  SECTION_KEYS,
  type Section,
} from './schema-providers.ts'
import {
  ANY,
  bool,
  DURATION,
  dictOf,
  type Field,
  int,
  type Keys,
  listOf,
  mapOf,
  only,
  since,
  TEXT,
  text,
} from './shape.ts'

const UPSTREAM: readonly Flavour[] = ['upstream']
const FORK: readonly Flavour[] = ['fork']
const FORKS: readonly Flavour[] = ['fork', 'fork-old']
const CURRENT: readonly Flavour[] = ['upstream', 'fork']

function section(name: Section): Field {
  return listOf({ kind: 'map', keys: SECTION_KEYS[name] })
}

const duration: Field = { shape: DURATION }
const boolMap = (...keys: string[]): Field => mapOf(Object.fromEntries(keys.map((key) => [key, bool])))
const textMap = (...keys: string[]): Field => mapOf(Object.fromEntries(keys.map((key) => [key, text])))

const PAYLOAD_SELECTOR: Keys = {
  name: text,
  protocol: text,
  'from-protocol': only(CURRENT, text),
  headers: only(CURRENT, dictOf(TEXT)),
  match: only(CURRENT, listOf({ kind: 'dict', of: ANY })),
  'not-match': only(CURRENT, listOf({ kind: 'dict', of: ANY })),
  exist: only(CURRENT, listOf(TEXT)),
  'not-exist': only(CURRENT, listOf(TEXT)),
}
const selectors = listOf({ kind: 'map', keys: PAYLOAD_SELECTOR })
const payloadRules = listOf({ kind: 'map', keys: { models: selectors, params: dictOf(ANY) } })

const ampCode = mapOf({
  'upstream-url': text,
  'upstream-api-key': text,
  'upstream-api-keys': listOf({ kind: 'map', keys: { 'upstream-api-key': text, 'api-keys': listOf(TEXT) } }),
  'restrict-management-to-localhost': bool,
  'model-mappings': listOf({ kind: 'map', keys: { from: text, to: text, params: dictOf(ANY), regex: bool } }),
  'force-model-mappings': bool,
})

/** Every key a gateway decodes at the top of the file (contract, files 1.2, 1.5, 1.6, 1.11). */
export const TOP_LEVEL: Keys = {
  host: text,
  port: int,
  tls: mapOf({ enable: bool, cert: text, key: text }),
  'remote-management': mapOf({
    'allow-remote': bool,
    'secret-key': text,
    'disable-control-panel': bool,
    'disable-auto-update-panel': bool,
    'panel-github-repository': text,
  }),
  'auth-dir': text,
  'api-keys': listOf(TEXT),
  debug: bool,
  pprof: mapOf({ enable: bool, addr: text }),
  'commercial-mode': since('v6.6.54', bool),
  'logging-to-file': bool,
  'logs-max-total-size-mb': since('v6.6.35', int),
  'error-logs-max-files': since('v6.7.40', int),
  'request-log': bool,
  'usage-statistics-enabled': bool,
  'redis-usage-queue-retention-seconds': only(CURRENT, int),
  'proxy-url': text,
  'force-model-prefix': since('v6.6.19', bool),
  'passthrough-headers': since('v6.8.22', bool),
  'request-retry': int,
  'max-retry-credentials': since('v6.8.34', int),
  'max-retry-interval': int,
  'disable-cooling': since('v6.2.28', bool),
  'save-cooldown-status': only(CURRENT, since('v7.2.19', bool)),
  'transient-error-cooldown-seconds': only(CURRENT, since('v7.2.19', int)),
  'auth-auto-refresh-workers': only(CURRENT, int),
  'quota-exceeded': mapOf({
    'switch-project': bool,
    'switch-preview-model': bool,
    'antigravity-credits': only(CURRENT, bool),
  }),
  routing: mapOf({
    strategy: text,
    'session-affinity': only(CURRENT, since('v6.9.27', bool)),
    'session-affinity-ttl': only(CURRENT, since('v6.9.27', text)),
  }),
  'ws-auth': bool,
  'disable-claude-cloak-mode': only(CURRENT, bool),
  'claude-code': only(UPSTREAM, boolMap('disable-cloaking-model-list')),
  'disable-image-generation': only(CURRENT, { shape: { kind: 'image-generation' } }),
  'gpt-image-2-base-model': only(CURRENT, text),
  'video-result-auth-cache-ttl': only(CURRENT, text),
  streaming: mapOf({ 'keepalive-seconds': int, 'bootstrap-retries': int }),
  'nonstream-keepalive-interval': int,
  codex: only(
    CURRENT,
    mapOf({
      'identity-confuse': bool,
      'disable-codex-cloaking': only(UPSTREAM, bool),
      'stream-bootstrap-buffering': only(UPSTREAM, bool),
      'optimize-multi-agent-v2': only(UPSTREAM, bool),
      'live-media-relay': only(
        UPSTREAM,
        mapOf({
          enabled: bool,
          'max-sessions': int,
          'disable-private-remote-ips': bool,
          'allow-private-remote-ips': bool,
          'public-ip': text,
          'udp-port-min': { shape: { kind: 'port' } },
          'udp-port-max': { shape: { kind: 'port' } },
          'ice-servers': listOf({
            kind: 'map',
            keys: { urls: listOf(TEXT), username: text, credential: text },
          }),
        }),
      ),
    }),
  ),
  antigravity: only(UPSTREAM, mapOf({ 'sensitive-words': listOf(TEXT) })),
  xai: only(UPSTREAM, boolMap('inject-x-search')),
  'antigravity-signature-cache-enabled': only(CURRENT, bool),
  'antigravity-signature-bypass-strict': only(CURRENT, bool),
  'claude-header-defaults': mapOf({
    ...Object.fromEntries(
      ['user-agent', 'package-version', 'runtime-version', 'os', 'arch', 'timeout'].map((key) => [key, text]),
    ),
    timezone: only(UPSTREAM, text),
    'stabilize-device-profile': bool,
  }),
  'codex-header-defaults': textMap('user-agent', 'beta-features'),
  plugins: only(
    CURRENT,
    mapOf({
      enabled: bool,
      dir: text,
      'store-sources': listOf(TEXT),
      'store-auth': only(
        UPSTREAM,
        listOf({
          kind: 'map',
          keys: {
            match: text,
            'apply-to': listOf(TEXT),
            type: text,
            'token-env': text,
            'username-env': text,
            'password-env': text,
            'header-name': text,
            'header-value-env': text,
            'allow-insecure': bool,
          },
        }),
      ),
      'auth-revision': only(UPSTREAM, int),
      config: only(FORK, dictOf({ kind: 'plugin' })),
      configs: dictOf({ kind: 'plugin' }),
    }),
  ),
  'credential-concurrency': only(
    UPSTREAM,
    mapOf({
      'lifecycle-config-revision': int,
      'observation-barrier-revision': int,
      'cpa-heartbeat-timeout': duration,
      'cpa-cancel-bound': duration,
      'reclaim-grace': duration,
      'cleanup-interval': duration,
      'release-flush-interval': duration,
      'release-max-backoff': duration,
      'busy-retry-min': duration,
      'busy-retry-max': duration,
      'max-limit': int,
    }),
  ),
  'credential-in-flight': only(
    UPSTREAM,
    mapOf({
      'snapshot-interval': text,
      'stale-after': text,
      'max-part-bytes': int,
      'max-part-count': int,
      'max-revision-bytes': int,
      'max-aggregate-groups': int,
      'max-details': int,
      'max-string-bytes': int,
      'staging-retention': text,
    }),
  ),
  payload: mapOf({
    default: payloadRules,
    'default-raw': payloadRules,
    override: payloadRules,
    'override-raw': payloadRules,
    filter: listOf({ kind: 'map', keys: { models: selectors, params: listOf(TEXT) } }),
  }),
  'oauth-excluded-models': since('v6.5.28', dictOf({ kind: 'list', of: TEXT })),
  'oauth-model-alias': since(
    'v6.7.0',
    dictOf({
      kind: 'list',
      of: {
        kind: 'map',
        keys: {
          name: text,
          alias: text,
          fork: bool,
          'display-name': only(UPSTREAM, since('v7.2.70', text)),
          'force-mapping': only(CURRENT, since('v7.2.34', bool)),
        },
      },
    }),
  ),
  'oauth-request-scoped-errors': only(
    UPSTREAM,
    since('v7.2.138', dictOf({ kind: 'list', of: { kind: 'map', keys: ERROR_RULE } })),
  ),
  'gemini-api-key': section('gemini-api-key'),
  'interactions-api-key': only(UPSTREAM, since('v7.2.51', section('interactions-api-key'))),
  'claude-api-key': section('claude-api-key'),
  'codex-api-key': section('codex-api-key'),
  'xai-api-key': only(UPSTREAM, since('v7.2.73', section('xai-api-key'))),
  'vertex-api-key': since('v6.5.32', section('vertex-api-key')),
  'openai-compatibility': section('openai-compatibility'),
  'incognito-browser': only(FORKS, bool),
  'responses-websocket-enabled': only(FORKS, bool),
  'responses-compact-enabled': only(FORKS, bool),
  'oauth-upstream': only(FORKS, dictOf(TEXT)),
  'amp-code': only(FORK, ampCode),
  ampcode: only(['fork-old'], ampCode),
  'kiro-preferred-endpoint': only(FORKS, text),
  'kiro-fingerprint': only(
    FORKS,
    textMap(
      'oidc-sdk-version',
      'runtime-sdk-version',
      'streaming-sdk-version',
      'os-type',
      'os-version',
      'node-version',
      'kiro-version',
      'kiro-hash',
    ),
  ),
  kiro: only(FORKS, listOf({ kind: 'map', keys: KIRO_ENTRY })),
  cursor: only(FORKS, listOf({ kind: 'map', keys: CURSOR_ENTRY })),
  ...Object.fromEntries(
    DEDICATED_BLOCKS.map((block) => [block, only(FORKS, listOf({ kind: 'map', keys: DEDICATED_ENTRY }))]),
  ),
}

/** Keys of earlier releases that do nothing now (contract, files 1.2, 1.5), by the place they stood in. */
export const LEGACY_KEYS: Readonly<Record<'top' | Section, Readonly<Record<string, string>>>> = {
  top: {
    auth: 'list the client keys under `api-keys`',
    'generative-language-api-key': 'move each key to an item of `gemini-api-key`',
    'oauth-model-mappings': 'rename it to `oauth-model-alias`',
    ampcode: 'remove it; the fork reads `amp-code`',
    'amp-upstream-url': 'remove it',
    'amp-upstream-api-key': 'remove it',
    'amp-restrict-management-to-localhost': 'remove it',
    'amp-model-mappings': 'remove it',
  },
  'gemini-api-key': {},
  'interactions-api-key': {},
  'claude-api-key': {},
  'codex-api-key': {},
  'xai-api-key': {},
  'vertex-api-key': {},
  'openai-compatibility': { 'api-keys': 'write one `- api-key: …` per key under `api-key-entries`' },
}
