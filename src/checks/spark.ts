import type { Check } from '../core/check.ts'
import { sparkEntitledCheck, sparkFallbackCheck } from './spark-answers.ts'
import { sparkListedCheck } from './spark-listed.ts'
import { type MitigationContext, sparkMitigationCheck } from './spark-mitigation.ts'
import { sparkRatioCheck } from './spark-ratio.ts'

/** The runbook's Copilot Spark Mismatch as a gate. */
export const SPARK_CHECKS: readonly Check<MitigationContext>[] = [
  { ...sparkListedCheck, needs: [] },
  sparkEntitledCheck,
  sparkFallbackCheck,
  sparkRatioCheck,
  sparkMitigationCheck,
]
