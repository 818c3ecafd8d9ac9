import { ftruncateSync, closeSync, openSync, writeSync } from 'node:fs'
import { isMap, isScalar, parseDocument } from 'yaml'
import { plainSecret, readConfig } from '../config-state.ts'
import type { Runtime } from '../runtime.ts'
import { hashSecret } from './secret.ts'

/**
 * Replaces a plain management key in the file by its hash, as the gateway does at start and at each reload
 * (contract, files 2.4). Only in a file that the embedded gateway made itself: the hash is not one that a real
 * gateway could check. Returns the text that stands in the file afterwards.
 */
export function rewriteSecret(runtime: Runtime): string {
  const { text } = runtime.config
  const secret = plainSecret(runtime.config)
  if (secret === null || runtime.configOwner === 'user') return text
  const rewritten = withSecret(text, hashSecret(secret, runtime.random.hex))
  if (rewritten === null) return text
  writeInPlace(runtime.paths.config, rewritten)
  const reading = readConfig(rewritten, runtime.traits.flavour, runtime.config.loadedMs)
  if (reading.kind === 'loaded') runtime.config = reading.config
  return rewritten
}

/** The text with another `secret-key`, and standalone comment lines at column 0; null when it has no such key. */
function withSecret(text: string, hash: string): string | null {
  const document = parseDocument(text)
  const management = document.get('remote-management')
  const node = isMap(management) ? management.get('secret-key', true) : null
  if (!isScalar(node) || !node.range) return null
  const [start, end] = node.range
  return outdentComments(`${text.slice(0, start)}${JSON.stringify(hash)}${text.slice(end)}`)
}

/** Saving moves lines that are only a comment to column 0 (contract, files 2.4). */
export function outdentComments(text: string): string {
  return text.replace(/^[ \t]+(?=#)/gm, '')
}

/** Truncates and writes the same inode, as the gateway does: not atomic, no backup (contract, files 2.4). */
export function writeInPlace(path: string, text: string): void {
  const handle = openSync(path, 'r+')
  try {
    ftruncateSync(handle, 0)
    writeSync(handle, text, 0)
  } finally {
    closeSync(handle)
  }
}
