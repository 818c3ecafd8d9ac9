import * as z from 'zod/mini'
import { ConfigSchema } from './config-schema.ts'
import { ReportSchema } from './report-schema.ts'

/** The JSON Schemas that ship in `schemas/`, by file name; made from the schemas that read the files. */
export const SCHEMAS = {
  'provops.schema.json': () => z.toJSONSchema(ConfigSchema, { io: 'input', unrepresentable: 'any' }),
  'report.schema.json': () => z.toJSONSchema(ReportSchema, { io: 'input', unrepresentable: 'any' }),
} as const satisfies Record<string, () => object>
