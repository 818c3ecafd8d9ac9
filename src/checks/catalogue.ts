import type { CheckInfo } from '../core/check.ts'
import { DAILY_CHECKS } from './daily.ts'
import { LINT_CHECKS, whoAnswersCheck, whyMissingCheck } from './lint.ts'
import { ONBOARD_CHECKS } from './onboard.ts'
import { PARITY_CHECKS } from './parity.ts'
import { PLAYBOOK_STEPS } from './playbooks/table.ts'
import { QUOTA_CHECKS } from './quota.ts'
import { REHEARSAL_CHECK } from './rehearsal.ts'
import { REROUTE_CHECKS } from './reroute.ts'
import { SPARK_CHECKS } from './spark.ts'
import { AUTO_MITIGATION_CHECKS } from './spark-apply.ts'
import { TRIAGE_CHECKS } from './triage.ts'
import { UNDO_CHECKS } from './undo.ts'

/** Every check of every command, as `provops checks` lists them. */
export const CATALOGUE: readonly CheckInfo[] = [
  ...DAILY_CHECKS,
  ...QUOTA_CHECKS,
  ...PARITY_CHECKS,
  ...SPARK_CHECKS.filter(({ id }) => id !== 'spark.listed'),
  ...AUTO_MITIGATION_CHECKS,
  ...LINT_CHECKS,
  whoAnswersCheck,
  whyMissingCheck,
  ...ONBOARD_CHECKS,
  ...REROUTE_CHECKS,
  ...UNDO_CHECKS,
  ...TRIAGE_CHECKS,
  ...PLAYBOOK_STEPS,
  REHEARSAL_CHECK,
]
