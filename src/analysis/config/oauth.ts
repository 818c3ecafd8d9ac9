import type { Flavour } from './flavour.ts'
import type { OAuthAlias } from './model.ts'
import { normalPrefix } from './normalise.ts'
import { usableAliases } from './oauth-maps.ts'
import { MAX_WEIGHT } from './schema-providers.ts'

/** A credential from a token file in the auth directory (contract, files 3.2). */
export interface OAuthCredential {
  readonly kind: 'oauth'
  /** The file's path relative to the auth directory. May hold an e-mail address. */
  readonly id: string
  /** The file's `type`, lower-cased: channel and provider at once. */
  readonly providerKey: string
  readonly prefix: string
  readonly priority: number
  readonly weight: number
  readonly disabled: boolean
  /** Own patterns; the channel's come from the config. */
  readonly excludedModels: readonly string[]
  /** Own aliases; they win over the channel's of the same alias. */
  readonly aliases: readonly OAuthAlias[]
  readonly websockets: boolean
  /** The plan a Codex token claims, lower-cased, when the caller read it from the token; `''` when not known. */
  readonly plan: string
}

export type TokenFileReading =
  | { readonly kind: 'credential'; readonly credential: OAuthCredential }
  /** The gateway makes no credential of the file. */
  | { readonly kind: 'skipped'; readonly reason: 'not-an-object' | 'no-type' | 'gemini' | 'bad-weight' }

/** What a gateway makes of the JSON of one token file. `plan` is the caller's reading of a Codex token, if it made one. */
export function readTokenFile(id: string, data: unknown, flavour: Flavour, plan = ''): TokenFileReading {
  if (typeof data !== 'object' || data === null || Array.isArray(data))
    return { kind: 'skipped', reason: 'not-an-object' }
  const field = (name: string): unknown => {
    const fields = data as Readonly<Record<string, unknown>>
    return Object.hasOwn(fields, name) ? fields[name] : fields[name.replaceAll('_', '-')]
  }
  const type = typeof field('type') === 'string' ? String(field('type')).trim().toLowerCase() : ''
  if (type === '') return { kind: 'skipped', reason: 'no-type' }
  const gemini = type === 'gemini' || type === 'gemini-cli'
  if (gemini && flavour !== 'fork-old') return { kind: 'skipped', reason: 'gemini' }
  const weight = flavour === 'upstream' ? weightOf(field('weight')) : 1
  if (weight === null) return { kind: 'skipped', reason: 'bad-weight' }
  return {
    kind: 'credential',
    credential: {
      kind: 'oauth',
      id,
      providerKey: gemini ? 'gemini-cli' : type,
      prefix: normalPrefix(typeof field('prefix') === 'string' ? String(field('prefix')) : ''),
      priority: priorityOf(field('priority')),
      weight,
      disabled: field('disabled') === true,
      excludedModels: textsOf(field('excluded_models')),
      aliases: flavour === 'fork-old' ? [] : usableAliases(aliasesOf(field('model_aliases')), flavour),
      websockets: field('websockets') === true || String(field('websockets')).trim().toLowerCase() === 'true',
      plan: plan.trim().toLowerCase(),
    },
  }
}

/** Null: the gateway skips the file. 0: takes no part under weighted-round-robin. */
function weightOf(raw: unknown): number | null {
  if (raw === undefined) return 1
  if (typeof raw === 'string' && raw.trim() === '') return 1
  const weight =
    typeof raw === 'number'
      ? raw
      : typeof raw === 'string' && /^[-+]?\d+$/.test(raw.trim())
        ? Number(raw)
        : Number.NaN
  if (!Number.isInteger(weight) || weight > MAX_WEIGHT) return null
  return Math.max(weight, 0)
}

function priorityOf(raw: unknown): number {
  if (typeof raw === 'number') return Math.trunc(raw)
  return typeof raw === 'string' && /^\s*[-+]?\d+\s*$/.test(raw) ? Number(raw) : 0
}

function textsOf(raw: unknown): string[] {
  if (!Array.isArray(raw)) return []
  return raw
    .filter((item) => typeof item === 'string')
    .flatMap((text) => text.split(',').map((part) => part.trim()))
    .filter((text) => text !== '')
}

function aliasesOf(raw: unknown): OAuthAlias[] {
  if (!Array.isArray(raw)) return []
  const text = (value: unknown) => (typeof value === 'string' ? value.trim() : '')
  return raw
    .filter((item): item is Record<string, unknown> => typeof item === 'object' && item !== null)
    .map((item) => ({
      name: text(item.name),
      alias: text(item.alias),
      fork: item.fork === true,
      forceMapping: item['force-mapping'] === true,
      displayName: text(item['display-name']),
      at: null,
    }))
}
