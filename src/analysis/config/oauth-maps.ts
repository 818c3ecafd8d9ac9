import type { DecodedMap } from './decoded.ts'
import { patternsOf } from './entries.ts'
import type { Flavour } from './flavour.ts'
import type { DroppedAlias, OAuthAlias, Pattern } from './model.ts'
import { asMap, flagOf, itemsOf, mapAt, textOf } from './read.ts'

/** `oauth-excluded-models` with channels lower-cased; channels without a pattern left out. */
export function oauthExcludedOf(root: DecodedMap): Map<string, readonly Pattern[]> {
  const channels = mapAt(root, 'oauth-excluded-models')
  const excluded = new Map<string, readonly Pattern[]>()
  for (const key of channels.fields.keys()) {
    const patterns = patternsOf(channels, key)
    const channel = key.trim().toLowerCase()
    if (channel !== '' && patterns.length > 0) excluded.set(channel, patterns)
  }
  return excluded
}

/** `oauth-model-alias` as the gateway keeps it, and the items it leaves out. */
export interface OAuthAliasMaps {
  readonly kept: ReadonlyMap<string, readonly OAuthAlias[]>
  readonly dropped: readonly DroppedAlias[]
}

/** The fork adds its own aliases where a channel is not mentioned at all (contract, files 1.5). */
export function oauthAliasesOf(root: DecodedMap, flavour: Flavour): OAuthAliasMaps {
  const kept = new Map<string, readonly OAuthAlias[]>()
  const dropped: DroppedAlias[] = []
  for (const [key, { value }] of mapAt(root, 'oauth-model-alias').fields) {
    const channel = key.trim().toLowerCase()
    const items = itemsOf(value).flatMap(({ value: item, at }) => aliasOf(item, at))
    const usable = usableAliases(items, flavour)
    if (channel !== '') kept.set(channel, usable)
    const left = new Set(usable)
    for (const alias of items) if (!left.has(alias)) dropped.push({ channel, alias, reason: reasonOf(alias) })
  }
  if (flavour !== 'upstream')
    for (const [channel, defaults] of Object.entries(FORK_ALIASES))
      if (!kept.has(channel)) kept.set(channel, defaults)
  return { kept, dropped }
}

function reasonOf({ name, alias }: OAuthAlias): DroppedAlias['reason'] {
  if (name === '' || alias === '') return 'incomplete'
  return name.toLowerCase() === alias.toLowerCase() ? 'same' : 'taken'
}

function aliasOf(item: Parameters<typeof asMap>[0], at: OAuthAlias['at']): OAuthAlias[] {
  const map = asMap(item)
  if (map === null) return []
  return [
    {
      name: textOf(map, 'name').trim(),
      alias: textOf(map, 'alias').trim(),
      fork: flagOf(map, 'fork'),
      forceMapping: flagOf(map, 'force-mapping'),
      displayName: textOf(map, 'display-name').trim(),
      at,
    },
  ]
}

/**
 * Aliases without the unusable ones (a side empty, or both sides equal but for case) and without repeats: upstream
 * lets the first of an alias win, the fork tells apart by name and alias (contract, files 1.5).
 */
export function usableAliases(aliases: readonly OAuthAlias[], flavour: Flavour): OAuthAlias[] {
  const seen = new Set<string>()
  return aliases.filter(({ name, alias }) => {
    const [lowerName, lowerAlias] = [name.toLowerCase(), alias.toLowerCase()]
    if (name === '' || alias === '' || lowerName === lowerAlias) return false
    const identity = flavour === 'upstream' ? lowerAlias : `${lowerName}:${lowerAlias}`
    if (seen.has(identity)) return false
    seen.add(identity)
    return true
  })
}

function builtIn(pairs: readonly (readonly [name: string, alias: string])[]): OAuthAlias[] {
  return pairs.map(([name, alias]) => ({
    name,
    alias,
    fork: true,
    forceMapping: false,
    displayName: '',
    at: null,
  }))
}

/** The fork's built-in aliases (its config/oauth_model_alias_defaults.go; contract, files 1.5). */
const FORK_ALIASES: Readonly<Record<string, readonly OAuthAlias[]>> = {
  kiro: builtIn([
    ['kiro-claude-sonnet-4-6', 'claude-sonnet-4-6'],
    ['kiro-claude-sonnet-4-5', 'claude-sonnet-4-5-20250929'],
    ['kiro-claude-sonnet-4-5', 'claude-sonnet-4-5'],
    ['kiro-claude-sonnet-4', 'claude-sonnet-4-20250514'],
    ['kiro-claude-sonnet-4', 'claude-sonnet-4'],
    ['kiro-claude-opus-4-6', 'claude-opus-4-6'],
    ['kiro-claude-opus-4-5', 'claude-opus-4-5-20251101'],
    ['kiro-claude-opus-4-5', 'claude-opus-4-5'],
    ['kiro-claude-haiku-4-5', 'claude-haiku-4-5-20251001'],
    ['kiro-claude-haiku-4-5', 'claude-haiku-4-5'],
  ]),
  'github-copilot': builtIn([
    ['claude-haiku-4.5', 'claude-haiku-4-5'],
    ['claude-opus-4.1', 'claude-opus-4-1'],
    ['claude-opus-4.5', 'claude-opus-4-5'],
    ['claude-opus-4.6', 'claude-opus-4-6'],
    ['claude-sonnet-4.5', 'claude-sonnet-4-5'],
    ['claude-sonnet-4.6', 'claude-sonnet-4-6'],
  ]),
}
