import { type ConfigEdit, refOf } from '../../analysis/config/edit-types.ts'
import type { ProviderEntry } from '../../analysis/config/model.ts'
import { type Answerer, answerersOf } from './answerers.ts'
import type { Facts } from './incident-context.ts'
import type { EditRemedy } from './playbook.ts'
import { told } from './read-facts.ts'

/** Another block of the configuration that has the same model under another name. */
export interface Fallback {
  readonly entry: ProviderEntry
  /** The provider's own name for it. */
  readonly name: string
  /** What a client can ask for today; with the prefix where there is one. */
  readonly id: string
}

/**
 * The same model at another provider: names are equal without vendor, date and punctuation, as
 * `anthropic/claude-sonnet-4.5` and `claude-sonnet-4-5-20250929` are.
 */
export function fallbacksFor(facts: Facts, id: string): readonly Fallback[] {
  const config = told(facts.config)?.offers.config
  const offers = told(facts.config)?.offers
  if (config === undefined || offers === undefined) return []
  const own = answerersOf(facts, offers, id)
  const wanted = new Set([id, ...own.flatMap(({ names }) => names)].map(familyOf))
  const taken = new Set(own.map(({ label }) => label))
  return config.entries.flatMap((entry) => {
    if (entry.fate.kind !== 'live' || taken.has(entry.label)) return []
    const item = entry.models.find(({ name, kept }) => kept && wanted.has(familyOf(name)))
    if (item === undefined) return []
    return [{ entry, name: item.name, id: entry.prefix === '' ? item.id : `${entry.prefix}/${item.id}` }]
  })
}

/** A model name without what differs between providers of the same model. */
export function familyOf(name: string): string {
  return name
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/[-@]\d{8}$/, '')
    .replace(/[._]/g, '-')
}

/** Changes that move each model to a provider that has it as well; models without such a provider are left out. */
export function shiftRemedies(facts: Facts, models: readonly string[]): readonly EditRemedy[] {
  const moves = [...new Set(models)].flatMap((id) => {
    const [fallback] = fallbacksFor(facts, id)
    return fallback === undefined || id.includes('/')
      ? []
      : [{ id, fallback, edits: editsFor(facts, id, fallback) }]
  })
  if (moves.length === 0) return []
  const names = moves.map(({ id, fallback }) => `${id} to ${fallback.entry.label} (as ${fallback.name})`)
  return [
    {
      kind: 'edit',
      name: 'fallback',
      title: `move ${names.join(', ')}`,
      edits: moves.flatMap(({ edits }) => edits),
      askFirst: moves.map(({ fallback }) => fallback.id),
      mind: `clients keep the name; another provider answers it, known today as ${moves.map(({ fallback }) => fallback.id).join(', ')}. Every reload also ends cooldowns`,
      proof: { kind: 'symptom' },
    },
  ]
}

/** Moves of those models alone whose fallback `isProven` for what is wrong: never to something untried. */
export async function provenShift(
  facts: Facts,
  models: readonly string[],
  isProven: (id: string) => Promise<boolean>,
): Promise<readonly EditRemedy[]> {
  const proven: string[] = []
  for (const model of models) {
    const [fallback] = fallbacksFor(facts, model)
    if (fallback !== undefined && (await isProven(fallback.id))) proven.push(model)
  }
  return shiftRemedies(facts, proven)
}

function editsFor(facts: Facts, id: string, fallback: Fallback): ConfigEdit[] {
  const offers = told(facts.config)?.offers
  const own = offers ? answerersOf(facts, offers, id) : []
  return [
    ...own.flatMap((answerer) => withdrawalEdits(facts, answerer, id)),
    { kind: 'add-model', entry: refOf(fallback.entry), model: { name: fallback.name, alias: id } },
  ]
}

/**
 * Takes an id away from one of those who answer it: by `excluded-models`, which is matched without the prefix (contract,
 * files 1.7), or from the list of an openai-compatibility entry, which knows no exclusions (contract, files 1.3).
 */
export function withdrawalEdits(
  facts: Facts,
  { entry, provider, prefix }: Answerer,
  id: string,
): ConfigEdit[] {
  const base = prefix === '' ? id : id.slice(prefix.length + 1)
  if (entry === null) {
    const aliases = told(facts.config)?.offers.config.oauthModelAliases.get(provider) ?? []
    // Exclusions of a channel are matched before its aliases are made (contract, files 1.5).
    const pattern = aliases.find(({ alias }) => alias === base)?.name ?? base
    return [{ kind: 'add-exclusion', target: { kind: 'oauth', channel: provider }, pattern }]
  }
  if (entry.section !== 'openai-compatibility')
    return [{ kind: 'add-exclusion', target: { kind: 'entry', entry: refOf(entry) }, pattern: base }]
  return entry.models
    .filter((model) => model.id === base)
    .map(({ name, alias }) => ({
      kind: 'remove-model',
      entry: refOf(entry),
      model: alias === '' ? { name } : { name, alias },
    }))
}
