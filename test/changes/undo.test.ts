import { readFile, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { applyChange } from '../../src/changes/apply.ts'
import { nodeFileSystem } from '../../src/changes/file-system.ts'
import { dismissRun, finishRun } from '../../src/changes/finish.ts'
import { journalPath } from '../../src/changes/journal.ts'
import { findUnfinished, latestRun, type Run, readRun } from '../../src/changes/runs.ts'
import { undoRun } from '../../src/changes/undo.ts'
import type { ChangeWorld } from '../../src/changes/world.ts'
import { type Call, reactingFileSystem } from './support/failing-fs.ts'
import { changeOf, holdFile, sleepingClock, temporaryDirectory, textAt, worldIn } from './support/world.ts'

const BEFORE = '# mine\nport: 8317\nremote-management:\n  secret-key: plain\n'
const AFTER = `${BEFORE}providers:\n  - api-key: sk-secret\n`

async function applied(before = BEFORE, after = AFTER) {
  const directory = await temporaryDirectory()
  const path = join(directory, 'config.yaml')
  await writeFile(path, before)
  const world = worldIn(join(directory, 'state'))
  const held = await holdFile(world, path)
  const outcome = await applyChange(held, changeOf(path, before, after))
  if (outcome.kind !== 'applied') throw new Error(JSON.stringify(outcome))
  return { path, world, held, backupPath: outcome.backupPath }
}

async function runNamed(world: ChangeWorld, runId: string): Promise<Run> {
  const reading = await readRun(world, runId)
  if (reading.kind !== 'found') throw new Error(JSON.stringify(reading))
  return reading.run
}

test.each([
  ['longer', BEFORE, AFTER],
  ['shorter', AFTER, BEFORE],
])('undo of a change to a %s text restores the file byte by byte', async (_name, before, after) => {
  const { path, held } = await applied(before, after)
  expect(await undoRun(held, 'run1')).toEqual({
    kind: 'restored',
    runId: 'run1',
    notes: [],
  })
  expect(await textAt(path)).toBe(before)
  expect(await undoRun(held, 'run1')).toEqual({
    kind: 'nothing-to-do',
    runId: 'run1',
    because: 'undone-before',
  })
})

test('a run that is not known has nothing to undo', async () => {
  const { held } = await applied()
  expect(await undoRun(held, 'no-such-run')).toEqual({
    kind: 'nothing-to-do',
    runId: 'no-such-run',
    because: 'never-written',
  })
})

test('a run that came to rest since it was listed is not finished a second time', async () => {
  const { path, held, backupPath } = await applied()
  expect(await finishRun(held, 'run1')).toEqual({ kind: 'at-rest', runId: 'run1', step: 'written' })
  expect(await textAt(path)).toBe(AFTER)
  expect(await textAt(backupPath)).toBe(BEFORE)
})

test('a file edited since is left alone, with the backup and a masked diff for the way by hand', async () => {
  const { path, held, backupPath } = await applied()
  const edited = `${AFTER}debug: true # a note of the operator\n`
  await writeFile(path, edited)
  const undone = await undoRun(held, 'run1')
  expect(undone).toMatchObject({
    kind: 'conflict',
    conflict: { kind: 'changed-since-run', how: 'edited', laterRunId: null, manual: { backupPath } },
  })
  expect(undone).toHaveProperty(
    'conflict.manual.diff.text',
    expect.stringContaining('-debug: true # a note of the operator'),
  )
  expect(JSON.stringify(undone)).not.toContain('sk-secret')
  expect(await textAt(path)).toBe(edited)
})

test.each([
  ['saved by the gateway', AFTER.replace('plain', '$2a$10$hash').replace('# mine\n', '')],
  ['given a comment', `${AFTER}# do not lose this\n`],
])('a file only %s is left alone, and told from an edit of values', async (_how, saved) => {
  const { path, held } = await applied()
  await writeFile(path, saved)
  expect(await undoRun(held, 'run1')).toMatchObject({
    kind: 'conflict',
    conflict: { kind: 'changed-since-run', how: 'rewritten' },
  })
  expect(await textAt(path)).toBe(saved)
})

test('a later run on the same file is to be undone first', async () => {
  const { path, world, held } = await applied()
  const later = { ...world, clock: sleepingClock(world.clock.nowMs() + 1000) }
  const second = `${AFTER}debug: true\n`
  await applyChange({ ...held, world: later }, changeOf(path, AFTER, second, 'run2'))
  expect(await undoRun(held, 'run1')).toMatchObject({
    conflict: { kind: 'changed-since-run', laterRunId: 'run2' },
  })
  expect(await latestRun(world)).toMatchObject({ value: { run: { runId: 'run2' } } })
  expect(await undoRun(held, 'run2')).toMatchObject({ kind: 'restored' })
  expect(await latestRun(world)).toMatchObject({ value: { run: { runId: 'run1' } } })
  expect(await undoRun(held, 'run1')).toMatchObject({ kind: 'restored' })
  expect(await textAt(path)).toBe(BEFORE)
  expect(await latestRun(world)).toEqual({
    kind: 'ok',
    value: { kind: 'none' },
  })
})

test('a file restored by hand needs no undo', async () => {
  const { path, world, held } = await applied()
  await writeFile(path, BEFORE)
  expect(await undoRun(held, 'run1')).toMatchObject({ because: 'undone-before' })
  expect(await runNamed(world, 'run1')).toMatchObject({ step: 'restored' })
})

test.each(['gone', 'altered'])('a backup that is %s is named, and the file keeps its text', async (how) => {
  const { path, held, backupPath } = await applied()
  await (how === 'gone' ? unlink(backupPath) : writeFile(backupPath, 'x: 1\n'))
  expect(await undoRun(held, 'run1')).toMatchObject({
    kind: 'failed',
    stage: 'backup',
    left: 'untouched',
    fault: { kind: how === 'gone' ? 'missing' : 'damaged', path: backupPath },
  })
  expect(await textAt(path)).toBe(AFTER)
})

test('a full disk during undo puts the new text back, and the undo can be tried again', async () => {
  const { path, world, held } = await applied(AFTER, BEFORE)
  let isDone = false
  const fs = reactingFileSystem(nodeFileSystem, (call: Call) => {
    if (call.name !== 'write' || call.path !== path || isDone) return { kind: 'go-on' }
    isDone = true
    return { kind: 'short', takesBytes: 60 }
  })
  await held.release()
  const failing = await holdFile({ ...world, fs }, path)
  expect(await undoRun(failing, 'run1')).toMatchObject({
    kind: 'failed',
    stage: 'write',
    left: 'put-back',
  })
  expect(await textAt(path)).toBe(BEFORE)
  expect(await runNamed(world, 'run1')).toMatchObject({ step: 'written' })
  expect(await undoRun(failing, 'run1')).toMatchObject({ kind: 'restored' })
  expect(await textAt(path)).toBe(AFTER)
})

test('a lock for another file does not undo', async () => {
  const { path, world } = await applied()
  const other = join(await temporaryDirectory(), 'other.yaml')
  await writeFile(other, AFTER)
  const undone = await undoRun(await holdFile(world, other), 'run1')
  expect(undone).toMatchObject({ kind: 'conflict', conflict: { kind: 'other-target' } })
  expect(await textAt(other)).toBe(AFTER)
  expect(await textAt(path)).toBe(AFTER)
})

test('an unknown run and a run with an unreadable journal are told apart', async () => {
  const { world, held } = await applied()
  expect(await readRun(world, 'nope')).toEqual({ kind: 'none' })
  expect(await readRun(world, '../../etc')).toEqual({ kind: 'none' })
  await writeFile(journalPath(world, 'run1'), '{"step":"planned","version":2}\n')
  expect(await readRun(world, 'run1')).toMatchObject({ kind: 'unreadable', runId: 'run1' })
  expect(await latestRun(world)).toMatchObject({ value: { kind: 'unreadable', runId: 'run1' } })
  expect(await undoRun(held, 'run1')).toMatchObject({
    kind: 'failed',
    stage: 'journal',
    fault: { kind: 'damaged' },
  })
})

test('a last entry cut by a crash, even inside a character, counts as not written', async () => {
  const { path, world, held } = await applied()
  const journalFile = journalPath(world, 'run1')
  const journal = await readFile(journalFile)
  await writeFile(journalFile, Buffer.concat([journal.subarray(0, -20), Buffer.from([0xc3])]))
  expect(await findUnfinished(world)).toMatchObject({ value: { runs: [{ step: 'writing' }] } })
  expect(await undoRun(held, 'run1')).toMatchObject({ kind: 'restored' })
  expect(await textAt(path)).toBe(BEFORE)
})

test('a run that cannot be finished can be dismissed, and then changes go on', async () => {
  const { path, world, held } = await applied()
  const journalFile = journalPath(world, 'run1')
  await writeFile(journalFile, (await readFile(journalFile, 'utf8')).slice(0, -20))
  const edited = 'everything: new\n'
  await writeFile(path, edited)
  const run = await runNamed(world, 'run1')
  expect(await undoRun(held, run.runId)).toMatchObject({ conflict: { kind: 'changed-since-run' } })
  const next = changeOf(path, edited, `${edited}debug: true\n`, 'run2')
  expect(await applyChange(held, next)).toMatchObject({ conflict: { kind: 'unfinished-run', runId: 'run1' } })
  expect(await dismissRun(world, run.runId)).toMatchObject({ kind: 'ok' })
  expect(await applyChange(held, next)).toMatchObject({ kind: 'applied' })
})
