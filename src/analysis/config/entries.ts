import type { DecodedMap } from './decoded.ts'
import type { Flavour } from './flavour.ts'
import type { DropReason, Fate, KeyItem, ModelItem, Pattern, ProviderEntry } from './model.ts'
import { compatProviderKey, normalHeaders, normalPrefix, sortedHeaders } from './normalise.ts'
import {
  asMap,
  flagOf,
  itemsAt,
  mapAt,
  numberOf,
  optionalFlagOf,
  optionalNumberOf,
  placesOf,
  textOf,
} from './read.ts'
import { SECTIONS, type Section } from './schema-providers.ts'
import type { Position } from './yaml-source.ts'

/** Names the gateway uses inside for the provider of each key section (contract, files 1.3). */
const PROVIDER_KEYS: Readonly<Record<Exclude<Section, 'openai-compatibility'>, string>> = {
  'gemini-api-key': 'gemini',
  'interactions-api-key': 'gemini-interactions',
  'claude-api-key': 'claude',
  'codex-api-key': 'codex',
  'xai-api-key': 'xai',
  'vertex-api-key': 'vertex',
}

/** All provider entries, normalised, each with its fate (contract, files 2.2). */
export function entriesOf(root: DecodedMap, flavour: Flavour): ProviderEntry[] {
  return SECTIONS.flatMap((section) => {
    const seen = new Map<string, Position>()
    return itemsAt(root, section).flatMap(({ value, index }) => {
      const map = asMap(value)
      return map === null ? [] : [entryOf(map, section, index, flavour, seen)]
    })
  })
}

function entryOf(
  map: DecodedMap,
  section: Section,
  fileIndex: number,
  flavour: Flavour,
  seen: Map<string, Position>,
): ProviderEntry {
  const compat = section === 'openai-compatibility'
  const name = compat ? textOf(map, 'name').trim() : ''
  const prefixText = textOf(map, 'prefix')
  const draft = {
    section,
    fileIndex,
    label: name === '' ? `${section}[${fileIndex}]` : `${section} "${name}"`,
    name,
    providerKey: compat ? compatProviderKey(name, flavour) : PROVIDER_KEYS[section],
    baseUrl: textOf(map, 'base-url').trim(),
    proxyUrl: textOf(map, 'proxy-url').trim(),
    headers: normalHeaders(
      [...mapAt(map, 'headers').fields].map(
        ([key, { value }]) => [key, typeof value === 'string' ? value : ''] as const,
      ),
    ),
    prefix: normalPrefix(prefixText),
    prefixText,
    priority: numberOf(map, 'priority'),
    models: modelsOf(map, section),
    excludedModels: patternsOf(map, 'excluded-models'),
    disabled: compat && flagOf(map, 'disabled'),
    disableCooling: optionalFlagOf(map, 'disable-cooling'),
    requestRetry: nonNegative(optionalNumberOf(map, 'request-retry')),
    websockets: flagOf(map, 'websockets'),
    keys: compat ? compatKeysOf(map) : [keyOf(map)],
    at: { entry: map.at, values: placesOf(map) },
  }
  return { ...draft, fate: fateOf(draft, flavour, seen) }
}

type Draft = Omit<ProviderEntry, 'fate'>

function keyOf(map: DecodedMap): KeyItem {
  return {
    apiKey: textOf(map, 'api-key').trim(),
    proxyUrl: textOf(map, 'proxy-url').trim(),
    weight: optionalNumberOf(map, 'weight'),
    at: map.fields.get('api-key')?.at ?? map.at,
    weightAt: map.fields.get('weight')?.at ?? null,
  }
}

function compatKeysOf(map: DecodedMap): KeyItem[] {
  return itemsAt(map, 'api-key-entries').flatMap(({ value }) => {
    const item = asMap(value)
    return item === null ? [] : [keyOf(item)]
  })
}

function modelsOf(map: DecodedMap, section: Section): ModelItem[] {
  return itemsAt(map, 'models').flatMap(({ value, at }) => {
    const item = asMap(value)
    if (item === null) return []
    const name = textOf(item, 'name').trim()
    const alias = textOf(item, 'alias').trim()
    return {
      name,
      alias,
      id: alias === '' ? name : alias,
      forceMapping: flagOf(item, 'force-mapping'),
      image: flagOf(item, 'image'),
      displayName: textOf(item, 'display-name').trim(),
      kept: section !== 'vertex-api-key' || (name !== '' && alias !== ''),
      at,
    }
  })
}

/** Patterns trimmed, lower-cased, without blanks and repeats; each at its first place. */
export function patternsOf(map: DecodedMap, key: string): Pattern[] {
  const patterns = new Map<string, Pattern>()
  for (const { value, at } of itemsAt(map, key)) {
    const text = typeof value === 'string' ? value.trim().toLowerCase() : ''
    if (text !== '' && !patterns.has(text)) patterns.set(text, { text, at })
  }
  return [...patterns.values()]
}

function nonNegative(value: number | null): number | null {
  return value === null || value < 0 ? null : value
}

function fateOf(entry: Draft, flavour: Flavour, seen: Map<string, Position>): Fate {
  const missing = missingOf(entry, flavour)
  if (missing !== null) return { kind: 'dropped', reason: missing, sameAs: null }
  const identity = identityOf(entry, flavour)
  const sameAs = identity === null ? undefined : seen.get(identity)
  if (sameAs !== undefined) return { kind: 'dropped', reason: 'duplicate', sameAs }
  if (identity !== null) seen.set(identity, entry.at.entry)
  return entry.disabled ? { kind: 'disabled' } : { kind: 'live' }
}

function missingOf({ section, baseUrl, keys }: Draft, flavour: Flavour): DropReason | null {
  const apiKey = keys[0]?.apiKey ?? ''
  switch (section) {
    case 'openai-compatibility':
      return baseUrl === '' ? 'no-base-url' : null
    case 'codex-api-key':
    case 'xai-api-key':
      if (baseUrl === '') return 'no-base-url'
      return apiKey === '' && flavour !== 'upstream' ? 'no-key' : null
    case 'vertex-api-key':
      return apiKey === '' ? 'no-key' : null
    default:
      if (flavour !== 'upstream') return apiKey === '' ? 'no-key' : null
      return apiKey === '' && baseUrl === '' ? 'no-key-or-base-url' : null
  }
}

/** What makes two entries one to the gateway; null where it keeps repeats. */
function identityOf(entry: Draft, flavour: Flavour): string | null {
  const { section, baseUrl, proxyUrl, prefix, headers } = entry
  const apiKey = entry.keys[0]?.apiKey ?? ''
  if (section === 'vertex-api-key') return `${apiKey}|${baseUrl}`
  if (section !== 'gemini-api-key' && section !== 'interactions-api-key') return null
  if (flavour === 'fork-old') return apiKey
  if (flavour === 'fork') return `${apiKey}|${baseUrl}`
  return [apiKey, baseUrl, proxyUrl, prefix, sortedHeaders(headers)].join('\0')
}
