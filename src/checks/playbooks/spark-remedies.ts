import { benchOfAccount } from '../../analysis/quota/bench.ts'
import { planFallback } from '../../analysis/spark-mitigation.ts'
import { counted } from '../../core/text.ts'
import { hasResetRoute, resetCommand } from '../quota-reset.ts'
import type { Facts, IncidentContext } from './incident-context.ts'
import type { Remedy } from './playbook.ts'
import { told } from './read-facts.ts'

/** For a share above the warning limit alone. */
export function watch({ spark }: IncidentContext): Remedy {
  return {
    kind: 'person',
    title: 'watch it: the fallback is due above the critical limit',
    next: `provops spark-check --window 10m; keep ${spark.fallback} ready`,
  }
}

/** What brings Spark requests an answer again, the alias to the fallback first. */
export async function remediesFor(facts: Facts, context: IncidentContext): Promise<Remedy[]> {
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
  if (plan?.kind === 'planned')
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
        : plan.reason
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
