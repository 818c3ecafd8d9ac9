import type { SparkModels } from '../checks/spark-context.ts'
import type { Invocation } from './invocation.ts'

/** The runbook's own models (Copilot Spark Mismatch). */
const RUNBOOK_MODELS: SparkModels = { model: 'gpt-5.3-codex-spark', fallback: 'gpt-5.3-codex' }

/** The models of `--model` and `--fallback`, else of `provops.yaml`, else the runbook's. */
export function sparkModels({ flags, config }: Invocation): SparkModels {
  const configured = config?.values.spark
  return {
    model: flags.text('model') ?? configured?.model ?? RUNBOOK_MODELS.model,
    fallback: flags.text('fallback') ?? configured?.fallback ?? RUNBOOK_MODELS.fallback,
  }
}
