import { applyEdits } from '../config/edit.ts'
import type { NewCompatEntry } from '../config/edit-types.ts'
import type { Flavour } from '../config/flavour.ts'
import { type LintFinding, lintConfig } from '../config/lint.ts'
import { loadConfig } from '../config/load.ts'
import type { GatewayConfig, ProviderEntry } from '../config/model.ts'
import { type Offers, offersOf } from '../config/offers.ts'
import type { Newcomer } from './spec.ts'

/** Something in the plan that must not be written, in words without secrets. */
export interface PlanProblem {
  readonly saw: string
  readonly effect: string
  readonly fix: string
}

export interface OnboardingPlan {
  readonly kind: 'plan'
  /** `there`: the configuration has exactly this provider already. */
  readonly standing: 'new' | 'there'
  readonly before: string
  readonly after: string
  /** Every id the provider offers that nobody else does, sorted. */
  readonly ids: readonly string[]
  /** One per model: the prefixed id where there is a prefix. */
  readonly canaryIds: readonly string[]
  /** What lint says of the new text and did not say of the old one. */
  readonly warnings: readonly LintFinding[]
}

export type Planning =
  | OnboardingPlan
  | { readonly kind: 'refused'; readonly problems: readonly [PlanProblem, ...PlanProblem[]] }

export interface PlanInput {
  readonly text: string
  readonly flavour: Flavour
  readonly newcomer: Newcomer
  /** Null for a server that wants no key. */
  readonly apiKey: string | null
}

/**
 * Plans to add a provider to a configuration (runbook, Onboard a New Provider, 1 to 3). Refused is everything that would
 * touch traffic of today: a name or prefix in use, an id that somebody answers already, a text the gateway would refuse.
 */
export function planOnboarding({ text, flavour, newcomer, apiKey }: PlanInput): Planning {
  const own = shapeProblems(newcomer)
  const loaded = loadConfig(text, flavour)
  if (loaded.kind === 'rejected') {
    const { line, message, expected } = loaded.problems[0]
    return refused([
      {
        saw: `line ${line}: ${message}`,
        effect: 'the gateway refuses the file as it is',
        fix: `write ${expected}`,
      },
    ])
  }
  if (own.length > 0) return refused(own)
  const entry = entryOf(newcomer, apiKey)
  const same = loaded.config.entries.find((each) => isNamed(each, newcomer.name))
  if (same !== undefined) return planThere(text, loaded.config, same, entry)
  const used = prefixProblems(newcomer, loaded.config)
  if (used.length > 0) return refused(used)
  const edited = applyEdits(text, [{ kind: 'add-compat-entry', entry }])
  if (edited.kind === 'refused') {
    const { line, reason } = edited
    return refused([
      {
        saw: `line ${line}: ${reason}`,
        effect: 'the edit cannot be made safely',
        fix: 'add the entry by hand',
      },
    ])
  }
  return judgeNew(text, edited.text, flavour, newcomer)
}

function refused(problems: readonly PlanProblem[]): Planning {
  return { kind: 'refused', problems: problems as [PlanProblem, ...PlanProblem[]] }
}

function entryOf(
  { name, baseUrl, prefix, priority, models }: Newcomer,
  apiKey: string | null,
): NewCompatEntry {
  return {
    name,
    baseUrl,
    ...(prefix === null ? {} : { prefix }),
    ...(priority === null ? {} : { priority }),
    keys: apiKey === null ? [] : [{ apiKey }],
    models: models.map((model) => ({
      name: model.name,
      ...(model.alias === null ? {} : { alias: model.alias }),
    })),
  }
}

function isNamed({ section, name }: ProviderEntry, wanted: string): boolean {
  return section === 'openai-compatibility' && name.toLowerCase() === wanted.trim().toLowerCase()
}

/** What is wrong with the newcomer whatever the configuration (contract, files 1.3 and 1.7). */
function shapeProblems({ name, prefix, baseUrl, models }: Newcomer): PlanProblem[] {
  const problems: PlanProblem[] = []
  if (!/^[\w.-]+$/.test(name))
    problems.push({
      saw: 'the name has other characters than letters, digits, dot, dash and underscore',
      effect: 'metrics, logs and rules would have to quote it',
      fix: 'choose a plain name',
    })
  if (prefix !== null && !/^[\w.-]*\w$/.test(prefix))
    problems.push({
      saw: `prefix ${JSON.stringify(prefix)} is not a plain word`,
      effect:
        'the gateway drops a prefix with a slash inside, and one that ends in a mark is mistyped by clients',
      fix: 'choose letters and digits, with dots or dashes only inside',
    })
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : null
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    url.username !== '' ||
    url.password !== '' ||
    url.search !== ''
  )
    problems.push({
      saw: 'base-url is no plain http or https address',
      effect: 'the gateway could not call the provider, or would show its password in lists',
      fix: 'give the address before /chat/completions; the key belongs into --key-file',
    })
  const ids = models.map((model) => (model.alias ?? model.name).toLowerCase())
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice !== undefined)
    problems.push({
      saw: `two models have the id ${twice}`,
      effect: 'the gateway would rotate between two different models',
      fix: 'give every model an alias of its own',
    })
  return problems
}

