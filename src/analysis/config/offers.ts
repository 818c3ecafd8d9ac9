import type {
  ConfigCredential,
  GatewayConfig,
  ModelItem,
  OAuthAlias,
  Pattern,
  ProviderEntry,
} from './model.ts'
import type { OAuthCredential } from './oauth.ts'
import { servings } from './serving.ts'
import { cutSuffix } from './suffix.ts'
import { patternMatcher } from './wildcard.ts'

/**
 * Ids a gateway has built in per channel (`claude`, `codex`, `gemini`, `xai`, `vertex`, …; for Codex plans also
 * `codex-plus`, `codex-team`, `codex-free`). A channel that is not there is not known, which is not the same as empty.
 */
export type Catalogue = Readonly<Record<string, readonly string[]>>

export type Credential = ConfigCredential | OAuthCredential

export interface OfferedId {
  /** What a client asks for, and what `/v1/models` lists. */
  readonly id: string
  /** The id without the credential's prefix. */
  readonly base: string
  /** The entry's items behind it: several make a pool. Empty for a catalogue id. */
  readonly items: readonly ModelItem[]
  /** The OAuth alias that made the id, if one did. */
  readonly alias: OAuthAlias | null
  /** How often the gateway registers the id for this credential; decides the order of providers. */
  readonly registrations: number
}

export interface Offer {
  readonly credential: Credential
  /** Where the ids come from; `unknown`: from a built-in catalogue that was not given, so `ids` is not the whole truth. */
  readonly base: 'models' | 'catalogue' | 'unknown'
  readonly ids: readonly OfferedId[]
  /** The entries that speak for a config credential (see Serving); both null for OAuth. */
  readonly listing: ProviderEntry | null
  readonly naming: ProviderEntry | null
}

/** What all credentials of a config together offer. */
export interface Offers {
  readonly config: GatewayConfig
  readonly catalogue: Catalogue
  readonly list: readonly Offer[]
  /** By exact id, in the order of `list`. */
  readonly byId: ReadonlyMap<string, readonly IdOffer[]>
  /** Ids that end in a suffix of their own, such as `glm(high)`, by what is left without it. */
  readonly bySuffixless: ReadonlyMap<string, readonly IdOffer[]>
}

export interface IdOffer {
  readonly offer: Offer
  readonly offered: OfferedId
}

export interface OfferInput {
  readonly oauth?: readonly OAuthCredential[]
  readonly catalogue?: Catalogue
}

/**
 * Which ids each credential offers, by the gateway's order of operations (contract, files 1.7): base list, excluded
 * patterns, OAuth aliases, prefix. Disabled OAuth credentials offer nothing. Suspensions at run time are not seen here.
 */
export function offersOf(config: GatewayConfig, { oauth = [], catalogue = {} }: OfferInput = {}): Offers {
  const servingOf = servings(config)
  // All keys of an entry offer the same.
  const byEntry = new Map<ProviderEntry, EntryIds>()
  const list = [
    ...config.credentials.map((credential) => {
      const { listing, naming } = servingOf(credential)
      const known = byEntry.get(credential.entry) ?? entryIds(credential, listing, config, catalogue)
      byEntry.set(credential.entry, known)
      return { credential, listing, naming, ...known }
    }),
    ...oauth.map((credential) => oauthOffer(credential, config, catalogue)),
  ]
  const byId = new Map<string, IdOffer[]>()
  const bySuffixless = new Map<string, IdOffer[]>()
  for (const offer of list)
    for (const offered of offer.ids) {
      append(byId, offered.id, { offer, offered })
      const { name, suffix } = cutSuffix(offered.id)
      if (suffix !== null) append(bySuffixless, name, { offer, offered })
    }
  return { config, catalogue, list, byId, bySuffixless }
}

function append<T>(groups: Map<string, T[]>, key: string, value: T): void {
  const group = groups.get(key)
  if (group === undefined) groups.set(key, [value])
  else group.push(value)
}

