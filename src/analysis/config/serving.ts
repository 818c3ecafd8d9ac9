import type { ConfigCredential, GatewayConfig, ProviderEntry } from './model.ts'

/** Which entries speak for a credential. Upstream finds the credential's own; the fork searches for one that looks alike. */
export interface Serving {
  /** Its `models` and `excluded-models` decide what is offered; null: nothing is. */
  readonly listing: ProviderEntry | null
  /** Its `models` turn an alias into the upstream name; null: aliases are sent upstream as they are. */
  readonly naming: ProviderEntry | null
}

/**
 * Finds them for every credential of a config (contract, files 1.9, and both gateways' service and conductor sources).
 * Two traps are in here: of two fork entries with one name, or with one key and base-url, the first serves both; and a
 * credential without a key gets no alias resolved, on the fork always, upstream when its entry has no name either.
 */
export function servings({ entries, flavour }: GatewayConfig): (credential: ConfigCredential) => Serving {
  if (flavour === 'upstream')
    return ({ entry, apiKey }) => ({
      listing: entry,
      naming: apiKey === '' && isUnnamed(entry) ? null : entry,
    })
  const live = entries.filter(({ fate }) => fate.kind === 'live')
  const compat = live.filter(({ section }) => section === 'openai-compatibility')
  const byName = firstOfEach(compat, ({ name }) => name.toLowerCase())
  const byKeyAndBase = firstOfEach(live, keyAndBase)
  return (credential) =>
    credential.entry.section === 'openai-compatibility'
      ? byNames(credential, byName)
      : byKeys(credential.entry, byKeyAndBase)
}

function byNames(
  { entry, apiKey, providerKey }: ConfigCredential,
  byName: ReadonlyMap<string, ProviderEntry>,
): Serving {
  const own = byName.get(entry.name.toLowerCase()) ?? null
  const like = byName.get(providerKey) ?? null
  const listing = isUnnamed(entry) ? like : own
  if (apiKey === '') return { listing, naming: null }
  return { listing, naming: isUnnamed(entry) ? like : earlier(own, like) }
}

function byKeys(entry: ProviderEntry, byKeyAndBase: ReadonlyMap<string, ProviderEntry>): Serving {
  const naming = byKeyAndBase.get(keyAndBase(entry)) ?? entry
  // Two sections take an entry without a base-url for one that fits every base-url of its key.
  const loose = entry.section === 'gemini-api-key' || entry.section === 'vertex-api-key'
  const anyBase = loose ? byKeyAndBase.get(keyAndBase({ ...entry, baseUrl: '' })) : undefined
  return { listing: earlier(naming, anyBase ?? null), naming }
}

function earlier(a: ProviderEntry | null, b: ProviderEntry | null): ProviderEntry | null {
  if (a === null || b === null) return a ?? b
  return a.fileIndex <= b.fileIndex ? a : b
}

function isUnnamed({ section, name }: ProviderEntry): boolean {
  return section === 'openai-compatibility' && name === ''
}

function keyAndBase({ section, keys, baseUrl }: ProviderEntry): string {
  return `${section}\0${(keys[0]?.apiKey ?? '').toLowerCase()}\0${baseUrl.toLowerCase()}`
}

function firstOfEach(
  entries: readonly ProviderEntry[],
  keyOf: (entry: ProviderEntry) => string,
): ReadonlyMap<string, ProviderEntry> {
  const first = new Map<string, ProviderEntry>()
  for (const entry of entries) if (!first.has(keyOf(entry))) first.set(keyOf(entry), entry)
  return first
}
