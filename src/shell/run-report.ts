import type { Finding } from '../core/finding.ts'
import { type Attachment, makeReport, type Report } from '../core/report.ts'
import type { Invocation } from './invocation.ts'
import type { Session } from './session.ts'

export interface RunFacts {
  readonly command: string
  readonly startedAtMs: number
  readonly findings: readonly Finding[]
  readonly attachments: readonly Attachment[]
}

/** The report of a run up to now, with what its session knows and without secrets. */
export async function runReport(
  facts: RunFacts,
  { redactor, settings, world }: Invocation,
  session: Session,
): Promise<Report> {
  const report = makeReport(
    {
      ...facts,
      gateway: await session.identity(),
      requests: { ...session.gateway.tally },
      failOn: settings.values['fail-on'],
    },
    world.clock,
  )
  return redactor.applyTo(report)
}
