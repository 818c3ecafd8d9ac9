import type { ConfigEdit } from '../../analysis/config/edit-types.ts'
import { type Cause, whyMissing } from '../../analysis/config/why-missing.ts'
import { momentMs } from '../../analysis/tokens/times.ts'
import type { Judgement } from '../../core/check.ts'
import { counted, listed, printable, span } from '../../core/text.ts'
import { answerWords } from './answerers.ts'
import { askModel, MOST_ASKED } from './ask.ts'
import type { ConfigView, Facts, IncidentContext } from './incident-context.ts'
import { instantOf } from './log-facts.ts'
import { refOf } from './moves.ts'
import {
  type Diagnosis,
  diagnosisOf,
  type Evidence,
  nothingToDo,
  type Playbook,
  type Remedy,
  type Verdict,
} from './playbook.ts'
import { factsOf, told } from './read-facts.ts'
import { endingOf, stepOf } from './steps.ts'

const HEAD = {
  name: 'missing-models',
  title: 'every model that should be there is listed',
  symptom: 'a model is not in /v1/models, or clients are told that it is unknown',
  runbook: 'Incident Playbooks, Missing Models in /v1/models',
  diagnose,
  verify,
} as const

/** An id that is not listed, and the first cause that explains it. */
interface Missing {
  readonly id: string
  /** Somebody asked for it: by flag, by `expect-models`, or by a configuration that offers it. */
  readonly wanted: boolean
  readonly cause:
    | { readonly kind: 'config'; readonly cause: Cause }
    | { readonly kind: 'suspended'; readonly saw: string; readonly unserved: boolean }
    | { readonly kind: 'not-known' }
}

function missingIn(facts: Facts, context: IncidentContext): readonly Missing[] | null {
  if (facts.models.kind !== 'list' || facts.models.list.hasMore) return null
  const listedIds = new Set(facts.models.list.models.map(({ id }) => id))
  const config = told(facts.config)
  const named = [...context.scope.models, ...context.expectedModels]
  // Spark has a playbook of its own.
  const offered = (config ? candidates(config) : []).filter((id) => id !== context.spark.model)
  const ids = named.length > 0 ? named : offered
  return [...new Set(ids)]
    .filter((id) => !listedIds.has(id))
    .map((id) => ({ id, ...causeOf(id, facts, config, named.includes(id)) }))
}

/** Ids that some entry holds, whether it comes out of it or not. */
function candidates({ offers }: ConfigView): string[] {
  const written = offers.config.entries.flatMap(({ models }) =>
    models.flatMap(({ id, kept }) => (kept && id !== '' ? [id] : [])),
  )
  return [...new Set([...offers.byId.keys(), ...(offers.config.settings.forceModelPrefix ? [] : written)])]
}

function causeOf(id: string, facts: Facts, config: ConfigView | null, named: boolean): Omit<Missing, 'id'> {
  const registered = facts.accountModels.some(({ ids }) => ids.includes(id))
  const explanation = config ? whyMissing(config.offers, id) : null
  if (explanation?.kind === 'offered' || registered)
    return { wanted: true, cause: { kind: 'suspended', ...suspension(id, facts) } }
  if (explanation === null) return { wanted: named, cause: { kind: 'not-known' } }
  return { wanted: named, cause: { kind: 'config', cause: explanation.causes[0] } }
}

/** What is known of a bench: the words of the last refusal, and the end where an account tells it. */
function suspension(id: string, facts: Facts): { saw: string; unserved: boolean } {
  const dump = told(facts.refusals)?.find(
    ({ model, refusal }) => model === id || (model?.endsWith(`/${id}`) && refusal.by === 'provider'),
  )
  const group = told(facts.log)?.scan.upstream.groups.find(
    ({ model }) => model === id || model?.endsWith(`/${id}`),
  )
  const holders = facts.accountModels.filter(({ ids }) => ids.includes(id)).map(({ file }) => file)
  const untilMs = (told(facts.accounts) ?? [])
    .filter(({ name }) => holders.includes(name))
    .flatMap(({ nextRetryAfter }) => momentMs(nextRetryAfter) ?? [])
    .sort((a, b) => a - b)[0]
  const until =
    untilMs === undefined
      ? SUSPENSION_LENGTHS
      : `until ${instantOf(untilMs)}, ${span(untilMs - facts.atMs)} from now`
  const status = group?.status ?? dump?.refusal.status ?? null
  const words = dump && dump.refusal.by === 'provider' ? `: "${printable(dump.refusal.message, 80)}"` : ''
  return {
    saw: `the configuration offers it and the gateway does not list it: its credentials are suspended (${until})${status === null ? '' : `, last refusal ${status}`}${words}`,
    unserved: status === 404 || dump?.refusal.cause === 'model' || dump?.refusal.cause === 'entitlement',
  }
}