type BaseId = Omit<OfferedId, 'base'>

type EntryIds = Pick<Offer, 'base' | 'ids'>

function entryIds(
  { providerKey, prefix }: ConfigCredential,
  listing: ProviderEntry | null,
  config: GatewayConfig,
  catalogue: Catalogue,
): EntryIds {
  if (listing === null) return { base: 'models', ids: [] }
  const { base, ids } = baseIds(
    listing,
    catalogueIds(catalogue, CATALOGUE_CHANNELS[providerKey] ?? ''),
    config,
  )
  const kept = listing.section === 'openai-compatibility' ? ids : withoutExcluded(ids, listing.excludedModels)
  return { base, ids: prefixed(kept, prefix, config.settings.forceModelPrefix) }
}

function baseIds(
  listing: ProviderEntry,
  builtIn: readonly string[] | null,
  config: GatewayConfig,
): { base: Offer['base']; ids: BaseId[] } {
  const listed = listing.models.filter((item) => item.kept)
  if (listing.section === 'openai-compatibility') return { base: 'models', ids: pooled(listed) }
  if (listed.length > 0) return { base: 'models', ids: distinct(listed, listing, config) }
  return builtIn === null ? { base: 'unknown', ids: [] } : { base: 'catalogue', ids: catalogued(builtIn) }
}

/** Channels of the key sections' built-in lists (contract, files 1.3). */
const CATALOGUE_CHANNELS: Readonly<Record<string, string>> = {
  gemini: 'gemini',
  'gemini-interactions': 'gemini',
  claude: 'claude',
  codex: 'codex',
  xai: 'xai',
  vertex: 'vertex',
}

function oauthOffer(credential: OAuthCredential, config: GatewayConfig, catalogue: Catalogue): Offer {
  const known = catalogueFor(credential, catalogue)
  const base = known === null ? 'unknown' : 'catalogue'
  if (credential.disabled) return { credential, listing: null, naming: null, base, ids: [] }
  const kept = withoutExcluded(catalogued(known ?? []), oauthPatternsOf(credential, config))
  const renamed = withAliases(kept, oauthAliasesFor(credential, config))
  return {
    credential,
    listing: null,
    naming: null,
    base,
    ids: prefixed(renamed, credential.prefix, config.settings.forceModelPrefix),
  }
}

/** The built-in list behind an OAuth credential; null when it is not known. */
export function catalogueFor(
  { providerKey, plan }: OAuthCredential,
  catalogue: Catalogue,
): readonly string[] | null {
  return (
    (plan === '' ? null : catalogueIds(catalogue, `${providerKey}-${plan}`)) ??
    catalogueIds(catalogue, providerKey)
  )
}

export function catalogueIds(catalogue: Catalogue, channel: string): readonly string[] | null {
  return Object.hasOwn(catalogue, channel) ? (catalogue[channel] ?? null) : null
}

/** An OAuth credential's own patterns and its channel's. A pattern's place is null when it stands in the token file. */
export function oauthPatternsOf(
  credential: OAuthCredential,
  config: GatewayConfig,
): readonly (Pattern | { text: string; at: null })[] {
  const shared = config.oauthExcludedModels.get(credential.providerKey) ?? []
  return [...credential.excludedModels.map((text) => ({ text, at: null })), ...shared]
}

/** Channels the fork's old line knows for `oauth-model-alias`; the others take any. */
const OLD_ALIAS_CHANNELS = new Set(
  'vertex claude codex gemini-cli aistudio antigravity qwen iflow kiro github-copilot kimi'.split(' '),
)

