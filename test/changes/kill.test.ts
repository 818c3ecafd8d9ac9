import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { applyChange } from '../../src/changes/apply.ts'
import { openFileStore } from '../../src/changes/file-store.ts'
import { nodeFileSystem } from '../../src/changes/file-system.ts'
import { finishRun } from '../../src/changes/finish.ts'
import type { Held } from '../../src/changes/lock.ts'
import { findUnfinished } from '../../src/changes/runs.ts'
import { undoRun } from '../../src/changes/undo.ts'
import { dyingFileSystem } from './support/failing-fs.ts'
import type { Answer, Order } from './support/victim.ts'
import { ageLocks, changeOf, holdFile, temporaryDirectory, textAt, worldIn } from './support/world.ts'

// They differ from the first lines on, so that half of one over the other is neither.
const REST = 'port: 8317\n# a comment of the operator\n'.repeat(20)
const BEFORE = `# mine\n${REST}`
const AFTER = `# mine\nproviders:\n${'  - name: new\n'.repeat(20)}${REST}`

let bundleDirectory = ''
let victim = ''

// Some fifty processes are started and killed; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 60_000 })

beforeAll(async () => {
  bundleDirectory = await mkdtemp(join(tmpdir(), 'provops-victim-'))
  victim = join(bundleDirectory, 'victim.cjs')
  await build({
    entryPoints: [join(import.meta.dirname, 'support', 'victim.ts')],
    outfile: victim,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    logLevel: 'silent',
  })
})

afterAll(() => rm(bundleDirectory, { recursive: true, force: true }))

