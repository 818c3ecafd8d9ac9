import type { Judgement } from '../../core/check.ts'
import { counted, span } from '../../core/text.ts'
import { type RatioLevel, ratioLevel } from '../../core/thresholds.ts'
import { sparkEntitledCheck } from '../spark-answers.ts'
import type { SparkContext } from '../spark-context.ts'
import { ratioOf } from '../spark-ratio.ts'
import { askModel, askOnce } from './ask.ts'
import type { Facts, IncidentContext } from './incident-context.ts'
import { clientIds, REPEATED, total } from './log-facts.ts'
import { type Diagnosis, type Evidence, nothingToDo, notKnown, type Verdict } from './playbook.ts'
import { factsOf, told } from './read-facts.ts'
import { remediesFor, watch } from './spark-remedies.ts'

export const SPARK_MISMATCH = {
  name: 'spark-mismatch',
  title: 'the Spark model answers wherever it is listed',
  symptom: 'clients get 400, 404 or 503 for the Spark model, or it left the list',
  runbook: 'Incident Playbooks, Copilot Spark Mismatch',
  judgesBy: ['models', 'log'],
  evidence,
  diagnose,
  verify,
} as const

/** Without any model of the family nobody is eligible for Spark in the first place. */
const FAMILY = /codex/i

function evidence(facts: Facts, { spark }: IncidentContext): Evidence[] {
  const ids = facts.models.kind === 'list' ? facts.models.list.models.map(({ id }) => id) : []
  const family = ids.some((id) => FAMILY.test(id))
  const found: Evidence[] = []
  if (family && !ids.includes(spark.model))
    found.push({ weight: 'proof', saw: `${spark.model} is not listed, other models of its family are` })
  else if (family && !ids.includes(spark.fallback))
    found.push({ weight: 'sign', saw: `the fallback ${spark.fallback} is not listed` })
  const { refused, hidden } = refusedInLog(facts, spark.model)
  if (refused >= REPEATED)
    found.push({
      weight: refused - hidden > PROVEN_SHARE * clientRequests(facts) ? 'proof' : 'sign',
      saw: `${counted(refused, 'refusal')} of ${spark.model} in the log, whatever their status${hidden === 0 ? '' : `; ${counted(hidden, 'one', 'of them')} hidden from clients by fail-over`}`,
    })
  return found
}

/** Of the requests for all models: those for Spark are fewer, so its own share is higher still (runbook: warn above 2 %). */
const PROVEN_SHARE = 0.02

function clientRequests(facts: Facts): number {
  return told(facts.log)?.scan.requests.byClass['client-api'].total ?? 0
}

interface Refused {
  readonly refused: number
  /** Of these, the ones after which another credential answered: no client felt them. */
  readonly hidden: number
}

function refusedInLog(facts: Facts, model: string): Refused {
  const scan = told(facts.log)?.scan
  if (!scan) return { refused: 0, hidden: 0 }
  // Failure lines have the provider's name for it.
  const own = scan.upstream.groups.filter(
    (group) => group.model !== null && clientIds(facts, group.provider, [group.model]).includes(model),
  )
  const failed = total(own)
  const hidden = own.reduce((sum, group) => sum + (group.status === 429 ? 0 : group.hidden), 0)
  const limited = total(own.filter(({ status }) => status === 429))
  const cooling = scan.models.find((one) => one.model === model)?.coolingLines ?? 0
  // Cooling belongs to a limit unless another refusal went before it.
  return { refused: failed - limited + (limited === 0 && failed > 0 ? cooling : 0), hidden }
}

export function sparkContext(context: IncidentContext, signal: AbortSignal): SparkContext {
  const { gateway, capabilities, clock, spark, thresholds, probing } = context
  const ask = (model: string) =>
    context.remember(`probe of ${model}`, () => askOnce(context, model, signal, 'responses'))
  return {
    gateway,
    capabilities,
    clock,
    spark,
    keys: [{ index: 0, name: 'first key' }],
    endpoint: 'responses',
    threshold: thresholds['spark-error-ratio'],
    log: context.sparkLog,
    ask,
    probe: probing === 'off' ? null : ask,
    samples: async () => [],
  }
}

interface SparkRatio {
  readonly level: RatioLevel
  /** What of it says that Spark is well. A share of the requests for all models proves a crossed limit, and never a kept one. */
  readonly good: string | null
  /** So few requests that a share means little, and yet most of them failed. */
  readonly mostFailed: string | null
}

/** As for the pressure on a quota: three failures that are at least half of the requests. */
const MOST = { failed: REPEATED, share: 0.5 } as const

