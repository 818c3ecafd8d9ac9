import { countedFailures, type ErrorCount, entitlementOf } from '../analysis/spark.ts'
import type { Check, Judgement } from '../core/check.ts'
import { groupedNumber, percent, span } from '../core/text.ts'
import { type RatioThreshold, ratioLevel } from '../core/thresholds.ts'
import { readUsageDetails } from '../wire/usage-details.ts'
import type { Asked } from './ask-model.ts'
import type { SparkContext } from './spark-context.ts'

/**
 * What a source can say about the ratio. `exact` counts failures and requests of the model. `at-least` knows the
 * failures and an upper limit for the requests, so it can prove that a limit is crossed and never that it is not.
 */
export type RatioEvidence =
  | {
      readonly kind: 'exact'
      readonly count: ErrorCount
      readonly source: string
      readonly blind: string | null
    }
  | { readonly kind: 'at-least'; readonly count: ErrorCount; readonly source: string; readonly blind: string }
  | { readonly kind: 'none'; readonly reasons: readonly string[] }

export const sparkRatioCheck: Check<SparkContext> = {
  id: 'spark.error-ratio',
  title: 'the Spark model answers almost all of its requests',
  group: 'spark',
  asks: 'Which share of the requests for the model failed within the window? Every refusal counts whatever its status; 429 and clients that left do not. Sources in order of truth: per-request statistics of the gateway, own samples (--sample), a debug log, failures in the log against all requests.',
  why: 'A few refusals are accounts without entitlement; above the critical limit the fallback is due.',
  cost: 'files',
  fix: 'Critical: provops spark-check shows the alias to the fallback; --auto-mitigate applies it.',
  runbook: 'Incident Playbooks, Copilot Spark Mismatch',
  thresholds: ['spark-error-ratio'],
  async ask(context) {
    return judgeRatio(await ratioOf(context), context)
  },
}

/** The best evidence there is for the model's error ratio: of the first source that knows enough requests. */
export async function ratioOf(context: SparkContext): Promise<RatioEvidence> {
  const reasons: string[] = []
  let tooFew: RatioEvidence | null = null
  for (const source of [fromStatistics, fromSamples, fromLog]) {
    const evidence = await source(context)
    if (evidence.kind === 'none') reasons.push(...evidence.reasons)
    else if (evidence.count.total >= context.threshold.minRequests) return evidence
    else tooFew ??= evidence
  }
  return tooFew ?? { kind: 'none', reasons }
}

async function fromStatistics({
  capabilities,
  clock,
  spark,
  threshold,
}: SparkContext): Promise<RatioEvidence> {
  const answer = await capabilities.ask('usage')
  const none = (why: string): RatioEvidence => ({ kind: 'none', reasons: [`request statistics: ${why}`] })
  if (answer.kind === 'no-management') return none('no usable management key')
  if (answer.kind === 'not-offered') return none('not offered by this gateway')
  const body = answer.kind === 'reply' ? answer.reply.body : null
  const reading = body?.kind === 'json' ? readUsageDetails(body.value) : null
  if (reading?.kind !== 'details') return none('unreadable')
  const sinceMs = clock.nowMs() - threshold.windowMs
  const own = reading.details.filter(({ model, atMs }) => model === spark.model && atMs >= sinceMs)
  const count = { failed: own.filter(({ failed }) => failed).length, total: own.length }
  return {
    kind: 'exact',
    count,
    source: 'GET /v0/management/usage',
    blind: 'cannot tell 429 from other failures',
  }
}

async function fromSamples({ samples, spark }: SparkContext): Promise<RatioEvidence> {
  const asked = await samples()
  if (asked.length === 0) return { kind: 'none', reasons: ['own samples: none taken (--sample <count>)'] }
  const counted = asked.map(sampleOutcome).filter((outcome) => outcome !== 'not-counted')
  const count = { failed: counted.filter((outcome) => outcome === 'failed').length, total: counted.length }
  return {
    kind: 'exact',
    count,
    source: `${asked.length} own requests to ${spark.model}`,
    blind: 'sees only the key it asks with',
  }
}

function sampleOutcome(asked: Asked): 'answered' | 'failed' | 'not-counted' {
  if (asked.kind === 'fault') return 'not-counted'
  const { answer } = asked
  if (answer.kind === 'complete' || answer.kind === 'incomplete') return 'answered'
  return answer.kind === 'refused' && entitlementOf(answer.refusal.cause) === 'quota'
    ? 'not-counted'
    : 'failed'
}

