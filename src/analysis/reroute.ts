import { applyEdits } from './config/edit.ts'
import { type ConfigEdit, refOf } from './config/edit-types.ts'
import type { Flavour } from './config/flavour.ts'
import { loadConfig } from './config/load.ts'
import type { GatewayConfig, ProviderEntry } from './config/model.ts'
import { type Offers, offersOf } from './config/offers.ts'
import { resolve } from './config/resolve.ts'
import type { PlanProblem } from './onboarding/plan.ts'
import type { RerouteWay } from './reroute-ways.ts'

export interface RerouteInput {
  readonly text: string
  readonly flavour: Flavour
  /** What moves: ids as clients ask for them, or everything behind a prefix. */
  readonly what:
    | { readonly kind: 'ids'; readonly ids: readonly string[] }
    | { readonly kind: 'prefix'; readonly prefix: string }
  readonly from: string
  readonly to: string
  readonly way: RerouteWay
  /** The model of `to` that takes over, by the provider's own id; null where the configuration tells. */
  readonly upstreamModel: string | null
}

/** Who answers an id by the configuration, before and after. */
export interface IdRoute {
  readonly id: string
  readonly before: readonly string[]
  readonly after: readonly string[]
}

export interface ReroutePlan {
  readonly kind: 'plan'
  readonly standing: 'new' | 'there'
  readonly before: string
  readonly after: string
  /** Ids that move. */
  readonly moved: readonly string[]
  /** Every id whose answer or existence changes, moved ones first. */
  readonly routes: readonly IdRoute[]
  /** Ids that clients see no more. */
  readonly vanish: readonly string[]
  /** An id that nobody but `to` answers, to prove it by; null when it has none. */
  readonly provingId: string | null
}

export type ReroutePlanning =
  | ReroutePlan
  | { readonly kind: 'refused'; readonly problems: readonly [PlanProblem, ...PlanProblem[]] }

/**
 * Plans to move ids from one provider to another (runbook, Rotation and Quota Strategy). Whatever the way, the plan is
 * good only when the edited configuration has every moved id answered by `to` first.
 */
export function planReroute(input: RerouteInput): ReroutePlanning {
  const { text, flavour, from, to } = input
  const loaded = loadConfig(text, flavour)
  if (loaded.kind === 'rejected')
    return refused({
      saw: `line ${loaded.problems[0].line}: ${loaded.problems[0].message}`,
      effect: 'the gateway refuses the file as it is',
      fix: `write ${loaded.problems[0].expected}`,
    })
  const { config } = loaded
  for (const name of [from, to])
    if (providerEntries(config, name).length === 0 && !isChannel(config, name))
      return unknownProvider(config, name)
  const offers = offersOf(config)
  const moved = movedIds(input, offers)
  if (moved.length === 0)
    return refused({
      saw: 'nothing moves: no id of the configuration has that prefix',
      effect: 'no traffic would be moved',
      fix: 'provops lint --who <model> shows who answers what',
    })
  const edits = editsFor(input, offers, moved)
  if ('saw' in edits) return refused(edits)
  const edited = applyEdits(text, edits)
  if (edited.kind === 'refused')
    return refused({
      saw: `line ${edited.line}: ${edited.reason}`,
      effect: 'the edit cannot be made safely',
      fix: 'make it by hand',
    })
  return judgePlan(input, { before: text, after: edited.text }, offers, moved)
}

function refused(...problems: [PlanProblem, ...PlanProblem[]]): ReroutePlanning {
  return { kind: 'refused', problems }
}

function unknownProvider({ entries }: GatewayConfig, name: string): ReroutePlanning {
  const known = [...new Set(entries.map((entry) => entry.name || entry.providerKey))]
  return refused({
    saw: `the configuration has no provider ${name}`,
    effect: 'there is nowhere to move to or from',
    fix: `name one of ${known.join(', ')}`,
  })
}

/** Entries by their name, or by what the gateway calls their provider inside. */
function providerEntries({ entries }: GatewayConfig, name: string): readonly ProviderEntry[] {
  const wanted = name.trim().toLowerCase()
  return entries.filter(
    (entry) =>
      entry.fate.kind === 'live' &&
      (entry.section === 'openai-compatibility' ? entry.name : entry.providerKey).toLowerCase() === wanted,
  )
}

