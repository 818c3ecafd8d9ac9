import type { IdOffer, OfferedId, Offers } from '../../analysis/config/offers.ts'
import type { Cooldowns } from './cooldowns.ts'
import type { Credential } from './credentials.ts'

/** One id that one credential offers, ready to be asked for. */
export interface Offer {
  readonly credential: Credential
  readonly id: string
  readonly displayName: string
  /** Whether answers carry the id instead of the provider's name (`force-mapping`). */
  readonly answerModel: 'rewritten' | 'as-sent'
}

/** Which ids are offered by whom, in the order of the credentials. */
export type Inventory = ReadonlyMap<string, readonly Offer[]>

export function inventoryOf(offers: Offers, credentials: readonly Credential[]): Inventory {
  const byId = new Map(credentials.map((credential) => [credential.id, credential]))
  const inventory = new Map<string, Offer[]>()
  for (const [id, offering] of offers.byId) {
    const own = offering.flatMap((each) => offerFrom(each, byId) ?? [])
    if (own.length > 0) inventory.set(id, own)
  }
  return inventory
}

function offerFrom({ offer, offered }: IdOffer, byId: ReadonlyMap<string, Credential>): Offer | null {
  const credential = byId.get(offer.credential.id)
  if (!credential) return null
  const rewritten = offered.items[0]?.forceMapping ?? offered.alias?.forceMapping ?? false
  return {
    credential,
    id: offered.id,
    displayName: displayNameOf(offered, credential),
    answerModel: rewritten ? 'rewritten' : 'as-sent',
  }
}

/** The key sections show the provider's name, openai-compatibility the id (as the real gateways answer). */
function displayNameOf({ items, alias, base }: OfferedId, { source }: Credential): string {
  const named = items[0]?.displayName || alias?.displayName
  if (named) return named
  const isCompat = source.kind === 'config' && source.credential.entry.section === 'openai-compatibility'
  return isCompat ? base : items[0]?.name || base
}

/** An id is hidden when every credential behind it is benched for anything but quota (contract, HTTP 2.6). */
export function isListed(offers: readonly Offer[], cooldowns: Cooldowns, nowMs: number): boolean {
  return offers.some(({ credential, id }) => !cooldowns.suspended(credential.id, id, nowMs))
}
