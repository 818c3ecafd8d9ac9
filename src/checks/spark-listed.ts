import { type Presence, presenceOf } from '../analysis/inventory.ts'
import type { Check, Judgement } from '../core/check.ts'
import { listed } from '../core/text.ts'
import type { ModelList } from '../wire/models.ts'
import type { NamedKey } from './daily-context.ts'
import { askModels, subjectOf } from './models.ts'
import type { ListingContext, SparkModels } from './spark-context.ts'

/** Present in the ids of Codex and Copilot models; without any such id nobody is eligible for Spark in the first place. */
const FAMILY = /codex/i

export const sparkListedCheck: Check<ListingContext> = {
  id: 'spark.listed',
  title: 'the Spark model and its fallback are listed',
  group: 'spark',
  asks: 'For each client key: are the ids gpt-5.3-codex-spark and gpt-5.3-codex in its model list, exactly, not as part of another name?',
  why: 'Plus and team users get 400 or 404 for a Spark model that is not theirs; the fallback is what their traffic is routed to. Listed is not entitled: spark-check --probe asks.',
  cost: 'reads',
  fix: 'Absent: route workloads to the fallback and keep Spark disabled for that key (provops spark-check).',
  runbook: 'Daily Checks, 5 Spark eligibility; Copilot Spark Mismatch',
  needs: ['gateway.auth'],
  async ask(context, signal) {
    const keys: readonly NamedKey[] = context.keys
    return Promise.all(
      keys.map(async (key): Promise<Judgement> => {
        const subject = subjectOf(key, keys)
        const answer = await askModels(
          context.gateway,
          context.gateway.clientKeys > 0 ? key.index : 'none',
          signal,
        )
        if (answer.kind === 'unknown') return { ...answer.judgement, ...subject }
        return {
          ...judgeSpark(answer.list, context.spark),
          ...subject,
          source: 'GET /v1/models',
          attempts: answer.reply.attempts,
        }
      }),
    )
  },
}

function judgeSpark(list: ModelList, { model, fallback }: SparkModels): Judgement {
  const ids = list.models.map(({ id }) => id)
  const spark = presenceOf(model, ids)
  const base = presenceOf(fallback, ids)
  const data = { [model]: presenceData(spark), [fallback]: presenceData(base) }
  if (spark.exact && base.exact) return { outcome: 'pass', saw: `${fallback}, ${model}`, data }
  if (!ids.some((id) => FAMILY.test(id))) {
    return {
      outcome: 'skip',
      saw: 'no Codex or Copilot model is listed for this key',
      data,
      next: 'nothing to do; --require spark.listed insists',
    }
  }
  if (list.hasMore) {
    return {
      outcome: 'unknown',
      data,
      saw: 'not on the first page of a longer list',
      expected: `${model} and ${fallback} in the list`,
      why: 'absence from one page of a longer list proves nothing',
      next: 'ask the gateway itself instead of a service that pages the list',
    }
  }
  return spark.exact || spark.prefixed.length > 0
    ? partly(spark, base, model, fallback, data)
    : absent(spark, base, model, fallback, data)
}

type Data = { [id: string]: ReturnType<typeof presenceData> }

function partly(spark: Presence, base: Presence, model: string, fallback: string, data: Data): Judgement {
  const saw = spark.exact ? `${model} is listed` : `only with a prefix: ${listed(spark.prefixed, 3)}`
  const baseSaw = base.exact
    ? `${fallback} is listed`
    : base.prefixed.length > 0
      ? `fallback only as ${listed(base.prefixed, 2)}`
      : `no fallback ${fallback}`
  return {
    outcome: 'warn',
    data,
    saw: `${saw}; ${baseSaw}`,
    expected: `${model} and ${fallback}, both without prefix`,
    why:
      base.exact || base.prefixed.length > 0
        ? 'clients that send the bare name are refused'
        : 'when Spark is refused there is nothing to route its traffic to',
    next: `provops incident missing-models --model ${spark.exact ? fallback : model}`,
  }
}

function absent(spark: Presence, base: Presence, model: string, fallback: string, data: Data): Judgement {
  const alike = spark.lookalikes.length > 0 ? ` (${listed(spark.lookalikes, 2)} is another model)` : ''
  return {
    outcome: 'fail',
    data,
    saw: `${model} is not listed${alike}; ${base.exact ? `${fallback} is` : `nor is ${fallback}`}`,
    expected: `${model} and ${fallback} in the list`,
    why: 'clients of this key that ask for Spark get 400 or 404 model_not_found',
    next: base.exact
      ? `route these workloads to ${fallback}; how is proposed by: provops incident spark-mismatch`
      : `provops incident missing-models --model ${model}`,
  }
}

function presenceData({ exact, prefixed, lookalikes }: Presence) {
  return { exact, prefixed: [...prefixed], lookalikes: [...lookalikes] }
}
