import type { Finding } from '../core/finding.ts'
import type { Report } from '../core/report.ts'
import { span } from '../core/text.ts'
import { render } from '../render/formats.ts'
import type { Invocation } from './invocation.ts'
import type { Watch } from './judge.ts'
import { lookOf } from './output.ts'
import { type Refusal, usageError } from './result.ts'
import { parseDurationMs } from './values.ts'

/** Often enough to see a bench come and go, and rare enough for a route that asks a provider each time. */
const EVERY_MS = 30_000

/** The interval of `--watch [duration]`; null when it was not given. */
export function watchInterval({ flags }: Invocation): { readonly everyMs: number } | null | Refusal {
  const text = flags.text('watch')
  if (text === undefined) return null
  if (flags.has('wait'))
    return usageError(
      '--watch and --wait exclude each other',
      '--wait ends when it is green, --watch does not',
    )
  if (text === '') return { everyMs: EVERY_MS }
  const parsed = parseDurationMs(text)
  return parsed.kind === 'value'
    ? { everyMs: parsed.value }
    : usageError(`--watch: ${JSON.stringify(text)} is not ${parsed.expected}`, '--watch 30s')
}

/** Lines about what a command watches beside outcomes, each a sentence; none when nothing changed. */
export type Changes<Context> = (before: Context, now: Context) => readonly string[]

/**
 * Shows rounds as they come: on a terminal the whole report again when it says something else, elsewhere the first
 * report and then one line per change (`ndjson`: the changed findings; `json`: each changed report on a line of its own).
 */
export function watchRounds<Context>(
  invocation: Invocation,
  everyMs: number,
  changes: Changes<Context>,
): Watch<Context> {
  let before: { readonly report: Report; readonly context: Context } | null = null
  return {
    everyMs,
    onRound: async (report, context) => {
      const { stdout } = invocation.world
      if (before === null) stdout.write(await first(report, invocation, everyMs))
      else if (isScreen(invocation)) {
        if (sayings(before.report) !== sayings(report)) stdout.write(await frame(report, invocation, everyMs))
      } else {
        const lines = linesOf(before.report, report, changes(before.context, context), invocation)
        if (lines.length > 0) stdout.write(`${lines.join('\n')}\n`)
      }
      before = { report, context }
    },
  }
}

function isScreen({ world, settings }: Invocation): boolean {
  const { output } = settings.values
  return world.stdout.isTTY === true && world.env.TERM !== 'dumb' && (output === 'table' || output === 'wide')
}

const CLEAR_SCREEN = '\u001b[H\u001b[2J\u001b[3J'

async function frame(report: Report, invocation: Invocation, everyMs: number): Promise<string> {
  const drawn = await render(report, invocation.settings.values.output, lookOf(invocation))
  return `${CLEAR_SCREEN}${drawn}\n${report.startedAt}, again every ${span(everyMs)}; Ctrl-C ends\n`
}

async function first(report: Report, invocation: Invocation, everyMs: number): Promise<string> {
  if (isScreen(invocation)) return frame(report, invocation, everyMs)
  const { output } = invocation.settings.values
  return output === 'json' ? `${JSON.stringify(report)}\n` : render(report, output, lookOf(invocation))
}

/** What a report says, without when and how fast. */
function sayings({ findings, attachments }: Report): string {
  return JSON.stringify([findings.map((finding) => ({ ...finding, durationMs: 0, data: null })), attachments])
}

function linesOf(before: Report, now: Report, changes: readonly string[], invocation: Invocation): string[] {
  const changed = changedFindings(before.findings, now.findings)
  const { output } = invocation.settings.values
  if (output === 'json') return changed.length + changes.length > 0 ? [JSON.stringify(now)] : []
  const at = now.startedAt
  if (output === 'ndjson')
    return [
      ...changed.map(({ finding, was }) => JSON.stringify({ type: 'finding', at, was, ...finding })),
      ...changes.map((text) => JSON.stringify({ type: 'change', at, text })),
    ]
  const stamp = `${at.slice(0, 19)}Z`
  return [
    ...changed.map(
      ({ finding, was }) => `${stamp} ${finding.id} ${was} -> ${finding.outcome}: ${finding.saw}`,
    ),
    ...changes.map((text) => `${stamp} ${text}`),
  ]
}

interface Changed {
  readonly finding: Finding
  readonly was: Finding['outcome'] | 'absent'
}

function changedFindings(before: readonly Finding[], now: readonly Finding[]): Changed[] {
  const outcomes = new Map(before.map(({ id, outcome }) => [id, outcome]))
  return now.flatMap((finding) => {
    const was = outcomes.get(finding.id) ?? 'absent'
    return was === finding.outcome ? [] : [{ finding, was }]
  })
}
