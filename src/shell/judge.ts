import { setMaxListeners } from 'node:events'
import { open, writeFile } from 'node:fs/promises'
import type { Check } from '../core/check.ts'
import { errorCode } from '../core/error-code.ts'
import type { Finding } from '../core/finding.ts'
import type { SubjectFilter } from '../core/plan.ts'
import type { Attachment, Report } from '../core/report.ts'
import { runChecks } from '../core/runner.ts'
import { listed, span } from '../core/text.ts'
import { checkListing } from './check-listing.ts'
import type { Invocation } from './invocation.ts'
import { offlineSession } from './offline.ts'
import { loadFormat } from './output.ts'
import { expandPath } from './paths.ts'
import { startProgress } from './progress.ts'
import { type CommandResult, type Refusal, usageError } from './result.ts'
import { runReport } from './run-report.ts'
import { readSelection } from './selection.ts'
import { openSession, type Session } from './session.ts'
import { parseDurationMs } from './values.ts'

/** A command that asks checks and reports. */
export interface JudgingCommand<Context> {
  readonly name: string
  readonly checks: readonly Check<Context>[]
  /** `nothing`: it judges files, and no gateway is opened. */
  readonly opens?: 'gateway' | 'nothing'
  /** Made anew for every round of `--wait`. */
  readonly context: (session: Session, signal: AbortSignal) => Promise<Context | Refusal>
  /** Called with the report of the last round, e.g. to remember what a green run saw. */
  readonly conclude?: (report: Report, context: Context, session: Session) => Promise<void>
  /** Shows several findings as one; it must not turn what is open into what is not. */
  readonly fold?: (findings: readonly Finding[]) => readonly Finding[]
  readonly attachments?: (context: Context) => Promise<readonly Attachment[]>
  /** Goes on judging until interrupted; null or not given: one verdict ends the run. */
  readonly watch?: Watch<Context> | null
}

export interface Watch<Context> {
  readonly everyMs: number
  /** Shows what a round found; the run's result is not printed again. */
  readonly onRound: (report: Report, context: Context) => Promise<void>
}

interface Asked<Context> {
  readonly checks: readonly Check<Context>[]
  readonly subjects: SubjectFilter
  readonly required: ReadonlySet<string>
  readonly waitMs: number | null
}

/**
 * Runs a judging command from flags to report: selects checks (before anything is sent), opens the gateway, asks,
 * waits for green if told to, records. `opened` is the session of a command that had questions before its checks; it
 * is closed here.
 */
export async function judge<Context>(
  invocation: Invocation,
  command: JudgingCommand<Context>,
  opened: Session | null = null,
): Promise<CommandResult> {
  const asked = await prepareToAsk(invocation, command)
  if ('kind' in asked) {
    await opened?.close()
    return asked
  }
  const session = opened ?? (await sessionFor(command, invocation))
  if (session.kind === 'refused') return session
  try {
    return await rounds(invocation, session, command, asked)
  } finally {
    await session.close()
  }
}

/** Everything that can be wrong before anything is asked. */
async function prepareToAsk<Context>(
  invocation: Invocation,
  { checks }: JudgingCommand<Context>,
): Promise<Asked<Context> | CommandResult> {
  const asked = await readAsked(invocation, checks)
  if ('kind' in asked) return asked
  if (invocation.flags.has('list'))
    return { kind: 'text', text: checkListing(asked.checks, invocation.settings.values.output) }
  return (await recordProblem(invocation)) ?? asked
}

async function sessionFor<Context>(
  { opens }: JudgingCommand<Context>,
  invocation: Invocation,
): Promise<Session | Refusal> {
  return opens === 'nothing' ? offlineSession(invocation) : openSession(invocation)
}

async function readAsked<Context>(
  invocation: Invocation,
  catalogue: readonly Check<Context>[],
): Promise<Asked<Context> | Refusal> {
  const selection = await readSelection(invocation, catalogue)
  if (selection.kind === 'refused') return selection
  const wait = invocation.flags.text('wait')
  const waitMs = wait === undefined ? null : parseDurationMs(wait)
  if (waitMs?.kind === 'wrong')
    return usageError(`--wait: ${JSON.stringify(wait)} is not ${waitMs.expected}`, '--wait 2m')
  const { checks, subjects, required } = selection
  return { checks, subjects, required, waitMs: waitMs?.value ?? null }
}

const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 10_000

async function rounds<Context>(
  invocation: Invocation,
  session: Session,
  command: JudgingCommand<Context>,
  asked: Asked<Context>,
): Promise<CommandResult> {
  const { clock } = invocation.world
  const endMs = asked.waitMs === null ? 0 : clock.nowMs() + asked.waitMs
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    const round = await ask(invocation, session, command, asked)
    if (round.kind === 'refused') return round
    if (command.watch && (await goesOn(round, invocation, session, command.watch))) continue
    const leftMs = endMs - clock.nowMs()
    const settled = round.report.exit.code === 0 || asked.waitMs === null || isHopeless(round.report)
    if (settled) return finish(round.report, round.context, invocation, session, command)
    if (leftMs <= 0 || invocation.world.interrupted.aborted) {
      return finish(waitedOut(round.report), round.context, invocation, session, command)
    }
    invocation.world.stderr.write(`waiting: ${listed(inTheWay(round.report))}, ${span(leftMs)} left\n`)
    await clock.sleep(Math.min(pauseMs, leftMs), invocation.world.interrupted).catch(() => {})
    session.gateway.forget()
  }
}

