import type { Flavour } from './flavour.ts'
import { bool, dictOf, int, type Keys, listOf, mapOf, only, since, TEXT, text } from './shape.ts'

const UPSTREAM: readonly Flavour[] = ['upstream']
const FORK: readonly Flavour[] = ['fork']
const FORKS: readonly Flavour[] = ['fork', 'fork-old']
const CURRENT: readonly Flavour[] = ['upstream', 'fork']

const thinking = mapOf({
  min: int,
  max: int,
  'zero-allowed': bool,
  'dynamic-allowed': bool,
  levels: listOf(TEXT),
})
const headers = dictOf(TEXT)
const excludedModels = since('v6.5.28', listOf(TEXT))

/** One request-scoped error rule; the key really is `match-regexr`. */
export const ERROR_RULE: Keys = {
  status: int,
  match: listOf(TEXT),
  'match-regexr': listOf(TEXT),
  action: text,
}
const errorRules = only(UPSTREAM, since('v7.2.134', listOf({ kind: 'map', keys: ERROR_RULE })))

/** `models[]` items (contract, files 1.4). */
const MODEL: Keys = {
  name: text,
  alias: text,
  'display-name': only(UPSTREAM, since('v7.2.70', text)),
  'force-mapping': only(CURRENT, since('v7.2.34', bool)),
}
const KEY_MODEL: Keys = {
  ...MODEL,
  'max-context-length': only(UPSTREAM, since('v7.2.115', int)),
  'is-compat': only(UPSTREAM, since('v6.10.8', bool)),
  thinking: only(UPSTREAM, thinking),
}
const COMPAT_MODEL: Keys = {
  ...KEY_MODEL,
  thinking: only(CURRENT, thinking),
  image: only(CURRENT, bool),
  'input-modalities': only(UPSTREAM, listOf(TEXT)),
  'output-modalities': only(UPSTREAM, listOf(TEXT)),
}

function models(keys: Keys) {
  return listOf({ kind: 'map', keys })
}

/** Keys common to the six `*-api-key` sections (contract, files 1.3). */
const COMMON_ENTRY: Keys = {
  'api-key': text,
  'base-url': text,
  priority: since('v6.6.106', int),
  weight: only(UPSTREAM, since('v7.2.104', int)),
  prefix: since('v6.6.19', text),
  'proxy-url': text,
  headers,
  models: models(KEY_MODEL),
  'excluded-models': excludedModels,
  'disable-cooling': only(CURRENT, since('v6.2.28', bool)),
  'request-retry': only(UPSTREAM, int),
}
const KEY_ENTRY: Keys = { ...COMMON_ENTRY, 'request-scoped-errors': errorRules }

const CODEX_ENTRY: Keys = {
  ...KEY_ENTRY,
  websockets: bool,
  'alpha-search': only(UPSTREAM, bool),
  models: models({ ...KEY_MODEL, image: only(FORK, bool) }),
}

/** The sections whose entries become credentials, with their keys. */
export const SECTION_KEYS = {
  'gemini-api-key': KEY_ENTRY,
  'interactions-api-key': KEY_ENTRY,
  'claude-api-key': {
    ...KEY_ENTRY,
    'rebuild-mid-system-message': only(CURRENT, bool),
    cloak: mapOf({
      mode: text,
      'strict-mode': bool,
      'sensitive-words': listOf(TEXT),
      'cache-user-id': bool,
    }),
    'fingerprint-profile': only(UPSTREAM, text),
    'experimental-cch-signing': only(CURRENT, bool),
  },
  'codex-api-key': CODEX_ENTRY,
  'xai-api-key': CODEX_ENTRY,
  'vertex-api-key': {
    ...COMMON_ENTRY,
    models: models({ ...MODEL, thinking: only(UPSTREAM, thinking) }),
    'disable-cooling': only(UPSTREAM, since('v6.2.28', bool)),
  },
  'openai-compatibility': {
    name: text,
    disabled: only(CURRENT, since('v6.9.39', bool)),
    priority: since('v6.6.106', int),
    prefix: since('v6.6.19', text),
    'base-url': text,
    'models-endpoint': only(FORKS, text),
    'api-key-entries': since(
      'v6.0.16',
      listOf({
        kind: 'map',
        keys: {
          'api-key': text,
          weight: only(UPSTREAM, since('v7.2.104', int)),
          'proxy-url': text,
          'token-file': only(FORKS, text),
        },
      }),
    ),
    models: models(COMPAT_MODEL),
    headers,
    'support-prompt-cache-key': only(UPSTREAM, since('v7.2.113', bool)),
    'disable-cooling': only(CURRENT, since('v6.2.28', bool)),
    'request-retry': only(UPSTREAM, int),
    'request-scoped-errors': errorRules,
  },
} as const satisfies Record<string, Keys>

export type Section = keyof typeof SECTION_KEYS

/** `gemini-api-key` … `openai-compatibility`, in the order in which the gateway makes credentials of them. */
export const SECTIONS: readonly Section[] = [
  'gemini-api-key',
  'interactions-api-key',
  'claude-api-key',
  'codex-api-key',
  'xai-api-key',
  'openai-compatibility',
  'vertex-api-key',
]

/** Blocks that only the fork knows, and that become no credential there either (contract, files 1.11). */
export const DEDICATED_BLOCKS = [
  'minimax',
  'roo',
  'kilo',
  'deepseek',
  'groq',
  'mistral',
  'siliconflow',
  'openrouter',
  'together',
  'fireworks',
  'novita',
] as const

export const DEDICATED_ENTRY: Keys = {
  'token-file': text,
  'api-key': text,
  'base-url': text,
  'proxy-url': text,
  models: models(COMPAT_MODEL),
  priority: int,
  prefix: text,
  headers,
  'excluded-models': excludedModels,
  'rate-limit': mapOf({
    rpm: int,
    tpm: int,
    rpd: int,
    tpd: int,
    'wait-on-limit': bool,
    'max-wait-seconds': int,
  }),
}

export const KIRO_ENTRY: Keys = {
  'token-file': text,
  'access-token': text,
  'refresh-token': text,
  'profile-arn': text,
  region: text,
  'proxy-url': text,
  'agent-task-type': text,
  'preferred-endpoint': text,
}

export const CURSOR_ENTRY: Keys = {
  'token-file': text,
  'cursor-api-url': text,
  'auth-token': text,
  'proxy-url': text,
}

/** Largest credential weight; more, or anything but a YAML integer, makes upstream refuse the file (contract, files 1.3). */
export const MAX_WEIGHT = 1_000_000
