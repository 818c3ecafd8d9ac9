import type { Facts } from '../checks/playbooks/incident-context.ts'
import type { Diagnosis } from '../checks/playbooks/playbook.ts'
import { told } from '../checks/playbooks/read-facts.ts'
import type { Finding } from '../core/finding.ts'
import type { Attachment, Report } from '../core/report.ts'
import { counted, percent, printable } from '../core/text.ts'
import type { TimelineEntry } from './incident-memory.ts'

/** What the log shows of the time before this run: when each sustained burst began and ended. */
export function burstEntries(facts: Facts): TimelineEntry[] {
  const bursts = told(facts.log)?.bursts ?? []
  const source = facts.log.kind === 'told' ? facts.log.source : ''
  return bursts.flatMap((burst) => {
    const who = burst.kind === 'client' ? burst.routeClass : 'providers'
    const begin: TimelineEntry = {
      at: isoOf(burst.startMs),
      what: `burst of ${burst.status} begins (${who})`,
      evidence: `${counted(burst.count, 'answer')}, ${percent(burst.share)} of the requests; ${source}`,
    }
    if (burst.state === 'ongoing') return [begin]
    return [
      begin,
      { at: isoOf(burst.endMs), what: `burst of ${burst.status} ends (${who})`, evidence: source },
    ]
  })
}

/** When somebody looked, and what was the matter then. */
export function diagnosisEntry({ condition, saw }: Diagnosis, { atMs }: Facts): TimelineEntry {
  return { at: isoOf(atMs), what: `condition ${condition}`, evidence: saw }
}

/** What a playbook found: everything that is not well, and the steps that decide. */
export function findingEntries(findings: readonly Finding[], atMs: number): TimelineEntry[] {
  return findings
    .filter(({ outcome }) => outcome === 'fail' || outcome === 'warn' || outcome === 'unknown')
    .map(({ id, outcome, saw, source }) => ({
      at: isoOf(atMs),
      what: `${id} is ${outcome}`,
      evidence: source === null ? saw : `${saw}; ${source}`,
    }))
}

export function entryOf({ id, outcome, saw }: Finding, atMs: number): TimelineEntry {
  return { at: isoOf(atMs), what: `${id} is ${outcome}`, evidence: saw }
}

function isoOf(atMs: number): string {
  return new Date(atMs).toISOString()
}

/** In order of time; lines of the same moment stay as they came, and none stands there twice. */
export function orderedTimeline(entries: readonly TimelineEntry[]): TimelineEntry[] {
  const seen = new Set<string>()
  return entries
    .filter(({ at, what, evidence }) => {
      const key = `${at}\0${what}\0${evidence}`
      return seen.has(key) ? false : seen.add(key)
    })
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
}

/** Its lines fit 80 columns: what is cut stands whole in the findings, and in the ticket of --handover. */
export function timelineTable(run: string, entries: readonly TimelineEntry[]): Attachment {
  return {
    kind: 'table',
    title: `timeline of ${run}`,
    columns: [
      { name: 'time (UTC)', align: 'left' },
      { name: 'what, and what shows it', align: 'left' },
    ],
    rows: entries.map(({ at, what, evidence }) => [
      at.slice(0, 19).replace('T', ' '),
      printable(`${what.replace(/^[a-z-]+\./, '')}: ${evidence}`, LONGEST_WORDS),
    ]),
  }
}

const LONGEST_WORDS = 58

export interface Handover {
  readonly run: string
  readonly playbook: string
  readonly owner: string
  readonly report: Report
  readonly timeline: readonly TimelineEntry[]
  /** The command that goes on with it. */
  readonly goOn: string
}

/** The incident as Markdown that can be pasted into a ticket. */
export function handoverMarkdown({ run, playbook, owner, report, timeline, goOn }: Handover): string {
  const { gateway, startedAt, verdict, exit, findings, attachments } = report
  const diffs = attachments.flatMap((one) => (one.kind === 'diff' ? [one] : []))
  const open = findings.filter(
    ({ id, outcome }) =>
      outcome === 'fail' || outcome === 'unknown' || (outcome === 'warn' && id === `${playbook}.handover`),
  )
  return `${[
    `# Incident: ${playbook}`,
    '',
    `- Gateway: ${cell(gateway.url ?? 'none')}${gateway.kind === 'embedded' ? ' (embedded)' : ''}${gateway.version === null ? '' : `, version ${cell(gateway.version)}`}`,
    `- Looked at: ${startedAt}`,
    `- State: ${verdict}, exit ${exit.code} (${exit.name})`,
    `- ${cell(owner)}`,
    `- Run: \`${run}\`; go on with \`${goOn}\``,
    '',
    '## What is open',
    '',
    ...(open.length === 0
      ? ['Nothing.']
      : open.map(
          ({ id, saw, next }) =>
            `- **${id}**: ${cell(saw)}  \n  next: ${cell(next?.replaceAll(' \\\n', ' ') ?? 'nothing')}`,
        )),
    '',
    '## Timeline',
    '',
    '| time (UTC) | what | evidence |',
    '|---|---|---|',
    ...timeline.map(
      ({ at, what, evidence }) =>
        `| ${at.slice(0, 19).replace('T', ' ')} | ${cell(what)} | ${cell(evidence)} |`,
    ),
    '',
    ...diffs.flatMap(({ title, text }) => [`## ${cell(title)}`, '', '```diff', text.trimEnd(), '```', '']),
  ].join('\n')}`
}

/** Evidence holds foreign text, which must not become markup of the ticket. */
function cell(text: string): string {
  return text.replace(/[\\`|<>*_[\]#]/g, (character) => `\\${character}`).replaceAll('\n', ' ')
}
