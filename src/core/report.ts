import type { Clock } from './clock.ts'
import { type Exit, exitOf, type FailOn } from './exit-codes.ts'
import type { Finding } from './finding.ts'
import { countOutcomes, type OutcomeCounts } from './outcome.ts'

export const REPORT_SCHEMA = 'provops.report/1'

/** Which gateway a report speaks about. `url` never carries user info; `null` fields could not be found out. */
export interface GatewayIdentity {
  readonly kind: 'live' | 'embedded' | 'none'
  readonly url: string | null
  /** The name it has in `provops.yaml`, if it has one. */
  readonly name: string | null
  readonly profile: string | null
  readonly version: string | null
}

export const VERDICTS = ['passed', 'warned', 'failed', 'unknown'] as const
export type Verdict = (typeof VERDICTS)[number]

/** Something to show beside the findings: a diff to read, a table, a text. */
export type Attachment =
  | { readonly kind: 'diff' | 'text'; readonly title: string; readonly text: string }
  | {
      readonly kind: 'table'
      readonly title: string
      readonly columns: readonly { readonly name: string; readonly align: 'left' | 'right' }[]
      readonly rows: readonly (readonly string[])[]
    }

export interface RequestCounts {
  /** HTTP requests sent, retries included. */
  readonly total: number
  /** Those among them that cost tokens. */
  readonly probes: number
}

/** The only input of every output format and of the exit code. */
export interface Report {
  readonly schema: typeof REPORT_SCHEMA
  readonly command: string
  readonly gateway: GatewayIdentity
  readonly startedAt: string
  readonly durationMs: number
  readonly verdict: Verdict
  readonly exit: Exit
  readonly counts: OutcomeCounts
  readonly requests: RequestCounts
  readonly findings: readonly Finding[]
  readonly attachments: readonly Attachment[]
}

export interface ReportInput {
  readonly command: string
  readonly gateway: GatewayIdentity
  readonly startedAtMs: number
  readonly requests: RequestCounts
  readonly findings: readonly Finding[]
  readonly attachments?: readonly Attachment[]
  readonly failOn: FailOn
}

export function makeReport(input: ReportInput, clock: Clock): Report {
  return {
    schema: REPORT_SCHEMA,
    command: input.command,
    gateway: input.gateway,
    startedAt: new Date(input.startedAtMs).toISOString(),
    durationMs: Math.round(clock.nowMs() - input.startedAtMs),
    verdict: verdictOf(input.findings),
    exit: exitOf(input.findings, input.failOn),
    counts: countOutcomes(input.findings),
    requests: input.requests,
    findings: input.findings,
    attachments: input.attachments ?? [],
  }
}

/** The one word for a set of findings, whatever `--fail-on` makes of it. */
export function verdictOf(findings: readonly Finding[]): Verdict {
  const counts = countOutcomes(findings)
  if (counts.fail > 0) return 'failed'
  if (counts.unknown > 0 || counts.blocked > 0 || counts.pass + counts.warn === 0) return 'unknown'
  return counts.warn > 0 ? 'warned' : 'passed'
}
