import { targetName } from '../changes/change.ts'
import { maskedDiff } from '../changes/diff.ts'
import { awaitEffect } from '../changes/effect.ts'
import { errorCodeOf } from '../changes/file-system.ts'
import { dismissRun } from '../changes/finish.ts'
import { readBackup } from '../changes/restore.ts'
import { isResting, latestRun, listRuns, type Run, readRun } from '../changes/runs.ts'
import { type ConfigStore, readText } from '../changes/store.ts'
import { undoRun } from '../changes/undo.ts'
import { tellEffect, tellUndone } from '../changes/words.ts'
import type { ChangeWorld } from '../changes/world.ts'
import { UNDO_CHECKS, type UndoContext } from '../checks/undo.ts'
import type { Judgement } from '../core/check.ts'
import type { Attachment } from '../core/report.ts'
import { runChecks } from '../core/runner.ts'
import { printable } from '../core/text.ts'
import { effectOf, flavourOf } from './change-effect.ts'
import { reportStages } from './change-report.ts'
import { finishEarlierRuns, firstClientKey, lock, openLastingSession, openTarget } from './change-session.ts'
import { endingOfEffect, judgementOf, unconfirmed } from './change-words.ts'
import { changeWorldOf } from './change-world.ts'
import { askConsent } from './confirm.ts'
import { Flags, type Invocation } from './invocation.ts'
import { type CommandResult, type Refusal, usageError } from './result.ts'
import type { Session } from './session.ts'
import { resolveSettings } from './settings.ts'

/** `provops undo [run]`. */
export async function runUndo(invocation: Invocation): Promise<CommandResult> {
  const world = changeWorldOf(invocation)
  if (invocation.flags.has('list')) return listOfRuns(world)
  const run = await chosenRun(world, invocation.args[0])
  if (run.kind === 'refused') return run
  const there = atGatewayOf(run.run, invocation)
  if ('kind' in there) return there
  const session = await openLastingSession(there)
  if (session.kind === 'refused') return session
  try {
    const opening = await openTarget(world, run.run.target, session)
    if (opening.kind === 'refused') return opening
    if (invocation.flags.has('keep-file')) return await giveUp(world, opening.store, run.run)
    return await undo({ invocation: there, world, session, store: opening.store, run: run.run })
  } finally {
    await session.close()
  }
}

/** A change goes back where it was made, unless another gateway is named. */
function atGatewayOf({ runId, gateway }: Run, invocation: Invocation): Invocation | Refusal {
  if (gateway === null || invocation.flags.has('gateway')) return invocation
  const flags = { ...invocation.flags.entries(), gateway }
  const resolved = resolveSettings({ flags, env: invocation.world.env, file: invocation.config })
  if (resolved.kind === 'settings')
    return { ...invocation, flags: new Flags(flags), settings: resolved.settings }
  return usageError(`run ${runId} was made for the gateway ${printable(gateway)}`, 'name it with -g')
}

const STEP_WORDS = {
  planned: 'cut off before it wrote',
  'backing-up': 'cut off before it wrote',
  writing: 'cut off while it wrote',
  restoring: 'cut off while it was undone',
  written: 'done',
  restored: 'undone',
  abandoned: 'never wrote',
} as const satisfies Record<Run['step'], string>

async function listOfRuns(world: ChangeWorld): Promise<CommandResult> {
  const list = await listRuns(world)
  if (list.kind === 'fault')
    return usageError(
      'the runs of earlier changes cannot be read',
      'check the state directory (PROVOPS_STATE_DIR)',
    )
  const { runs, unreadable } = list.value
  const lines = [
    ...(await Promise.all(runs.map((run) => lineOf(run, world)))),
    ...unreadable.map(({ runId, reason }) => `${printable(runId)}  ${reason}`),
  ]
  return { kind: 'text', text: lines.length === 0 ? 'no changes were made yet\n' : `${lines.join('\n')}\n` }
}

async function lineOf({ runId, step, plannedAt, title, target }: Run, { fs }: ChangeWorld): Promise<string> {
  // That of an embedded gateway goes with it.
  const isGone =
    target.kind === 'file' &&
    (await fs.facts(target.path).then(
      () => false,
      (error) => errorCodeOf(error) === 'ENOENT',
    ))
  const standing = isGone ? 'its file is gone' : STEP_WORDS[step]
  return [runId, plannedAt, standing, printable(title), printable(targetName(target), 500)].join('  ')
}

async function chosenRun(
  world: ChangeWorld,
  runId: string | undefined,
): Promise<{ readonly kind: 'run'; readonly run: Run } | Refusal> {
  const latest = runId === undefined ? await latestRun(world) : null
  if (latest?.kind === 'fault')
    return usageError(
      'the runs of earlier changes cannot be read',
      'check the state directory (PROVOPS_STATE_DIR)',
    )
  const reading = runId === undefined ? latest?.value : await readRun(world, runId)
  if (reading?.kind === 'found') return { kind: 'run', run: reading.run }
  if (reading?.kind === 'unreadable')
    return usageError(`run ${printable(reading.runId)}: ${reading.reason}`, 'provops undo --list')
  return usageError(
    runId === undefined ? 'there is no change to undo' : `there is no run ${printable(runId)}`,
    'provops undo --list',
  )
}

