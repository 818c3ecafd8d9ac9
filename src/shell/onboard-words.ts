import type { OnboardingPlan, PlanProblem } from '../analysis/onboarding/plan.ts'
import type { Judgement } from '../core/check.ts'
import type { Finding } from '../core/finding.ts'
import { counted, listed, printable } from '../core/text.ts'

/** A plan that must not be carried out. */
export function refusedPlan(
  problems: readonly PlanProblem[],
  expected = 'a plan that touches no traffic of today',
): Judgement {
  return {
    outcome: 'fail',
    saw: problems.map(({ saw }) => printable(saw)).join('; '),
    expected,
    why: problems.map(({ effect }) => printable(effect)).join('\n'),
    next: problems.map(({ fix }) => printable(fix)).join('\n'),
  }
}

export function plannedJudgement({ standing, ids, warnings }: OnboardingPlan, source: string): Judgement {
  const lint = warnings.length === 0 ? '' : `; lint: ${counted(warnings.length, 'warning')}`
  return {
    outcome: 'pass',
    saw:
      standing === 'new'
        ? `adds ${counted(ids.length, 'id')} that nobody has: ${listed(ids)}${lint}`
        : `the configuration has it already, exactly so: ${listed(ids)}`,
    source,
    data: { ids: [...ids], standing },
  }
}

/** The verdict after a stage that did not pass: its outcome and cause, so that it decides nothing by itself. */
export function notReady({ id, outcome, saw, cause, next }: Finding): Judgement {
  return {
    outcome: outcome === 'unknown' ? 'unknown' : 'fail',
    saw: `not ready for production traffic: ${id}: ${saw}`,
    expected: 'every stage passed',
    why: 'clients would be the first to find out',
    next: next ?? `provops explain ${id}`,
    ...(cause === null ? {} : { cause }),
  }
}
