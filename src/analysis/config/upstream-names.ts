import type { ConfigCredential, GatewayConfig, ModelItem, OAuthAlias, ProviderEntry } from './model.ts'
import { type Offer, oauthAliasesFor } from './offers.ts'
import { cutSuffix } from './suffix.ts'

/**
 * The upstream names a credential sends for a requested name, in the order of the pool; one where there is no pool. The
 * request's own suffix is left out (contract, files 1.8: own prefix cut, then alias to name).
 */
export function upstreamNames(
  { credential, naming }: Offer,
  requested: string,
  config: GatewayConfig,
): readonly string[] {
  const wanted = withoutPrefix(requested, credential.prefix)
  const { name: base } = cutSuffix(wanted)
  const lookups = base === wanted || base === '' ? [wanted] : [wanted, base]
  const found =
    credential.kind === 'oauth'
      ? oauthName(lookups, oauthAliasesFor(credential, config))
      : configNames(lookups, credential, naming, config)
  return found.length > 0 ? found : [base === '' ? wanted : base]
}

function configNames(
  lookups: readonly string[],
  { apiKey }: ConfigCredential,
  naming: ProviderEntry | null,
  { flavour }: GatewayConfig,
): readonly string[] {
  if (naming === null) return []
  const compat = naming.section === 'openai-compatibility'
  // The fork's old line has no pools: the first item of an alias serves it.
  const names = compat && flavour !== 'fork-old' ? pool(lookups, naming.models) : []
  if (names.length > 0 || (compat && apiKey === '')) return names
  const table = flavour === 'upstream' ? exactTable(naming.models) : baseTable(naming.models)
  const keys = flavour === 'upstream' ? lookups : lookups.slice(-1)
  const found = keys.map((key) => table.get(key.toLowerCase())).find((name) => name !== undefined)
  return found === undefined ? pool(lookups, naming.models).slice(0, 1) : [found]
}

/** Upstream's table of one entry: of each item its alias, then its name, with and without suffix; the first claim counts. */
function exactTable(items: readonly ModelItem[]): Map<string, string> {
  const table = new Map<string, string>()
  for (const { name, alias } of items)
    if (name !== '' && alias !== '')
      for (const key of [alias, cutSuffix(alias).name, name, cutSuffix(name).name]) claim(table, key, name)
  return table
}

/** The fork's: without suffixes only, and an item whose alias is taken claims nothing. */
function baseTable(items: readonly ModelItem[]): Map<string, string> {
  const table = new Map<string, string>()
  for (const { name, alias } of items) {
    const key = cutSuffix(alias).name || alias
    if (name === '' || alias === '' || table.has(key.toLowerCase())) continue
    claim(table, key, name)
    claim(table, cutSuffix(name).name || name, name)
  }
  return table
}

function claim(table: Map<string, string>, key: string, name: string): void {
  const lower = key.trim().toLowerCase()
  if (lower !== '' && !table.has(lower)) table.set(lower, name)
}

function withoutPrefix(requested: string, prefix: string): string {
  return prefix !== '' && requested.startsWith(`${prefix}/`) ? requested.slice(prefix.length + 1) : requested
}

function pool(lookups: readonly string[], items: readonly ModelItem[]): string[] {
  for (const wanted of lookups) {
    const names = items
      .filter(({ alias }) => alias !== '' && same(alias, wanted))
      .map(({ name }) => name || wanted)
    if (names.length > 0) return distinctNames(names)
  }
  for (const wanted of lookups) {
    const direct = items.find(({ name }) => name !== '' && same(name, wanted))
    if (direct !== undefined) return [direct.name]
  }
  return []
}

function oauthName(lookups: readonly string[], aliases: readonly OAuthAlias[]): string[] {
  for (const wanted of lookups) {
    const found = aliases.find(({ alias }) => same(alias, wanted))
    if (found !== undefined) return [found.name]
  }
  return []
}

function distinctNames(names: readonly string[]): string[] {
  const seen = new Map<string, string>()
  for (const name of names) if (!seen.has(name.toLowerCase())) seen.set(name.toLowerCase(), name)
  return [...seen.values()]
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
