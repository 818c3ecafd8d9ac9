import type { Offers } from '../../analysis/config/offers.ts'
import { providerName } from '../../analysis/windows.ts'
import { listed, printable } from '../../core/text.ts'
import { type Answerer, answerersOf, describeAnswerer } from './answerers.ts'
import type { Facts, IncidentScope } from './incident-context.ts'
import { familyOf } from './moves.ts'

/** One name that does not mean one provider, or not the one that is meant. */
export interface Collision {
  readonly id: string
  readonly meant: Answerer
  /** Those of its priority, which are asked in turn, or of a higher one, which are asked instead of it. */
  readonly others: readonly Answerer[]
}

/**
 * Ids that are answered in turn by different providers or with different models, or by others than the provider that was
 * named. A pool inside one block is none (contract, files 1.9).
 */
export function collisionsIn(facts: Facts, offers: Offers, scope: IncidentScope): readonly Collision[] {
  return idsIn(facts, offers, scope).flatMap((id) => {
    const answerers = answerersOf(facts, offers, id)
    const meant = meantOf(answerers, scope)
    if (!meant) return []
    const others = answerers.filter(
      (one) => one !== meant && one.priority >= meant.priority && isOther(one, meant),
    )
    return others.length === 0 ? [] : [{ id, meant, others }]
  })
}

/** Ids that another provider answers as soon as the one that is meant is benched or fails. */
export function contestedIn(facts: Facts, offers: Offers, scope: IncidentScope): readonly string[] {
  return idsIn(facts, offers, scope).filter((id) => {
    const answerers = answerersOf(facts, offers, id)
    const meant = meantOf(answerers, scope)
    return meant !== undefined && answerers.some((one) => isOther(one, meant))
  })
}

function idsIn(facts: Facts, offers: Offers, { models }: IncidentScope): readonly string[] {
  if (models.length > 0) return models
  return [...new Set([...offers.byId.keys(), ...facts.accountModels.flatMap(({ ids }) => ids)])].sort()
}

/** Another provider, or another model of the same one. */
function isOther(one: Answerer, meant: Answerer): boolean {
  if (one.provider !== meant.provider) return true
  const families = new Set(meant.names.map(familyOf))
  return one.names.some((name) => !families.has(familyOf(name)))
}

/**
 * The provider or prefix that was named. Else, of those that are asked first, the direct one: an aggregator's copy is the
 * likelier accident. Undefined when nobody that was named answers the name.
 */
export function meantOf(
  answerers: readonly Answerer[],
  { provider, prefix }: IncidentScope,
): Answerer | undefined {
  if (provider !== null) return answerers.find((one) => one.provider === providerName(provider))
  if (prefix !== null) return answerers.find(({ entry }) => entry?.prefix === prefix)
  const top = answerers.filter(({ priority }) => priority === answerers[0]?.priority)
  return top.find(({ entry }) => entry === null || entry.section !== 'openai-compatibility') ?? top[0]
}

export function collisionWords({ id, meant, others }: Collision): string {
  const name = printable(id, 60)
  const instead = others.filter(({ priority }) => priority > meant.priority)
  return instead.length > 0
    ? `${name} is answered by ${listed(instead.map(describeAnswerer), 2)}, and by ${describeAnswerer(meant)} only when that fails`
    : `${name} is answered in turn by ${listed([meant, ...others].map(describeAnswerer), 3)}`
}