/** `--keep-file`: the run no longer stands in the way, the file stays as it is. */
async function giveUp(world: ChangeWorld, store: ConfigStore, run: Run): Promise<CommandResult> {
  const locked = await lock(world, store, `undo ${run.runId} --keep-file`)
  if (locked.kind === 'not')
    return {
      kind: 'refused',
      exit: 'conflict',
      message: locked.told.line,
      next: locked.told.next ?? 'try again',
    }
  try {
    if (isResting(run)) return { kind: 'text', text: `nothing to do: run ${run.runId} was not cut off\n` }
    const dismissed = await dismissRun(world, run.runId)
    if (dismissed.kind === 'fault')
      return usageError(`run ${run.runId} cannot be given up`, 'make the state directory writable')
    return {
      kind: 'text',
      text: `given up: run ${run.runId}; ${printable(targetName(run.target), 500)} stays as it is\n`,
    }
  } finally {
    await locked.held.release()
  }
}

interface Undoing {
  readonly invocation: Invocation
  readonly world: ChangeWorld
  readonly session: Session
  readonly store: ConfigStore
  readonly run: Run
}

async function undo(undoing: Undoing): Promise<CommandResult> {
  const { invocation, world, session, store, run } = undoing
  const { clock } = invocation.world
  const startedAtMs = clock.nowMs()
  await finishEarlierRuns(world, session, invocation, ({ runId }) => runId !== run.runId)
  const attachments: Attachment[] = []
  const locked = await lock(world, store, `undo ${run.runId}`)
  const context =
    locked.kind === 'locked'
      ? await contextOf(undoing, locked.held, attachments)
      : notLocked(
          judgementOf(
            locked.told,
            { kind: 'not-done', why: BUSY, cause: 'conflict' },
            targetName(run.target),
          ),
        )
  try {
    const findings = await runChecks(UNDO_CHECKS, { context, clock, signal: new AbortController().signal })
    return await reportStages({ command: 'undo', startedAtMs, findings, attachments }, invocation, session)
  } finally {
    if (locked.kind === 'locked') await locked.held.release()
  }
}

const BUSY = 'two writers at once would undo each other'

function notLocked(judgement: Judgement): UndoContext {
  return { restore: async () => judgement, verify: async () => judgement }
}

/** What the target holds now and what it is to hold, as far as both can be read. */
async function textsOf({ world, store, run }: Undoing): Promise<{ now: string; before: string } | null> {
  const [now, before] = [await readText(store), await readBackup(world, run)]
  return now.kind === 'read' && before.kind === 'ok' ? { now: now.text, before: before.value } : null
}

async function contextOf(
  undoing: Undoing,
  held: Parameters<typeof undoRun>[0],
  attachments: Attachment[],
): Promise<UndoContext> {
  const { invocation, world, session, run } = undoing
  const source = targetName(run.target)
  const texts = await textsOf(undoing)
  let isRestored = false
  return {
    restore: async () => {
      const diff = texts === null ? null : maskedDiff(source, texts.now, texts.before, world.mask)
      if (diff?.kind === 'unified') {
        attachments.push({ kind: 'diff', title: 'what goes back', text: diff.text })
        const question = `Put the text before run ${run.runId} back?`
        const consent = await askConsent(invocation, { text: diff.text, question })
        if (consent !== 'given') return unconfirmed(consent, invocation)
      }
      const undone = await undoRun(held, run.runId)
      isRestored = undone.kind === 'restored'
      const told = tellUndone(undone, run)
      switch (undone.kind) {
        case 'conflict':
          return judgementOf(told, { kind: 'not-done', why: EDITED, cause: 'conflict' }, source)
        case 'failed':
          return judgementOf(told, { kind: 'not-done', why: 'the run is still in place' }, source)
        default:
          return judgementOf(told, { kind: 'done' }, source)
      }
    },
    verify: async () => {
      if (!isRestored || texts === null)
        return {
          outcome: 'skip',
          saw: 'nothing was changed by this undo',
          next: 'provops daily-check --only models',
        }
      const check = effectOf(
        { gateway: session.gateway, key: firstClientKey(session), clock: invocation.world.clock },
        { before: texts.now, after: texts.before, flavour: await flavourOf(session.capabilities) },
      )
      const effect = await awaitEffect(check, texts.before, {
        clock: invocation.world.clock,
        signal: invocation.world.interrupted,
      })
      // What was undone is not to be undone again.
      const told = tellEffect(effect, { check, undoCommand: 'provops daily-check --only models' })
      return judgementOf(told, endingOfEffect(effect, check.hasAnswered()), session.gateway.url)
    },
  }
}

const EDITED = 'what somebody edited since would be lost'
