import type { CheckInfo } from '../core/check.ts'
import { planChecks, type SubjectFilter, type UnmatchedPattern } from '../core/plan.ts'
import type { Invocation } from './invocation.ts'
import { type Refusal, usageError } from './result.ts'

interface SelectedChecks<C> {
  readonly kind: 'selected'
  readonly checks: readonly C[]
  readonly subjects: SubjectFilter
  /** Ids of the checks whose skip counts as unknown. */
  readonly required: ReadonlySet<string>
}

/** What `--only`, `--skip`, `--require` and `required` choose; a word that matches no check is refused. */
export async function readSelection<C extends CheckInfo>(
  invocation: Invocation,
  catalogue: readonly C[],
): Promise<SelectedChecks<C> | Refusal> {
  const { flags } = invocation
  const plan = planChecks(catalogue, { only: flags.list('only'), skip: flags.list('skip') })
  if (plan.kind === 'unmatched') return unmatched(plan.patterns)
  if (plan.kind === 'nothing-left')
    return usageError('--only and --skip together leave no check to ask', 'see every id: provops checks')
  const wrong = await wrongRequired(invocation, catalogue)
  if (wrong) return wrong
  return {
    kind: 'selected',
    checks: plan.checks,
    subjects: plan.subjects,
    required: requiredIds(invocation, catalogue),
  }
}

/** A required check that exists nowhere would be a false green. */
async function wrongRequired(
  invocation: Invocation,
  catalogue: readonly CheckInfo[],
): Promise<Refusal | null> {
  const words = requiredWords(invocation)
  if (words.length === 0) return null
  // The file's list is shared by all commands, so its ids may belong to another one.
  const known = invocation.flags.has('require')
    ? catalogue
    : (await import('../checks/catalogue.ts')).CATALOGUE
  const plan = planChecks(known, { only: words, skip: [] })
  return plan.kind === 'unmatched' ? unmatched(plan.patterns, invocation.settings.origins.require) : null
}

function requiredIds(invocation: Invocation, catalogue: readonly CheckInfo[]): ReadonlySet<string> {
  const plans = requiredWords(invocation).map((word) => planChecks(catalogue, { only: [word], skip: [] }))
  return new Set(plans.flatMap((plan) => (plan.kind === 'planned' ? plan.checks.map(({ id }) => id) : [])))
}

/** A flag given several times arrives as lines. */
function requiredWords({ settings }: Invocation): readonly string[] {
  return settings.values.require.flatMap((word) => word.split('\n'))
}

function unmatched(patterns: readonly UnmatchedPattern[], origin?: string): Refusal {
  const from = origin === undefined ? '' : `${origin}: `
  const lines = patterns.map(({ pattern, nearest }) =>
    nearest.length > 0
      ? `${from}no check matches ${pattern}; did you mean ${nearest.join(' or ')}?`
      : `${from}no check matches ${pattern}`,
  )
  return usageError(lines.join('\n'), 'see every id: provops checks')
}
