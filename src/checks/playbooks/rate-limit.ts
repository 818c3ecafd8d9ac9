import type { Judgement } from '../../core/check.ts'
import { counted, instantOf, listed, span } from '../../core/text.ts'
import { answerersOf } from './answerers.ts'
import { MOST_ASKED } from './ask.ts'
import type { Facts } from './incident-context.ts'
import { LIMIT_ACTIONS, type LimitKind } from './limits.ts'
import { loadWords } from './load-levers.ts'
import { fallbacksFor } from './moves.ts'
import { type Diagnosis, diagnosisOf, type Playbook } from './playbook.ts'
import { causesOf, RATE_LIMIT as HEAD } from './rate-limit-diagnosis.ts'
import { pressureStep } from './rate-limit-pressure.ts'
import { factsOf, told } from './read-facts.ts'
import { endingOf, stepOf } from './steps.ts'
import { judgeSymptom } from './symptom.ts'

const symptomStep = stepOf(HEAD, {
  step: 'symptom',
  kind: 'read',
  title: HEAD.title,
  asks: 'Do clients get 429, are accounts benched, or does a provider fail or answer with server errors, right now?',
  why: 'Bursts of 429 are what clients feel; a benched account is felt when the last one follows.',
  cost: 'files',
  fix: 'See rate-limit.cause: which limit it is decides what helps.',
  async ask(context, signal) {
    const severe = (await causesOf(context, signal)).filter((cause) => cause.severe)
    const parties = [...new Set(severe.map(({ kind, provider }) => `${kind} of ${provider}`))]
    const words = {
      absent: 'no repeated 429, no bench for quota, no provider above its error share',
      present: `in the way: ${listed(parties)}`,
      expected: 'no repeated 429, and no provider that fails',
      harm: 'requests are refused, or will be when the last credential follows',
    }
    const diagnosis = await diagnosisOf(HEAD, context, signal)
    return judgeSymptom(HEAD.name, diagnosis, words, await factsOf(context, signal), context)
  },
})

const causeStep = stepOf(HEAD, {
  step: 'cause',
  kind: 'decide',
  title: 'no limit is in the way',
  asks: "Which limit is it: the gateway's own cooldown (perhaps stale), a short limit, the quota of a plan and until when, money, capacity, or a policy? By who answered, auth-files, and the words of the error logs.",
  why: 'Only some of them end by waiting, and only one by a reset.',
  cost: 'reads',
  fix: 'Do the one action of each cause.',
  async ask(context, signal) {
    const { atMs } = await factsOf(context, signal)
    const causes = await causesOf(context, signal)
    if (causes.length === 0) return noCause(await diagnosisOf(HEAD, context, signal))
    return causes.map((cause): Judgement => {
      const { means, next } = LIMIT_ACTIONS[cause.kind]
      return {
        outcome: cause.severe ? 'fail' : 'warn',
        subject: `${cause.kind}.${cause.provider.replaceAll(' ', '-')}`,
        saw: cause.saw,
        expected: 'no limit',
        why:
          cause.untilMs === null
            ? means
            : `${means}; back at ${instantOf(cause.untilMs)}, in ${span(Math.max(0, cause.untilMs - atMs))}`,
        next,
        data: { limit: cause.kind, untilMs: cause.untilMs, models: [...cause.models] },
      }
    })
  },
})

function noCause({ condition, saw }: Diagnosis): Judgement {
  return condition === 'absent'
    ? { outcome: 'pass', saw: 'nothing limits' }
    : { outcome: 'skip', saw, next: 'see rate-limit.symptom' }
}

/** Limits that are over some time, so that a pass needs to know that none of them is there. */
const ENDS_BY_WAITING: readonly LimitKind[] = [
  'plan-quota',
  'short-limit',
  'local-cooldown',
  'stale-cooldown',
]

const firstBackStep = stepOf(HEAD, {
  step: 'first-back',
  kind: 'read',
  title: 'no credential has to be waited for',
  asks: 'When is the first credential back, and how many of each provider are benched?',
  why: 'Whether to wait or to shift depends on this one number.',
  cost: 'reads',
  fix: 'provops quota shows the same for every credential.',
  async ask(context, signal) {
    const { accounts, atMs } = await factsOf(context, signal)
    if (accounts.kind === 'untold')
      return { outcome: 'skip', saw: accounts.reason, next: 'give a management key' }
    const causes = await causesOf(context, signal)
    const waiting = causes.flatMap(({ untilMs, provider, authIndexes }) =>
      untilMs === null ? [] : [{ untilMs, provider, credentials: Math.max(1, authIndexes.length) }],
    )
    const [first] = waiting.toSorted((a, b) => a.untilMs - b.untilMs)
    const endless = causes.filter(({ kind, untilMs }) => untilMs === null && ENDS_BY_WAITING.includes(kind))
    if (first === undefined && endless.length > 0)
      return {
        outcome: 'skip',
        saw: `${listed([...new Set(endless.map(({ provider }) => provider))])}: nobody tells until when`,
        next: 'provops quota',
      }
    if (first === undefined)
      return {
        outcome: 'pass',
        saw: `${counted(accounts.value.length, 'account')}, none has to be waited for`,
      }
    return {
      outcome: 'warn',
      saw: `${counted(
        waiting.reduce((sum, { credentials }) => sum + credentials, 0),
        'credential',
      )} of ${listed([...new Set(waiting.map(({ provider }) => provider))])} to wait for; the first is back at ${instantOf(first.untilMs)}, in ${span(Math.max(0, first.untilMs - atMs))}`,
      expected: 'a credential that is free',
      why: 'until then every request for its models is refused unless another credential has them',
      next: 'provops quota',
    }
  },
})

