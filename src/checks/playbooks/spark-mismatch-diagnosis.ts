import { applyEdits } from '../../analysis/config/edit.ts'
import { benchOfAccount } from '../../analysis/quota/bench.ts'
import { planFallback } from '../../analysis/spark-mitigation.ts'
import type { Judgement } from '../../core/check.ts'
import { counted } from '../../core/text.ts'
import { type RatioLevel, ratioLevel } from '../../core/thresholds.ts'
import { hasResetRoute, resetCommand } from '../quota-reset.ts'
import { sparkEntitledCheck } from '../spark-answers.ts'
import type { SparkContext } from '../spark-context.ts'
import { ratioOf } from '../spark-ratio.ts'
import { askModel, askOnce } from './ask.ts'
import type { Facts, IncidentContext } from './incident-context.ts'
import { REPEATED } from './log-facts.ts'
import { type Diagnosis, type Evidence, nothingToDo, type Remedy, type Verdict } from './playbook.ts'
import { factsOf, told } from './read-facts.ts'

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
  const refused = refusedInLog(facts, spark.model)
  if (refused >= REPEATED)
    found.push({
      weight: refused > PROVEN_SHARE * clientRequests(facts) ? 'proof' : 'sign',
      saw: `${counted(refused, 'refusal')} of ${spark.model} in the log, whatever their status`,
    })
  return found
}

/** Of the requests for all models: those for Spark are fewer, so its own share is higher still (runbook: warn above 2 %). */
const PROVEN_SHARE = 0.02

function clientRequests(facts: Facts): number {
  return told(facts.log)?.scan.requests.byClass['client-api'].total ?? 0
}

function refusedInLog(facts: Facts, model: string): number {
  const own = told(facts.log)?.scan.models.find((one) => one.model === model)
  if (!own) return 0
  const limited = own.failureStatuses.get(429) ?? 0
  // Lines of cooling after a 429 belong to the limit.
  return own.failures - limited + (limited === 0 && own.failures > 0 ? own.coolingLines : 0)
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

async function ratioLevelOf(context: IncidentContext, signal: AbortSignal): Promise<RatioLevel> {
  const ratio = await context.remember('spark ratio', () => ratioOf(sparkContext(context, signal)))
  return ratio.kind === 'none'
    ? 'too-few'
    : ratioLevel(ratio.count.failed, ratio.count.total, context.thresholds['spark-error-ratio'])
}

async function diagnose(context: IncidentContext, signal: AbortSignal): Promise<Diagnosis> {
  const facts = await factsOf(context, signal)
  if (facts.models.kind === 'unknown') return nothingToDo('unknown', facts.models.judgement.saw)
  const proofs = evidence(facts, context).filter(({ weight }) => weight === 'proof')
  const level = await ratioLevelOf(context, signal)
  const entitled =
    context.probing === 'off'
      ? []
      : asList(await sparkEntitledCheck.ask(sparkContext(context, signal), signal))
  const refused = entitled.find(({ outcome }) => outcome === 'fail')
  if (proofs.length === 0 && level !== 'critical' && !refused)
    return level === 'warn'
      ? {
          condition: 'present',
          models: [context.spark.model],
          saw: `${context.spark.model} fails above the warning limit, below the critical one`,
          remedies: [watch(context)],
        }
      : nothingWrong(facts, context, level, entitled)
  return {
    condition: 'present',
    models: [context.spark.model],
    saw: refused?.saw ?? proofs[0]?.saw ?? `${context.spark.model} fails above the critical limit`,
    remedies: await remediesFor(facts, context),
  }
}

/** Nothing speaks for the condition; whether it is absent depends on whether anything could have. */
function nothingWrong(
  facts: Facts,
  { spark }: IncidentContext,
  level: RatioLevel,
  entitled: readonly Judgement[],
): Diagnosis {
  const ids = facts.models.kind === 'list' ? facts.models.list.models.map(({ id }) => id) : []
  if (ids.length === 0)
    return nothingToDo('unknown', 'no model is listed, so Spark cannot be told from the rest')
  const logTold = told(facts.log) !== null && facts.failuresInLog === 'shown'
  const seen = [
    ...(logTold ? ['the log shows no burst of refusals'] : []),
    ...(level === 'ok' ? ['few of its requests fail'] : []),
    ...(entitled.some(({ outcome }) => outcome === 'pass') ? ['it answers'] : []),
  ]
  const listed = `${spark.model} is ${ids.includes(spark.model) ? '' : 'not '}listed`
  return seen.length === 0
    ? nothingToDo('unknown', `${listed}; no log, no statistics and no probe tell how it answers`)
    : nothingToDo('absent', `${listed}, and ${seen.join(', ')}`)
}

function asList(judged: Judgement | readonly Judgement[]): readonly Judgement[] {
  return Array.isArray(judged) ? judged : [judged as Judgement]
}

function watch({ spark }: IncidentContext): Remedy {
  return {
    kind: 'person',
    title: 'watch it: the fallback is due above the critical limit',
    next: `provops spark-check --window 10m; keep ${spark.fallback} ready`,
  }
}

async function remediesFor(facts: Facts, context: IncidentContext): Promise<Remedy[]> {
  const { spark } = context
  const ids = facts.models.kind === 'list' ? facts.models.list.models.map(({ id }) => id) : []
  const config = told(facts.config)
  if (!ids.includes(spark.fallback))
    return [
      {
        kind: 'person',
        title: `the fallback ${spark.fallback} is not listed: an alias to it would make the outage whole`,
        next: 'choose a fallback that is listed: provops spark-check --fallback <id>',
      },
    ]
  const plan = config ? planFallback(config.text, spark) : null
  const resets = (await hasResetRoute(context.capabilities)) ? resetRemedies(benched(facts), context) : []
  if (plan?.kind === 'planned' && config && applyEdits(config.text, plan.edits).kind === 'edited')
    return [
      {
        kind: 'edit',
        name: 'alias',
        title: `answer ${spark.model} with ${spark.fallback}: ${plan.how}`,
        askFirst: [spark.fallback],
        edits: plan.edits,
        mind: `clients of ${spark.model} get ${spark.fallback} until provops undo; no other name changes`,
        proof: { kind: 'symptom' },
      },
      ...resets,
    ]
  const why =
    plan === null
      ? 'the configuration could not be read'
      : plan.kind === 'in-place'
        ? 'the alias is in place already'
        : plan.kind === 'refused'
          ? plan.reason
          : ''
  return [
    ...resets,
    {
      kind: 'person',
      title: `route the workloads of ${spark.model} to ${spark.fallback} (${why})`,
      next: `have clients ask for ${spark.fallback}, and keep Spark disabled for this segment`,
    },
  ]
}

/** Accounts that the gateway holds back because a model was refused: one probe is enough (contract, HTTP 7.4). */
function benched(facts: Facts): string[] {
  return (told(facts.accounts) ?? []).flatMap((account) =>
    benchOfAccount(account, facts.atMs)?.cause === 'model' && account.authIndex !== null
      ? [account.authIndex]
      : [],
  )
}

function resetRemedies(authIndexes: readonly string[], context: IncidentContext): Remedy[] {
  if (authIndexes.length === 0) return []
  return [
    {
      kind: 'reset-quota',
      name: 'reset',
      title: `end the bench of ${counted(authIndexes.length, 'account')} refused ${context.spark.model}`,
      authIndexes,
      command: resetCommand(authIndexes, context),
      mind: 'only when the account is entitled: the next refusal benches it for twelve hours again',
    },
  ]
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