/** A channel of OAuth credentials that the file speaks of. */
function isChannel({ oauthExcludedModels, oauthModelAliases }: GatewayConfig, name: string): boolean {
  return oauthExcludedModels.has(name) || oauthModelAliases.has(name)
}

function movedIds({ what }: RerouteInput, offers: Offers): readonly string[] {
  if (what.kind === 'ids') return what.ids
  return [...offers.byId.keys()].filter((id) => id.startsWith(`${what.prefix}/`)).sort()
}

function editsFor(input: RerouteInput, offers: Offers, moved: readonly string[]): ConfigEdit[] | PlanProblem {
  const { config } = offers
  const [from, to] = [providerEntries(config, input.from), providerEntries(config, input.to)]
  if (input.what.kind === 'prefix' && input.way === 'alias') return prefixEdits(from, to, input.what.prefix)
  switch (input.way) {
    case 'alias':
      return flat(moved.map((id) => aliasEdits(input, offers, id)))
    case 'priority':
      return priorityEdits(from, to)
    case 'exclusion':
      return flat(moved.map((id) => exclusionEdits(input, offers, id)))
  }
}

function flat(parts: readonly (ConfigEdit[] | PlanProblem)[]): ConfigEdit[] | PlanProblem {
  const edits: ConfigEdit[] = []
  for (const part of parts) {
    if ('saw' in part) return part
    edits.push(...part)
  }
  return edits
}

/** The prefix goes from one provider's entries to the other's. */
function prefixEdits(
  from: readonly ProviderEntry[],
  to: readonly ProviderEntry[],
  prefix: string,
): ConfigEdit[] | PlanProblem {
  const other = to.find((entry) => entry.prefix !== '' && entry.prefix !== prefix)
  if (other !== undefined)
    return {
      saw: `${other.label} has the prefix ${other.prefix}`,
      effect: 'an entry has one prefix, so its own ids would vanish',
      fix: 'move the ids one by one with --alias',
    }
  const losing = from.filter((entry) => entry.prefix === prefix)
  return [
    ...to.map((entry): ConfigEdit => ({ kind: 'set-prefix', entry: refOf(entry), prefix })),
    ...losing.map((entry): ConfigEdit => ({ kind: 'set-prefix', entry: refOf(entry), prefix: null })),
  ]
}

/** Gives the id to `to`, if it has not got it, and takes the items behind it from `from`. */
function aliasEdits(input: RerouteInput, offers: Offers, id: string): ConfigEdit[] | PlanProblem {
  const [from, to] = [providerEntries(offers.config, input.from), providerEntries(offers.config, input.to)]
  const own = (offers.byId.get(id) ?? []).filter(({ offer }) => isOf(offer.credential, from))
  const items = own.flatMap(({ offered }) => offered.items)
  const removed: ConfigEdit[] = from.flatMap((entry) =>
    entry.models
      .filter((model) => items.includes(model))
      .map(
        (model): ConfigEdit => ({
          kind: 'remove-model',
          entry: refOf(entry),
          model: { name: model.name, ...(model.alias === '' ? {} : { alias: model.alias }) },
        }),
      ),
  )
  if ((offers.byId.get(id) ?? []).some(({ offer }) => isOf(offer.credential, to))) return removed
  const [target] = to
  const name =
    input.upstreamModel ??
    sameModel(
      to,
      items.map((item) => item.name),
    )
  if (target === undefined || name === null)
    return {
      saw: `which model of ${input.to} takes over ${id} is not said`,
      effect: 'an alias needs the name of a model the provider serves',
      fix: 'give --upstream-model <its own id>',
    }
  return [{ kind: 'add-model', entry: refOf(target), model: { name, alias: id } }, ...removed]
}

function sameModel(to: readonly ProviderEntry[], names: readonly string[]): string | null {
  return to.flatMap((entry) => entry.models).find((model) => names.includes(model.name))?.name ?? null
}

function isOf(credential: Offers['list'][number]['credential'], entries: readonly ProviderEntry[]): boolean {
  return credential.kind === 'config' && entries.includes(credential.entry)
}

