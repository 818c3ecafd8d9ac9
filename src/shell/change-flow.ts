import { applyChange } from '../changes/apply.ts'
import { type Change, isSameTarget } from '../changes/change.ts'
import { awaitEffect } from '../changes/effect.ts'
import { faultWords } from '../changes/fault-words.ts'
import type { Held } from '../changes/lock.ts'
import { type ConfigStore, readText } from '../changes/store.ts'
import { undoRun } from '../changes/undo.ts'
import { tellApplied, tellEffect, tellUndone } from '../changes/words.ts'
import type { ChangeWorld } from '../changes/world.ts'
import type { Judgement } from '../core/check.ts'
import type { WatchedEffect } from './change-effect.ts'
import { finishEarlierRuns, lock } from './change-session.ts'
import { endingOfEffect, judgementOf, unconfirmed } from './change-words.ts'
import { askConsent } from './confirm.ts'
import type { Invocation } from './invocation.ts'
import { refusedPlan } from './onboard-words.ts'
import type { Session } from './session.ts'

/** A change on its way: what it needs, and what has become of it. */
export interface Flow {
  readonly invocation: Invocation
  readonly world: ChangeWorld
  readonly store: ConfigStore
  held: Held | null
  /** The run that a rollback has to take back; null while nothing of ours is in the target. */
  runId: string | null
}

export function sourceOf({ store }: Flow): string {
  return store.target.kind === 'file' ? store.target.path : store.target.url
}

export type TargetReading =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'unreadable'; readonly judgement: Judgement }

/** The text that is to be changed, after the runs that were cut off there have been put away. */
export async function readTarget(flow: Flow, session: Session): Promise<TargetReading> {
  const { invocation, world, store } = flow
  if (!invocation.flags.has('dry-run'))
    await finishEarlierRuns(world, session, invocation, ({ target }) => isSameTarget(target, store.target))
  const reading = await readText(store)
  if (reading.kind !== 'fault') return { kind: 'text', text: reading.text }
  const saw = faultWords(reading.fault)
  return {
    kind: 'unreadable',
    judgement: refusedPlan([{ saw, effect: 'nothing can be planned', fix: 'make it readable' }]),
  }
}

/** Takes the lock of the target, which is held until the flow is closed. */
export async function take(flow: Flow, doing: string): Promise<Judgement | null> {
  const locked = await lock(flow.world, flow.store, doing)
  if (locked.kind === 'not') {
    const why = 'two writers at once would undo each other'
    return judgementOf(locked.told, { kind: 'not-done', why, cause: 'conflict' }, sourceOf(flow))
  }
  flow.held = locked.held
  return null
}

export async function close(flow: Flow): Promise<void> {
  await flow.held?.release()
  flow.held = null
}

/** Shows the diff, asks, locks and writes. */
export async function confirmAndApply(flow: Flow, change: Change): Promise<Judgement> {
  const { invocation } = flow
  const diff = change.diff.kind === 'unified' ? change.diff.text : 'the diff is too long to show'
  const consent = await askConsent(invocation, {
    text: diff,
    question: `Write this (${change.title}), then try it with requests that cost tokens?`,
  })
  if (consent !== 'given') return unconfirmed(consent, invocation)
  const busy = await take(flow, change.title)
  if (busy !== null || flow.held === null) return busy ?? unconfirmed('nobody', invocation)
  // The last moment at which stopping costs nothing.
  if (invocation.world.interrupted.aborted) return unconfirmed('refused', invocation)
  const applied = await applyChange(flow.held, change)
  const told = tellApplied(applied, change)
  switch (applied.kind) {
    case 'applied':
      flow.runId = change.runId
      return judgementOf(told, { kind: 'done' }, sourceOf(flow))
    case 'nothing-to-do':
      return judgementOf(told, { kind: 'done' }, sourceOf(flow))
    case 'conflict':
      if (applied.conflict.kind === 'raced') flow.runId = change.runId
      return judgementOf(
        told,
        { kind: 'not-done', why: 'somebody else changes this configuration too', cause: 'conflict' },
        sourceOf(flow),
      )
    case 'failed':
      if (applied.left === 'unclear') flow.runId = change.runId
      return judgementOf(told, { kind: 'not-done', why: 'the change was not made' }, sourceOf(flow))
  }
}

/** What was written, with the command that takes it back. */
export function withWayBack(judged: Judgement, { undoCommand }: Change): Judgement {
  return judged.outcome === 'pass'
    ? { ...judged, saw: `${judged.saw}; the way back: ${undoCommand}` }
    : judged
}

/** Waits until the gateway took a text, at most 10 s. */
export async function seeEffect(
  flow: Flow,
  { check, text, undoCommand }: { check: WatchedEffect; text: string; undoCommand: string },
  signal: AbortSignal,
): Promise<Judgement> {
  const { clock } = flow.invocation.world
  const effect = await awaitEffect(check, text, { clock, signal })
  return judgementOf(
    tellEffect(effect, { check, undoCommand }),
    endingOfEffect(effect, check.hasAnswered()),
    'GET /v1/models',
  )
}

/**
 * Takes the run back and waits until the gateway took that. Neither is to be interrupted: it is what a Ctrl-C waits for.
 */
export async function rollBack(
  flow: Flow,
  change: Pick<Change, 'target' | 'undoCommand'>,
  check: WatchedEffect,
): Promise<Judgement> {
  const { held, runId } = flow
  if (held === null || runId === null)
    return { outcome: 'skip', saw: 'nothing was written', next: 'nothing to take back' }
  const undone = await undoRun(held, runId)
  const told = tellUndone(undone, change)
  if (undone.kind === 'conflict' || undone.kind === 'failed') {
    const cause = undone.kind === 'conflict' ? { cause: 'conflict' as const } : {}
    return judgementOf(
      told,
      { kind: 'not-done', why: 'the unproven text is still there', ...cause },
      sourceOf(flow),
    )
  }
  flow.runId = null
  const never = new AbortController().signal
  const now = await readText(flow.store)
  const text = now.kind === 'read' ? now.text : ''
  const seen = await seeEffect(flow, { check, text, undoCommand: 'provops daily-check --only models' }, never)
  return seen.outcome === 'pass' ? { ...seen, saw: `${told.line}; ${seen.saw}` } : seen
}