function start(order: Order): ChildProcess {
  const child = spawn(process.execPath, [victim], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin?.end(JSON.stringify(order))
  return child
}

type End = { readonly kind: 'killed' } | { readonly kind: 'answered'; readonly answer: Answer }

async function runToEnd(order: Order): Promise<End> {
  const child = start(order)
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const [code, signal] = await once(child, 'close')
  if (signal === 'SIGKILL') return { kind: 'killed' }
  if (code !== 0 || output === '') throw new Error(`the victim ended with ${code}, ${signal}: ${output}`)
  return { kind: 'answered', answer: JSON.parse(output) as Answer }
}

async function place(text: string): Promise<Order> {
  const directory = await temporaryDirectory()
  const path = join(directory, 'config.yaml')
  await writeFile(path, text)
  const stateDir = join(directory, 'state')
  return { work: 'apply', path, stateDir, before: BEFORE, after: AFTER, runId: 'victim', dieAt: 0 }
}

/** Finishes whatever was cut off; returns what the file holds then. */
async function recover(order: Order): Promise<string> {
  await ageLocks(order.stateDir)
  const world = worldIn(order.stateDir)
  const held = await holdFile(world, order.path)
  await finishAll(held)
  await held.release()
  return textAt(order.path)
}

async function finishAll(held: Held): Promise<void> {
  const unfinished = await findUnfinished(held.world)
  if (unfinished.kind === 'fault') throw new Error(JSON.stringify(unfinished.fault))
  expect(unfinished.value.unreadable).toEqual([])
  for (const run of unfinished.value.runs)
    expect(await finishRun(held, run.runId)).toMatchObject({ kind: 'finished' })
  expect(await findUnfinished(held.world)).toMatchObject({ value: { runs: [] } })
}

/** Kills one child at every moment of its work, and hands each outcome to `examine`. */
async function killAtEveryMoment(prepare: () => Promise<Order>, examine: (order: Order) => Promise<void>) {
  const whole = await runToEnd(await prepare())
  if (whole.kind === 'killed') throw new Error('killed without being told to')
  expect(whole.answer.moments).toBeGreaterThan(8)
  const moments = Array.from({ length: whole.answer.moments }, (_, index) => index + 1)
  const atOnce = 6
  for (let first = 0; first < moments.length; first += atOnce) {
    await Promise.all(
      moments.slice(first, first + atOnce).map(async (dieAt) => {
        const order = { ...(await prepare()), dieAt }
        expect([dieAt, await runToEnd(order)]).toEqual([dieAt, { kind: 'killed' }])
        await examine(order)
      }),
    )
  }
}

test('kill -9 at every moment of a change leaves the old text or the new one, and undo leads back', async () => {
  const seen = new Set<string>()
  await killAtEveryMoment(
    () => place(BEFORE),
    async (order) => {
      const text = await recover(order)
      seen.add(text)
      expect([BEFORE, AFTER]).toContain(text)
      const held = await holdFile(worldIn(order.stateDir), order.path)
      await undoRun(held, order.runId)
      expect(await textAt(order.path)).toBe(BEFORE)
    },
  )
  expect(seen).toEqual(new Set([BEFORE, AFTER]))
})

test('kill -9 at every moment of an undo leaves a state that undo finishes', async () => {
  await killAtEveryMoment(
    async () => {
      // The longer text comes back, so that the write can leave half of it.
      const order: Order = { ...(await place(AFTER)), work: 'undo', before: AFTER, after: BEFORE }
      await applyHere(order)
      return order
    },
    async (order) => {
      await ageLocks(order.stateDir)
      const held = await holdFile(worldIn(order.stateDir), order.path)
      await undoRun(held, order.runId)
      expect(await textAt(order.path)).toBe(AFTER)
    },
  )
})

test('kill -9 while finishing a half-written file leaves a state that can still be finished', async () => {
  await killAtEveryMoment(
    async () => {
      const order: Order = { ...(await place(BEFORE)), work: 'finish' }
      await applyHere(order)
      await cutOff(order)
      return order
    },
    async (order) => {
      expect(await recover(order)).toBe(BEFORE)
    },
  )
})

async function applyHere({ stateDir, path, before, after, runId }: Order): Promise<void> {
  const held = await holdFile(worldIn(stateDir), path)
  expect(await applyChange(held, changeOf(path, before, after, runId))).toMatchObject({ kind: 'applied' })
  await held.release()
}

/** As a kill in the middle of the write leaves file and journal. */
async function cutOff(order: Order): Promise<void> {
  const journalPath = join(order.stateDir, 'changes', order.runId, 'journal.jsonl')
  await writeFile(journalPath, (await textAt(journalPath)).slice(0, -20))
  const half = Buffer.byteLength(AFTER) - 30
  await writeFile(order.path, AFTER.slice(0, half) + BEFORE.slice(half))
}

test('a lock held by another process is respected until that process ends', async () => {
  const order: Order = { ...(await place(BEFORE)), work: 'hold' }
  const child = start(order)
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  if (child.stdout === null) throw new Error('no output')
  await once(child.stdout, 'data')
  const second = await runToEnd({ ...order, work: 'apply' }).catch((error: unknown) => String(error))
  expect(second).toContain('the victim ended with 0')
  expect(await textAt(order.path)).toBe(BEFORE)
  child.kill('SIGTERM')
  await once(child, 'exit')
  expect(await runToEnd({ ...order, work: 'apply' })).toMatchObject({ answer: { kind: 'applied' } })
})

test('of two processes that change the same file at once only one does', async () => {
  const order = await place(BEFORE)
  const other = `${BEFORE}debug: true\n`
  const ends = await Promise.all([
    runToEnd(order).catch(() => 'busy'),
    runToEnd({ ...order, after: other, runId: 'second' }).catch(() => 'busy'),
  ])
  const kinds = ends.map((end) =>
    typeof end === 'string' ? end : end.kind === 'answered' ? end.answer.kind : end.kind,
  )
  expect(kinds.filter((kind) => kind === 'applied')).toHaveLength(1)
  expect(['busy', 'conflict']).toContain(kinds.find((kind) => kind !== 'applied'))
  expect(await textAt(order.path)).toBe(kinds[0] === 'applied' ? AFTER : other)
})

class Death extends Error {}

/** Does `work` with a file system that dies at a moment, as a killed process would; the lock is given back. */
async function untilDeath(
  order: Order,
  moment: number,
  work: (held: Held) => Promise<unknown>,
): Promise<void> {
  const held = await holdFile(worldIn(order.stateDir), order.path)
  const { fs } = dyingFileSystem(nodeFileSystem, moment, () => {
    throw new Death()
  })
  const store = await openFileStore(fs, order.path)
  if (store.kind === 'fault') throw new Error(JSON.stringify(store.fault))
  try {
    await work({ ...held, store: store.value, world: { ...held.world, fs } })
  } catch (error) {
    if (!(error instanceof Death)) throw error
  } finally {
    await held.release()
  }
}

const someLines = fc.array(
  fc.constantFrom('# a comment', 'port: 8317', 'debug: true', '  - name: "ä"', '', 'x: |'),
  {
    maxLength: 30,
  },
)
const someText = someLines.map((lines) => lines.join('\n'))

test('any two texts, killed at any moment of change, undo and repair: the file is one of the two, whole', async () => {
  const directory = await temporaryDirectory()
  let count = 0
  const moment = fc.integer({ min: 1, max: 40 })
  await fc.assert(
    fc.asyncProperty(
      someText,
      someText,
      moment,
      moment,
      moment,
      async (before, after, first, second, third) => {
        fc.pre(before !== after)
        const number = ++count
        const path = join(directory, `config-${number}.yaml`)
        const stateDir = join(directory, `state-${number}`)
        await writeFile(path, before)
        const order: Order = { work: 'apply', path, stateDir, before, after, runId: 'run', dieAt: 0 }
        await untilDeath(order, first, (held) => applyChange(held, changeOf(path, before, after, 'run')))
        await untilDeath(order, second, finishAll)
        await untilDeath(order, third, (held) => undoRun(held, 'run'))
        const held = await holdFile(worldIn(stateDir), path)
        await finishAll(held)
        expect([before, after]).toContain(await textAt(path))
        await undoRun(held, 'run')
        expect(await textAt(path)).toBe(before)
        await held.release()
      },
    ),
    // A cut inside a character, found by an earlier run.
    { numRuns: 60, examples: [['  - name: "ä"', '\n# a comment', 28, 1, 1]] },
  )
})
