import type { Check } from '../../core/check.ts'
import { authFailures } from './auth-failures.ts'
import type { IncidentContext } from './incident-context.ts'
import { missingModels } from './missing-models.ts'
import type { Playbook, PlaybookName } from './playbook.ts'
import { rateLimit } from './rate-limit.ts'
import { sparkMismatch } from './spark-mismatch.ts'
import { toolResultImage } from './tool-result-image.ts'
import { usageParity } from './usage-parity.ts'
import { wrongProvider } from './wrong-provider.ts'

/** The runbook's Incident Playbooks, in its order; between equals triage names the earlier one first. */
export const PLAYBOOKS = {
  'auth-failures': authFailures,
  'rate-limit': rateLimit,
  'wrong-provider': wrongProvider,
  'missing-models': missingModels,
  'tool-result-image': toolResultImage,
  'usage-parity': usageParity,
  'spark-mismatch': sparkMismatch,
} as const satisfies { readonly [Name in PlaybookName]: Playbook }

export const PLAYBOOK_STEPS: readonly Check<IncidentContext>[] = Object.values(PLAYBOOKS).flatMap(
  ({ steps }) => steps,
)
