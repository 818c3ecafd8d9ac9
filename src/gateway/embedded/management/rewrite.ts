import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { isMap, isScalar, parseDocument } from 'yaml'
import { plainSecret, readConfig } from '../config-state.ts'
import type { LoadedConfig, Runtime } from '../runtime.ts'
import { hashSecret } from './secret.ts'

/**
 * Replaces a plain management key in the file by its hash, as the gateway does at start and at each reload
 * (contract, files 2.4). Only in a file that the embedded gateway made itself: the hash is not one that a real
 * gateway could check. Returns the configuration as the file has it afterwards.
 */
export function rewriteSecret(runtime: Runtime, config: LoadedConfig): LoadedConfig {
  const secret = plainSecret(config)
  if (secret === null || runtime.configOwner === 'user') return config
  const rewritten = withSecret(config.text, hashSecret(secret, runtime.random.hex))
  const reading = rewritten === null ? null : readConfig(rewritten, runtime.traits.flavour, config.loadedMs)
  if (rewritten === null || reading?.kind !== 'loaded') return config
  writeInPlace(runtime.paths.config, rewritten)
  return reading.config
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