/** Contract, HTTP 7.4. */
const SUSPENSION_LENGTHS =
  'for 30 minutes after 401, 402 or 403, for 12 hours after 404 or "model not supported"'

function evidence(facts: Facts, context: IncidentContext): Evidence[] {
  if (facts.models.kind === 'list' && facts.models.list.models.length === 0)
    return [{ weight: 'proof', saw: 'the list of models is empty' }]
  const missing = missingIn(facts, context) ?? []
  return missing.map((one) => ({
    weight: one.wanted ? 'proof' : 'hint',
    saw: `${printable(one.id, 60)} is not listed: ${causeWords(one)}`,
  }))
}

function causeWords({ cause }: Missing): string {
  switch (cause.kind) {
    case 'config':
      return `${cause.cause.message}${cause.cause.at === null ? '' : ` (line ${cause.cause.at.line})`}`
    case 'suspended':
      return cause.saw
    case 'not-known':
      return 'the configuration could not be read, so nothing explains it'
  }
}

async function diagnose(context: IncidentContext, signal: AbortSignal): Promise<Diagnosis> {
  const facts = await factsOf(context, signal)
  const missing = missingIn(facts, context)
  if (missing === null)
    return nothingToDo(
      'unknown',
      facts.models.kind === 'unknown' ? facts.models.judgement.saw : 'the list has more pages',
    )
  if (facts.models.kind === 'list' && facts.models.list.models.length === 0)
    return {
      condition: 'present',
      saw: 'the list of models is empty',
      models: [],
      remedies: [emptyRemedy(facts)],
    }
  const wanted = missing.filter((one) => one.wanted)
  const [first] = wanted
  if (first === undefined) return nothingToDo('absent', 'nothing that is wanted is missing')
  const config = told(facts.config)
  const edits = config ? wanted.flatMap((one) => editFor(one, config)) : []
  return {
    condition: 'present',
    models: wanted.map(({ id }) => id),
    saw: `${printable(first.id, 60)}: ${causeWords(first)}`,
    remedies: [...joined(edits), ...wanted.flatMap((one) => personFor(one, edits))],
  }
}

function emptyRemedy(facts: Facts): Remedy {
  const entries = told(facts.config)?.offers.config.entries.length ?? null
  return {
    kind: 'person',
    title:
      entries === 0
        ? 'the configuration has no provider, and no account is loaded'
        : 'no credential of the gateway can serve',
    next:
      entries === 0
        ? 'provops onboard adds a provider; or put token files into auth-dir'
        : 'provops incident auth-failures, then provops lint',
  }
}

interface Fix {
  readonly id: string
  readonly edit: ConfigEdit
  readonly title: string
}

/** The switch or pattern that keeps it away, where taking it out is one edit. */
function editFor({ id, cause }: Missing, { offers }: ConfigView): Fix[] {
  if (cause.kind !== 'config' || cause.cause.at === null) return []
  const { code, at } = cause.cause
  for (const entry of offers.config.entries) {
    if (code === 'entry-disabled' && entry.section === 'openai-compatibility') {
      const place = entry.at.values.get('disabled') ?? entry.at.entry
      if (place.line === at.line)
        return [
          {
            id,
            title: `enable ${entry.label}`,
            edit: {
              kind: 'set-disabled',
              entry: { section: entry.section, index: entry.fileIndex },
              disabled: false,
            },
          },
        ]
    }
    const pattern =
      code === 'excluded' ? entry.excludedModels.find((one) => one.at.line === at.line) : undefined
    if (pattern)
      return [
        {
          id,
          title: `take ${pattern.text} out of excluded-models of ${entry.label}`,
          edit: {
            kind: 'remove-exclusion',
            target: { kind: 'entry', entry: refOf(entry) },
            pattern: pattern.text,
          },
        },
      ]
  }
  return []
}

