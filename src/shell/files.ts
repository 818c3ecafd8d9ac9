import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Writes a file of provops' own (never the gateway's): whole or not at all, readable by its owner only. Throws what
 * the file system throws.
 */
export async function writePrivately(path: string, text: string, uniqueSuffix: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${uniqueSuffix}`
  await writeFile(draft, text, { mode: 0o600 })
  await rename(draft, path)
}

/** The text of a file, or null when there is none or it cannot be read. */
export async function readOrNull(path: string): Promise<string | null> {
  return readFile(path, 'utf8').catch(() => null)
}
