import { dirname, join } from 'node:path'
import * as z from 'zod/mini'
import type { Change } from './change.ts'
import { type Tried, tried } from './file-fault.ts'
import { appendToFile, readSmallFile, writeNewFile } from './small-file.ts'
import { sha256Of } from './text.ts'
import type { ChangeWorld } from './world.ts'

const TargetEntry = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('file'), path: z.string(), realPath: z.string() }),
  z.object({ kind: z.literal('management'), url: z.string() }),
])

const Entry = z.discriminatedUnion('step', [
  /** Written first; nothing has been touched yet. */
  z.object({
    step: z.literal('planned'),
    at: z.string(),
    version: z.literal(1),
    title: z.string(),
    target: TargetEntry,
    beforeSha256: z.string(),
    afterSha256: z.string(),
    undoCommand: z.string(),
    gateway: z.optional(z.nullable(z.string())),
  }),
  /** Written before the backup is made. */
  z.object({ step: z.literal('backing-up'), at: z.string(), path: z.string() }),
  z.object({ step: z.literal('writing'), at: z.string() }),
  z.object({ step: z.literal('written'), at: z.string(), storedSha256: z.string() }),
  z.object({ step: z.literal('restoring'), at: z.string() }),
  z.object({ step: z.literal('restored'), at: z.string() }),
  /** The target was left as it was. */
  z.object({ step: z.literal('abandoned'), at: z.string() }),
])

export type JournalEntry = z.infer<typeof Entry>
export type JournalStep = JournalEntry['step']

type Undated<T> = T extends unknown ? Omit<T, 'at'> : never

/** Run ids become file names and are typed by people. */
const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

export function isRunId(text: string): boolean {
  return RUN_ID.test(text)
}

export function runsDirectory(world: ChangeWorld): string {
  return join(world.stateDir, 'changes')
}

/** A file of a run's own directory in the state directory. */
export function runFile(world: ChangeWorld, runId: string, name: string): string {
  if (!isRunId(runId)) throw new Error(`not a run id: ${JSON.stringify(runId)}`)
  return join(runsDirectory(world), runId, name)
}

const AFTER = 'after.yaml'

export function journalPath(world: ChangeWorld, runId: string): string {
  return runFile(world, runId, 'journal.jsonl')
}

/**
 * Opens the journal of a change with its plan, then keeps the text after, so that half of it can be recognised later.
 * Fails with `exists` when the run id was used before.
 */
export async function startJournal(world: ChangeWorld, change: Change): Promise<Tried<void>> {
  const { fs } = world
  const path = journalPath(world, change.runId)
  const directory = dirname(path)
  const made = await tried(directory, () => fs.makeDirectory(directory))
  if (made.kind === 'fault') return made
  const planned = lineOf(world, {
    step: 'planned',
    version: 1,
    title: change.title,
    target: change.target,
    beforeSha256: change.before.sha256,
    afterSha256: change.after.sha256,
    undoCommand: change.undoCommand,
    gateway: change.gateway,
  })
  const opened = await writeNewFile(fs, path, planned)
  if (opened.kind === 'fault') return opened
  const kept = await keepAfterText(world, change)
  if (kept.kind === 'fault') await closeRun(world, change.runId, 'abandoned')
  return kept
}

async function keepAfterText(world: ChangeWorld, change: Change): Promise<Tried<void>> {
  const path = runFile(world, change.runId, AFTER)
  const written = await writeNewFile(world.fs, path, change.after.text)
  if (written.kind === 'fault') return written
  return tried(path, async () => {
    await world.fs.syncDirectory(dirname(path))
    await world.fs.syncDirectory(runsDirectory(world))
  })
}

/** Appends one entry, on the disk when this resolves. */
export async function note(
  world: ChangeWorld,
  runId: string,
  entry: Undated<JournalEntry>,
): Promise<Tried<void>> {
  return appendToFile(world.fs, journalPath(world, runId), lineOf(world, entry))
}

/** Notes that a run owes nothing any more, and drops the copy of the text it wanted to write. */
export async function closeRun(
  world: ChangeWorld,
  runId: string,
  step: 'restored' | 'abandoned',
): Promise<Tried<void>> {
  const noted = await note(world, runId, { step })
  const afterPath = runFile(world, runId, AFTER)
  if (noted.kind === 'ok') await tried(afterPath, () => world.fs.remove(afterPath))
  return noted
}

function lineOf(world: ChangeWorld, entry: Undated<JournalEntry>): string {
  const at = new Date(world.clock.nowMs()).toISOString()
  // The leading line end keeps an entry whole when the one before it was cut by a crash.
  return `\n${JSON.stringify({ ...entry, at })}\n`
}

export type JournalReading =
  | { readonly kind: 'entries'; readonly entries: readonly JournalEntry[] }
  | { readonly kind: 'unreadable'; readonly reason: string }

/**
 * All entries of a run. A line that is no JSON was cut by a crash and counts as not written; JSON that is no entry was
 * written by another version, and then nothing is known.
 */
export async function readJournal(world: ChangeWorld, runId: string): Promise<JournalReading> {
  const text = await readSmallFile(world.fs, journalPath(world, runId))
  if (text.kind === 'fault') {
    // Killed before the first entry: the run never touched anything.
    if (text.fault.kind === 'missing') return { kind: 'entries', entries: [] }
    return { kind: 'unreadable', reason: `the journal cannot be read (${text.fault.kind})` }
  }
  const entries: JournalEntry[] = []
  for (const line of text.value.split('\n')) {
    const value = parseLine(line)
    if (value === undefined) continue
    const entry = Entry.safeParse(value)
    if (!entry.success)
      return { kind: 'unreadable', reason: 'the journal was written by another version of provops' }
    entries.push(entry.data)
  }
  return { kind: 'entries', entries }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

/** The text the run wanted to write; `damaged` when it is not that text any more. */
export async function readAfterText(
  world: ChangeWorld,
  runId: string,
  sha256: string,
): Promise<Tried<string>> {
  return readHashed(world, runFile(world, runId, AFTER), sha256)
}

/** A kept text, only if it is still what was kept. */
export async function readHashed(world: ChangeWorld, path: string, sha256: string): Promise<Tried<string>> {
  const text = await readSmallFile(world.fs, path)
  if (text.kind === 'fault' || sha256Of(text.value) === sha256) return text
  return { kind: 'fault', fault: { kind: 'damaged', path } }
}
