import type { Target } from '../changes/change.ts'
import { faultWords } from '../changes/fault-words.ts'
import { openFileStore } from '../changes/file-store.ts'
import { finishRun } from '../changes/finish.ts'
import { type Held, holdStore } from '../changes/lock.ts'
import { openManagementStore } from '../changes/management-store.ts'
import { findUnfinished, type Run } from '../changes/runs.ts'
import type { ConfigStore } from '../changes/store.ts'
import { type Told, tellFinished, tellNotHeld } from '../changes/words.ts'
import type { ChangeWorld } from '../changes/world.ts'
import type { ClientKey } from '../gateway/port.ts'
import type { Invocation } from './invocation.ts'
import { type Refusal, usageError } from './result.ts'
import { openSession, type Session } from './session.ts'

/**
 * A session that Ctrl-C does not end: what has been begun must be put away over the same connections. Whoever waits in it
 * passes the signal of the run to each call.
 */
export function openLastingSession(invocation: Invocation): Promise<Session | Refusal> {
  const world = { ...invocation.world, interrupted: new AbortController().signal }
  return openSession({ ...invocation, world })
}

export function firstClientKey({ gateway }: Session): ClientKey {
  return gateway.clientKeys > 0 ? 0 : 'none'
}

export type StoreOpening = { readonly kind: 'store'; readonly store: ConfigStore } | Refusal

/** The store behind a run's target. A gateway's own file can only be reached through the gateway of this session. */
export async function openTarget(
  world: ChangeWorld,
  target: Target,
  { gateway }: Session,
): Promise<StoreOpening> {
  if (target.kind === 'management') {
    if (gateway.url === target.url) return { kind: 'store', store: openManagementStore(gateway) }
    return usageError(
      `the run changed the configuration of ${target.url}, and this is ${gateway.url}`,
      `name that gateway: -g ${target.url}`,
    )
  }
  const opening = await openFile(world, target.path)
  return opening.kind === 'refused' ? { ...opening, next: 'name another run: provops undo --list' } : opening
}

/** The store of a file, or why there is none. */
export async function openFile(world: ChangeWorld, path: string): Promise<StoreOpening> {
  const opened = await openFileStore(world.fs, path)
  if (opened.kind === 'ok') return { kind: 'store', store: opened.value }
  return usageError(faultWords(opened.fault), 'name the configuration of the gateway with --config-file')
}

export type Locked =
  | { readonly kind: 'locked'; readonly held: Held }
  | { readonly kind: 'not'; readonly told: Told }

export async function lock(world: ChangeWorld, store: ConfigStore, doing: string): Promise<Locked> {
  const hold = await holdStore(world, store, doing)
  return hold.kind === 'held'
    ? { kind: 'locked', held: hold.held }
    : { kind: 'not', told: tellNotHeld(hold, store.target) }
}

/**
 * Brings runs that were cut off earlier to rest, oldest first, and says on stderr what became of each. `wanted` chooses
 * among them; one that cannot be finished stays, and stands in the way of changes of its target alone.
 */
export async function finishEarlierRuns(
  world: ChangeWorld,
  session: Session,
  invocation: Invocation,
  wanted: (run: Run) => boolean,
): Promise<void> {
  const list = await findUnfinished(world)
  const say = ({ line }: Told) => invocation.world.stderr.write(`provops: ${line}\n`)
  if (list.kind === 'fault') return
  for (const run of list.value.runs.filter(wanted)) {
    const opening = await openTarget(world, run.target, session)
    if (opening.kind === 'refused') {
      say({
        line: `run ${run.runId} was cut off and cannot be finished here: ${opening.message}`,
        more: [],
        next: null,
      })
      continue
    }
    const locked = await lock(world, opening.store, `finishing run ${run.runId}`)
    if (locked.kind === 'not') {
      say(locked.told)
      continue
    }
    try {
      say(tellFinished(await finishRun(locked.held, run.runId), run))
    } finally {
      await locked.held.release()
    }
  }
}
