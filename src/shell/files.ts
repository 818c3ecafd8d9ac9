import { rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type * as z from 'zod/mini'
import { errorCode } from '../core/error-code.ts'
import { makeDirectory } from '../core/make-directory.ts'
import { readText } from './read-text.ts'

/**
 * Writes a file of provops' memory (never the gateway's): whole or not at all, readable by its owner only. A write that
 * fails loses only memory, and is not told.
 */
export async function remember(path: string, text: string): Promise<void> {
  const draft = `${path}.${process.pid}.draft`
  try {
    makeDirectory(dirname(path), 0o700)
    await writeFile(draft, text, { mode: 0o600 })
    await rename(draft, path)
  } catch {}
}

/** What a file of provops' memory holds; null when there is none, it cannot be read, or it holds something else. */
export async function recall<T>(path: string, schema: z.ZodMiniType<T>): Promise<T | null> {
  const text = await readOrNull(path)
  if (text === null) return null
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** The text of a file, or null when there is none or it cannot be read. */
export async function readOrNull(path: string): Promise<string | null> {
  return readText(path).catch(() => null)
}

/** The code of an error of the file system; anything else that is thrown is a defect, and thrown on. */
export function systemCodeOf(error: unknown): string {
  const code = errorCode(error)
  if (code === null) throw error
  return code
}
