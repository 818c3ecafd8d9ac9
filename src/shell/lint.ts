import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Flavour } from '../analysis/config/flavour.ts'
import type { WorkloadClass } from '../analysis/config/lint-types.ts'
import {
  LINT_CHECKS,
  type LintContext,
  lintContext,
  type NameQuestion,
  whoAnswersCheck,
  whoTable,
  whyMissingCheck,
} from '../checks/lint.ts'
import { errorCode } from '../core/error-code.ts'
import type { Finding } from '../core/finding.ts'
import { counted } from '../core/text.ts'
import type { Invocation } from './invocation.ts'
import { judge } from './judge.ts'
import { readOAuthCredentials } from './oauth-credentials.ts'
import { expandPath } from './paths.ts'
import { type CommandResult, type Refusal, usageError } from './result.ts'

/** `provops lint [config.yaml]`, `lint --who <model>`, `lint --why-missing <id>`. */
export async function runLint(invocation: Invocation): Promise<CommandResult> {
  const opened = await openConfig(invocation)
  if ('kind' in opened) return opened
  const { flags } = invocation
  const who = flags.text('who')
  const missing = flags.text('why-missing')
  if (who !== undefined && missing !== undefined)
    return usageError('--who and --why-missing are two questions', 'ask one after the other')
  if (who === undefined && missing === undefined) return lintAll(invocation, opened)
  const question: NameQuestion = { ...opened, model: who ?? missing ?? '' }
  return judge<NameQuestion>(invocation, {
    name: 'lint',
    checks: [who === undefined ? whyMissingCheck : whoAnswersCheck],
    opens: 'nothing',
    context: async () => question,
    attachments: async () =>
      who === undefined ? [] : [whoTable(question)].filter((table) => table !== null),
  })
}

function lintAll(invocation: Invocation, context: LintContext): Promise<CommandResult> {
  return judge<LintContext>(invocation, {
    name: 'lint',
    checks: LINT_CHECKS,
    opens: 'nothing',
    context: async () => context,
    // Forty lines that say "nothing wrong" would hide the one that matters.
    fold: (findings) => foldSkippedRules(foldKeptRules(findings, context.file)),
  })
}

function foldKeptRules(findings: readonly Finding[], file: string): readonly Finding[] {
  const isKept = ({ outcome, data }: Finding) => outcome === 'pass' && data === null
  const kept = findings.filter(isKept)
  const [first] = kept
  if (!first || kept.length === 1) return findings
  const summary: Finding = {
    ...first,
    id: 'config.kept',
    title: 'the other rules are kept',
    saw: `${counted(kept.length, 'rule')} kept`,
    source: file,
    data: { rules: kept.map(({ id }) => id) },
  }
  return [summary, ...findings.filter((finding) => !isKept(finding))]
}

/** When the gateway would refuse the file, every rule but the broken one is skipped, for the same reason. */
function foldSkippedRules(findings: readonly Finding[]): readonly Finding[] {
  const skipped = findings.filter(({ outcome }) => outcome === 'skip')
  const [first] = skipped
  if (!first || skipped.length === 1) return findings
  const summary: Finding = {
    ...first,
    id: 'config.not-judged',
    title: 'the other rules are judged',
    saw: `${counted(skipped.length, 'rule')} ${first.saw}`,
    data: { rules: skipped.map(({ id }) => id) },
  }
  return [...findings.filter(({ outcome }) => outcome !== 'skip'), summary]
}

/** Where a gateway keeps its configuration when nobody says where. */
const USUAL_FILE = 'config.yaml'

async function openConfig(invocation: Invocation): Promise<LintContext | Refusal> {
  const { args, settings, world, config, flags } = invocation
  const flavour = (flags.text('flavour') ?? 'upstream') as Flavour
  const named = args[0] ?? settings.values['config-file'] ?? USUAL_FILE
  const path = expandPath(named, world.home, world.cwd)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const code = errorCode(error) ?? 'error'
    return usageError(`cannot read ${path}: ${code}`, "provops lint <the gateway's config.yaml>")
  }
  const authDir = settings.values['auth-dir']
  return lintContext({
    text,
    file: basename(path),
    flavour,
    oauth:
      authDir === null ? [] : await readOAuthCredentials(expandPath(authDir, world.home, world.cwd), flavour),
    workloads: (config?.values.workloads ?? []).map(workloadOf),
  })
}

interface Workload {
  readonly name: string
  readonly models: readonly string[]
  readonly priority: 'critical' | 'best-effort'
  readonly latency?: 'critical' | 'relaxed' | undefined
}

function workloadOf({ name, models, priority, latency }: Workload): WorkloadClass {
  return { name, models, priority, ...(latency === undefined ? {} : { latency }) }
}
