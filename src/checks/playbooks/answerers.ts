import type { ProviderEntry } from '../../analysis/config/model.ts'
import type { IdOffer, Offers } from '../../analysis/config/offers.ts'
import { upstreamNames } from '../../analysis/config/upstream-names.ts'
import { providerName } from '../../analysis/windows.ts'
import { counted, listed, printable } from '../../core/text.ts'
import type { Facts } from './incident-context.ts'
import { told } from './read-facts.ts'

/** Everything that answers one id as one: an entry of the configuration, or the accounts of a channel. */
export interface Answerer {
  readonly label: string
  readonly provider: string
  readonly prefix: string
  readonly priority: number
  readonly credentials: number
  /** What the provider is asked for. */
  readonly names: readonly string[]
  /** Null for accounts from token files. */
  readonly entry: ProviderEntry | null
}

/** Who answers an id: the configuration's own offers, and the accounts that the gateway registered it for. */
export function answerersOf(facts: Facts, offers: Offers, id: string): readonly Answerer[] {
  const found = new Map<string, Answerer>()
  for (const offer of offers.byId.get(id) ?? []) {
    const answerer = fromConfig(offer, id, offers)
    if (answerer) join(found, answerer)
  }
  for (const { provider, ids } of facts.accountModels) {
    if (!ids.includes(id)) continue
    join(found, {
      label: `accounts of ${provider}`,
      provider: providerName(provider),
      prefix: '',
      priority: 0,
      credentials: 1,
      names: [id],
      entry: null,
    })
  }
  return [...found.values()].sort((a, b) => b.priority - a.priority || b.credentials - a.credentials)
}

function fromConfig({ offer, offered }: IdOffer, id: string, { config }: Offers): Answerer | null {
  const { credential } = offer
  if (credential.kind !== 'config') return null
  return {
    label: credential.entry.label,
    provider: providerName(credential.providerKey),
    prefix: offered.id === offered.base ? '' : credential.prefix,
    priority: credential.priority,
    credentials: 1,
    names: upstreamNames(offer, id, config),
    entry: credential.entry,
  }
}

function join(found: Map<string, Answerer>, answerer: Answerer): void {
  const key = `${answerer.label}\0${answerer.priority}`
  const known = found.get(key)
  if (known === undefined) found.set(key, answerer)
  else found.set(key, { ...known, credentials: known.credentials + 1 })
}

/** `gpt-5.3-codex: accounts of codex (2 credentials); openai-compatibility "aggregator", line 44 (…)`. */
export function answerWords(facts: Facts, offers: Offers, id: string): string {
  const answerers = answerersOf(facts, offers, id)
  return answerers.length === 0
    ? 'no block and no account offers it'
    : listed(answerers.map(describeAnswerer), 3)
}

export function describeAnswerer({ label, entry, credentials, priority, names }: Answerer): string {
  const line = entry === null ? '' : `, line ${entry.at.entry.line}`
  return `${printable(label, 60)}${line} (${counted(credentials, 'credential')}, priority ${priority}, as ${listed(
    names.map((name) => printable(name, 60)),
    2,
  )})`
}

/** The one provider that answers these models by the configuration; null where there are several, or none is known. */
export function soleProvider(facts: Facts, models: readonly string[]): string | null {
  const offers = told(facts.config)?.offers
  if (!offers) return null
  const names = models.flatMap((id) => answerersOf(facts, offers, id).map(({ provider }) => provider))
  const [name, ...others] = new Set(names)
  return others.length === 0 ? (name ?? null) : null
}
