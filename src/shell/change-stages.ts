import type { Check } from '../core/check.ts'
import type { Finding } from '../core/finding.ts'
import type { Attachment } from '../core/report.ts'
import { runChecks } from '../core/runner.ts'
import { reportStages } from './change-report.ts'
import type { Invocation } from './invocation.ts'
import type { CommandResult } from './result.ts'
import type { Session } from './session.ts'

/** A run in stages, each carried out when its check is asked. */
export interface StagedRun {
  readonly attachments: readonly Attachment[]
  /** Told of what was found, for the stages that depend on it. */
  ended(findings: readonly Finding[]): void
  close(): Promise<void>
}

export interface Stages<Context> {
  readonly command: string
  /** Those that only read; all that `--dry-run` asks. */
  readonly plan: readonly Check<Context>[]
  readonly change: readonly Check<Context>[]
  /** Asked one after the other, whatever came before. */
  readonly end: readonly Check<Context>[]
}

/** Runs all stages and reports. Ctrl-C and the deadline end them from inside: none is left behind half done. */
export async function carryOut<Context>(
  run: Context & StagedRun,
  { command, plan, change, end }: Stages<Context>,
  invocation: Invocation,
  session: Session,
): Promise<CommandResult> {
  const { clock } = invocation.world
  const startedAtMs = clock.nowMs()
  const options = { context: run, clock, signal: new AbortController().signal }
  const isDry = invocation.flags.has('dry-run')
  const rounds = isDry ? [plan] : [[...plan, ...change], ...end.map((check) => [check])]
  const findings: Finding[] = []
  try {
    for (const checks of rounds) {
      const answered = await runChecks(checks, options)
      run.ended(answered)
      findings.push(...answered)
    }
    const { attachments } = run
    return await reportStages({ command, startedAtMs, findings, attachments }, invocation, session)
  } finally {
    await run.close()
  }
}
