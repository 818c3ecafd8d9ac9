import { nearest } from '../../core/near.ts'
import type { RoutingStrategy } from './model.ts'
import { byCodeUnits } from './normalise.ts'
import type { Credential, IdOffer, Offer, Offers } from './offers.ts'
import { cutSuffix } from './suffix.ts'
import { upstreamNames } from './upstream-names.ts'

/** Who answers a requested name, from the config alone: no cooldowns, no session affinity, no websocket preference. */
export type Resolution =
  | {
      readonly kind: 'answered'
      readonly requested: string
      /** The id the gateway looks up: without the suffix, or with it when only the full text is an id. */
      readonly id: string
      readonly suffix: string | null
      readonly strategy: RoutingStrategy
      /** In the gateway's order: most credentials first, then by name. */
      readonly providers: readonly string[]
      /** Highest priority first. A tier is used when none above it has a ready credential. */
      readonly tiers: readonly Tier[]
      /** Credentials that may offer the id as well: their built-in list was not given. */
      readonly unsure: readonly Offer[]
    }
  /** The gateway takes whichever model is newest when asked. */
  | { readonly kind: 'automatic'; readonly requested: string; readonly suffix: string | null }
  | {
      readonly kind: 'unanswered'
      readonly requested: string
      readonly id: string
      readonly near: readonly string[]
      readonly unsure: readonly Offer[]
    }

export interface Tier {
  readonly priority: number
  /** In the gateway's order of providers, then by credential id. */
  readonly answers: readonly Answer[]
}

export interface Answer {
  readonly credential: Credential
  readonly provider: string
  /** What is asked of the upstream; several rotate (a pool). */
  readonly upstreamNames: readonly string[]
  /** Part of the tier's requests while all of its credentials are ready, 0 to 1. Sums to 1, or to 0 where no weight is above 0. */
  readonly share: number
}

/** Finds who answers `requested` (contract, files 1.8 and 1.9). Ids are compared with exact case. */
export function resolve(offers: Offers, requested: string): Resolution {
  const cut = cutSuffix(requested)
  if (cut.name === 'auto') return { kind: 'automatic', requested, suffix: cut.suffix }
  const id = offers.byId.has(cut.name) ? cut.name : offers.byId.has(requested) ? requested : cut.name
  const unsure = offers.list.filter(({ base, credential }) => base === 'unknown' && !isDisabled(credential))
  const providers = providersOf(offers.byId.get(id) ?? [])
  if (providers.length === 0)
    return { kind: 'unanswered', requested, id, near: nearest(id, offers.byId.keys()), unsure }
  const { strategy } = offers.config.settings
  const candidates = candidatesFor(offers, cut.name === '' ? requested : cut.name, providers)
  const answers = candidates.map((offer) => ({
    credential: offer.credential,
    provider: offer.credential.providerKey,
    upstreamNames: upstreamNames(offer, requested, offers.config),
  }))
  const priorities = [...new Set(answers.map(({ credential }) => credential.priority))].sort((a, b) => b - a)
  const tiers = priorities.map((priority) => ({
    priority,
    answers: withShares(
      answers.filter(({ credential }) => credential.priority === priority),
      strategy,
    ),
  }))
  return { kind: 'answered', requested, id, suffix: cut.suffix, strategy, providers, tiers, unsure }
}

function isDisabled(credential: Credential): boolean {
  return credential.kind === 'oauth' && credential.disabled
}

function providersOf(found: readonly IdOffer[]): string[] {
  const counts = new Map<string, number>()
  for (const { offer, offered } of found) {
    const provider = offer.credential.providerKey
    counts.set(provider, (counts.get(provider) ?? 0) + offered.registrations)
  }
  return [...counts].sort(([a, x], [b, y]) => y - x || byCodeUnits(a, b)).map(([provider]) => provider)
}

/** Credentials of these providers that offer the name, with or without a suffix in the id. */
function candidatesFor(offers: Offers, key: string, providers: readonly string[]): Offer[] {
  const found = new Set<Offer>()
  for (const { offer } of offers.byId.get(key) ?? []) found.add(offer)
  for (const { offer } of offers.bySuffixless.get(key) ?? []) found.add(offer)
  const rank = new Map(providers.map((provider, index) => [provider, index]))
  return [...found]
    .filter(({ credential }) => rank.has(credential.providerKey))
    .sort(
      ({ credential: a }, { credential: b }) =>
        (rank.get(a.providerKey) ?? 0) - (rank.get(b.providerKey) ?? 0) || byCodeUnits(a.id, b.id),
    )
}

function withShares(answers: readonly Omit<Answer, 'share'>[], strategy: RoutingStrategy): Answer[] {
  switch (strategy) {
    case 'fill-first':
      return answers.map((answer, index) => ({ ...answer, share: index === 0 ? 1 : 0 }))
    case 'round-robin':
      return answers.map((answer) => ({ ...answer, share: 1 / answers.length }))
    case 'weighted-round-robin': {
      const total = answers.reduce((sum, { credential }) => sum + credential.weight, 0)
      return answers.map((answer) => ({
        ...answer,
        share: total === 0 ? 0 : answer.credential.weight / total,
      }))
    }
  }
}
