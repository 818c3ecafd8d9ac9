import { isSameTarget } from './change.ts'
import { type Tried, tried } from './file-fault.ts'
import { closeRun, note, readAfterText } from './journal.ts'
import { type Location, locate } from './locate.ts'
import type { Held } from './lock.ts'
import {
  changedSinceRun,
  type NotRestored,
  notRestored,
  readBackup,
  restoreBefore,
  unreadableRun,
} from './restore.ts'
import { isResting, type RestingStep, type Run, readRun } from './runs.ts'
import { sha256Of } from './text.ts'
import type { ChangeWorld } from './world.ts'

export type Finished =
  | {
      readonly kind: 'finished'
      readonly runId: string
      /** What the target holds: `new`, not yet verified; `old`; or whatever it held, as the run never wrote. */
      readonly text: 'old' | 'new' | 'never-written'
    }
  /** Nothing was left to do. */
  | { readonly kind: 'at-rest'; readonly runId: string; readonly step: RestingStep }
  | NotRestored

/**
 * Brings a run that was cut off to rest: the new text stays when all of it is there, half of it is replaced by the old
 * text, an undo is carried through. A target that holds anything else is left alone. A run at rest is not touched.
 */
export async function finishRun(held: Held, runId: string): Promise<Finished> {
  // Read under the lock: since the run was listed, its own process may have ended it.
  const reading = await readRun(held.world, runId)
  switch (reading.kind) {
    case 'unreadable':
      return unreadableRun(held.world, runId)
    case 'none':
      return { kind: 'at-rest', runId, step: 'abandoned' }
    case 'found':
      return finishFound(held, reading.run)
  }
}

async function finishFound(held: Held, run: Run): Promise<Finished> {
  const { runId } = run
  if (!isSameTarget(held.store.target, run.target)) {
    return { kind: 'conflict', runId, conflict: { kind: 'other-target' } }
  }
  if (isResting(run)) return { kind: 'at-rest', runId, step: run.step }
  const current = await held.store.read()
  if (run.step === 'planned' || run.step === 'backing-up') {
    // Where the target is gone, the copy may be the last one.
    return settle(held, run, 'never-written', current.kind === 'read' ? 'drop-backup' : 'keep-backup')
  }
  if (current.kind === 'fault') return notRestored(run, 'read', current.fault)
  const location = await locateIn(held.world, run, current.bytes)
  if (location.kind === 'fault') return notRestored(run, 'backup', location.fault)
  return run.step === 'restoring'
    ? finishUndo(held, run, current.bytes, location.value)
    : finishWrite(held, run, current.bytes, location.value)
}

/**
 * Gives up a run that cannot be finished because its target was edited since, or is gone: target and backup stay as
 * they are, and the run no longer stands in the way of new changes. Does nothing to a run at rest.
 */
export async function dismissRun(world: ChangeWorld, runId: string): Promise<Tried<void>> {
  const reading = await readRun(world, runId)
  if (reading.kind !== 'found' || isResting(reading.run)) return { kind: 'ok', value: undefined }
  return closeRun(world, runId, 'abandoned')
}

async function finishWrite(held: Held, run: Run, current: Buffer, location: Location): Promise<Finished> {
  switch (location) {
    case 'before':
      return settle(held, run, 'old', 'drop-backup')
    case 'rewritten-before':
      return settle(held, run, 'old', 'keep-backup')
    case 'after':
      return settleAsWritten(held, run, run.afterSha256)
    case 'rewritten-after': {
      // A gateway that stores a text may normalise it; a file that is not byte-equal was saved by somebody since.
      const isStored = run.target.kind === 'management'
      return settleAsWritten(held, run, isStored ? sha256Of(current) : run.afterSha256)
    }
    case 'half-written':
      return restored(await restoreBefore(held, run, current))
    case 'other':
      return changedSinceRun(held, run, 'edited', current)
  }
}

async function finishUndo(held: Held, run: Run, current: Buffer, location: Location): Promise<Finished> {
  switch (location) {
    case 'before':
    case 'rewritten-before': {
      const closed = await closeRun(held.world, run.runId, 'restored')
      if (closed.kind === 'fault') return notRestored(run, 'journal', closed.fault)
      return { kind: 'finished', runId: run.runId, text: 'old' }
    }
    case 'after':
    case 'half-written':
      return restored(await restoreBefore(held, run, current))
    case 'rewritten-after':
      return changedSinceRun(held, run, 'rewritten', current)
    case 'other':
      return changedSinceRun(held, run, 'edited', current)
  }
}

function restored(outcome: Awaited<ReturnType<typeof restoreBefore>>): Finished {
  return outcome.kind === 'restored' ? { kind: 'finished', runId: outcome.runId, text: 'old' } : outcome
}

/** Which text is there. The hashes of the journal answer most cases, even when backup or copy are gone. */
async function locateIn(world: ChangeWorld, run: Run, current: Buffer): Promise<Tried<Location>> {
  const sha256 = sha256Of(current)
  if (sha256 === run.beforeSha256) return { kind: 'ok', value: 'before' }
  if (sha256 === run.afterSha256) return { kind: 'ok', value: 'after' }
  const before = await readBackup(world, run)
  if (before.kind === 'fault') return before
  const after = await readAfterText(world, run.runId, run.afterSha256)
  if (after.kind === 'fault') return after
  return { kind: 'ok', value: locate(current, before.value, after.value) }
}

async function settleAsWritten(held: Held, run: Run, storedSha256: string): Promise<Finished> {
  const noted = await note(held.world, run.runId, { step: 'written', storedSha256 })
  if (noted.kind === 'fault') return notRestored(run, 'journal', noted.fault)
  return { kind: 'finished', runId: run.runId, text: 'new' }
}

async function settle(
  held: Held,
  run: Run,
  text: 'old' | 'never-written',
  copy: 'drop-backup' | 'keep-backup',
): Promise<Finished> {
  const { backupPath, runId } = run
  if (backupPath !== null && copy === 'drop-backup') {
    await tried(backupPath, () => held.world.fs.remove(backupPath))
  }
  const closed = await closeRun(held.world, runId, 'abandoned')
  if (closed.kind === 'fault') return notRestored(run, 'journal', closed.fault)
  return { kind: 'finished', runId, text }
}