/** What is not green, without what only waits for it. */
function inTheWay({ exit, findings }: Report): string[] {
  const blocked = new Set(findings.filter(({ outcome }) => outcome === 'blocked').map(({ id }) => id))
  return exit.because.filter((id) => !blocked.has(id))
}

/** Shows the round and waits for the next one; false when there must be none. */
async function goesOn<Context>(
  { report, context }: Exclude<Round<Context>, Refusal>,
  { world }: Invocation,
  session: Session,
  watch: Watch<Context>,
): Promise<boolean> {
  if (isHopeless(report) || world.interrupted.aborted) return false
  await watch.onRound(report, context)
  await world.clock.sleep(watch.everyMs, world.interrupted).catch(() => {})
  session.gateway.forget()
  return !world.interrupted.aborted
}

/** A refused key does not become right by asking again, and asking again may ban the address. */
function isHopeless(report: Report): boolean {
  return report.findings.some((finding) => finding.cause === 'auth' || finding.cause === 'human')
}

function waitedOut(report: Report): Report {
  return { ...report, exit: { code: 8, name: 'deadline', because: report.exit.because } }
}

type Round<Context> = { readonly kind: 'round'; readonly report: Report; readonly context: Context } | Refusal

async function ask<Context>(
  invocation: Invocation,
  session: Session,
  command: JudgingCommand<Context>,
  asked: Asked<Context>,
): Promise<Round<Context>> {
  const { world } = invocation
  const startedAtMs = world.clock.nowMs()
  const deadline = startDeadline(invocation)
  try {
    const context = await command.context(session, deadline.signal)
    if (isRefusal(context)) return context
    const progress = startProgress(invocation, asked.checks.length)
    const findings = await runChecks(asked.checks, {
      context,
      clock: world.clock,
      signal: deadline.signal,
      subjects: asked.subjects,
      required: asked.required,
      onAnswered: progress.answered,
    }).finally(progress.stop)
    const facts = {
      command: command.name,
      startedAtMs,
      findings: command.fold?.(findings) ?? findings,
      attachments: (await command.attachments?.(context)) ?? [],
    }
    return { kind: 'round', report: await runReport(facts, invocation, session), context }
  } finally {
    // Until then it keeps the process from ending.
    deadline.cancel()
  }
}

function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'refused'
}

/** Aborts at `--deadline` or when the user interrupts, whichever comes first. */
function startDeadline({ world, settings }: Invocation): { signal: AbortSignal; cancel(): void } {
  const over = new AbortController()
  const done = new AbortController()
  const signal = AbortSignal.any([over.signal, world.interrupted])
  // Every check listens to it, and there may be many.
  setMaxListeners(0, signal)
  world.clock.sleep(settings.values.deadline, done.signal).then(
    () => over.abort('deadline'),
    () => {},
  )
  return { signal, cancel: () => done.abort() }
}

async function finish<Context>(
  report: Report,
  context: Context,
  invocation: Invocation,
  session: Session,
  command: JudgingCommand<Context>,
): Promise<CommandResult> {
  const [result] = await Promise.all([
    keepReport(report, invocation, session),
    command.conclude?.(report, context, session),
    // While the disk works.
    loadFormat(invocation),
  ])
  return result
}

/** Remembers a report as a run, and writes it where `--record` says. */
export async function keepReport(
  report: Report,
  invocation: Invocation,
  { state }: Session,
): Promise<CommandResult> {
  await state.recordRun(report)
  const record = invocation.flags.text('record')
  if (record === undefined) return { kind: 'report', report }
  const path = expandPath(record, invocation.world.home, invocation.world.cwd)
  try {
    await writeFile(path, invocation.redactor.apply(`${JSON.stringify(report, null, 2)}\n`), { mode: 0o600 })
  } catch (error) {
    return unwritableRecord(path, error)
  }
  return { kind: 'report', report }
}

/** Why the record could not be written, found out before anything is asked: a verdict should not be lost to a typo. */
async function recordProblem({ flags, world }: Invocation): Promise<Refusal | null> {
  const record = flags.text('record')
  if (record === undefined) return null
  try {
    const handle = await open(expandPath(record, world.home, world.cwd), 'a', 0o600)
    await handle.close()
    return null
  } catch (error) {
    return unwritableRecord(record, error)
  }
}

function unwritableRecord(path: string, error: unknown): Refusal {
  return usageError(
    `cannot write the record ${path}: ${errorCode(error) ?? 'error'}`,
    'give --record a file in a folder that can be written',
  )
}
