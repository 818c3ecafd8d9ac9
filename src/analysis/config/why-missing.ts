import { nearest } from '../../core/near.ts'
import { printable } from '../../core/text.ts'
import { causesInEntry } from './missing-entry.ts'
import { causesInOAuth } from './missing-oauth.ts'
import type { IdOffer, Offers } from './offers.ts'
import { resolve } from './resolve.ts'
import type { Position } from './yaml-source.ts'

/** Why the config does not offer an id. */
export type Explanation =
  /** It does. If the gateway does not list the id, it is suspended or not loaded at run time. */
  | { readonly kind: 'offered'; readonly by: readonly IdOffer[] }
  /** The most telling cause first. */
  | {
      readonly kind: 'missing'
      readonly causes: readonly [Cause, ...Cause[]]
      readonly near: readonly string[]
    }

/** What can keep an id away, the most telling first. */
export const CAUSE_CODES = [
  'case-differs',
  'forced-prefix',
  'bad-prefix',
  'excluded',
  'entry-disabled',
  'entry-dropped',
  'overruled-entry',
  'oauth-renamed',
  'oauth-excluded',
  'oauth-disabled',
  'aliased',
  'oauth-alias-lost',
  'not-in-models',
  'no-credential',
  'other-prefix',
  'unknown-catalogue',
  'unknown-id',
] as const

export type CauseCode = (typeof CAUSE_CODES)[number]

export interface Cause {
  readonly code: CauseCode
  /** What the config does to the id. */
  readonly message: string
  /** What would bring it back. */
  readonly fix: string
  /** The line that does it; null when none does. */
  readonly at: Position | null
}

/** An id as a prefix and the rest; the prefix is empty for the whole id. */
export interface Wanted {
  readonly prefix: string
  readonly base: string
}

/**
 * Walks every way in which a config can keep an id away (contract, files 1.7): entry off or dropped, prefix, exclusion,
 * alias, OAuth renames, models list, credential missing. A suffix in parentheses is left out of it.
 */
export function whyMissing(offers: Offers, requested: string): Explanation {
  const resolution = resolve(offers, requested)
  if (resolution.kind === 'answered') return { kind: 'offered', by: offers.byId.get(resolution.id) ?? [] }
  const id = resolution.kind === 'unanswered' ? resolution.id : requested
  const wanted = waysOf(id)
  const causes = [
    ...caseCauses(offers, id),
    ...offers.config.entries.flatMap((entry) => causesInEntry(offers, entry, wanted)),
    ...causesInOAuth(offers, wanted),
    ...prefixCauses(offers, wanted),
    ...catalogueCauses(offers),
  ].sort((a, b) => CAUSE_CODES.indexOf(a.code) - CAUSE_CODES.indexOf(b.code))
  const [first = unknownCause(id), ...others] = causes
  return { kind: 'missing', causes: [first, ...others], near: nearest(id, offers.byId.keys()) }
}

function waysOf(id: string): Wanted[] {
  const slash = id.indexOf('/')
  const whole = { prefix: '', base: id }
  return slash <= 0 ? [whole] : [whole, { prefix: id.slice(0, slash), base: id.slice(slash + 1) }]
}

function caseCauses({ byId }: Offers, id: string): Cause[] {
  const lower = id.toLowerCase()
  const others = [...byId.keys()].filter((known) => known.toLowerCase() === lower)
  if (others.length === 0) return []
  const message = `the config offers it as ${others.map((other) => `\`${printable(other)}\``).join(', ')}; the gateway compares ids with exact case`
  return [{ code: 'case-differs', message, fix: `ask for \`${printable(others[0] ?? '')}\``, at: null }]
}

function prefixCauses({ byId, list }: Offers, wanted: readonly Wanted[]): Cause[] {
  const split = wanted.find(({ prefix }) => prefix !== '')
  if (split === undefined) return []
  const offered = [...byId.keys()].filter((id) => id === split.base || id.endsWith(`/${split.base}`))
  if (offered.length === 0) return []
  const known = list.some(({ credential }) => credential.prefix === split.prefix)
  const ids = offered
    .slice(0, 3)
    .map((id) => `\`${printable(id)}\``)
    .join(', ')
  const message = known
    ? `no credential with the prefix \`${printable(split.prefix)}\` offers \`${printable(split.base)}\`; others do, as ${ids}`
    : `no credential has the prefix \`${printable(split.prefix)}\`; \`${printable(split.base)}\` is offered as ${ids}`
  return [
    {
      code: 'other-prefix',
      message,
      fix: `ask for ${ids}, or set \`prefix: ${printable(split.prefix)}\` where it should be answered`,
      at: null,
    },
  ]
}

function catalogueCauses({ list }: Offers): Cause[] {
  const channels = [
    ...new Set(list.filter(({ base }) => base === 'unknown').map(({ credential }) => credential.providerKey)),
  ]
  if (channels.length === 0) return []
  const names = channels.map((channel) => printable(channel)).join(', ')
  const message = `it may be in a built-in list of the gateway that is not known here (${names})`
  return [{ code: 'unknown-catalogue', message, fix: 'ask the gateway itself: GET /v1/models', at: null }]
}

function unknownCause(id: string): Cause {
  return {
    code: 'unknown-id',
    message: `no entry and no loaded credential has anything to do with \`${printable(id)}\``,
    fix: 'add it to the `models` of an entry, as name or alias',
    at: null,
  }
}
