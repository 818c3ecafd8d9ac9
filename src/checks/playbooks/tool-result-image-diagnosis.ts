import { counted, listed, printable, shellWord } from '../../core/text.ts'
import type { LoggedRefusal } from './error-log.ts'
import { type CanarySet, isBad, runCanary, verdictWords } from './image-canary.ts'
import type { Facts, IncidentContext } from './incident-context.ts'
import { provenShift } from './moves.ts'
import {
  type Diagnosis,
  type Evidence,
  nothingToDo,
  notKnown,
  type Remedy,
  type Verdict,
} from './playbook.ts'
import { factsOf, told } from './read-facts.ts'

export const TOOL_RESULT_IMAGE = {
  name: 'tool-result-image',
  title: 'images inside tool results arrive',
  symptom: 'tool results with images fail or are not seen after translation',
  runbook: 'Incident Playbooks, Tool-Result Image Translation Regressions',
  judgesBy: ['refusals'],
  evidence,
  diagnose,
  verify,
} as const

export function translationRefusals(facts: Facts): readonly LoggedRefusal[] {
  return (told(facts.refusals) ?? []).filter(
    ({ refusal, toolImage }) =>
      refusal.cause === 'translation' ||
      (toolImage && refusal.cause === 'request') ||
      (toolImage && refusal.cause === 'context'),
  )
}

function evidence(facts: Facts): Evidence[] {
  const refused = translationRefusals(facts)
  if (refused.length === 0) return []
  return [{ weight: 'proof', saw: refusalWords(refused) }]
}

export function refusalWords(refused: readonly LoggedRefusal[]): string {
  const models = [...new Set(refused.flatMap(({ model }) => model ?? []))]
  return `${counted(refused.length, 'error log')} of a payload shape that the provider does not take, for ${listed(
    models.map((model) => printable(model, 60)),
    3,
  )} on ${listed([...new Set(refused.map(({ endpoint }) => endpoint))])}: "${printable(refused[0]?.refusal.message ?? '', 100)}"`
}

/** A canary costs nine requests per model. */
export const MOST_CANARY_MODELS = 3

/** The models asked: those named, else those of the error logs, else one of each provider block. */
export function canaryModels(facts: Facts, context: IncidentContext): readonly string[] {
  if (context.scope.models.length > 0) return context.scope.models.slice(0, MOST_CANARY_MODELS)
  const refused = translationRefusals(facts).flatMap(({ model }) => model ?? [])
  const entries = told(facts.config)?.offers.config.entries.filter(({ fate }) => fate.kind === 'live') ?? []
  const firsts = entries.flatMap(({ prefix, models }) =>
    models[0] ? [prefix === '' ? models[0].id : `${prefix}/${models[0].id}`] : [],
  )
  const listedIds = facts.models.kind === 'list' ? facts.models.list.models.map(({ id }) => id) : []
  const wanted = refused.length > 0 ? refused : firsts.filter((id) => listedIds.includes(id))
  return [...new Set(wanted)].slice(0, MOST_CANARY_MODELS)
}

export async function canaries(context: IncidentContext, signal: AbortSignal): Promise<readonly CanarySet[]> {
  if (context.probing === 'off') return []
  const facts = await factsOf(context, signal)
  return context.remember('canaries', async () => {
    const sets: CanarySet[] = []
    for (const model of canaryModels(facts, context)) {
      const set = await runCanary(context, model, signal)
      sets.push(set)
    }
    return sets
  })
}

function isSeen({ results }: CanarySet): boolean {
  return results.length > 0 && results.every(({ verdict }) => verdict.kind === 'seen')
}

async function diagnose(context: IncidentContext, signal: AbortSignal): Promise<Diagnosis> {
  const facts = await factsOf(context, signal)
  const refused = translationRefusals(facts)
  const sets = await canaries(context, signal)
  const bad = sets.filter(({ results }) => results.some(isBad))
  const clear = sets.filter(isSeen)
  if (bad.length > 0) {
    const models = bad.map(({ model }) => model)
    const worst = bad[0]?.results.find(isBad)
    return {
      condition: 'present',
      models,
      saw: `${models[0]} on ${worst?.endpoint}, ${worst?.how}: ${worst ? verdictWords(worst.verdict) : ''}`,
      remedies: [
        ...(await provenShift(facts, models, async (id) => isSeen(await runCanary(context, id, signal)))),
        ...goodPrefixes(clear),
        provider(bad),
      ],
    }
  }
  if (sets.length > 0 && clear.length === sets.length)
    return refused.length === 0
      ? nothingToDo('absent', `every canary of ${listed(sets.map(({ model }) => model))} was seen`)
      : nothingToDo('over', `the canaries are seen now; ${refusalWords(refused)}`)
  if (sets.length > 0) return nothingToDo('unknown', `not clear: ${unclearWords(sets)}`)
  if (refused.length > 0)
    return {
      condition: 'present',
      models: refused.flatMap(({ model }) => model ?? []),
      saw: refusalWords(refused),
      remedies: [
        {
          kind: 'person',
          title: 'confirm it with the canary',
          next: probeCommand(refused.flatMap(({ model }) => model ?? [])),
        },
      ],
    }
  return notKnown(
    'a dropped image leaves no trace in any log: only the canary shows it',
    probeCommand(canaryModels(facts, context)),
  )
}

/** Sends the canaries of these models; of those the playbook chooses itself when there are none. */
export function probeCommand(models: readonly string[]): string {
  const ids = [...new Set(models)].slice(0, MOST_CANARY_MODELS).map(shellWord).join(',')
  return `provops incident tool-result-image${ids === '' ? '' : ` --model ${ids}`} --probe`
}

function unclearWords(sets: readonly CanarySet[]): string {
  const unclear = sets.flatMap(({ results }) => results).find(({ verdict }) => verdict.kind === 'unclear')
  return unclear ? verdictWords(unclear.verdict) : 'no canary was answered'
}

function goodPrefixes(clear: readonly CanarySet[]): Remedy[] {
  return clear.length === 0
    ? []
    : [
        {
          kind: 'person',
          title: `known good: ${listed(clear.map(({ model }) => model))}`,
          next: `route the impacted workloads to ${clear[0]?.model} until the translation is mended`,
        },
      ]
}

function provider(bad: readonly CanarySet[]): Remedy {
  return {
    kind: 'person',
    title: `the translation to the provider of ${listed(bad.map(({ model }) => model))} has to be mended`,
    next: 'update the gateway, or set input-modalities: [text] for the model so that clients are told; report it with the request and error log',
  }
}

async function verify(
  context: IncidentContext,
  models: readonly string[],
  signal: AbortSignal,
): Promise<Verdict> {
  if (context.probing === 'off' || models.length === 0)
    return { kind: 'not-known', saw: 'no canary was sent', next: 'add --probe' }
  const sets: CanarySet[] = []
  for (const model of models.slice(0, MOST_CANARY_MODELS)) sets.push(await runCanary(context, model, signal))
  const bad = sets.flatMap(({ results }) => results).find(isBad)
  if (bad) return { kind: 'still-there', saw: `${bad.endpoint}, ${bad.how}: ${verdictWords(bad.verdict)}` }
  return sets.every(isSeen)
    ? { kind: 'gone', saw: `every canary of ${listed(sets.map(({ model }) => model))} was seen` }
    : { kind: 'not-known', saw: `not clear: ${unclearWords(sets)}`, next: probeCommand(models) }
}
