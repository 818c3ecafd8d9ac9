import { entitlementOf, type Quadrant, quadrantOf } from '../analysis/spark.ts'
import type { Check, Judgement } from '../core/check.ts'
import type { Refusal } from '../wire/refusals.ts'
import type { Asked } from './ask-model.ts'
import { askModels, subjectOf } from './models.ts'
import { refusalMeans, refusalNext, refusalSaw } from './refusal-words.ts'
import { unknownFrom } from './replies.ts'
import type { SparkContext } from './spark-context.ts'

const PROBE_OFF: Judgement = {
  outcome: 'skip',
  saw: 'probes are off',
  next: 'ask once per key (a refusal can bench the credential for 12 hours): provops spark-check --probe',
}

export const sparkEntitledCheck: Check<SparkContext> = {
  id: 'spark.entitled',
  title: 'the Spark model answers wherever it is listed',
  group: 'spark',
  asks: 'With --probe, once per key: does the model answer? Listed and answering, listed and refused, not listed and answering, neither: four different situations.',
  why: 'Listed is not entitled: the list is the same for all plans, the provider is not.',
  cost: 'tokens',
  fix: 'Listed and refused: exclude it for that credential (excluded-models) or alias it to the fallback. Quota is no mismatch.',
  runbook: 'Incident Playbooks, Copilot Spark Mismatch',
  async ask(context) {
    const { probe, keys, spark } = context
    if (!probe) return PROBE_OFF
    const judged: Judgement[] = []
    // One key after the other: a refusal benches a credential that the next key may share.
    for (const key of keys) {
      const listing = await askModels(
        context.gateway,
        context.gateway.clientKeys > 0 ? key.index : 'none',
        new AbortController().signal,
      )
      const listed = listing.kind === 'list' && listing.list.models.some(({ id }) => id === spark.model)
      judged.push({
        ...judgeProbe(listed, await probe(spark.model, key), spark.model),
        ...subjectOf(key, keys),
      })
    }
    return judged
  },
}

export const sparkFallbackCheck: Check<SparkContext> = {
  id: 'spark.fallback',
  title: 'the fallback answers',
  group: 'spark',
  asks: 'With --probe, once: does the fallback model answer with the first key?',
  why: 'An alias to a model that is itself refused would make the outage whole.',
  cost: 'tokens',
  fix: 'Choose another fallback with --fallback.',
  runbook: 'Incident Playbooks, Copilot Spark Mismatch',
  async ask({ probe, keys, spark }) {
    const [key] = keys
    if (!probe || !key) return PROBE_OFF
    const asked = await probe(spark.fallback, key)
    const source = `one request to ${spark.fallback}`
    const expected = `${spark.fallback} answers`
    if (asked.kind === 'answered' && answers(asked))
      return { source, outcome: 'pass', saw: `${expected}${servedBy(asked)}` }
    const refusal = refusalIn(asked)
    if (refusal === null || isOfKey(refusal)) return notKnown(asked, { source, expected })
    return {
      source,
      expected,
      outcome: 'fail',
      saw: refusalSaw(refusal),
      why: refusalMeans(refusal),
      next: 'choose a fallback that answers: --fallback <id>',
    }
  },
}

function answers(asked: Asked): boolean {
  return asked.kind === 'answered' && (asked.answer.kind === 'complete' || asked.answer.kind === 'incomplete')
}

function refusalIn(asked: Asked): Refusal | null {
  return asked.kind === 'answered' && asked.answer.kind === 'refused' ? asked.answer.refusal : null
}

/** The gateway's own door, which is the same for every model. */
function isOfKey({ cause }: Refusal): boolean {
  return cause === 'key' || cause === 'safe-mode'
}

/** Nothing that came says whether the model answers. */
function notKnown(asked: Asked, about: { readonly source: string; readonly expected: string }): Judgement {
  const why = 'it is not known whether the model answers'
  if (asked.kind === 'fault') return unknownFrom(asked.fault, { ...about, why })
  const refusal = refusalIn(asked)
  if (refusal === null)
    return {
      ...about,
      outcome: 'unknown',
      saw: `the answer is ${asked.answer.kind}`,
      why,
      next: 'provops incident, then ask again',
    }
  return {
    ...about,
    outcome: 'unknown',
    saw: refusalSaw(refusal),
    why: `${refusalMeans(refusal)}; this says nothing about the model`,
    next: isOfKey(refusal) ? refusalNext(refusal) : 'provops incident, then ask again',
    ...(refusal.cause === 'key' ? { cause: 'auth' } : {}),
  }
}

function servedBy({ trace }: Asked & { kind: 'answered' }): string {
  return trace === null ? '' : ` (credential ${trace.authIndex}, request ${trace.requestId})`
}

interface QuadrantWords {
  readonly outcome: 'pass' | 'warn' | 'fail'
  readonly why: string
  readonly next: string
}

const QUADRANT_WORDS: Record<Quadrant, QuadrantWords> = {
  'listed-answers': { outcome: 'pass', why: '', next: '' },
  'listed-refused': {
    outcome: 'fail',
    why: 'clients see the model and are refused: the Spark mismatch',
    next: 'exclude the model for that credential, or alias it to the fallback: provops spark-check --auto-mitigate',
  },
  'unlisted-answers': {
    outcome: 'warn',
    why: 'it works, but clients that go by the list will not use it',
    next: 'look at excluded-models and aliases: provops lint --why-missing <model>',
  },
  'unlisted-refused': {
    outcome: 'warn',
    why: 'consistent: this key has no Spark',
    next: 'route its workloads to the fallback and keep Spark disabled for it',
  },
}

function judgeProbe(listed: boolean, asked: Asked, model: string): Judgement {
  const expected = `${model} listed and answering, or neither`
  const source = `one request to ${model}`
  if (asked.kind === 'answered' && answers(asked))
    return quadrant(quadrantOf(listed, true), `answers${servedBy(asked)}`, expected, source)
  const refusal = refusalIn(asked)
  const entitlement = refusal ? entitlementOf(refusal.cause) : 'not-known'
  if (refusal === null || entitlement === 'not-known') return notKnown(asked, { source, expected })
  const saw = refusalSaw(refusal)
  if (entitlement === 'refused') return quadrant(quadrantOf(listed, false), saw, expected, source)
  return {
    outcome: 'warn',
    saw: `quota, not a mismatch: ${saw}`,
    source,
    expected,
    why: refusalMeans(refusal),
    next: 'provops incident rate-limit',
  }
}

function quadrant(name: Quadrant, saw: string, expected: string, source: string): Judgement {
  const { outcome, why, next } = QUADRANT_WORDS[name]
  const base = { saw: `${name}: ${saw}`, source, data: { quadrant: name } }
  return outcome === 'pass' ? { ...base, outcome } : { ...base, outcome, expected, why, next }
}
