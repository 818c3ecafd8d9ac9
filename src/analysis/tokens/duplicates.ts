import type { TokenCredential } from './token-file.ts'

interface Named {
  readonly name: string
  readonly credential: TokenCredential
}

/**
 * Which file is a copy of which: same refresh token, or same account of the same type. The renewal of one copy ends the
 * others (`refresh_token_reused`; contract, files 3.5), so the one renewed last counts as the original. Disabled files
 * are left alone, since the gateway does not renew them.
 */
export function duplicatesIn(files: readonly Named[]): ReadonlyMap<string, string> {
  const active = files.filter(({ credential }) => !credential.disabled)
  const freshestFirst = active.toSorted(
    (a, b) => freshness(b) - freshness(a) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  )
  const originals = new Map<string, string>()
  const copies = new Map<string, string>()
  for (const { name, credential } of freshestFirst) {
    const keys = [credential.login, credential.account].filter((key) => key !== null)
    const original = keys.map((key) => originals.get(key)).find((known) => known !== undefined)
    if (original !== undefined) copies.set(name, original)
    for (const key of keys) if (!originals.has(key)) originals.set(key, original ?? name)
  }
  return copies
}

function freshness({ credential }: Named): number {
  return credential.refreshedMs ?? credential.expiresMs ?? 0
}
