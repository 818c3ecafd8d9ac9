import { mkdtemp, readdir, readFile, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Change, proposeChange } from '../../../src/changes/change.ts'
import type { EffectCheck } from '../../../src/changes/effect.ts'
import { openFileStore } from '../../../src/changes/file-store.ts'
import { type FileSystem, nodeFileSystem } from '../../../src/changes/file-system.ts'
import { type Held, holdStore } from '../../../src/changes/lock.ts'
import type { ChangeWorld } from '../../../src/changes/world.ts'
import type { Clock } from '../../../src/core/clock.ts'

export const NOW_MS = Date.UTC(2026, 10, 23, 0, 27, 38)

/** Time that passes only by sleeping. */
export function sleepingClock(startMs = NOW_MS): Clock {
  let nowMs = startMs
  return {
    nowMs: () => nowMs,
    sleep: async (durationMs, signal) => {
      // A turn of the event loop, so that work begun before gets done before time passes.
      await new Promise((resolve) => setImmediate(resolve))
      signal?.throwIfAborted()
      nowMs += durationMs
    },
  }
}

export function maskKeys(text: string): string {
  return text.replace(/(api-key|secret-key): .*/g, '$1: ***')
}

export function worldIn(
  stateDir: string,
  fs: FileSystem = nodeFileSystem,
  clock = sleepingClock(),
): ChangeWorld {
  return {
    fs,
    clock,
    stateDir,
    mask: maskKeys,
    self: { pid: process.pid, host: 'here', isAlive: (pid) => pid === process.pid },
  }
}

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'provops-changes-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

export const neverChecked: EffectCheck = {
  describe: 'nothing',
  verify: async () => ({ kind: 'not-yet', saw: 'nobody looks' }),
}

export function changeOf(path: string, before: string, after: string, runId = 'run1'): Change {
  return proposeChange(
    {
      runId,
      title: 'a test',
      gateway: null,
      target: { kind: 'file', path, realPath: path },
      before,
      after,
      check: neverChecked,
    },
    maskKeys,
  )
}

/** The lock of a file, released when the test ends. */
export async function holdFile(world: ChangeWorld, path: string): Promise<Held> {
  const opened = await openFileStore(world.fs, path)
  if (opened.kind === 'fault') throw new Error(`cannot open: ${JSON.stringify(opened.fault)}`)
  const hold = await holdStore(world, opened.value, 'a test')
  if (hold.kind !== 'held') throw new Error(`not held: ${JSON.stringify(hold)}`)
  let isReleased = false
  const release = async () => {
    if (isReleased) return
    isReleased = true
    await hold.held.release()
  }
  onTestFinished(release)
  return { ...hold.held, release }
}

/** Makes every lock look left behind long ago, as if ten seconds had passed since its holder was killed. */
export async function ageLocks(stateDir: string): Promise<void> {
  const directory = join(stateDir, 'locks')
  const longAgo = new Date(Date.now() - 60_000)
  for (const name of await readdir(directory).catch(() => [])) {
    if (name.endsWith('.lock')) await utimes(join(directory, name), longAgo, longAgo)
  }
}

export async function textAt(path: string): Promise<string> {
  return readFile(path, 'utf8')
}