async function fromLog({ log, spark }: SparkContext): Promise<RatioEvidence> {
  const reading = await log()
  if (reading.kind !== 'scanned') return { kind: 'none', reasons: [`log: ${reading.saw}`] }
  const { scan, source } = reading
  if (scan.blindSpots.includes('hidden-failures'))
    return {
      kind: 'none',
      reasons: ['log: its level names no model (debug, or upstream from v7.2.138, would)'],
    }
  const own = scan.models.find(({ model }) => model === spark.model)
  // Another credential answered the client: nothing failed that an alias to the fallback would mend.
  const hidden = scan.upstream.groups
    .filter(({ model, status }) => model === spark.model && status !== 429 && status !== 499)
    .reduce((sum, group) => sum + group.hidden, 0)
  const failed = own ? Math.max(0, countedFailures(own.failureStatuses) - hidden) : 0
  if (own && own.tries > hidden) {
    return {
      kind: 'exact',
      source,
      count: { failed, total: own.tries - hidden },
      blind: 'refusals by the gateway itself are not in it',
    }
  }
  const total = scan.requests.byClass['client-api'].total
  return {
    kind: 'at-least',
    source,
    count: { failed, total },
    blind: 'the log does not say how many requests were for this model',
  }
}

function judgeRatio(evidence: RatioEvidence, { spark, threshold, clock }: SparkContext): Judgement {
  if (evidence.kind === 'none') {
    return {
      outcome: 'skip',
      saw: evidence.reasons.join('; '),
      next: 'provops spark-check --sample 20 (costs 20 requests), or --logs <debug log>',
    }
  }
  const { count, source } = evidence
  const base = {
    source,
    data: {
      ...count,
      evidence: evidence.kind,
      windowMs: threshold.windowMs,
      at: new Date(clock.nowMs()).toISOString(),
    },
  }
  const level = ratioLevel(count.failed, count.total, threshold)
  if (evidence.kind === 'at-least' && count.failed === 0) return nothingSeen(base, evidence.blind)
  const atLeast = evidence.kind === 'at-least' ? 'at least ' : ''
  const blind = evidence.blind === null ? '' : ` (${evidence.blind})`
  const saw = `${atLeast}${percent(count.total === 0 ? 0 : count.failed / count.total)}: ${groupedNumber(count.failed)} refused of ${groupedNumber(count.total)} in ${span(threshold.windowMs)}${blind}`
  if (count.total === 0)
    return {
      ...base,
      outcome: 'skip',
      saw: `no requests for ${spark.model} in ${span(threshold.windowMs)}`,
      next: 'ask when there was traffic, or take own samples with --sample 20',
    }
  if (level === 'too-few')
    return {
      ...base,
      outcome: 'skip',
      saw: `${saw}: too few to judge (${threshold.minRequests} needed)`,
      next: 'ask again when there was more traffic',
    }
  if (level === 'ok') {
    return evidence.kind === 'exact'
      ? { ...base, outcome: 'pass', saw }
      : {
          ...base,
          outcome: 'skip',
          saw,
          next: 'a share of all requests cannot prove that Spark is well; ask it: provops spark-check --sample 20',
        }
  }
  return { ...base, ...overLimit(level, threshold), saw }
}

function nothingSeen(base: { readonly source: string }, blind: string): Judgement {
  return {
    ...base,
    outcome: 'skip',
    saw: `no refusal of the model in the log that reached a client, and ${blind}`,
    next: 'ask it, which costs 20 requests: provops spark-check --sample 20',
  }
}

function overLimit(level: 'warn' | 'critical', { warnAbove, criticalAbove }: RatioThreshold) {
  return {
    outcome: level === 'critical' ? 'fail' : 'warn',
    expected: `at most ${percent(warnAbove)} refused (critical above ${percent(criticalAbove)})`,
    why:
      level === 'critical'
        ? 'the runbook asks for the fallback alias now'
        : 'accounts without entitlement get Spark requests',
    next:
      level === 'critical'
        ? 'see the change, and be asked before it is made: provops spark-check --auto-mitigate'
        : 'see which key is refused: provops spark-check --probe',
  } as const
}
