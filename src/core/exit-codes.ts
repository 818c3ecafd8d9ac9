import type { Finding } from './finding.ts'

/** The whole table of exit codes; `provops help exit-codes` and the README print it. */
export const EXIT_CODES = {
  ok: { code: 0, means: 'something passed, nothing failed, nothing stayed unknown (warnings allowed)' },
  failed: { code: 1, means: 'the gateway answered and at least one check says no' },
  usage: { code: 2, means: 'bad command line, flag or config file, or a selection that matches nothing' },
  warned: { code: 3, means: 'only with --fail-on warn: no failure, at least one warning' },
  auth: { code: 4, means: 'a key is missing or refused, or the address is banned' },
  'needs-human': {
    code: 5,
    means: 'a change wants a confirmation and nobody can be asked, or the answer was no',
  },
  conflict: {
    code: 6,
    means: 'the file or gateway changed since the plan was made, or another provops holds the lock',
  },
  unknown: {
    code: 7,
    means: 'unreachable or unreadable: a wanted check could not be judged, and none failed',
  },
  deadline: { code: 8, means: '--deadline or --wait ran out before a verdict' },
  internal: { code: 70, means: 'a defect of provops; never anything else' },
  interrupted: { code: 130, means: 'interrupted by Ctrl-C (SIGINT)' },
  terminated: { code: 143, means: 'terminated (SIGTERM)' },
} as const

export type ExitName = keyof typeof EXIT_CODES

export interface Exit {
  readonly code: number
  readonly name: ExitName
  /** Ids of the findings that decided it; empty for `ok`. */
  readonly because: readonly string[]
}

export const FAIL_ON = ['fail', 'warn', 'never'] as const
export type FailOn = (typeof FAIL_ON)[number]

interface Rule {
  readonly name: ExitName
  readonly holds: (finding: Finding) => boolean
}

/**
 * First rule with a finding wins. Conflict and needs-human come before the verdict (found before work is done), then
 * a plain no, then the reasons for not knowing. A refused key is a `fail` whose cause is `auth`, so it counts as
 * `auth` and never hides a real failure beside it.
 */
const RULES: readonly Rule[] = [
  { name: 'conflict', holds: (f) => f.outcome === 'fail' && f.cause === 'conflict' },
  { name: 'needs-human', holds: (f) => f.outcome === 'fail' && f.cause === 'human' },
  { name: 'failed', holds: (f) => f.outcome === 'fail' && f.cause === null },
  { name: 'auth', holds: (f) => isOpen(f) && f.cause === 'auth' },
  { name: 'unknown', holds: (f) => isOpen(f) && f.cause !== 'deadline' },
  { name: 'deadline', holds: isOpen },
]

function isOpen(finding: Finding): boolean {
  return finding.outcome === 'fail' || finding.outcome === 'unknown' || finding.outcome === 'blocked'
}

/**
 * The exit code of a run, a function of its findings alone. Nothing passed (an empty run, or only skips) is
 * `unknown`: a green needs evidence. `never` is for
 * dashboards: whatever was found, 0.
 */
export function exitOf(findings: readonly Finding[], failOn: FailOn): Exit {
  const because = (holds: (finding: Finding) => boolean) => findings.filter(holds).map((f) => f.id)
  if (failOn === 'never') return { ...exit('ok'), because: [] }
  for (const rule of RULES) {
    const ids = because(rule.holds)
    if (ids.length > 0) return { ...exit(rule.name), because: ids }
  }
  const warned = because((f) => f.outcome === 'warn')
  if (failOn === 'warn' && warned.length > 0) return { ...exit('warned'), because: warned }
  if (warned.length === 0 && !findings.some((f) => f.outcome === 'pass')) {
    return { ...exit('unknown'), because: because((f) => f.outcome === 'skip') }
  }
  return { ...exit('ok'), because: [] }
}

function exit(name: ExitName): { code: number; name: ExitName } {
  return { code: EXIT_CODES[name].code, name }
}

export const EXIT_STYLES = ['default', 'nagios', 'simple'] as const
export type ExitStyle = (typeof EXIT_STYLES)[number]

/**
 * The code the process ends with. `nagios` is 0 ok, 1 warning, 2 critical, 3 unknown of the monitoring plugins;
 * `simple` is 0 or 1. Internal errors and signals keep their own code in every style but `nagios` (3).
 */
export function styledExitCode(exit: Exit, style: ExitStyle, warned: boolean): number {
  if (style === 'default') return exit.code
  if (style === 'simple') return exit.code >= 70 ? exit.code : Math.min(exit.code, 1)
  switch (exit.name) {
    case 'ok':
      return warned ? 1 : 0
    case 'warned':
      return 1
    case 'failed':
      return 2
    default:
      return 3
  }
}
