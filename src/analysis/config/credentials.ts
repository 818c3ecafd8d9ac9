import { createHash } from 'node:crypto'
import type { Flavour } from './flavour.ts'
import type { ConfigCredential, KeyItem, ProviderEntry } from './model.ts'
import { sortedHeaders } from './normalise.ts'

/** One credential per key of each live entry; an openai-compatibility entry without keys gets one without a key. */
export function credentialsOf(entries: readonly ProviderEntry[], flavour: Flavour): ConfigCredential[] {
  const nextId = idCounter()
  return entries
    .filter((entry) => entry.fate.kind === 'live')
    .flatMap((entry) => keysOf(entry).map((key) => credentialOf(entry, key, nextId, flavour)))
}

function keysOf(entry: ProviderEntry): readonly (KeyItem | null)[] {
  return entry.keys.length === 0 ? [null] : entry.keys
}

function credentialOf(
  entry: ProviderEntry,
  key: KeyItem | null,
  nextId: (kind: string, parts: readonly string[]) => string,
  flavour: Flavour,
): ConfigCredential {
  const [kind, parts] = seedOf(entry, key, flavour)
  return {
    kind: 'config',
    id: nextId(kind, parts),
    entry,
    providerKey: entry.providerKey,
    prefix: entry.prefix,
    priority: entry.priority,
    weight: Math.max(key?.weight ?? 1, 0),
    apiKey: key?.apiKey ?? '',
    proxyUrl: key?.proxyUrl ?? '',
    websockets: entry.websockets,
    at: key?.at ?? entry.at.entry,
  }
}

/**
 * What the gateway hashes into a credential's id. Only upstream, and there only the key sections without vertex,
 * takes prefix and headers in (contract, files 1.3, corrected by both gateways' synthesizer/config.go).
 */
function seedOf(
  entry: ProviderEntry,
  key: KeyItem | null,
  flavour: Flavour,
): readonly [kind: string, parts: readonly string[]] {
  const apiKey = key?.apiKey ?? ''
  const proxyUrl = key?.proxyUrl ?? ''
  if (entry.section === 'openai-compatibility') {
    const kind = `openai-compatibility:${entry.name.toLowerCase() || 'openai-compatibility'}`
    return [kind, key === null ? [entry.baseUrl] : [apiKey, entry.baseUrl, proxyUrl]]
  }
  const kind = `${entry.providerKey}:apikey`
  if (entry.section === 'vertex-api-key') return [kind, [apiKey, entry.baseUrl, proxyUrl]]
  if (flavour !== 'upstream') return [kind, [apiKey, entry.baseUrl]]
  return [kind, [apiKey, entry.baseUrl, proxyUrl, entry.prefix, sortedHeaders(entry.headers)]]
}

/** `<kind>:<12 hex digits>`, with `-1`, `-2` … for further credentials of the same parts. */
function idCounter(): (kind: string, parts: readonly string[]) => string {
  const used = new Map<string, number>()
  return (kind, parts) => {
    const hash = createHash('sha256').update(kind)
    for (const part of parts) hash.update(`\0${part.trim()}`)
    const id = `${kind}:${hash.digest('hex').slice(0, 12)}`
    const count = used.get(id) ?? 0
    used.set(id, count + 1)
    return count === 0 ? id : `${id}-${count}`
  }
}
