import type { Judgement } from '../../core/check.ts'
import { listed, shellWord } from '../../core/text.ts'
import { askPlain, askStreamed, type Question } from '../ask-model.ts'
import { type AskedPair, PARITY_CHECKS, type ParityContext } from '../parity.ts'
import { endpointFor } from './ask.ts'
import type { Facts, IncidentContext } from './incident-context.ts'
import { failuresWith } from './log-facts.ts'
import { provenShift } from './moves.ts'
import {
  type Diagnosis,
  type Evidence,
  nothingToDo,
  notKnown,
  type Playbook,
  type Remedy,
  type Verdict,
} from './playbook.ts'
import { factsOf } from './read-facts.ts'
import { endingOf, stepOf } from './steps.ts'

const HEAD = {
  name: 'usage-parity',
  title: 'streamed and plain answers report the same usage',
  symptom: 'token usage differs or is missing between streamed and plain answers',
  runbook: 'Incident Playbooks, Stream/Non-Stream Usage Parity Check',
  judgesBy: ['log'],
  evidence,
  diagnose,
  verify,
} as const

/** The runbook's own model. */
const RUNBOOK_MODEL = 'gpt-5.1-codex'

/** Enough broken streams that usage of streams cannot be whole. */
const TELLING_HIDDEN = 10

function evidence(facts: Facts, { scope }: IncidentContext): Evidence[] {
  const broken = failuresWith(facts, scope, (status) => status === null).reduce(
    (sum, { hidden }) => sum + hidden,
    0,
  )
  return broken < TELLING_HIDDEN
    ? []
    : [
        {
          weight: 'hint',
          saw: `${broken} failures behind a status 200: streams that broke off tell no usage`,
        },
      ]
}

/** The models as a flag of the command line. */
const askedFor = (context: IncidentContext) => `--model ${modelsOf(context).map(shellWord).join(',')}`

const modelsOf = ({ scope }: IncidentContext) =>
  scope.models.length > 0 ? scope.models.slice(0, 3) : [RUNBOOK_MODEL]

function parityContext(
  context: IncidentContext,
  models: readonly string[],
  signal: AbortSignal,
): ParityContext {
  const endpoint = endpointFor(models[0] ?? RUNBOOK_MODEL)
  return {
    endpoint,
    models,
    source: `two requests per model, ${endpoint}`,
    pairs: (model) => context.remember(`pair of ${model}`, () => askPair(context, model, endpoint, signal)),
  }
}

async function askPair(
  { gateway, clock, as, probeTimeoutMs }: IncidentContext,
  model: string,
  endpoint: Question['endpoint'],
  signal: AbortSignal,
): Promise<readonly AskedPair[]> {
  const question: Question = { endpoint, model, prompt: 'ping', as, timeoutMs: probeTimeoutMs, signal }
  const plain = await askPlain({ gateway, clock }, question)
  const stream = await askStreamed({ gateway, clock }, question)
  return [{ plain, stream }]
}

/** What `parity-check` makes of these models. */
async function judged(
  context: IncidentContext,
  models: readonly string[],
  signal: AbortSignal,
): Promise<readonly Judgement[]> {
  const parity = parityContext(context, models, signal)
  const answers = await Promise.all(PARITY_CHECKS.map((check) => check.ask(parity, signal)))
  return answers.flat()
}

async function diagnose(context: IncidentContext, signal: AbortSignal): Promise<Diagnosis> {
  if (context.probing === 'off')
    return notKnown(
      'only two requests for the same prompt can tell',
      `provops incident usage-parity ${askedFor(context)} --probe`,
    )
  const facts = await factsOf(context, signal)
  const models = modelsOf(context)
  const judgements = (await judged(context, models, signal)).filter(({ outcome }) => outcome !== 'warn')
  const failed = judgements.filter(({ outcome }) => outcome === 'fail')
  if (failed.length > 0) {
    const agrees = async (id: string) =>
      (await judged(context, [id], signal)).every(
        ({ outcome }) => outcome !== 'fail' && outcome !== 'unknown',
      )
    const bad = [...new Set(failed.flatMap(({ subject }) => subject ?? []))]
    return {
      condition: 'present',
      models: bad,
      saw: `${bad[0]}: ${failed[0]?.saw}`,
      remedies: [...(await provenShift(facts, bad, agrees)), mend(bad)],
    }
  }
  const open = judgements.find(({ outcome }) => outcome === 'unknown')
  if (open) return nothingToDo('unknown', open.saw)
  return nothingToDo('absent', `usage agrees for ${listed(models)}`)
}

function mend(models: readonly string[]): Remedy {
  return {
    kind: 'person',
    title: `usage of streamed ${listed(models)} cannot be trusted`,
    next: 'bill these models by plain answers until the gateway is updated, or the provider sends usage in its stream (stream_options.include_usage)',
  }
}

async function verify(
  context: IncidentContext,
  models: readonly string[],
  signal: AbortSignal,
): Promise<Verdict> {
  if (context.probing === 'off') return { kind: 'not-known', saw: 'no pair was asked', next: 'add --probe' }
  const judgements = await judged(context, models, signal)
  const failed = judgements.find(({ outcome }) => outcome === 'fail')
  if (failed) return { kind: 'still-there', saw: failed.saw }
  const open = judgements.find(({ outcome }) => outcome === 'unknown')
  return open
    ? { kind: 'not-known', saw: open.saw, next: `provops incident usage-parity ${askedFor(context)} --probe` }
    : { kind: 'gone', saw: `usage agrees for ${listed(models)}` }
}

const [usageCheck, modelCheck] = PARITY_CHECKS

const pairStep = (step: 'usage' | 'model', check: (typeof PARITY_CHECKS)[number]) =>
  stepOf(HEAD, {
    step,
    kind: 'read',
    title: check.title,
    asks: `With --probe: ${check.asks}`,
    why: check.why,
    cost: 'tokens',
    fix: check.fix,
    async ask(context, signal) {
      if (context.probing === 'off' && step === 'model')
        return { outcome: 'skip', saw: 'no pair was asked', next: 'see usage-parity.usage' }
      if (context.probing === 'off')
        return {
          outcome: 'unknown',
          saw: 'no pair was asked',
          expected: 'two requests that agree',
          why: 'no log tells the usage of an answer',
          next: `provops incident usage-parity ${askedFor(context)} --probe`,
        }
      const answers = await check.ask(parityContext(context, modelsOf(context), signal), signal)
      return [answers].flat().map(here)
    },
  })

/** What `parity-check` sends here does not send in circles. */
function here(judgement: Judgement): Judgement {
  return 'next' in judgement && judgement.next.startsWith('provops incident usage-parity')
    ? { ...judgement, next: 'see usage-parity.proposal' }
    : judgement
}

export const usageParity: Playbook = {
  ...HEAD,
  mostProbes: (models) => 4 * Math.min(3, models),
  steps: [pairStep('usage', usageCheck), pairStep('model', modelCheck), ...endingOf(HEAD)],
}
