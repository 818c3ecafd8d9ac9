import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { applyChange } from '../../../src/changes/apply.ts'
import { proposeChange } from '../../../src/changes/change.ts'
import { openFileStore } from '../../../src/changes/file-store.ts'
import { nodeFileSystem } from '../../../src/changes/file-system.ts'
import { finishRun } from '../../../src/changes/finish.ts'
import { holdStore } from '../../../src/changes/lock.ts'
import { undoRun } from '../../../src/changes/undo.ts'
import { dyingFileSystem } from './failing-fs.ts'

/** What the child process is to do, read as JSON from its standard input. */
export interface Order {
  readonly work: 'apply' | 'undo' | 'finish' | 'hold'
  readonly path: string
  readonly stateDir: string
  readonly before: string
  readonly after: string
  readonly runId: string
  /** Kills itself with SIGKILL at this moment (see `dyingFileSystem`); 0 is never. */
  readonly dieAt: number
}

/** Its answer: one line of JSON. */
export interface Answer {
  readonly kind: string
  readonly moments: number
}

const order = JSON.parse(readFileSync(0, 'utf8')) as Order

function die(): never {
  process.kill(process.pid, 'SIGKILL')
  // The signal comes at the latest when this thread yields; nothing more may happen until then.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
}

async function main(): Promise<string> {
  const opened = await openFileStore(nodeFileSystem, order.path)
  if (opened.kind === 'fault') return opened.fault.kind
  const dying = dyingFileSystem(nodeFileSystem, order.dieAt || Number.POSITIVE_INFINITY, die)
  const world = {
    fs: nodeFileSystem,
    clock: { nowMs: () => Date.now(), sleep: (durationMs: number) => sleep(durationMs) },
    stateDir: order.stateDir,
    mask: (text: string) => text,
    self: { pid: process.pid, host: 'here', isAlive: () => true },
  }
  const hold = await holdStore(world, opened.value, `victim ${order.work}`)
  if (hold.kind !== 'held') return hold.kind
  // Only the work itself is interrupted; what comes before and after is the same in every child.
  const store = await openFileStore(dying.fs, order.path)
  if (store.kind === 'fault') return store.fault.kind
  const held = { ...hold.held, store: store.value, world: { ...world, fs: dying.fs } }
  const kind = await work(held)
  await hold.held.release()
  process.stdout.write(`${JSON.stringify({ kind, moments: dying.counted() } satisfies Answer)}\n`)
  return kind
}

async function work(held: Parameters<typeof applyChange>[0]): Promise<string> {
  const { before, after, runId } = order
  switch (order.work) {
    case 'apply': {
      const check = { describe: '', verify: async () => ({ kind: 'not-yet', saw: '' }) as const }
      const change = proposeChange(
        { runId, title: 'victim', target: held.store.target, before, after, check, gateway: null },
        held.world.mask,
      )
      return (await applyChange(held, change)).kind
    }
    case 'undo':
      return (await undoRun(held, runId)).kind
    case 'finish':
      return (await finishRun(held, runId)).kind
    case 'hold':
      process.stdout.write('held\n')
      await sleep(60_000)
      return 'held'
  }
}

void main()