function priorityEdits(from: readonly ProviderEntry[], to: readonly ProviderEntry[]): ConfigEdit[] {
  const above = Math.max(0, ...from.map((entry) => entry.priority)) + 1
  return to
    .filter((entry) => entry.priority < above)
    .map((entry): ConfigEdit => ({ kind: 'set-priority', entry: refOf(entry), priority: above }))
}

/** Openai-compatibility entries have no exclusions (contract, files 1.3). */
function exclusionEdits(input: RerouteInput, offers: Offers, id: string): ConfigEdit[] | PlanProblem {
  const from = providerEntries(offers.config, input.from)
  if (from.length === 0)
    return [{ kind: 'add-exclusion', target: { kind: 'oauth', channel: input.from }, pattern: id }]
  if (from.some(({ section }) => section === 'openai-compatibility'))
    return {
      saw: `${input.from} is an openai-compatibility entry, which knows no excluded-models`,
      effect: 'the gateway would ignore the exclusion',
      fix: 'use --by alias or --by priority',
    }
  const own = (offers.byId.get(id) ?? []).filter(({ offer }) => isOf(offer.credential, from))
  return from.map(
    (entry): ConfigEdit => ({
      kind: 'add-exclusion',
      target: { kind: 'entry', entry: refOf(entry) },
      pattern: own[0]?.offered.base ?? id,
    }),
  )
}

function judgePlan(
  input: RerouteInput,
  { before, after }: { readonly before: string; readonly after: string },
  old: Offers,
  moved: readonly string[],
): ReroutePlanning {
  const loaded = loadConfig(after, input.flavour)
  if (loaded.kind === 'rejected')
    return refused({
      saw: `line ${loaded.problems[0].line}: ${loaded.problems[0].message}`,
      effect: 'the gateway would refuse the edited file',
      fix: 'make the change by hand',
    })
  const now = offersOf(loaded.config)
  const wrong = moved.filter((id) => {
    const answers = answerers(now, id)
    return answers.length === 0 || answers.some((name) => name !== input.to.trim().toLowerCase())
  })
  const [first] = wrong
  if (first !== undefined)
    return refused({
      saw: `${first} would be answered by ${answerers(now, first).join(', ') || 'nobody'}, not by ${input.to} alone`,
      effect: 'the traffic would not move, or clients would be refused',
      fix: 'try another way with --by, or move the other provider first',
    })
  const ids = [...new Set([...moved, ...old.byId.keys(), ...now.byId.keys()])]
  const routes = ids
    .map((id): IdRoute => ({ id, before: answerers(old, id), after: answerers(now, id) }))
    .filter(({ id, before: was, after: is }) => moved.includes(id) || was.join() !== is.join())
  return {
    kind: 'plan',
    standing: before === after ? 'there' : 'new',
    before,
    after,
    moved,
    routes,
    vanish: routes.filter((route) => route.after.length === 0).map(({ id }) => id),
    provingId: provingId(old, now, input.to, moved),
  }
}

/** The providers of the tier that is asked first, by the names an operator knows. */
function answerers(offers: Offers, id: string): readonly string[] {
  const resolution = resolve(offers, id)
  if (resolution.kind !== 'answered') return []
  const [tier] = resolution.tiers
  const names = (tier?.answers ?? []).map(({ credential }) =>
    credential.kind === 'config' && credential.entry.name !== ''
      ? credential.entry.name.toLowerCase()
      : credential.providerKey,
  )
  return [...new Set(names)].sort()
}

/** Of the ids that `to` alone answers now, one with the model that takes over, else any. */
function provingId(old: Offers, now: Offers, to: string, moved: readonly string[]): string | null {
  const alone = [...old.byId.keys()].filter((id) => {
    const owners = (old.byId.get(id) ?? []).map(({ offer }) => offer.credential)
    return owners.every((one) => one.kind === 'config' && providerEntries(old.config, to).includes(one.entry))
  })
  const models = new Set(moved.flatMap((id) => upstreamOf(now, id)))
  return alone.find((id) => upstreamOf(old, id).some((name) => models.has(name))) ?? alone[0] ?? null
}

function upstreamOf(offers: Offers, id: string): readonly string[] {
  return (offers.byId.get(id) ?? []).flatMap(({ offered }) => offered.items.map(({ name }) => name))
}
