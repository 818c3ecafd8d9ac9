import { isSameTarget, targetName } from './change.ts'
import type { Conflict } from './conflict.ts'
import { maskedDiff } from './diff.ts'
import { type Tried, tried } from './file-fault.ts'
import { closeRun, journalPath, note, readHashed, runFile } from './journal.ts'
import type { Held } from './lock.ts'
import { listRuns, type Run } from './runs.ts'
import { writeNewFile } from './small-file.ts'
import type { Note, StoreFault, WriteOutcome } from './store.ts'
import { sha256Of } from './text.ts'
import type { ChangeWorld } from './world.ts'

export type RestoreStage = 'read' | 'backup' | 'journal' | 'write'

export type NotRestored =
  | { readonly kind: 'conflict'; readonly runId: string; readonly conflict: Conflict }
  | {
      readonly kind: 'failed'
      readonly runId: string
      readonly stage: RestoreStage
      readonly fault: StoreFault
      /** What this attempt did to the target; after `unclear` another attempt still recognises what is there. */
      readonly left: 'untouched' | 'put-back' | 'unclear'
      readonly backupPath: string | null
    }

export type Restored =
  | { readonly kind: 'restored'; readonly runId: string; readonly notes: readonly Note[] }
  | NotRestored

/** Puts the text before the run in place of `current`, which the caller knows to be the run's own, whole or half. */
export async function restoreBefore(held: Held, run: Run, current: Buffer): Promise<Restored> {
  const { world, store } = held
  const before = await readBackup(world, run)
  if (before.kind === 'fault') return notRestored(run, 'backup', before.fault)
  const kept = await keepHalf(world, run, current)
  if (kept.kind === 'fault') return notRestored(run, 'journal', kept.fault)
  if (run.step === 'written') {
    const noted = await note(world, run.runId, { step: 'restoring' })
    if (noted.kind === 'fault') return notRestored(run, 'journal', noted.fault)
  }
  if (held.isLost()) return { kind: 'conflict', runId: run.runId, conflict: { kind: 'lock-lost' } }
  return conclude(held, run, await store.write(current, Buffer.from(before.value)))
}

/** The text before the run, from its backup; a fault when that is gone or was altered. */
export async function readBackup(world: ChangeWorld, run: Run): Promise<Tried<string>> {
  const path = run.backupPath ?? runFile(world, run.runId, 'before.yaml')
  return readHashed(world, path, run.beforeSha256)
}

/** The target is not ours to overwrite: says how it differs and what a person can do. */
export async function changedSinceRun(
  held: Held,
  run: Run,
  how: 'rewritten' | 'edited',
  current: Buffer,
): Promise<NotRestored> {
  const before = await readBackup(held.world, run)
  if (before.kind === 'fault') return notRestored(run, 'backup', before.fault)
  const list = await listRuns(held.world)
  const later =
    list.kind === 'ok'
      ? list.value.runs.find(
          (one) =>
            one.step === 'written' && one.plannedAt > run.plannedAt && isSameTarget(one.target, run.target),
        )
      : undefined
  const diff = maskedDiff(targetName(run.target), current.toString(), before.value, held.world.mask)
  return {
    kind: 'conflict',
    runId: run.runId,
    conflict: {
      kind: 'changed-since-run',
      how,
      laterRunId: later?.runId ?? null,
      manual: { backupPath: run.backupPath ?? runFile(held.world, run.runId, 'before.yaml'), diff },
    },
  }
}

/** The journal of the run tells nothing, so nothing is done. */
export function unreadableRun(world: ChangeWorld, runId: string): NotRestored {
  const fault = { kind: 'damaged', path: journalPath(world, runId) } as const
  return notRestored({ runId, backupPath: null }, 'journal', fault)
}

export function notRestored(
  run: Pick<Run, 'runId' | 'backupPath'>,
  stage: RestoreStage,
  fault: StoreFault,
): NotRestored {
  return { kind: 'failed', runId: run.runId, stage, fault, left: 'untouched', backupPath: run.backupPath }
}

async function conclude(held: Held, run: Run, outcome: WriteOutcome): Promise<Restored> {
  const { runId, backupPath } = run
  switch (outcome.kind) {
    case 'written': {
      const closed = await closeRun(held.world, runId, 'restored')
      const behind: Note[] = closed.kind === 'ok' ? [] : [{ kind: 'journal-behind', because: closed.fault }]
      return { kind: 'restored', runId, notes: [...outcome.notes, ...behind] }
    }
    case 'changed': {
      await backToWritten(held.world, run)
      const current = await held.store.read()
      if (current.kind === 'fault') return notRestored(run, 'read', current.fault)
      return changedSinceRun(held, run, 'edited', current.bytes)
    }
    case 'raced':
      return { kind: 'conflict', runId, conflict: { kind: 'raced', backupPath: backupPath ?? '' } }
    case 'failed':
      if (outcome.left !== 'unclear') await backToWritten(held.world, run)
      return { kind: 'failed', runId, stage: 'write', fault: outcome.fault, left: outcome.left, backupPath }
  }
}

/** An undo that wrote nothing leaves the run where it was. */
async function backToWritten(world: ChangeWorld, run: Run): Promise<void> {
  if (run.step !== 'written' || run.storedSha256 === null) return
  await note(world, run.runId, { step: 'written', storedSha256: run.storedSha256 })
}

/** Half a text is kept before it is replaced, in case somebody edited it after all. */
async function keepHalf(world: ChangeWorld, run: Run, current: Buffer): Promise<Tried<void>> {
  const sha256 = sha256Of(current)
  if (sha256 === run.storedSha256 || sha256 === run.afterSha256) return { kind: 'ok', value: undefined }
  const path = runFile(world, run.runId, `found-${sha256.slice(0, 16)}.yaml`)
  // One of an earlier attempt may itself be half.
  await tried(path, () => world.fs.remove(path))
  return writeNewFile(world.fs, path, current)
}