function joined(fixes: readonly Fix[]): Remedy[] {
  if (fixes.length === 0) return []
  return [
    {
      kind: 'edit',
      title: fixes.map(({ title, id }) => `${title} (for ${id})`).join(', '),
      askFirst: [],
      edits: fixes.map(({ edit }) => edit),
      mind: 'somebody may have hidden it on purpose: ask before',
    },
  ]
}

function personFor({ id, cause }: Missing, fixes: readonly Fix[]): Remedy[] {
  if (fixes.some((fix) => fix.id === id)) return []
  switch (cause.kind) {
    case 'config':
      return [
        {
          kind: 'person',
          title: `${id}: ${cause.cause.fix}`,
          next: `${cause.cause.fix}; provops lint --why-missing ${id}`,
        },
      ]
    case 'suspended':
      return [
        cause.unserved
          ? {
              kind: 'person',
              title: `${id}: the provider does not serve it`,
              next: `take another model or provider for ${id}; once the provider serves it again, any reload of config.yaml or reset-quota ends the bench`,
            }
          : {
              kind: 'person',
              title: `${id}: its credentials are suspended`,
              next: 'provops incident auth-failures; after the cause is mended any reload of config.yaml ends the bench',
            },
      ]
    case 'not-known':
      return [
        { kind: 'person', title: `${id}: not explained`, next: 'give --config-file, or a management key' },
      ]
  }
}

async function verify(
  context: IncidentContext,
  models: readonly string[],
  signal: AbortSignal,
): Promise<Verdict> {
  const facts = await factsOf(context, signal)
  const ids = facts.models.kind === 'list' ? facts.models.list.models.map(({ id }) => id) : null
  if (ids === null)
    return { kind: 'not-known', saw: 'the list could not be read', next: 'see missing-models.list' }
  const left = models.filter((id) => !ids.includes(id))
  if (left.length > 0 || ids.length === 0)
    return { kind: 'still-there', saw: `still not listed: ${listed(left) || 'everything'}` }
  if (context.probing === 'off') return { kind: 'gone', saw: `listed: ${listed(models)}` }
  return askModel(context, models, signal)
}

const listStep = stepOf(HEAD, {
  step: 'list',
  kind: 'read',
  title: 'the models that are wanted are listed',
  asks: 'Are the ids of --model, expect-models, or else everything that the configuration could offer, in /v1/models exactly as written?',
  why: 'An unreadable or paged list proves no absence; an empty one means that no credential can serve.',
  cost: 'reads',
  fix: 'See missing-models.cause for each id.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    const { condition, saw } = await diagnosisOf(HEAD, context, signal)
    const expected = 'every id that is wanted'
    if (condition === 'unknown')
      return {
        outcome: 'unknown',
        saw,
        expected,
        why: 'what cannot be read is not absent',
        next: 'provops daily-check --only models',
      }
    const missing = missingIn(facts, context) ?? []
    const count = facts.models.kind === 'list' ? facts.models.list.models.length : 0
    if (condition === 'absent') {
      const hidden =
        missing.length === 0
          ? ''
          : `; ${counted(missing.length, 'id')} hidden by the configuration: ${listed(
              missing.map(({ id }) => id),
              3,
            )}`
      return missing.length === 0
        ? { outcome: 'pass', saw: `${counted(count, 'model')} listed, nothing missing` }
        : {
            outcome: 'warn',
            saw: `${counted(count, 'model')} listed${hidden}`,
            expected,
            why: 'it may be meant so',
            next: `provops incident missing-models --model ${missing[0]?.id}`,
          }
    }
    return {
      outcome: 'fail',
      saw: `${counted(count, 'model')} listed; missing: ${listed(missing.map(({ id }) => id)) || 'all'}`,
      expected,
      why: 'clients that ask for these ids are refused',
      next: 'see missing-models.cause',
    }
  },
})

