import * as z from 'zod/mini'
import { OnboardingSpec } from '../analysis/onboarding/spec.ts'
import { ConfigSchema } from './config-schema.ts'
import { ReportSchema } from './report-schema.ts'

/** The JSON Schemas that ship in `schemas/`, by file name; made from the schemas that read the files. */
export const SCHEMAS = {
  'provops.schema.json': () => z.toJSONSchema(ConfigSchema, { io: 'input', unrepresentable: 'any' }),
  'onboarding.schema.json': () => z.toJSONSchema(OnboardingSpec, { io: 'input', unrepresentable: 'any' }),
  'report.schema.json': () => z.toJSONSchema(ReportSchema, { io: 'input', unrepresentable: 'any' }),
} as const satisfies Record<string, () => object>
