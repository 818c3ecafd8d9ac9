import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Flavour } from '../analysis/config/flavour.ts'
import { type OAuthCredential, readTokenFile } from '../analysis/config/oauth.ts'

/**
 * The credentials a gateway makes of the token files at the top of its auth directory (contract, files 3.1). Files
 * that cannot be read or are no JSON make none, as in the gateway; a directory that cannot be read has none.
 */
export async function readOAuthCredentials(directory: string, flavour: Flavour): Promise<OAuthCredential[]> {
  const names = await readdir(directory).catch(() => [])
  const files = names.filter((name) => /\.json$/i.test(name)).sort()
  const credentials: OAuthCredential[] = []
  for (const name of files) {
    const data = await readJson(join(directory, name))
    const reading = data === undefined ? null : readTokenFile(name, data, flavour)
    if (reading?.kind === 'credential') credentials.push(reading.credential)
  }
  return credentials
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch {
    return undefined
  }
}
