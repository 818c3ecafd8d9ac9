import type { Flavour } from './flavour.ts'

/** Trimmed, outer slashes cut; empty when a slash is left inside (contract, files 1.3). */
export function normalPrefix(text: string): string {
  const trimmed = text
    .trim()
    .replace(/^\/+|\/+$/g, '')
    .trim()
  return trimmed.includes('/') ? '' : trimmed
}

/** Keys and values trimmed, pairs with an empty side left out. */
export function normalHeaders(headers: Iterable<readonly [string, string]>): Record<string, string> {
  const normal: Record<string, string> = {}
  for (const [key, value] of headers)
    if (key.trim() !== '' && value.trim() !== '') normal[key.trim()] = value.trim()
  return normal
}

/** Headers in the order in which the gateway hashes them. */
export function sortedHeaders(headers: Readonly<Record<string, string>>): string {
  return Object.keys(headers)
    .sort(byCodeUnits)
    .map((key) => `${key}\0${headers[key]}\0`)
    .join('')
}

/** Go compares strings by bytes; for sorting ids and header names code units give the same order but for astral text. */
export function byCodeUnits(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/**
 * `openai-compatible-<name>`, lower-cased; a name that already begins so is kept (contract, files 1.3). The fork's old
 * line uses the bare name.
 */
export function compatProviderKey(name: string, flavour: Flavour): string {
  const lower = name.trim().toLowerCase()
  if (lower === '' || lower === 'openai-compatibility') return 'openai-compatibility'
  if (flavour === 'fork-old') return lower
  return lower.startsWith('openai-compatible-') ? lower : `openai-compatible-${lower}`
}
