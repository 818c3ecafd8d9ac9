import type { Flavour } from '../analysis/config/flavour.ts'
import { LINT_RULES, type LintFinding, lintConfig, type RuleId } from '../analysis/config/lint.ts'
import type { WorkloadClass } from '../analysis/config/lint-types.ts'
import { loadConfig } from '../analysis/config/load.ts'
import type { OAuthCredential } from '../analysis/config/oauth.ts'
import { offersOf } from '../analysis/config/offers.ts'
import { type Answer, resolve, type Tier } from '../analysis/config/resolve.ts'
import { type Cause, whyMissing } from '../analysis/config/why-missing.ts'
import type { Check, Judgement } from '../core/check.ts'
import type { Attachment } from '../core/report.ts'
import { counted, listed, percent } from '../core/text.ts'

/** A gateway's configuration and what is known beside it. */
export interface LintContext {
  readonly text: string
  /** For places: `config.yaml:12:5`. */
  readonly file: string
  readonly flavour: Flavour
  readonly oauth: readonly OAuthCredential[]
  readonly workloads: readonly WorkloadClass[]
  /** Lints at the first call. */
  readonly findings: () => readonly LintFinding[]
  /** Whether the gateway would refuse the whole file; then only the reasons for that are findings. */
  readonly refused: () => boolean
}

export function lintContext(given: Omit<LintContext, 'findings' | 'refused'>): LintContext {
  let findings: readonly LintFinding[] | null = null
  let refused: boolean | null = null
  return {
    ...given,
    findings: () => {
      findings ??= lintConfig(given)
      return findings
    },
    refused: () => {
      refused ??= loadConfig(given.text, given.flavour).kind === 'rejected'
      return refused
    },
  }
}

const RULE_RUNBOOK = 'Onboard a New Provider; Rotation and Quota Strategy; Recommended Production Pattern'

/** One check per rule of the linter, so that rules can be chosen, skipped and explained like any other check. */
export const LINT_CHECKS: readonly Check<LintContext>[] = (Object.keys(LINT_RULES) as RuleId[]).map(ruleCheck)

function ruleCheck(rule: RuleId): Check<LintContext> {
  const { title, source } = LINT_RULES[rule]
  return {
    id: `config.${rule}`,
    title,
    group: 'config',
    asks: `Does config.yaml keep this rule (${source})?`,
    why: 'The gateway accepts it in silence, and does something else than what was meant.',
    cost: 'files',
    fix: 'Each finding names its line and its fix.',
    runbook: RULE_RUNBOOK,
    async ask(context) {
      const own = context.findings().filter((finding) => finding.rule === rule)
      if (own.length === 0) return context.refused() ? notJudged(context.file) : keptRule(title, context.file)
      return own.map((finding) => judgeFinding(finding, title, context.file))
    },
  }
}

function keptRule(title: string, file: string): Judgement {
  return { outcome: 'pass', saw: title, source: file }
}

/** A rule that nobody looked at is not kept. */
function notJudged(file: string): Judgement {
  return {
    outcome: 'skip',
    source: file,
    saw: 'not judged: the gateway would refuse the whole file',
    next: 'mend what it refuses, then lint again',
  }
}

function judgeFinding(
  { line, column, severity, saw, effect, fix }: LintFinding,
  title: string,
  file: string,
): Judgement {
  const base = {
    subject: `${line}:${column}`,
    source: `${file}:${line}:${column}`,
    data: { file, line, column, severity },
  }
  if (severity === 'info') return { ...base, outcome: 'pass', saw: `note: ${saw}; ${effect}` }
  return {
    ...base,
    outcome: severity === 'error' ? 'fail' : 'warn',
    saw: `${file}:${line}:${column}: ${saw}`,
    expected: title,
    why: effect,
    next: fix,
  }
}

export interface NameQuestion extends LintContext {
  readonly model: string
}

/** The one check of `lint --who`. */
export const whoAnswersCheck: Check<NameQuestion> = {
  id: 'config.who',
  title: 'one provider answers this name',
  group: 'config',
  asks: 'Which credentials of config.yaml answer a requested name, in which order and with which share? Cooldowns and session affinity are left out.',
  why: 'When entries of different providers offer one name, clients get one or the other.',
  cost: 'files',
  fix: 'Give the entries prefixes, other aliases, or different priorities.',
  runbook: 'Incident Playbooks, Wrong Provider Selected',
  async ask(context) {
    return judgeWho(context)
  },
}