const causeStep = stepOf(HEAD, {
  step: 'cause',
  kind: 'decide',
  title: 'nothing keeps a wanted model away',
  asks: 'For each missing id: block off or dropped, excluded (which line), forced or wrong prefix, renamed alias, credential not loaded, or suspended at run time? The first cause that explains it.',
  why: 'Eight causes look the same from outside, and each has another cure.',
  cost: 'reads',
  fix: 'provops lint --why-missing <id> shows the other causes, too.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    const missing = missingIn(facts, context)
    if (missing === null)
      return { outcome: 'skip', saw: 'the list is not known', next: 'see missing-models.list' }
    if (missing.length === 0) return { outcome: 'pass', saw: 'nothing is missing' }
    return missing.slice(0, 10).map(
      (one): Judgement => ({
        outcome: one.cause.kind === 'not-known' ? 'unknown' : one.wanted ? 'fail' : 'warn',
        subject: one.id,
        saw: causeWords(one),
        expected: 'offered and listed',
        why: one.wanted
          ? 'clients are told that the model is unknown, or get 503'
          : 'the configuration hides it; it may be meant so',
        next:
          one.cause.kind === 'config'
            ? one.cause.cause.fix
            : one.cause.kind === 'suspended'
              ? 'see missing-models.proposal'
              : 'give --config-file, or a management key',
        ...(facts.config.kind === 'told' ? { source: facts.config.source } : {}),
      }),
    )
  },
})

const loadedStep = stepOf(HEAD, {
  step: 'loaded',
  kind: 'read',
  title: 'every provider block and account is loaded',
  asks: 'Which blocks are disabled or dropped at load, and which accounts are disabled or registered no model?',
  why: 'A block that the gateway drops is silent: no line in the log tells.',
  cost: 'reads',
  fix: 'provops lint names the reason and the line.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    const config = told(facts.config)
    const off = (config?.offers.config.entries ?? []).filter(({ fate }) => fate.kind !== 'live')
    const bare = facts.accountModels.filter(({ ids }) => ids.length === 0)
    if (config === null && facts.accounts.kind === 'untold')
      return {
        outcome: 'skip',
        saw: 'neither configuration nor accounts could be read',
        next: 'give a management key',
      }
    const blocks =
      config === null
        ? 'blocks not known'
        : `${counted(config.offers.config.entries.length, 'block')}${
            off.length > 0
              ? `, off: ${listed(
                  off.map(({ label, fate, at }) => `${label} (${fate.kind}, line ${at.entry.line})`),
                  3,
                )}`
              : ''
          }`
    const accounts = `${counted(facts.accountModels.length, 'account')}${bare.length > 0 ? `, ${bare.length} with no model` : ''}`
    if (off.length === 0 && bare.length === 0) return { outcome: 'pass', saw: `${blocks}; ${accounts}` }
    return {
      outcome: 'warn',
      saw: `${blocks}; ${accounts}`,
      expected: 'all loaded',
      why: 'their models are not offered',
      next: 'provops lint',
    }
  },
})

const upstreamStep = stepOf(HEAD, {
  step: 'upstream',
  kind: 'read',
  title: 'the provider serves what is missing',
  asks: 'Do the accounts of the provider list the model, and what did the provider say when it was last asked?',
  why: 'What the provider does not serve cannot come back by any change here.',
  cost: 'reads',
  fix: 'Choose another model or provider.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    const config = told(facts.config)
    const missing = (missingIn(facts, context) ?? []).filter((one) => one.wanted)
    if (missing.length === 0) return { outcome: 'skip', saw: 'nothing is missing', next: 'nothing to do' }
    return missing.slice(0, 10).map((one): Judgement => {
      const unserved = one.cause.kind === 'suspended' && one.cause.unserved
      const saw = `${config ? answerWords(facts, config.offers, one.id) : 'the configuration is not known'}${one.cause.kind === 'suspended' ? `; ${one.cause.saw}` : ''}`
      if (!unserved)
        return { outcome: 'skip', subject: one.id, saw, next: 'it was not asked of the provider lately' }
      return {
        outcome: 'warn',
        subject: one.id,
        saw,
        expected: 'the provider serves it',
        why: 'no change here brings it back',
        next: 'choose another model or provider',
      }
    })
  },
})

export const missingModels: Playbook = {
  ...HEAD,
  evidence,
  mostProbes: () => MOST_ASKED,
  steps: [listStep, causeStep, loadedStep, upstreamStep, ...endingOf(HEAD)],
}
