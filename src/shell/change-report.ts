import type { Finding } from '../core/finding.ts'
import type { Invocation } from './invocation.ts'
import { keepReport } from './judge.ts'
import { commandHere } from './next-commands.ts'
import type { CommandResult } from './result.ts'
import { type RunFacts, runReport } from './run-report.ts'
import type { Session } from './session.ts'

/** The report of a command that worked in stages. The stage that stopped it is named on stderr before anything else. */
export async function reportStages(
  facts: RunFacts,
  invocation: Invocation,
  session: Session,
): Promise<CommandResult> {
  // The way back of a change stands in what was seen of it.
  const findings = facts.findings.map((finding) => ({
    ...finding,
    saw: commandHere(finding.saw, invocation),
  }))
  const shown = await runReport({ ...facts, findings }, invocation, session)
  for (const { id, saw } of stopLines(shown.findings))
    invocation.world.stderr.write(`provops: ${id}: ${saw}\n`)
  return keepReport(shown, invocation, session)
}

/** The first stage that did not pass, and what became of what had been written by then. */
function stopLines(findings: readonly Finding[]): readonly Finding[] {
  const stopped = stoppingStage(findings)
  if (stopped === undefined) return []
  const rollback = findings.find(({ id, outcome }) => id.endsWith('.rollback') && outcome !== 'skip')
  return rollback === undefined || rollback === stopped ? [stopped] : [stopped, rollback]
}

/** The stage that kept the others from being asked; undefined when there is none. */
export function stoppingStage(findings: readonly Finding[]): Finding | undefined {
  return findings.find(({ outcome }) => outcome === 'fail' || outcome === 'unknown')
}
