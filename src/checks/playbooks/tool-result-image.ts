import type { Judgement } from '../../core/check.ts'
import { counted, listed, percent, printable } from '../../core/text.ts'
import { successShare } from './canary-history.ts'
import type { LoggedRefusal } from './error-log.ts'
import { type CanarySet, isBad, REQUESTS_PER_CANARY, runCanary, verdictWords } from './image-canary.ts'
import type { Facts, IncidentContext } from './incident-context.ts'
import { fallbacksFor, shiftRemedies } from './moves.ts'
import {
  type Diagnosis,
  type Evidence,
  nothingToDo,
  type Playbook,
  type Remedy,
  type Verdict,
} from './playbook.ts'
import { factsOf, told } from './read-facts.ts'
import { endingOf, stepOf } from './steps.ts'

const HEAD = {
  name: 'tool-result-image',
  title: 'images inside tool results arrive',
  symptom: 'tool results with images fail or are not seen after translation',
  runbook: 'Incident Playbooks, Tool-Result Image Translation Regressions',
  diagnose,
  verify,
} as const

function translationRefusals(facts: Facts): readonly LoggedRefusal[] {
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

function refusalWords(refused: readonly LoggedRefusal[]): string {
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

async function canaries(context: IncidentContext, signal: AbortSignal): Promise<readonly CanarySet[]> {
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

async function diagnose(context: IncidentContext, signal: AbortSignal): Promise<Diagnosis> {
  const facts = await factsOf(context, signal)
  const refused = translationRefusals(facts)
  const sets = await canaries(context, signal)
  const bad = sets.filter(({ results }) => results.some(isBad))
  const clear = sets.filter(
    ({ results }) => results.length > 0 && results.every(({ verdict }) => verdict.kind === 'seen'),
  )
  if (bad.length > 0) {
    const models = bad.map(({ model }) => model)
    const worst = bad[0]?.results.find(isBad)
    return {
      condition: 'present',
      models,
      saw: `${models[0]} on ${worst?.endpoint}, ${worst?.how}: ${worst ? verdictWords(worst.verdict) : ''}`,
      remedies: [
        ...(await provenShift(context, facts, models, signal)),
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
          next: `provops incident tool-result-image --model ${refused[0]?.model} --probe`,
        },
      ],
    }
  return nothingToDo(
    'unknown',
    'a dropped image leaves no trace in any log: only the canary shows it (--probe)',
  )
}

function unclearWords(sets: readonly CanarySet[]): string {
  const unclear = sets.flatMap(({ results }) => results).find(({ verdict }) => verdict.kind === 'unclear')
  return unclear ? verdictWords(unclear.verdict) : 'no canary was answered'
}

/** A provider that has the same model, and whose canary was seen: never a move to something untried. */
async function provenShift(
  context: IncidentContext,
  facts: Facts,
  models: readonly string[],
  signal: AbortSignal,
): Promise<Remedy[]> {
  const proven: string[] = []
  for (const model of models) {
    const [fallback] = fallbacksFor(facts, model)
    if (fallback === undefined) continue
    const set = await runCanary(context, fallback.id, signal)
    if (set.results.length > 0 && set.results.every(({ verdict }) => verdict.kind === 'seen'))
      proven.push(model)
  }
  return [...shiftRemedies(facts, proven)]
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
  const bad = sets.filter(({ results }) => !results.every(({ verdict }) => verdict.kind === 'seen'))
  return bad.length === 0
    ? { kind: 'gone', saw: `every canary of ${listed(sets.map(({ model }) => model))} was seen` }
    : { kind: 'still-there', saw: `not every canary of ${listed(bad.map(({ model }) => model))} was seen` }
}

const symptomStep = stepOf(HEAD, {
  step: 'logs',
  kind: 'read',
  title: 'no payload-shape mismatch in the error logs',
  asks: 'Do the newest error logs hold a refusal for the shape of a tool result with an image, or a request whose image blew up its context?',
  why: 'A refused image is visible there; a dropped one is not.',
  cost: 'reads',
  fix: 'Run the canary with --probe.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    if (facts.refusals.kind === 'untold')
      return { outcome: 'skip', saw: facts.refusals.reason, next: 'give a management key' }
    const refused = translationRefusals(facts)
    if (refused.length === 0)
      return {
        outcome: 'pass',
        saw: `none of the ${counted(facts.refusals.value.length, 'newest error log')}`,
        source: facts.refusals.source,
      }
    return {
      outcome: 'fail',
      saw: refusalWords(refused),
      source: facts.refusals.source,
      expected: 'no refusal for the shape of the payload',
      why: 'the provider does not take what the gateway makes of the tool result',
      next: 'provops incident tool-result-image --probe',
    }
  },
})

const canaryStep = stepOf(HEAD, {
  step: 'canary',
  kind: 'read',
  title: 'a canary image inside a tool result is seen',
  asks: 'With --probe: two fixed pictures inside tool results, in the chat, Claude and Responses payload, without and with streaming, each judged by the answer and by what its input cost beyond a control without picture: seen, dropped, refused, or sent as text.',
  why: 'A status-only canary misses the worst case: 200, and the model invents what it cannot see.',
  cost: 'tokens',
  fix: 'Route impacted traffic to a known-good prefix while the translation is mended.',
  async ask(context, signal) {
    if (context.probing === 'off')
      return {
        outcome: 'unknown',
        saw: 'no canary was sent',
        expected: 'a canary that is seen',
        why: 'a dropped image leaves no trace in any log',
        next: 'provops incident tool-result-image --model <model> --probe',
      }
    const sets = await canaries(context, signal)
    if (sets.length === 0)
      return {
        outcome: 'unknown',
        saw: 'no model to ask',
        expected: 'a canary that is seen',
        why: 'nothing was asked',
        next: 'name one with --model',
      }
    return sets.flatMap(judgeSet)
  },
})

function judgeSet({ model, results }: CanarySet): Judgement[] {
  return results.map(({ endpoint, how, picture, verdict }): Judgement => {
    const base = {
      subject: `${model}.${endpoint}.${how}`,
      saw: `${picture}: ${verdictWords(verdict)}`,
      data: { verdict: verdict.kind },
    }
    if (verdict.kind === 'seen') return { ...base, outcome: 'pass' }
    return {
      ...base,
      outcome: verdict.kind === 'unclear' ? 'unknown' : 'fail',
      expected: 'the picture is named, for tens to hundreds of input tokens',
      why: WHY[verdict.kind],
      next: verdict.kind === 'unclear' ? 'ask again, or another model' : 'see tool-result-image.proposal',
    }
  })
}

const WHY = {
  dropped: 'the model answers about something it never saw, under status 200',
  'as-text': 'the base64 is billed as words, fills the context, and shows nothing',
  refused: 'every tool result with an image fails',
  unclear: 'whether images arrive is not known',
} as const

const streamStep = stepOf(HEAD, {
  step: 'stream',
  kind: 'decide',
  title: 'streaming makes no difference',
  asks: 'Do the canaries of one endpoint end alike without and with streaming?',
  why: 'A difference names the half of the translator that is broken.',
  cost: 'nothing',
  fix: 'Report it with both answers.',
  async ask(context, signal) {
    const sets = await canaries(context, signal)
    if (sets.length === 0) return { outcome: 'skip', saw: 'no canary was sent', next: 'add --probe' }
    return sets.map(({ model, results }): Judgement => {
      const differing = [...new Set(results.map(({ endpoint }) => endpoint))].filter(
        (endpoint) =>
          new Set(results.filter((one) => one.endpoint === endpoint).map(({ verdict }) => verdict.kind))
            .size > 1,
      )
      if (differing.length === 0) return { outcome: 'pass', subject: model, saw: 'alike on every endpoint' }
      return {
        outcome: 'warn',
        subject: model,
        saw: `different on ${listed(differing)}`,
        expected: 'the same verdict',
        why: 'one of the two ways through the translator is broken',
        next: 'see tool-result-image.canary',
      }
    })
  },
})

const historyStep = stepOf(HEAD, {
  step: 'history',
  kind: 'read',
  title: 'the canary succeeds as often as before',
  asks: 'Which share of the pictures was seen, against the earlier runs that provops remembers?',
  why: 'The runbook asks for an alert when the canary success rate drops.',
  cost: 'nothing',
  fix: 'See tool-result-image.canary for what changed.',
  async ask(context, signal) {
    const sets = await canaries(context, signal)
    if (sets.length === 0) return { outcome: 'skip', saw: 'no canary was sent', next: 'add --probe' }
    return Promise.all(sets.map((set) => judgeHistory(context, set)))
  },
})

async function judgeHistory(
  { canaries: history, clock }: IncidentContext,
  { model, results }: CanarySet,
): Promise<Judgement> {
  const before = successShare(await history.runs(model))
  const seen = results.filter(({ verdict }) => verdict.kind === 'seen').length
  await history.add({ atMs: clock.nowMs(), model, asked: results.length, seen })
  const now = results.length === 0 ? 0 : seen / results.length
  const saw = `${percent(now)} seen${before === null ? ', no earlier run' : `, ${percent(before)} in earlier runs`}`
  if (before === null)
    return { outcome: 'skip', subject: model, saw, next: 'the next run compares with this one' }
  if (now >= before) return { outcome: 'pass', subject: model, saw }
  return {
    outcome: 'fail',
    subject: model,
    saw,
    expected: `at least ${percent(before)}`,
    why: 'the canary success rate dropped',
    next: 'see tool-result-image.canary',
  }
}

export const toolResultImage: Playbook = {
  ...HEAD,
  evidence,
  mostProbes: (models) => REQUESTS_PER_CANARY * 2 * Math.min(MOST_CANARY_MODELS, models),
  steps: [symptomStep, canaryStep, streamStep, historyStep, ...endingOf(HEAD)],
}
