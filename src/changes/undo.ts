import { finishRun } from './finish.ts'
import { closeRun, readAfterText } from './journal.ts'
import { locate } from './locate.ts'
import type { Held } from './lock.ts'
import {
  changedSinceRun,
  notRestored,
  type Restored,
  readBackup,
  restoreBefore,
  unreadableRun,
} from './restore.ts'
import { type Run, readRun } from './runs.ts'
import { sha256Of } from './text.ts'

export type Undone =
  | Restored
  | {
      readonly kind: 'nothing-to-do'
      readonly runId: string
      readonly because: 'undone-before' | 'never-written'
    }

/**
 * Takes a run back: its backup, byte by byte, replaces what the run wrote, if that is still what is there. A run that
 * was cut off is finished first.
 */
export async function undoRun(held: Held, runId: string): Promise<Undone> {
  const finished = await finishRun(held, runId)
  if (finished.kind === 'conflict' || finished.kind === 'failed') return finished
  const reached = finished.kind === 'at-rest' ? finished.step : finished.text
  switch (reached) {
    case 'old':
      return { kind: 'restored', runId, notes: [] }
    case 'restored':
      return { kind: 'nothing-to-do', runId, because: 'undone-before' }
    case 'abandoned':
    case 'never-written':
      return { kind: 'nothing-to-do', runId, because: 'never-written' }
    case 'new':
    case 'written': {
      const reading = await readRun(held.world, runId)
      return reading.kind === 'found' ? undoWritten(held, reading.run) : unreadableRun(held.world, runId)
    }
  }
}

async function undoWritten(held: Held, run: Run): Promise<Undone> {
  const { runId } = run
  const current = await held.store.read()
  if (current.kind === 'fault') return notRestored(run, 'read', current.fault)
  const sha256 = sha256Of(current.bytes)
  if (sha256 === run.storedSha256) return restoreBefore(held, run, current.bytes)
  if (sha256 === run.beforeSha256) {
    const closed = await closeRun(held.world, runId, 'restored')
    if (closed.kind === 'fault') return notRestored(run, 'journal', closed.fault)
    return { kind: 'nothing-to-do', runId, because: 'undone-before' }
  }
  return changedSinceRun(held, run, await howChanged(held, run, current.bytes), current.bytes)
}

async function howChanged(held: Held, run: Run, current: Buffer): Promise<'rewritten' | 'edited'> {
  const before = await readBackup(held.world, run)
  const after = await readAfterText(held.world, run.runId, run.afterSha256)
  if (before.kind === 'fault' || after.kind === 'fault') return 'edited'
  const location = locate(current, before.value, after.value)
  return location === 'rewritten-after' ? 'rewritten' : 'edited'
}
