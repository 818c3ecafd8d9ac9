import type { Check } from '../core/check.ts'
import type { DailyContext } from './daily-context.ts'
import { GATEWAY_CHECKS } from './gateway.ts'
import { logBurstsCheck } from './log-bursts.ts'
import { MODEL_CHECKS } from './models.ts'
import { providerErrorsCheck } from './providers.ts'
import { sparkListedCheck } from './spark-listed.ts'

/** The runbook's Daily Checks in its order. */
export const DAILY_CHECKS: readonly Check<DailyContext>[] = [
  ...GATEWAY_CHECKS,
  ...MODEL_CHECKS,
  providerErrorsCheck,
  logBurstsCheck,
  sparkListedCheck,
]
