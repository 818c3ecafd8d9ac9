import type { Flavour } from './flavour.ts'
import { COLLISION_RULES } from './lint-collisions.ts'
import { ENTRY_RULES } from './lint-entries.ts'
import { FILTER_RULES } from './lint-filters.ts'
import { KEY_RULES } from './lint-keys.ts'
import { SETTING_RULES } from './lint-settings.ts'
import type { Draft, Rule, Served, Severity, WorkloadClass } from './lint-types.ts'
import { VALUE_RULES } from './lint-values.ts'
import { WORKLOAD_RULES } from './lint-workloads.ts'
import { loadConfig } from './load.ts'
import type { OAuthCredential } from './oauth.ts'
import { type Catalogue, type Offers, offersOf } from './offers.ts'
import type { Problem, ProblemCode } from './problem.ts'
import { resolve } from './resolve.ts'
import type { Position } from './yaml-source.ts'

/** Reasons for which the gateway refuses the whole file; `weight-range` has softer cases in a rule of that name. */
const REFUSALS = {
  'yaml-syntax': { title: 'the file is valid YAML', source: 'contract, files 2.1' },
  'yaml-dup-key': { title: 'no key stands twice', source: 'contract, files 1.1' },
  'yaml-type': { title: 'every value has the type the gateway wants', source: 'contract, files 1.1' },
  'bad-value': { title: 'no value is out of its bounds', source: 'contract, files 2.1' },
} as const satisfies Partial<Record<ProblemCode, Omit<Rule, 'look'>>>

const LOOKS = {
  ...KEY_RULES,
  ...SETTING_RULES,
  ...ENTRY_RULES,
  ...VALUE_RULES,
  ...COLLISION_RULES,
  ...FILTER_RULES,
  ...WORKLOAD_RULES,
} as const satisfies Record<string, Rule>

/** Every lint rule by id, with what it looks for and where it comes from. */
export const LINT_RULES = { ...REFUSALS, ...LOOKS }

export type RuleId = keyof typeof LINT_RULES

export interface LintFinding extends Position {
  readonly rule: RuleId
  readonly severity: Severity
  /** What stands in the file. */
  readonly saw: string
  /** What the gateway really does with it. */
  readonly effect: string
  readonly fix: string
}

export interface LintInput {
  readonly text: string
  readonly flavour: Flavour
  /** The gateway's version, where it is known. */
  readonly version?: string
  readonly oauth?: readonly OAuthCredential[]
  readonly catalogue?: Catalogue
  readonly workloads?: readonly WorkloadClass[]
}

/**
 * All findings on a config, in the order of the file. A file that the gateway refuses is told only why: nothing else in
 * it has an effect. No finding holds a secret; foreign text in findings has no control characters.
 */
export function lintConfig({
  text,
  flavour,
  version,
  oauth = [],
  catalogue = {},
  workloads = [],
}: LintInput): LintFinding[] {
  const loaded = loadConfig(text, flavour)
  if (loaded.kind === 'rejected') return loaded.problems.map(refusalFinding)
  const { config } = loaded
  const offers = offersOf(config, { oauth, catalogue })
  const served = new Map(workloads.map((workload) => [workload, servedOf(workload, offers)]))
  const context = { flavour, version: version ?? null, loaded, config, offers, workloads, served }
  const findings = Object.entries(LOOKS).flatMap(([rule, { look }]) =>
    [...(look(context) as Iterable<Draft>)].map((draft) => findingOf(rule as RuleId, draft)),
  )
  return findings.sort((a, b) => a.line - b.line || a.column - b.column)
}

function servedOf({ models }: WorkloadClass, offers: Offers): Served[] {
  return models.map((id) => {
    const resolution = resolve(offers, id)
    const tiers = resolution.kind === 'answered' ? resolution.tiers : []
    return { id, resolution, tiers, answers: tiers.flatMap(({ answers }) => answers) }
  })
}

function findingOf(rule: RuleId, { severity, at, saw, effect, fix }: Draft): LintFinding {
  return { rule, severity, line: at.line, column: at.column, saw, effect, fix }
}

function refusalFinding({ code, line, column, message, expected }: Problem): LintFinding {
  return {
    rule: code,
    severity: 'error',
    line,
    column,
    saw: message,
    effect:
      'the gateway refuses the whole file: it does not start with it, and on a reload keeps what it had',
    fix: `write ${expected}`,
  }
}
