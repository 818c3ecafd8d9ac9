import { listed, printable } from '../../core/text.ts'
import { answerersOf } from './answerers.ts'
import type { Facts, IncidentScope } from './incident-context.ts'
import type { LimitCause, LimitKind } from './limits.ts'
import { withdrawalEdits } from './moves.ts'
import type { EditRemedy } from './playbook.ts'
import { told } from './read-facts.ts'

/** What a model less helps against: it leaves the rest of the quota to the others. */
const BY_QUOTA: readonly LimitKind[] = ['short-limit', 'plan-quota', 'local-cooldown']

/**
 * Takes one model away from the provider that limits it (runbook, Repeated 429: tighten expensive-model exposure): the
 * one of --model, else the one that was refused most. No file tells prices, so no other is guessed.
 */
export function exposureRemedies(
  facts: Facts,
  causes: readonly LimitCause[],
  scope: IncidentScope,
): readonly EditRemedy[] {
  const offers = told(facts.config)?.offers
  if (offers === undefined) return []
  for (const { kind, provider, models } of causes) {
    if (!BY_QUOTA.includes(kind)) continue
    // A bench names every model of its account, and none more than another.
    const [named] = scope.models.filter((id) => models.includes(id))
    const id = named ?? (kind === 'local-cooldown' || scope.models.length > 0 ? undefined : models[0])
    if (id === undefined) continue
    const all = answerersOf(facts, offers, id)
    const own = all.filter((one) => one.provider === provider)
    const edits = own.flatMap((answerer) => withdrawalEdits(facts, answerer, id))
    if (edits.length === 0) continue
    const others = all.filter((one) => !own.includes(one)).map(({ label }) => label)
    const prefixed = [
      ...new Set(own.flatMap(({ entry }) => (entry?.prefix ? [`${entry.prefix}/${id}`] : []))),
    ]
    const where = own.map(({ label, entry }) =>
      entry?.section === 'openai-compatibility'
        ? `the models of ${label}, which knows no excluded-models`
        : entry === null
          ? `the ${label} with oauth-excluded-models`
          : `${label} with excluded-models`,
    )
    return [
      {
        kind: 'edit',
        name: 'exclude',
        title: `take ${printable(id, 60)} out of ${listed(where, 2)}`,
        edits,
        askFirst: [],
        mind:
          others.length > 0
            ? `${listed(others, 2)} then answers it alone${prefixed.length > 0 ? `; ${listed(prefixed, 2)} is refused` : ''}`
            : `clients that ask for ${printable(id, 60)} are refused by the gateway until it is taken back; the other models keep what is left. --model chooses another one`,
        proof: others.length > 0 ? { kind: 'symptom' } : { kind: 'withdrawn', ids: [id] },
      },
    ]
  }
  return []
}
