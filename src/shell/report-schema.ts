import * as z from 'zod/mini'
import { EXIT_CODES, type ExitName } from '../core/exit-codes.ts'
import { OUTCOMES } from '../core/outcome.ts'
import { REPORT_SCHEMA, type Report, VERDICTS } from '../core/report.ts'

const Count = z.int().check(z.minimum(0))
const NullableText = z.nullable(z.string())
const Outcome = z.enum(OUTCOMES)

const Finding = z.strictObject({
  id: z.string().check(z.regex(/^[a-z][a-z0-9-]*\.[a-z0-9-]+(?::.+)?$/)),
  title: z.string(),
  group: z.string(),
  outcome: Outcome,
  saw: z.string(),
  expected: NullableText,
  why: NullableText,
  next: NullableText,
  source: NullableText,
  data: z.nullable(z.record(z.string(), z.json())),
  cause: z.nullable(z.enum(['auth', 'deadline', 'human', 'conflict'])),
  durationMs: z.number().check(z.minimum(0)),
  attempts: Count,
})

const Attachment = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.enum(['diff', 'text']), title: z.string(), text: z.string() }),
  z.strictObject({
    kind: z.literal('table'),
    title: z.string(),
    columns: z.array(z.strictObject({ name: z.string(), align: z.enum(['left', 'right']) })),
    rows: z.array(z.array(z.string())),
  }),
])

/** The document of `-o json`, `--record` and the run records; `schemas/report.schema.json` is made from it. */
export const ReportSchema = z.strictObject({
  schema: z.literal(REPORT_SCHEMA),
  command: z.string(),
  gateway: z.strictObject({
    kind: z.enum(['live', 'embedded', 'none']),
    url: NullableText,
    name: NullableText,
    profile: NullableText,
    version: NullableText,
  }),
  startedAt: z.iso.datetime(),
  durationMs: Count,
  verdict: z.enum(VERDICTS),
  exit: z.strictObject({
    code: z.int(),
    name: z.enum(Object.keys(EXIT_CODES) as [ExitName, ...ExitName[]]),
    because: z.array(z.string()),
  }),
  counts: z.strictObject(
    Object.fromEntries(OUTCOMES.map((outcome) => [outcome, Count])) as Record<
      (typeof OUTCOMES)[number],
      typeof Count
    >,
  ),
  requests: z.strictObject({ total: Count, probes: Count }),
  findings: z.array(Finding),
  attachments: z.array(Attachment),
})

export type ReportReading =
  | { readonly kind: 'report'; readonly report: Report }
  | { readonly kind: 'refused'; readonly message: string }

/** Reads a recorded report; anything else is refused with the first thing that is wrong. */
export function readReport(text: string): ReportReading {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    // The error quotes the text, which may be a key.
    return { kind: 'refused', message: 'not JSON' }
  }
  const parsed = ReportSchema.safeParse(json)
  if (parsed.success) return { kind: 'report', report: parsed.data }
  const [issue] = parsed.error.issues
  return {
    kind: 'refused',
    message: `not a ${REPORT_SCHEMA} report: ${issue?.path.join('.') || 'the document'}: ${issue?.message}`,
  }
}
