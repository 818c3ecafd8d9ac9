import type { Finding } from '../core/finding.ts'
import { type Attachment, makeReport, type Report } from '../core/report.ts'
import type { Invocation } from './invocation.ts'
import { findingsHere } from './next-commands.ts'
import type { Session } from './session.ts'

export interface RunFacts {
  readonly command: string
  readonly startedAtMs: number
  readonly findings: readonly Finding[]
  readonly attachments: readonly Attachment[]
}

/** The report of a run up to now: its next steps ask the gateway of this run, and no secret is in it. */
export async function runReport(facts: RunFacts, invocation: Invocation, session: Session): Promise<Report> {
  const { redactor, settings, world } = invocation
  const report = makeReport(
    {
      ...facts,
      findings: findingsHere(facts.findings, invocation),
      gateway: await session.identity(),
      requests: { ...session.gateway.tally },
      failOn: settings.values['fail-on'],
    },
    world.clock,
  )
  return redactor.applyTo(report)
}
