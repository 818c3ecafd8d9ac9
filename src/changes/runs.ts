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
  /** The last thing noted. */
  readonly step: JournalStep
  /** Where the text before lies; null when the run did not get so far. */
  readonly backupPath: string | null
  /** What was there after the write; null when it was never finished. */
  readonly storedSha256: string | null
}

/** Steps after which a run owes nothing: its text is in place, or the old one is. */
const RESTING: ReadonlySet<JournalStep> = new Set(['written', 'restored', 'abandoned'])

/** Ended between two steps: killed, or at work right now in another process that holds the lock. */
export function isUnfinished(run: Run): boolean {
  return !RESTING.has(run.step)
}

export interface RunList {
  /** Newest first. */
  readonly runs: readonly Run[]
  /** Journals that are there and tell nothing. */
  readonly unreadable: readonly { readonly runId: string; readonly reason: string }[]
}

/** Every run the state directory knows; none when it does not exist yet. */
export async function listRuns(world: ChangeWorld): Promise<Tried<RunList>> {
  const directory = runsDirectory(world)
  const names = await tried(directory, () => world.fs.names(directory))
  if (names.kind === 'fault') {
    return names.fault.kind === 'missing' ? { kind: 'ok', value: { runs: [], unreadable: [] } } : names
  }
  const runs: Run[] = []
  const unreadable: { runId: string; reason: string }[] = []
  for (const runId of names.value.filter(isRunId)) {
    const journal = await readJournal(world, runId)
    if (journal.kind === 'unreadable') {
      unreadable.push({ runId, reason: journal.reason })
      continue
    }
    const run = runOf(runId, journal.entries)
    if (run !== null) runs.push(run)
  }
  runs.sort((a, b) => (a.plannedAt < b.plannedAt ? 1 : a.plannedAt > b.plannedAt ? -1 : 0))
  return { kind: 'ok', value: { runs, unreadable } }
}

/** Runs that were cut off, oldest first: `finishRun` brings them to rest. */
export async function findUnfinished(world: ChangeWorld): Promise<Tried<RunList>> {
  const list = await listRuns(world)
  if (list.kind === 'fault') return list
  const { runs, unreadable } = list.value
  return { kind: 'ok', value: { runs: runs.filter(isUnfinished).reverse(), unreadable } }
}

export type FoundRun =
  | { readonly kind: 'found'; readonly run: Run }
  /** `known` are the ids there are, newest first. */
  | { readonly kind: 'none'; readonly known: readonly string[] }
  | { readonly kind: 'unreadable'; readonly runId: string; readonly reason: string }

/** A run by its id, or the newest that left something to undo. */
export async function findRun(
  world: ChangeWorld,
  wanted: { readonly runId: string } | 'latest',
): Promise<Tried<FoundRun>> {
  const list = await listRuns(world)
  if (list.kind === 'fault') return list
  const { runs, unreadable } = list.value
  const run =
    wanted === 'latest'
      ? runs.find((one) => one.step === 'written' || isUnfinished(one))
      : runs.find((one) => one.runId === wanted.runId)
  if (run !== undefined) return { kind: 'ok', value: { kind: 'found', run } }
  const broken = wanted === 'latest' ? unreadable[0] : unreadable.find((one) => one.runId === wanted.runId)
  if (broken !== undefined) return { kind: 'ok', value: { kind: 'unreadable', ...broken } }
  return { kind: 'ok', value: { kind: 'none', known: runs.map((one) => one.runId) } }
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
    step: last.step,
    backupPath: entries.findLast((entry) => entry.step === 'backing-up')?.path ?? null,
    storedSha256: entries.findLast((entry) => entry.step === 'written')?.storedSha256 ?? null,
  }
}
