import type { Check, Judgement } from '../core/check.ts'
import type { Attachment } from '../core/report.ts'
import { printable } from '../core/text.ts'
import type { Facts, IncidentContext } from './playbooks/incident-context.ts'
import { type Evidence, type Playbook, type PlaybookName, WEIGHTS } from './playbooks/playbook.ts'
import { factsOf } from './playbooks/read-facts.ts'
import { PLAYBOOKS } from './playbooks/table.ts'
import { FACT_SOURCES, type FactSource, hiddenWords, unreadNext, unreadWords } from './playbooks/unread.ts'

/** A playbook with what speaks for it. */
export interface Ranked {
  readonly playbook: Playbook
  readonly evidence: readonly Evidence[]
}

/** Every playbook, the one to open first in front: by its heaviest evidence, then by how much of it there is. */
export function rankPlaybooks(facts: Facts, context: IncidentContext): readonly Ranked[] {
  return Object.values(PLAYBOOKS)
    .map((playbook: Playbook) => ({ playbook, evidence: playbook.evidence(facts, context) }))
    .map((ranked, index) => ({ ranked, index }))
    .sort((a, b) => heaviest(b.ranked) - heaviest(a.ranked) || a.index - b.index)
    .map(({ ranked }) => ranked)
}

function heaviest({ evidence }: Ranked): number {
  return Math.max(0, ...evidence.map(({ weight }) => WEIGHTS[weight]))
}

/** Playbooks whose worst case leaves no trace: only probes show it. */
const QUIET: readonly PlaybookName[] = ['tool-result-image', 'usage-parity']

const sourcesCheck: Check<IncidentContext> = {
  id: 'triage.sources',
  title: 'there is enough to judge by',
  group: 'triage',
  asks: 'Could the model list, the accounts, the keys, the log, the configuration and the error logs be read?',
  why: 'What could not be read is not known to be well.',
  cost: 'reads',
  fix: 'Give a management key and the log.',
  runbook: 'Incident Playbooks',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    const unread = unreadWords(facts, Object.keys(FACT_SOURCES) as FactSource[])
    if (unread === null)
      return { outcome: 'pass', saw: 'models, accounts, keys, log, configuration and error logs' }
    const base = {
      saw: `not read: ${unread}`,
      expected: 'every source',
      why: 'playbooks that need them can be missed',
      next: unreadNext(facts, context.clock),
    }
    const isRefused = facts.models.kind === 'unknown' && facts.models.judgement.cause === 'auth'
    return facts.log.kind === 'untold' && facts.accounts.kind === 'untold'
      ? { ...base, outcome: 'unknown', ...(isRefused ? { cause: 'auth' } : {}) }
      : { ...base, outcome: 'warn' }
  },
}

const playbooksCheck: Check<IncidentContext> = {
  id: 'triage.playbook',
  title: 'no playbook has to be opened',
  group: 'triage',
  asks: 'By cheap reads alone: what speaks for each playbook of the runbook, and how much?',
  why: 'At night the right page is worth more than the whole book.',
  cost: 'reads',
  fix: 'Open the first one: provops incident <playbook>.',
  runbook: 'Incident Playbooks',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    return rankPlaybooks(facts, context).map((ranked) => judge(ranked, facts))
  },
}

function judge({ playbook, evidence }: Ranked, facts: Facts): Judgement {
  const subject = playbook.name
  const next = `provops incident ${playbook.name}`
  if (evidence.length === 0) return judgeSilence(playbook, facts)
  const [first] = sorted(evidence)
  const more = evidence.length > 1 ? ` (and ${evidence.length - 1} more)` : ''
  const base = {
    subject,
    saw: `${first?.saw}${more}`,
    expected: playbook.title,
    why: playbook.symptom,
    next,
    data: { weight: first?.weight ?? null, evidence: evidence.map(({ saw }) => saw) },
  }
  if (first?.weight === 'proof') return { ...base, outcome: 'fail' }
  return first?.weight === 'sign'
    ? { ...base, outcome: 'warn' }
    : { outcome: 'skip', subject, saw: `only a hint: ${first?.saw}${more}`, next }
}

/** No evidence is a sign of health only where there could have been some. */
function judgeSilence({ name, title, symptom, judgesBy }: Playbook, facts: Facts): Judgement {
  const next = `provops incident ${name}`
  const unread = unreadWords(facts, judgesBy)
  if (QUIET.includes(name)) {
    const saw = unread === null ? 'nothing in the logs' : `could not look at ${unread}`
    return {
      outcome: 'skip',
      subject: name,
      saw: `${saw}; its worst case leaves no trace there`,
      next: `${next} --probe`,
    }
  }
  if (unread === null) return silent(name, facts)
  return {
    outcome: 'unknown',
    subject: name,
    saw: `could not look at ${unread}`,
    expected: title,
    why: `what cannot be read is not well; it is the page when ${symptom}`,
    next: `make it readable (see triage.sources), then ${next}`,
  }
}

/** Where the log shows no failures of providers, counters still tell of a provider that fails, and not of a model. */
function hiddenFrom(name: PlaybookName, facts: Facts): string | null {
  if (name === 'spark-mismatch' && facts.failuresInLog === 'hidden')
    return 'the log of this version does not show which models fail'
  return name === 'auth-failures' || name === 'rate-limit' ? hiddenWords(facts) : null
}

function silent(name: PlaybookName, facts: Facts): Judgement {
  const hidden = hiddenFrom(name, facts)
  return hidden === null
    ? { outcome: 'pass', subject: name, saw: 'nothing speaks for it' }
    : { outcome: 'skip', subject: name, saw: hidden, next: `provops incident ${name}` }
}

function sorted(evidence: readonly Evidence[]): readonly Evidence[] {
  return evidence.toSorted((a, b) => WEIGHTS[b.weight] - WEIGHTS[a.weight])
}

export const TRIAGE_CHECKS = [sourcesCheck, playbooksCheck] as const

/** With rank and name on one line of 80 columns; the findings have it whole, and the command. */
const LONGEST_WORDS = 52

/** A cell has no second line. */
function rowWords([first, ...others]: readonly Evidence[]): string {
  const more = others.length > 0 ? ` (and ${others.length} more)` : ''
  return first === undefined
    ? ''
    : `${printable(`${first.weight}: ${first.saw}`, LONGEST_WORDS - more.length)}${more}`
}

/** The ranking as a table: which page to open, and why; none without evidence for any. */
export async function rankingTables(context: IncidentContext, signal: AbortSignal): Promise<Attachment[]> {
  const ranked = rankPlaybooks(await factsOf(context, signal), context).filter(
    ({ evidence }) => evidence.length > 0,
  )
  const [first] = ranked
  if (first === undefined) return []
  const table: Attachment = {
    kind: 'table',
    title: `open first: ${first.playbook.name}`,
    columns: [
      { name: 'rank', align: 'right' },
      { name: 'playbook', align: 'left' },
      { name: 'evidence', align: 'left' },
    ],
    rows: ranked.map(({ playbook, evidence }, index) => [
      String(index + 1),
      playbook.name,
      rowWords(sorted(evidence)),
    ]),
  }
  return [table]
}
