import { join } from 'node:path'
import * as z from 'zod/mini'
import { type FileFault, type Tried, tried } from './file-fault.ts'
import { errorCodeOf } from './file-system.ts'
import { readSmallFile, writeNewFile } from './small-file.ts'
import type { ConfigStore } from './store.ts'
import { sha256Of } from './text.ts'
import type { ChangeWorld } from './world.ts'

/** Who holds a lock, for the message of the one who does not get it. */
const Owner = z.object({ pid: z.number(), host: z.string(), since: z.string(), doing: z.string() })
export type LockOwner = z.infer<typeof Owner>

/** The right to write one target: no other provops with the same state directory has it at the same time. */
export interface Held {
  readonly world: ChangeWorld
  readonly store: ConfigStore
  /** The machine slept or stood still so long that another provops may have taken the lock over. */
  isLost(): boolean
  release(): Promise<void>
}

export type Hold =
  | { readonly kind: 'held'; readonly held: Held }
  /** Another provops is at it. `owner` is null when it ended or began this very moment. */
  | { readonly kind: 'busy'; readonly owner: LockOwner | null }
  /** The state directory does not take a lock. */
  | { readonly kind: 'failed'; readonly stage: 'lock'; readonly fault: FileFault }

/** A lock whose holder has not renewed it for so long is taken over: the holder was killed. */
const STALE_MS = 10_000
/** Enough to outlast a lock that was left behind a moment ago, and its time stamp's second of rounding. */
const LEFTOVER_WAIT_MS = STALE_MS + 2000
const RETRY_MS = 250

/**
 * Takes the lock of a store's target. A live holder means `busy` at once; a lock left by a killed process is waited for,
 * at most 12 s. The lock lies in the state directory, where no gateway looks, under a name made of the real path.
 */
export async function holdStore(world: ChangeWorld, store: ConfigStore, doing: string): Promise<Hold> {
  const { target } = store
  const directory = join(world.stateDir, 'locks')
  const key = sha256Of(target.kind === 'file' ? target.realPath : target.url).slice(0, 32)
  const lockPath = join(directory, `${key}.lock`)
  const ownerPath = join(directory, `${key}.owner.json`)
  const made = await tried(directory, () => world.fs.makeDirectory(directory))
  if (made.kind === 'fault') return { kind: 'failed', stage: 'lock', fault: made.fault }
  const taken = await takeLock(world, lockPath, ownerPath)
  if (taken.kind === 'fault') return { kind: 'failed', stage: 'lock', fault: taken.fault }
  if (taken.kind === 'busy') return taken
  await noteOwner(world, ownerPath, doing)
  return {
    kind: 'held',
    held: {
      world,
      store,
      isLost: taken.lock.isLost,
      release: async () => {
        try {
          await tried(ownerPath, () => world.fs.remove(ownerPath))
        } finally {
          await taken.lock.release()
        }
      },
    },
  }
}

interface Lock {
  readonly isLost: () => boolean
  readonly release: () => Promise<void>
}

type Attempt =
  | { readonly kind: 'taken'; readonly lock: Lock }
  | { readonly kind: 'busy'; readonly owner: LockOwner | null }
  | { readonly kind: 'fault'; readonly fault: FileFault }

async function takeLock(world: ChangeWorld, lockPath: string, ownerPath: string): Promise<Attempt> {
  const first = await tryLock(lockPath, 0)
  if (first.kind !== 'busy') return first
  // A holder that has just begun has not signed yet.
  const owner = (await readOwner(world, ownerPath)) ?? (await readOwnerLater(world, ownerPath))
  if (owner !== null && isAliveOwner(world, owner)) return { kind: 'busy', owner }
  const second = await tryLock(lockPath, LEFTOVER_WAIT_MS / RETRY_MS)
  return second.kind === 'busy' ? { kind: 'busy', owner: await readOwner(world, ownerPath) } : second
}

async function tryLock(lockPath: string, retries: number): Promise<Attempt> {
  // Loaded late: it hooks the process's signals, to remove its locks when the process ends.
  const { default: lockfile } = await import('proper-lockfile')
  let isLost = false
  const taken = await tried<(() => Promise<void>) | null>(lockPath, async () => {
    try {
      return await lockfile.lock(lockPath, {
        lockfilePath: lockPath,
        realpath: false,
        stale: STALE_MS,
        retries: { retries, minTimeout: RETRY_MS, maxTimeout: RETRY_MS },
        onCompromised: () => {
          isLost = true
        },
      })
    } catch (error) {
      if (errorCodeOf(error) === 'ELOCKED') return null
      throw error
    }
  })
  if (taken.kind === 'fault') return taken
  const { value: release } = taken
  if (release === null) return { kind: 'busy', owner: null }
  return {
    kind: 'taken',
    // A lock that is lost cannot be released, and that it is lost was told by `isLost`.
    lock: { isLost: () => isLost, release: () => release().catch(() => undefined) },
  }
}

async function noteOwner(world: ChangeWorld, ownerPath: string, doing: string): Promise<void> {
  const owner: LockOwner = {
    pid: world.self.pid,
    host: world.self.host,
    since: new Date(world.clock.nowMs()).toISOString(),
    doing,
  }
  // The note only improves the message to others; the lock holds without it.
  await tried(ownerPath, () => world.fs.remove(ownerPath))
  await writeNewFile(world.fs, ownerPath, JSON.stringify(owner))
}

async function readOwnerLater(world: ChangeWorld, ownerPath: string): Promise<LockOwner | null> {
  await world.clock.sleep(RETRY_MS)
  return readOwner(world, ownerPath)
}

async function readOwner(world: ChangeWorld, ownerPath: string): Promise<LockOwner | null> {
  const text: Tried<string> = await readSmallFile(world.fs, ownerPath)
  if (text.kind === 'fault') return null
  try {
    const owner = Owner.safeParse(JSON.parse(text.value))
    return owner.success ? owner.data : null
  } catch {
    return null
  }
}

function isAliveOwner({ self }: ChangeWorld, owner: LockOwner): boolean {
  // A process of another host (a shared home directory) cannot be asked, so it counts as alive.
  return owner.host !== self.host || self.isAlive(owner.pid)
}