/** An OAuth credential's own aliases, then its channel's; of one alias the first wins. */
export function oauthAliasesFor(
  { providerKey, aliases }: OAuthCredential,
  config: GatewayConfig,
): readonly OAuthAlias[] {
  if (providerKey === 'gemini' || (config.flavour === 'fork-old' && !OLD_ALIAS_CHANNELS.has(providerKey)))
    return []
  const shared = config.oauthModelAliases.get(providerKey) ?? []
  if (aliases.length === 0) return shared
  const merged = new Map<string, OAuthAlias>()
  for (const entry of [...aliases, ...shared]) {
    const key = entry.alias.toLowerCase()
    if (!merged.has(key)) merged.set(key, entry)
  }
  return [...merged.values()]
}

/** openai-compatibility: every item counts, items of one id make a pool. */
function pooled(items: readonly ModelItem[]): BaseId[] {
  const pools = new Map<string, ModelItem[]>()
  for (const item of items) if (item.id !== '') append(pools, item.id, item)
  return [...pools].map(([id, pool]) => ({ id, items: pool, alias: null, registrations: pool.length }))
}

/** Image models that the fork adds to a codex entry with models of its own (its registry/model_definitions.go). */
const FORK_CODEX_EXTRAS = ['gpt-image-1.5', 'gpt-image-2']

/** Key sections: of ids that differ only by case the first one counts. */
function distinct(
  items: readonly ModelItem[],
  { section }: ProviderEntry,
  { flavour }: GatewayConfig,
): BaseId[] {
  const ids = new Map<string, BaseId>()
  for (const item of items) {
    const key = item.id.toLowerCase()
    if (key !== '' && !ids.has(key))
      ids.set(key, { id: item.id, items: [item], alias: null, registrations: 1 })
  }
  if (flavour === 'fork' && section === 'codex-api-key')
    for (const id of FORK_CODEX_EXTRAS) ids.set(id, { id, items: [], alias: null, registrations: 1 })
  return [...ids.values()]
}

function catalogued(ids: readonly string[]): BaseId[] {
  return [...new Set(ids)].map((id) => ({ id, items: [], alias: null, registrations: 1 }))
}

function withoutExcluded(ids: BaseId[], patterns: readonly { readonly text: string }[]): BaseId[] {
  if (patterns.length === 0) return ids
  const matchers = patterns.map(({ text }) => patternMatcher(text))
  return ids.filter(({ id }) => !matchers.some((matches) => matches(id)))
}

/** Renames by alias: the original id goes unless one of its aliases forks; ids are told apart without case. */
function withAliases(ids: readonly BaseId[], aliases: readonly OAuthAlias[]): readonly BaseId[] {
  if (aliases.length === 0) return ids
  const byName = new Map<string, OAuthAlias[]>()
  for (const alias of aliases) append(byName, alias.name.toLowerCase(), alias)
  const out = new Map<string, BaseId>()
  const add = (entry: BaseId): boolean => {
    const key = entry.id.toLowerCase()
    if (out.has(key)) return false
    out.set(key, entry)
    return true
  }
  for (const entry of ids) {
    const renames = byName.get(entry.id.toLowerCase()) ?? []
    const keeps = renames.length === 0 || renames.some(({ fork }) => fork)
    if (keeps) add(entry)
    const added = renames.filter((alias) => add({ ...entry, id: alias.alias, alias }))
    if (!keeps && added.length === 0) add(entry)
  }
  return [...out.values()]
}

/** `m` and `p/m` for a prefix `p`; only `p/m` when prefixes are forced, but for an id equal to the prefix. */
function prefixed(ids: readonly BaseId[], prefix: string, forced: boolean): OfferedId[] {
  if (prefix === '') return ids.map((entry) => ({ ...entry, base: entry.id }))
  const out = new Map<string, OfferedId>()
  const add = (entry: OfferedId) => {
    if (!out.has(entry.id)) out.set(entry.id, entry)
  }
  for (const entry of ids) {
    if (!forced || entry.id === prefix) add({ ...entry, base: entry.id, registrations: 1 })
    add({ ...entry, id: `${prefix}/${entry.id}`, base: entry.id, registrations: 1 })
  }
  return [...out.values()]
}
