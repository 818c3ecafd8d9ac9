import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Flavour } from '../../analysis/config/flavour.ts'
import { type OAuthCredential, readTokenFile } from '../../analysis/config/oauth.ts'
import { type CodexClaims, codexClaims } from './codex-token.ts'
import { objectOf } from './translation/json.ts'

/** One token file that became a credential (contract, files 3). */
export interface TokenFile {
  readonly name: string
  readonly path: string
  readonly credential: OAuthCredential
  readonly sizeBytes: number
  readonly modifiedMs: number
  readonly fields: Readonly<Record<string, unknown>>
  /** Of a Codex token that tells them. */
  readonly codexClaims: CodexClaims | null
}

/** The token files at the top of the directory, by name; files that the gateway skips are left out. */
export function readAuthDir(directory: string, flavour: Flavour): TokenFile[] {
  const names = listDirectory(directory).filter((name) => name.toLowerCase().endsWith('.json'))
  return names.sort().flatMap((name) => fileAt(directory, name, flavour) ?? [])
}

function listDirectory(directory: string): string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function fileAt(directory: string, name: string, flavour: Flavour): TokenFile | null {
  const path = join(directory, name)
  try {
    const stats = statSync(path)
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    const claims = codexClaims(objectOf(value).id_token)
    const reading = readTokenFile(name, value, flavour, claims?.plan_type)
    if (reading.kind === 'skipped') return null
    return {
      name,
      path,
      credential: reading.credential,
      sizeBytes: stats.size,
      modifiedMs: stats.mtimeMs,
      fields: normalKeys(value as Record<string, unknown>),
      codexClaims: claims,
    }
  } catch {
    // Half-written, unreadable, or gone again: no credential, and no message (contract, files 3.1).
    return null
  }
}

/** Kebab-case spellings are read like the snake-case ones (contract, files 3.2). */
function normalKeys(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key.replaceAll('-', '_'), value]))
}

export function textField(file: TokenFile, ...names: readonly string[]): string {
  for (const name of names) {
    const value = file.fields[name]
    if (typeof value === 'string' && value.trim() !== '') return value.trim()
  }
  return ''
}

/** A number or a string of digits; null for anything else. */
export function integerField(file: TokenFile, name: string): number | null {
  const value = file.fields[name]
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) ? number : null
}

const LAST_REFRESH = ['last_refresh', 'lastRefresh', 'last_refreshed_at', 'lastRefreshedAt'] as const

/** When the token was last renewed, as the file says it; null when it does not (contract, files 3.4). */
export function lastRefreshMs(file: TokenFile): number | null {
  for (const name of LAST_REFRESH) {
    const value = file.fields[name]
    const timeMs =
      typeof value === 'number' ? (value > 1e12 ? value : value * 1_000) : Date.parse(String(value ?? ''))
    if (Number.isFinite(timeMs)) return timeMs
  }
  return null
}
