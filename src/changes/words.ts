import { printable, shellWord, span } from '../core/text.ts'
import type { Applied } from './apply.ts'
import { type Change, type Target, targetName } from './change.ts'
import type { Conflict } from './conflict.ts'
import type { Effect } from './effect.ts'
import { faultWords, noteWords, shownPath } from './fault-words.ts'
import type { Finished } from './finish.ts'
import type { Hold } from './lock.ts'
import type { NotRestored } from './restore.ts'
import { STALLS, type StallCause, type StallId } from './stall.ts'
import type { Undone } from './undo.ts'

/** A result in words, without secrets and safe for a terminal. `line` names the stage when something went wrong. */
export interface Told {
  readonly line: string
  /** More lines, e.g. the causes of a missing effect. */
  readonly more: readonly string[]
  /** The next command or step; null when nothing is left to do. */
  readonly next: string | null
}

/** The result of applying `change`. */
export function tellApplied(applied: Applied, change: Change): Told {
  const name = shownTarget(change.target)
  switch (applied.kind) {
    case 'nothing-to-do':
      return told(`nothing to do: ${name} already holds it`, null)
    case 'applied':
      return told(
        `written: ${name}; backup ${shownPath(applied.backupPath)}`,
        applied.undoCommand,
        applied.notes.map(noteWords),
      )
    case 'conflict':
      return tellConflict(applied.conflict, change.target, `${applied.stage}: `)
    case 'failed': {
      const next =
        applied.left === 'unclear' ? applied.undoCommand : 'remove the cause, then run the command again'
      return told(
        `${applied.stage} failed: ${faultWords(applied.fault)}; ${leftWords(applied.left, applied.backupPath)}`,
        next,
      )
    }
  }
}

/** What the words need of a run or of the change it came from. */
export type Subject = Pick<Change, 'target' | 'undoCommand'>

/** The result of undoing a run, or of rolling a change back. */
export function tellUndone(undone: Undone, subject: Subject): Told {
  const name = shownTarget(subject.target)
  switch (undone.kind) {
    case 'nothing-to-do':
      return told(
        undone.because === 'undone-before'
          ? `nothing to do: run ${undone.runId} is undone already`
          : `nothing to do: run ${undone.runId} never changed ${name}`,
        null,
      )
    case 'restored':
      return told(
        `restored: ${name} holds the text before run ${undone.runId} again`,
        null,
        undone.notes.map(noteWords),
      )
    default:
      return tellNotRestored(undone, subject, 'undo: ')
  }
}

/** The result of finishing a run that was cut off. */
export function tellFinished(finished: Finished, subject: Subject): Told {
  if (finished.kind === 'conflict' || finished.kind === 'failed') {
    return tellNotRestored(finished, subject, 'finishing an earlier run: ')
  }
  const name = shownTarget(subject.target)
  const { runId } = finished
  if (finished.kind === 'at-rest') return told(`nothing to do: run ${runId} was not cut off`, null)
  switch (finished.text) {
    case 'old':
      return told(`finished run ${runId}, which was cut off: ${name} holds the text before it`, null)
    case 'new':
      return told(
        `finished run ${runId}, which was cut off: ${name} holds its text, not verified`,
        subject.undoCommand,
      )
    case 'never-written':
      return told(`closed run ${runId}, which was cut off before it changed ${name}`, null)
  }
}

/** Why a lock was not given. */
export function tellNotHeld(hold: Exclude<Hold, { kind: 'held' }>, target: Target): Told {
  const name = shownTarget(target)
  if (hold.kind === 'failed') {
    return told(
      `lock failed: ${faultWords(hold.fault)}`,
      'make the state directory writable, or name another',
    )
  }
  const { owner } = hold
  if (owner === null)
    return told(`lock: another provops is at work on ${name}`, 'run the command again in a moment')
  const { pid, host, since, doing } = owner
  const who = printable(`process ${pid} on ${host}, ${doing}, since ${since}`)
  return told(
    `lock: another provops is at work on ${name} (${who})`,
    'wait until it has ended, then run the command again',
  )
}

