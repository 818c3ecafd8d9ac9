import type { FallbackPlan } from '../analysis/spark-mitigation.ts'
import type { Check, Judgement } from '../core/check.ts'
import { nearest } from '../core/near.ts'
import { listed } from '../core/text.ts'
import { ratioLevel } from '../core/thresholds.ts'
import { askModels } from './models.ts'
import type { SparkContext } from './spark-context.ts'
import { ratioOf } from './spark-ratio.ts'

/** The gateway's configuration as text, from a file of this machine or through management. */
export type ConfigText =
  | { readonly kind: 'text'; readonly text: string; readonly source: string }
  | { readonly kind: 'none'; readonly saw: string; readonly next: string }

export interface MitigationContext extends SparkContext {
  readonly configText: () => Promise<ConfigText>
  readonly planFallback: (configText: string) => FallbackPlan
  /** Told of the change that is due, so that the command can show and apply it. */
  readonly propose: (
    plan: FallbackPlan & { kind: 'planned' | 'in-place' },
    config: ConfigText & { kind: 'text' },
  ) => void
}

export const sparkMitigationCheck: Check<MitigationContext> = {
  id: 'spark.mitigation',
  title: 'no change of the routing is due for the Spark model',
  group: 'spark',
  asks: "When the error ratio is above the critical limit: which change sends the model's requests to the fallback, and is the fallback listed? When an alias is in place and the ratio is good again: the way back.",
  why: 'The runbook asks for the fallback alias once the critical limit is crossed.',
  cost: 'files',
  fix: 'provops spark-check --auto-mitigate shows the diff, asks, applies and verifies it; provops undo takes it back.',
  runbook: 'Incident Playbooks, Copilot Spark Mismatch',
  thresholds: ['spark-error-ratio'],
  async ask(context, signal) {
    const evidence = await ratioOf(context)
    if (evidence.kind === 'none')
      return { outcome: 'skip', saw: 'the error ratio is not known', next: 'see spark.error-ratio' }
    const level = ratioLevel(evidence.count.failed, evidence.count.total, context.threshold)
    if (level === 'critical') return proposeFallback(context, signal)
    // What is only known to be at least so much cannot prove that all is well again.
    return evidence.kind === 'exact' && level === 'ok'
      ? proposeWayBack(context)
      : { outcome: 'skip', saw: 'the ratio is not known to be critical', next: 'nothing to do' }
  },
}

const EXPECTED = 'a fallback that is listed, and an alias to it'

async function proposeFallback(context: MitigationContext, signal: AbortSignal): Promise<Judgement> {
  const { spark, gateway } = context
  const listing = await askModels(gateway, gateway.clientKeys > 0 ? 0 : 'none', signal)
  if (listing.kind === 'unknown') return listing.judgement
  const ids = listing.list.models.map(({ id }) => id)
  if (!ids.includes(spark.fallback)) {
    const instead = nearest(
      spark.fallback,
      ids.filter((id) => id !== spark.model),
    )
    return {
      outcome: 'fail',
      saw: `the fallback ${spark.fallback} is not listed`,
      expected: EXPECTED,
      why: 'an alias to a model that does not exist would make the outage whole',
      next:
        instead.length > 0
          ? `--fallback ${instead[0]} (listed: ${listed(instead)})`
          : 'choose a fallback that is listed with --fallback <id>',
    }
  }
  const config = await context.configText()
  if (config.kind === 'none') {
    return {
      outcome: 'warn',
      saw: `critical, and the configuration cannot be read: ${config.saw}`,
      expected: EXPECTED,
      why: 'without it the change cannot be shown',
      next: config.next,
    }
  }
  return judgePlan(context, context.planFallback(config.text), config)
}

function judgePlan(
  context: MitigationContext,
  plan: FallbackPlan,
  config: ConfigText & { kind: 'text' },
): Judgement {
  const { model, fallback } = context.spark
  const source = config.source
  if (plan.kind === 'refused') {
    return {
      outcome: 'warn',
      source,
      saw: `no change can be proposed: ${plan.reason}`,
      expected: EXPECTED,
      why: 'the alias has to be made by hand',
      next: `add an alias ${model} of ${fallback} with fork: true in config.yaml`,
    }
  }
  if (plan.kind === 'in-place') {
    return {
      outcome: 'warn',
      source,
      saw: `the alias to ${fallback} is in place, and requests still fail`,
      expected: EXPECTED,
      why: 'the fallback itself may be refused',
      next: 'ask it: provops spark-check --probe',
    }
  }
  context.propose(plan, config)
  return {
    outcome: 'warn',
    source,
    saw: `due: ${plan.how}, see the diff`,
    expected: 'an error ratio below the critical limit',
    why: `requests for ${model} are then answered by ${fallback}; no other name changes`,
    next: 'apply it after a question: provops spark-check --auto-mitigate\ntake it back later: provops undo',
  }
}

function aliasUnknown(saw: string, next: string): Judgement {
  return {
    outcome: 'skip',
    saw: `the ratio is good; whether an alias is still in place is not known: ${saw}`,
    next,
  }
}

async function proposeWayBack(context: MitigationContext): Promise<Judgement> {
  const config = await context.configText()
  if (config.kind === 'none') return aliasUnknown(config.saw, config.next)
  const plan = context.planFallback(config.text)
  if (plan.kind === 'refused') return aliasUnknown(plan.reason, 'provops lint')
  if (plan.kind === 'planned')
    return {
      outcome: 'pass',
      source: config.source,
      saw: 'none: the ratio is good, and no alias is in place',
    }
  context.propose(plan, config)
  return {
    outcome: 'warn',
    source: config.source,
    saw: `the ratio is good, and the alias to ${context.spark.fallback} is still in place`,
    expected: `${context.spark.model} answered by itself`,
    why: 'the good ratio may be that of the fallback; a mitigation that is forgotten hides the model for good',
    next: 'take the alias out: provops undo\nthen see whether it is still needed: provops spark-check --sample 25',
  }
}