async function ratioIn(context: IncidentContext, signal: AbortSignal): Promise<SparkRatio> {
  const ratio = await context.remember('spark ratio', () => ratioOf(sparkContext(context, signal)))
  if (ratio.kind === 'none') return { level: 'too-few', good: null, mostFailed: null }
  const { failed, total: requests } = ratio.count
  const threshold = context.thresholds['spark-error-ratio']
  const level = ratioLevel(failed, requests, threshold)
  if (ratio.kind !== 'exact') return { level, good: null, mostFailed: null }
  const good =
    requests === 0
      ? `nobody asked for it in ${span(threshold.windowMs)}`
      : level === 'ok'
        ? 'few of its requests fail'
        : null
  const isMost = level === 'too-few' && failed >= MOST.failed && failed >= MOST.share * requests
  return {
    level,
    good,
    mostFailed: isMost
      ? `${failed} of the last ${counted(requests, 'request')} for ${context.spark.model} failed`
      : null,
  }
}

async function diagnose(context: IncidentContext, signal: AbortSignal): Promise<Diagnosis> {
  const facts = await factsOf(context, signal)
  if (facts.models.kind === 'unknown') return nothingToDo('unknown', facts.models.judgement.saw)
  const proofs = evidence(facts, context).filter(({ weight }) => weight === 'proof')
  const ratio = await ratioIn(context, signal)
  const entitled =
    context.probing === 'off'
      ? []
      : asList(await sparkEntitledCheck.ask(sparkContext(context, signal), signal))
  const refused = entitled.find(({ outcome }) => outcome === 'fail')
  if (proofs.length === 0 && ratio.level !== 'critical' && ratio.mostFailed === null && !refused)
    return ratio.level === 'warn'
      ? {
          condition: 'present',
          models: [context.spark.model],
          saw: `${context.spark.model} fails above the warning limit, below the critical one`,
          remedies: [watch(context)],
        }
      : nothingWrong(facts, context, ratio, entitled)
  return {
    condition: 'present',
    models: [context.spark.model],
    saw:
      refused?.saw ??
      proofs[0]?.saw ??
      ratio.mostFailed ??
      `${context.spark.model} fails above the critical limit`,
    remedies: await remediesFor(facts, context),
  }
}

/**
 * Nothing speaks for the condition. It is absent only where something says that Spark requests are answered, or that
 * nobody was refused one: the list alone is the same for accounts that may use the model and for those that may not.
 */
function nothingWrong(
  facts: Facts,
  { spark }: IncidentContext,
  { good }: SparkRatio,
  entitled: readonly Judgement[],
): Diagnosis {
  const ids = facts.models.kind === 'list' ? facts.models.list.models.map(({ id }) => id) : []
  if (ids.length === 0)
    return nothingToDo('unknown', 'no model is listed, so Spark cannot be told from the rest')
  const { refused, hidden } = refusedInLog(facts, spark.model)
  const wouldShow = told(facts.log) !== null && facts.failuresInLog === 'shown'
  const seen = [
    ...(entitled.some(({ outcome }) => outcome === 'pass') ? ['it answers'] : []),
    ...(good === null ? [] : [good]),
    ...(wouldShow && refused === hidden
      ? [`the log shows no refusal of it${hidden === 0 ? '' : ' that reached a client'}`]
      : []),
  ]
  const isListed = ids.includes(spark.model)
  const listed = `${spark.model} is ${isListed ? '' : 'not '}listed`
  if (seen.length > 0) return nothingToDo('absent', `${listed}, and ${seen.join(', ')}`)
  const asked = entitled[0]
  if (asked !== undefined) return nothingToDo('unknown', `${listed}; asked for it: ${asked.saw}`)
  const logged =
    refused > 0
      ? `${counted(refused, 'refusal')} of it in the log, of how many requests is not known`
      : 'neither log nor statistics tell how it answers'
  return notKnown(
    `${listed}; ${logged}`,
    `ask ${isListed ? 'it' : 'for it'} once: provops incident spark-mismatch --probe`,
  )
}

function asList(judged: Judgement | readonly Judgement[]): readonly Judgement[] {
  return Array.isArray(judged) ? judged : [judged as Judgement]
}

async function verify(
  context: IncidentContext,
  models: readonly string[],
  signal: AbortSignal,
): Promise<Verdict> {
  const facts = await factsOf(context, signal)
  const ids = facts.models.kind === 'list' ? facts.models.list.models.map(({ id }) => id) : []
  if (!ids.includes(context.spark.model))
    return { kind: 'still-there', saw: `${context.spark.model} is not listed` }
  return askModel(context, models, signal)
}