/** Whether a written change took. */
export function tellEffect(effect: Effect, change: Pick<Change, 'check' | 'undoCommand'>): Told {
  const expected = `expected: ${change.check.describe}`
  switch (effect.kind) {
    case 'effective':
      return told(`effective after ${span(effect.afterMs)}: ${effect.evidence}`, null)
    case 'wrong':
      return told(`verify failed: ${effect.saw}`, change.undoCommand, [expected])
    case 'interrupted':
      return told('verify interrupted: the change is written, its effect not known', change.undoCommand, [
        expected,
      ])
    case 'not-seen':
      return told(
        `verify failed: no effect within ${span(effect.waitedMs)}: ${effect.saw}`,
        // Undoing is no use while the gateway does not see the file.
        isProven(effect.causes, 'lost-watch') ? STALLS['lost-watch'].fix : change.undoCommand,
        [expected, ...effect.causes.map(causeWords)],
      )
  }
}

function isProven(causes: readonly StallCause[], id: StallId): boolean {
  return causes.some((cause) => cause.id === id && cause.standing === 'seen')
}

function causeWords({ id, standing }: StallCause): string {
  const { means, tell, fix } = STALLS[id]
  switch (standing) {
    case 'seen':
      return `cause: ${means} (${tell}); ${fix}`
    case 'possible':
      return `possible: ${means}; you can tell if ${tell}; then ${fix}`
    case 'ruled-out':
      return `ruled out: ${means}`
  }
}

function tellNotRestored(outcome: NotRestored, { target, undoCommand }: Subject, prefix: string): Told {
  if (outcome.kind === 'conflict') return tellConflict(outcome.conflict, target, prefix)
  const { stage, fault, left, backupPath } = outcome
  const state = left === 'untouched' ? `${shownTarget(target)} was not touched` : leftWords(left, backupPath)
  return told(`${prefix}${stage} failed: ${faultWords(fault)}; ${state}`, undoCommand)
}

function tellConflict(conflict: Conflict, target: Target, prefix: string): Told {
  const name = shownTarget(target)
  switch (conflict.kind) {
    case 'changed-since-plan':
      return told(
        `${prefix}${name} changed since the plan was made; nothing was written`,
        'run the command again, which plans on the text that is there now',
      )
    case 'unfinished-run':
      return told(`${prefix}run ${conflict.runId} was cut off on ${name}`, `provops undo ${conflict.runId}`)
    case 'lock-lost':
      return told(
        `${prefix}the lock expired while this process stood still; nothing was written`,
        'run the command again',
      )
    case 'raced':
      return told(
        `${prefix}another program wrote ${name} at the same moment`,
        compareCommand(conflict.backupPath, target),
      )
    case 'other-target':
      return told(
        `${prefix}the run did not change ${name}`,
        'provops undo without options finds the right target',
      )
    case 'changed-since-run':
      return tellChangedSince(conflict, target, prefix)
  }
}

function tellChangedSince(
  conflict: Extract<Conflict, { kind: 'changed-since-run' }>,
  target: Target,
  prefix: string,
): Told {
  const { how, laterRunId, manual } = conflict
  const changed =
    how === 'rewritten'
      ? 'was saved in another layout since the run (values as the run left them)'
      : 'was edited since the run'
  const line = `${prefix}${shownTarget(target)} ${changed}; it was not touched`
  const backup = `the text before the run: ${shownPath(manual.backupPath)}`
  const diff =
    manual.diff.kind === 'unified'
      ? ['what going back by hand means:', ...manual.diff.text.trimEnd().split('\n')]
      : []
  const next = laterRunId === null ? compareCommand(manual.backupPath, target) : `provops undo ${laterRunId}`
  return told(line, next, [backup, ...diff])
}

function compareCommand(backupPath: string, target: Target): string {
  const backup = shellWord(backupPath)
  if (target.kind === 'management')
    return `compare GET /v0/management/config.yaml of ${target.url} with ${backup}`
  return `diff -u ${shellWord(target.realPath)} ${backup}`
}

function leftWords(left: 'untouched' | 'put-back' | 'unclear', backupPath: string | null): string {
  const backup = backupPath === null ? '' : `; backup ${shownPath(backupPath)}`
  switch (left) {
    case 'untouched':
      return `nothing was written${backup}`
    case 'put-back':
      return `the text before was put back, byte by byte${backup}`
    case 'unclear':
      return `what it holds now is not known${backup}`
  }
}

function shownTarget(target: Target): string {
  return printable(targetName(target), 500)
}

function told(line: string, next: string | null, more: readonly string[] = []): Told {
  return { line, more, next }
}
