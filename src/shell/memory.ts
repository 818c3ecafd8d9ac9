import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientKeyGiven } from './keys.ts'

/** What is remembered of gateways, one folder per kind under the state directory. */
export type MemoryKind = 'inventory' | 'totals'

/** The file of what is remembered about something; its names are encoded, since URLs and names of keys are not file names. */
export function memoryFile(stateDir: string, kind: MemoryKind, ...names: readonly string[]): string {
  return join(stateDir, kind, `${Buffer.from(names.join('\n')).toString('base64url')}.json`)
}

/** Inventories of different keys differ, so each is remembered by the name its key has. */
export function firstKeyName(keys: readonly ClientKeyGiven[]): string {
  return keys[0]?.name ?? 'no key'
}

/** Whether an earlier run learned something from this address: it has proved to be a gateway then. */
export function isKnown(stateDir: string, gatewayUrl: string, keys: readonly ClientKeyGiven[]): boolean {
  return (
    existsSync(memoryFile(stateDir, 'totals', gatewayUrl)) ||
    existsSync(memoryFile(stateDir, 'inventory', gatewayUrl, firstKeyName(keys)))
  )
}
