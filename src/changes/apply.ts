import { type Backup, backUp } from './backup.ts'
import { type Change, isSameTarget } from './change.ts'
import type { Conflict } from './conflict.ts'
import { type FileFault, tried } from './file-fault.ts'
import { closeRun, note, startJournal } from './journal.ts'
import type { Held } from './lock.ts'
import { findUnfinished } from './runs.ts'
import type { Note, StoreFault, WriteOutcome } from './store.ts'
import { sha256Of } from './text.ts'

export type ApplyStage = 'read' | 'journal' | 'backup' | 'write'

export type Applied =
  | { readonly kind: 'nothing-to-do'; readonly because: 'no-difference' | 'already-there' }
  | {
      readonly kind: 'applied'
      readonly runId: string
      readonly backupPath: string
      readonly notes: readonly Note[]
      readonly undoCommand: string
    }
  /** Somebody else's doing; see `Conflict`. Nothing of ours is in the target, or `provops undo` is to decide. */
  | { readonly kind: 'conflict'; readonly stage: ApplyStage; readonly conflict: Conflict }
  | {
      readonly kind: 'failed'
      readonly stage: ApplyStage
      readonly fault: StoreFault
      readonly left: 'untouched' | 'put-back' | 'unclear'
      /** Null when there is none, or none is needed. */
      readonly backupPath: string | null
      readonly undoCommand: string
    }

/**
 * Carries out a proposed change under a held lock: looks again, notes, backs up, notes, writes, notes. Killed at any
 * moment it leaves the old text, the new text, or a run that `finishRun` brings to one of the two. It is not to be
 * interrupted; verifying its effect is `awaitEffect`'s work.
 */
export async function applyChange(held: Held, change: Change): Promise<Applied> {
  if (!isSameTarget(held.store.target, change.target)) throw new Error('the lock held is for another target')
  if (change.before.sha256 === change.after.sha256) return { kind: 'nothing-to-do', because: 'no-difference' }
  const look = await lookAgain(held, change)
  if (look.kind !== 'clear') return look
  const started = await startJournal(held.world, change)
  if (started.kind === 'fault') return untouched(change, 'journal', started.fault)
  const backup = await backUp(held.world, change.target, change.runId, change.before.text)
  if (backup.kind === 'fault') {
    await closeRun(held.world, change.runId, 'abandoned')
    return untouched(change, 'backup', backup.fault)
  }
  return write(held, change, { ...backup.value, notes: [...look.notes, ...backup.value.notes] })
}

type Look = { readonly kind: 'clear'; readonly notes: readonly Note[] } | Applied

/** Whether the change can be made on what is there now. */
async function lookAgain(held: Held, change: Change): Promise<Look> {
  const current = await held.store.read()
  if (current.kind === 'fault') return untouched(change, 'read', current.fault)
  const unfinished = await findUnfinished(held.world)
  if (unfinished.kind === 'fault') return untouched(change, 'journal', unfinished.fault)
  const { runs, unreadable } = unfinished.value
  const cutOff = runs.find((run) => isSameTarget(run.target, change.target))
  if (cutOff !== undefined) {
    return { kind: 'conflict', stage: 'read', conflict: { kind: 'unfinished-run', runId: cutOff.runId } }
  }
  const sha256 = sha256Of(current.bytes)
  if (sha256 === change.after.sha256) return { kind: 'nothing-to-do', because: 'already-there' }
  if (sha256 !== change.before.sha256) {
    return { kind: 'conflict', stage: 'read', conflict: { kind: 'changed-since-plan' } }
  }
  const runIds = unreadable.map((run) => run.runId)
  return { kind: 'clear', notes: runIds.length === 0 ? [] : [{ kind: 'unreadable-runs', runIds }] }
}

async function write(held: Held, change: Change, backup: Backup): Promise<Applied> {
  const { world, store } = held
  const noted = await note(world, change.runId, { step: 'writing' })
  if (noted.kind === 'fault') {
    await giveUp(held, change, backup)
    return untouched(change, 'journal', noted.fault)
  }
  if (held.isLost()) {
    await giveUp(held, change, backup)
    return { kind: 'conflict', stage: 'write', conflict: { kind: 'lock-lost' } }
  }
  const outcome = await store.write(Buffer.from(change.before.text), Buffer.from(change.after.text))
  return conclude(held, change, backup, outcome)
}

async function conclude(held: Held, change: Change, backup: Backup, outcome: WriteOutcome): Promise<Applied> {
  const { runId, undoCommand } = change
  switch (outcome.kind) {
    case 'written': {
      const { storedSha256 } = outcome
      const noted = await note(held.world, runId, { step: 'written', storedSha256 })
      const behind: Note[] = noted.kind === 'ok' ? [] : [{ kind: 'journal-behind', because: noted.fault }]
      const notes = [...backup.notes, ...outcome.notes, ...behind]
      return { kind: 'applied', runId, backupPath: backup.path, notes, undoCommand }
    }
    case 'changed':
      await giveUp(held, change, backup)
      return { kind: 'conflict', stage: 'write', conflict: { kind: 'changed-since-plan' } }
    case 'raced':
      return { kind: 'conflict', stage: 'write', conflict: { kind: 'raced', backupPath: backup.path } }
    case 'failed': {
      const { fault, left } = outcome
      if (left === 'untouched') {
        await giveUp(held, change, backup)
        return untouched(change, 'write', fault)
      }
      if (left === 'put-back') await closeRun(held.world, runId, 'abandoned')
      return { kind: 'failed', stage: 'write', fault, left, backupPath: backup.path, undoCommand }
    }
  }
}

/** Not a byte was written, so the copy would only be one more place with secrets. */
async function giveUp(held: Held, change: Change, backup: Backup): Promise<void> {
  await tried(backup.path, () => held.world.fs.remove(backup.path))
  await closeRun(held.world, change.runId, 'abandoned')
}

function untouched(change: Change, stage: ApplyStage, fault: StoreFault | FileFault): Applied {
  return {
    kind: 'failed',
    stage,
    fault,
    left: 'untouched',
    backupPath: null,
    undoCommand: change.undoCommand,
  }
}