function prefixProblems({ prefix }: Newcomer, { entries }: GatewayConfig): PlanProblem[] {
  const owner = prefix === null ? undefined : entries.find((entry) => entry.prefix === prefix)
  if (owner === undefined) return []
  return [
    {
      saw: `prefix ${prefix} belongs to ${owner.label}`,
      effect: 'requests with the prefix would be shared between the two',
      fix: 'choose a free prefix',
    },
  ]
}

function judgeNew(before: string, after: string, flavour: Flavour, newcomer: Newcomer): Planning {
  const [old, now] = [loadConfig(before, flavour), loadConfig(after, flavour)]
  const findings = newFindings(before, after, flavour)
  const errors = findings.filter(({ severity }) => severity === 'error')
  if (old.kind === 'rejected' || now.kind === 'rejected' || errors.length > 0)
    return refused(errors.map(({ line, saw, effect, fix }) => ({ saw: `line ${line}: ${saw}`, effect, fix })))
  const [oldOffers, offers] = [offersOf(old.config), offersOf(now.config)]
  const ids = offeredBy(offers, newcomer.name)
  const taken = ids.filter((id) => oldOffers.byId.has(id))
  if (taken.length > 0) return refused(taken.map((id) => takenProblem(id, oldOffers)))
  return {
    kind: 'plan',
    standing: 'new',
    before,
    after,
    ids,
    canaryIds: canaryIdsOf(newcomer),
    warnings: findings.filter(({ severity }) => severity === 'warn'),
  }
}

function takenProblem(id: string, offers: Offers): PlanProblem {
  const owners = new Set((offers.byId.get(id) ?? []).map(({ offer }) => offer.credential.providerKey))
  return {
    saw: `${id} is answered by ${[...owners].join(', ')} already`,
    effect: 'the new provider would get a share of its traffic at once, before any canary',
    fix: 'choose another alias; reroute moves traffic once the provider is proven',
  }
}

/** Findings of the new text that the old one has not; lines move, so they are told apart by what they say. */
function newFindings(before: string, after: string, flavour: Flavour): readonly LintFinding[] {
  const keyOf = ({ rule, saw }: LintFinding) => `${rule} ${saw}`
  const old = new Set(lintConfig({ text: before, flavour }).map(keyOf))
  return lintConfig({ text: after, flavour }).filter((finding) => !old.has(keyOf(finding)))
}

/** All ids a provider offers by itself, sorted. */
export function offeredBy(offers: Offers, name: string): readonly string[] {
  const own = offers.list.filter(
    ({ credential }) => credential.kind === 'config' && isNamed(credential.entry, name),
  )
  return [...new Set(own.flatMap((offer) => offer.ids.map(({ id }) => id)))].sort()
}

/** Whether nobody but one provider's entries offers an id. */
export function offeredAlone(offers: Offers, id: string, provider: string): boolean {
  const wanted = provider.trim().toLowerCase()
  const owners = (offers.byId.get(id) ?? []).map(({ offer }) => offer.credential)
  return (
    owners.length > 0 &&
    owners.every(
      (one) =>
        one.kind === 'config' &&
        [one.entry.name, one.providerKey].some((name) => name.toLowerCase() === wanted),
    )
  )
}

function canaryIdsOf({ prefix, models }: Newcomer): readonly string[] {
  return models.map(({ name, alias }) => (prefix === null ? '' : `${prefix}/`) + (alias ?? name))
}

/** The configuration has an entry of that name: it is this provider, or the plan is refused. */
function planThere(
  text: string,
  config: GatewayConfig,
  entry: ProviderEntry,
  wanted: NewCompatEntry,
): Planning {
  const differing = differences(entry, wanted)
  if (differing.length > 0)
    return refused([
      {
        saw: `${entry.label} is there already, with another ${differing.join(', ')}`,
        effect: 'two entries of one name mix their keys and models',
        fix: 'choose another name, or make the plan say what the file says',
      },
    ])
  const newcomer: Newcomer = {
    name: wanted.name,
    baseUrl: wanted.baseUrl,
    prefix: wanted.prefix ?? null,
    priority: wanted.priority ?? null,
    models: wanted.models.map(({ name, alias }) => ({ name, alias: alias ?? null })),
  }
  return {
    kind: 'plan',
    standing: 'there',
    before: text,
    after: text,
    ids: offeredBy(offersOf(config), wanted.name),
    canaryIds: canaryIdsOf(newcomer),
    warnings: [],
  }
}

function differences(entry: ProviderEntry, wanted: NewCompatEntry): string[] {
  const pairs: readonly (readonly [name: string, isSame: boolean])[] = [
    ['base-url', entry.baseUrl.replace(/\/+$/, '') === wanted.baseUrl.replace(/\/+$/, '')],
    ['prefix', entry.prefix === (wanted.prefix ?? '')],
    ['priority', entry.priority === (wanted.priority ?? 0)],
    [
      'key',
      entry.keys.map(({ apiKey }) => apiKey).join('\n') ===
        wanted.keys.map(({ apiKey }) => apiKey).join('\n'),
    ],
    ['list of models', modelsOf(entry.models) === modelsOf(wanted.models)],
    ['state (disabled)', entry.fate.kind === 'live'],
  ]
  return pairs.flatMap(([name, isSame]) => (isSame ? [] : [name]))
}

function modelsOf(models: readonly { readonly name: string; readonly alias?: string }[]): string {
  return models
    .map(({ name, alias }) => `${name}=${alias || name}`)
    .sort()
    .join('\n')
}
