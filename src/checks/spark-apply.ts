import type { Check, Judgement } from '../core/check.ts'
import type { MitigationContext } from './spark-mitigation.ts'

/** What `--auto-mitigate` carries out; both are asked after the change was proposed. */
export interface AutoMitigation extends MitigationContext {
  /** Proves the fallback by one request, shows the diff, asks, writes. */
  readonly apply: () => Promise<Judgement>
  /** Waits until the gateway took it. */
  readonly verify: (signal: AbortSignal) => Promise<Judgement>
}

const RUNBOOK = 'Incident Playbooks, Copilot Spark Mismatch'

const appliedCheck: Check<AutoMitigation> = {
  id: 'spark.applied',
  title: 'the change that is due is made',
  group: 'spark',
  asks: 'With --auto-mitigate: is the fallback proven by one request, the diff confirmed, the configuration backed up and written in place?',
  why: 'A mitigation on paper helps nobody.',
  cost: 'tokens',
  fix: 'As the finding says; provops undo takes a change back.',
  runbook: RUNBOOK,
  needs: ['spark.mitigation'],
  ask: (context) => context.apply(),
}

const verifiedCheck: Check<AutoMitigation> = {
  id: 'spark.verified',
  title: 'the gateway has taken the change',
  group: 'spark',
  asks: 'With --auto-mitigate: does the gateway itself show the change within ten seconds?',
  why: 'A configuration that was written and not loaded changes nothing.',
  cost: 'reads',
  fix: 'As the finding says; provops undo takes the change back.',
  runbook: RUNBOOK,
  needs: ['spark.applied'],
  ask: (context, signal) => context.verify(signal),
}

export const AUTO_MITIGATION_CHECKS = [appliedCheck, verifiedCheck] as const