const capacityStep = stepOf(HEAD, {
  step: 'capacity',
  kind: 'propose',
  title: 'every limited model has somewhere else to go',
  asks: 'For each limited model: which other block has the same model, and how many credentials does its own block have?',
  why: 'Keep at least one alternate provider for each critical workload class (runbook, Rotation and Quota Strategy).',
  cost: 'reads',
  fix: 'Add keys to the block, another provider (provops onboard), or tighten excluded-models for expensive ones.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    const models = [...new Set((await causesOf(context, signal)).flatMap((cause) => cause.models))]
    if (models.length === 0) return noCause(await diagnosisOf(HEAD, context, signal))
    if (facts.config.kind === 'untold')
      return { outcome: 'skip', saw: facts.config.reason, next: 'give --config-file, or a management key' }
    const routes = withoutPrefixed(models, facts).map((model) => ({ model, others: elsewhere(facts, model) }))
    const words = routes.flatMap(({ model, others }) =>
      others.length > 0 ? [`${model}: ${listed(others, 2)}`] : [],
    )
    const lost = routes.flatMap(({ model, others }) => (others.length > 0 ? [] : [model]))
    const data = { models: Object.fromEntries(routes.map(({ model, others }) => [model, [...others]])) }
    if (lost.length === 0) return { outcome: 'pass', saw: listed(words, 3), data }
    return {
      outcome: 'warn',
      saw: [`nowhere else: ${listed(lost)}`, ...words.slice(0, 2)].join('; '),
      expected: 'at least one alternate provider',
      why: 'there is nowhere to shift its traffic to: only capacity, less concurrency or less exposure helps',
      next: 'add a key to its block; provops onboard adds a provider',
      data,
    }
  },
})

/** A name behind its block's own prefix has no other answer by its nature, where the bare one is there as well. */
function withoutPrefixed(models: readonly string[], facts: Facts): readonly string[] {
  const entries = told(facts.config)?.offers.config.entries ?? []
  const prefixed = entries.flatMap(({ prefix }) => models.map((id) => `${prefix}/${id}`))
  return models.filter((id) => !prefixed.includes(id))
}

/** Who else answers the name today, or has the model under another name. */
function elsewhere(facts: Facts, model: string): readonly string[] {
  const offers = told(facts.config)?.offers
  const beside = offers ? answerersOf(facts, offers, model).slice(1) : []
  return [...beside.map(({ label }) => label), ...fallbacksFor(facts, model).map(({ id }) => id)]
}

const loadStep = stepOf(HEAD, {
  step: 'load',
  kind: 'read',
  title: 'the gateway adds no load of its own',
  asks: 'What does the gateway make of one request that is refused: how many rounds (request-retry), and does one credential take everything (routing.strategy fill-first)? It has no limit of concurrency.',
  why: 'Reduce concurrency, says the runbook: here only the clients can, and the gateway can stop multiplying.',
  cost: 'reads',
  fix: 'See the proposals retries and spread.',
  async ask(context, signal) {
    const { config } = await factsOf(context, signal)
    if (config.kind === 'untold')
      return { outcome: 'skip', saw: config.reason, next: 'give --config-file, or a management key' }
    const diagnosis = await diagnosisOf(HEAD, context, signal)
    const { settings } = config.value.offers.config
    const multiplies = settings.requestRetry > 0 || settings.strategy === 'fill-first'
    const base = { saw: loadWords(settings), source: config.source }
    if (!multiplies) return { ...base, outcome: 'pass' }
    if (diagnosis.condition !== 'present')
      return { ...base, outcome: 'skip', next: 'nothing to do while nothing limits' }
    return {
      ...base,
      outcome: 'warn',
      expected: 'request-retry 0, and requests spread over the credentials',
      why: 'a provider that refuses gets more requests than the clients sent',
      next: 'see rate-limit.proposal, and lower the concurrency of the clients',
    }
  },
})

export const rateLimit: Playbook = {
  ...HEAD,
  mostProbes: () => MOST_ASKED,
  steps: [symptomStep, causeStep, firstBackStep, pressureStep, loadStep, capacityStep, ...endingOf(HEAD)],
}
