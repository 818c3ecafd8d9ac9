import type { Target } from './change.ts'
import { type Tried, tried } from './file-fault.ts'
import { isRunId, type JournalEntry, type JournalStep, readJournal, runsDirectory } from './journal.ts'
import type { ChangeWorld } from './world.ts'

/** A change that was begun at some time, as its journal tells it. */
export interface Run {
  readonly runId: string
  readonly title: string
  readonly target: Target
  /** RFC 3339, UTC. */
  readonly plannedAt: string
  readonly beforeSha256: string
  readonly afterSha256: string
  readonly undoCommand: string
  /** The gateway it was made for, as `-g` names it; null for the default one. */
  readonly gateway: string | null
  /** The last thing noted. */
  readonly step: JournalStep
  /** Where the text before lies; null when the run did not get so far. */
  readonly backupPath: string | null
  /** What was there after the write; null when it was never finished. */
  readonly storedSha256: string | null
}

/** Steps after which a run owes nothing: its text is in place, or the old one is. */
const RESTING = ['written', 'restored', 'abandoned'] as const satisfies readonly JournalStep[]
export type RestingStep = (typeof RESTING)[number]
type RestingRun = Run & { readonly step: RestingStep }

/** False for a run between two steps: its process was killed, or is at work right now and holds the lock. */
export function isResting(run: Run): run is RestingRun {
  return RESTING.some((step) => step === run.step)
}

export interface UnreadableRun {
  readonly kind: 'unreadable'
  readonly runId: string
  readonly reason: string
}

export type RunReading =
  | { readonly kind: 'found'; readonly run: Run }
  /** No such run, or one that was killed before it noted its plan, so that it touched nothing. */
  | { readonly kind: 'none' }
  | UnreadableRun

/** One run by its id, from its journal. */
export async function readRun(world: ChangeWorld, runId: string): Promise<RunReading> {
  if (!isRunId(runId)) return { kind: 'none' }
  const journal = await readJournal(world, runId)
  if (journal.kind === 'unreadable') return { kind: 'unreadable', runId, reason: journal.reason }
  const run = runOf(runId, journal.entries)
  return run === null ? { kind: 'none' } : { kind: 'found', run }
}

export interface RunList {
  /** Newest first. */
  readonly runs: readonly Run[]
  /** Journals that are there and tell nothing. */
  readonly unreadable: readonly UnreadableRun[]
}

/** Every run the state directory knows; none when it does not exist yet. */
export async function listRuns(world: ChangeWorld): Promise<Tried<RunList>> {
  const directory = runsDirectory(world)
  const names = await tried(directory, () => world.fs.names(directory))
  if (names.kind === 'fault') {
    return names.fault.kind === 'missing' ? { kind: 'ok', value: { runs: [], unreadable: [] } } : names
  }
  const runs: Run[] = []
  const unreadable: UnreadableRun[] = []
  for (const runId of names.value) {
    const reading = await readRun(world, runId)
    if (reading.kind === 'found') runs.push(reading.run)
    if (reading.kind === 'unreadable') unreadable.push(reading)
  }
  runs.sort((a, b) => (a.plannedAt < b.plannedAt ? 1 : a.plannedAt > b.plannedAt ? -1 : 0))
  return { kind: 'ok', value: { runs, unreadable } }
}

/** Runs that were cut off, oldest first: `finishRun` brings them to rest. */
export async function findUnfinished(world: ChangeWorld): Promise<Tried<RunList>> {
  const list = await listRuns(world)
  if (list.kind === 'fault') return list
  const { runs, unreadable } = list.value
  return { kind: 'ok', value: { runs: runs.filter((run) => !isResting(run)).reverse(), unreadable } }
}

/** The newest run that left something to undo. */
export async function latestRun(world: ChangeWorld): Promise<Tried<RunReading>> {
  const list = await listRuns(world)
  if (list.kind === 'fault') return list
  const { runs, unreadable } = list.value
  const run = runs.find((one) => one.step === 'written' || !isResting(one))
  if (run !== undefined) return { kind: 'ok', value: { kind: 'found', run } }
  return { kind: 'ok', value: unreadable[0] ?? { kind: 'none' } }
}

function runOf(runId: string, entries: readonly JournalEntry[]): Run | null {
  const planned = entries.find((entry) => entry.step === 'planned')
  const last = entries.at(-1)
  if (planned === undefined || last === undefined) return null
  return {
    runId,
    title: planned.title,
    target: planned.target,
    plannedAt: planned.at,
    beforeSha256: planned.beforeSha256,
    afterSha256: planned.afterSha256,
    undoCommand: planned.undoCommand,
    gateway: planned.gateway ?? null,
    step: last.step,
    backupPath: entries.findLast((entry) => entry.step === 'backing-up')?.path ?? null,
    storedSha256: entries.findLast((entry) => entry.step === 'written')?.storedSha256 ?? null,
  }
}