function judgeWho({ text, flavour, oauth, model, file }: NameQuestion): Judgement {
  const loaded = loadConfig(text, flavour)
  if (loaded.kind === 'rejected') return brokenFile(file)
  const resolution = resolve(offersOf(loaded.config, { oauth }), model)
  if (resolution.kind === 'automatic')
    return { outcome: 'pass', saw: 'the gateway takes whichever model is newest', source: file }
  if (resolution.kind === 'unanswered') {
    return {
      outcome: 'fail',
      source: file,
      saw: `nobody offers ${model}${resolution.near.length > 0 ? `; nearest: ${listed(resolution.near, 3)}` : ''}${unsureWords(resolution.unsure.length)}`,
      expected: 'a credential that offers it',
      why: 'clients that ask for it are refused',
      next: `provops lint --why-missing ${model}`,
    }
  }
  const [first] = resolution.tiers
  const providers = new Set(first?.answers.map(({ provider }) => provider))
  const saw = `${[...providers].join(', ')} (${counted(first?.answers.length ?? 0, 'credential')} at priority ${first?.priority ?? 0}, ${resolution.strategy})`
  if (providers.size === 1) return { outcome: 'pass', saw, source: file }
  return {
    outcome: 'warn',
    source: file,
    saw: `${providers.size} providers answer in turn: ${saw}`,
    expected: 'one provider at the highest priority',
    why: 'clients get one or the other from request to request',
    next: `ask with an explicit prefix/model, or give the entries different priorities`,
  }
}

function unsureWords(unsure: number): string {
  return unsure === 0
    ? ''
    : `; ${counted(unsure, 'credential')} may, by a built-in list that is not in the file`
}

/** The order of those who answer, as a table; null where nobody does. */
export function whoTable({ text, flavour, oauth, model }: NameQuestion): Attachment | null {
  const loaded = loadConfig(text, flavour)
  if (loaded.kind === 'rejected') return null
  const resolution = resolve(offersOf(loaded.config, { oauth }), model)
  if (resolution.kind !== 'answered') return null
  return {
    kind: 'table',
    title: `who answers ${model}`,
    columns: [
      { name: 'priority', align: 'right' },
      { name: 'provider', align: 'left' },
      { name: 'entry', align: 'left' },
      { name: 'asked upstream as', align: 'left' },
      { name: 'share', align: 'right' },
    ],
    rows: resolution.tiers.flatMap((tier) => tier.answers.map((answer) => answerRow(tier, answer))),
  }
}

function answerRow({ priority }: Tier, { credential, provider, upstreamNames, share }: Answer): string[] {
  const entry =
    credential.kind === 'config' ? `${credential.entry.label}, line ${credential.at.line}` : 'token file'
  return [String(priority), provider, entry, upstreamNames.join(', '), percent(share)]
}

/** The one check of `lint --why-missing`. */
export const whyMissingCheck: Check<NameQuestion> = {
  id: 'config.why-missing',
  title: 'the configuration offers this id',
  group: 'config',
  asks: 'What in config.yaml keeps an id from being offered: the first cause that explains it, with its line.',
  why: 'The gateway never says why a model is not listed.',
  cost: 'files',
  fix: 'As the finding says.',
  runbook: 'Incident Playbooks, Missing Models in /v1/models',
  async ask({ text, flavour, oauth, model, file }) {
    const loaded = loadConfig(text, flavour)
    if (loaded.kind === 'rejected') return brokenFile(file)
    const explained = whyMissing(offersOf(loaded.config, { oauth }), model)
    if (explained.kind === 'offered') {
      return {
        outcome: 'pass',
        saw: `${model} is offered by ${counted(explained.by.length, 'credential')}; if it is not listed, it is suspended right now`,
        source: file,
      }
    }
    const [cause, ...others] = explained.causes
    return {
      outcome: 'fail',
      source: file,
      saw: causeWords(cause, file),
      expected: `${model} offered`,
      why:
        others.length > 0
          ? `also: ${others.map(({ message }) => message).join('; ')}`
          : 'nothing else in the file keeps it away',
      next: cause.fix,
    }
  },
}

function causeWords({ message, at }: Cause, file: string): string {
  return at === null ? message : `${file}:${at.line}:${at.column}: ${message}`
}

function brokenFile(file: string): Judgement {
  return {
    outcome: 'unknown',
    source: file,
    saw: 'the gateway would refuse this file',
    expected: 'a file it accepts',
    why: 'a refused file offers nothing',
    next: `provops lint ${file}`,
  }
}
