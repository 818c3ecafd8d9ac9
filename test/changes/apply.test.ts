import { chmod, readdir, stat, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { applyChange } from '../../src/changes/apply.ts'
import { type FileSystem, nodeFileSystem } from '../../src/changes/file-system.ts'
import { findUnfinished, latestRun, listRuns } from '../../src/changes/runs.ts'
import { reactingFileSystem } from './support/failing-fs.ts'
import { changeOf, holdFile, temporaryDirectory, textAt, worldIn } from './support/world.ts'

const BEFORE = '# mine\nport: 8317\n'
const AFTER = '# mine\nport: 8317\ndebug: true\n'

async function place(text = BEFORE) {
  const directory = await temporaryDirectory()
  const path = join(directory, 'config.yaml')
  await writeFile(path, text)
  return { directory, path, stateDir: join(directory, 'state') }
}

test('a change is written, backed up beside the file for its owner alone, and noted', async () => {
  const { path, stateDir } = await place()
  const world = worldIn(stateDir)
  const applied = await applyChange(await holdFile(world, path), changeOf(path, BEFORE, AFTER))
  const backupPath = `${path}.bak-20261123T002738Z-run1`
  expect(applied).toEqual({
    kind: 'applied',
    runId: 'run1',
    backupPath,
    notes: [],
    undoCommand: 'provops undo run1',
  })
  expect(await textAt(path)).toBe(AFTER)
  expect(await textAt(backupPath)).toBe(BEFORE)
  expect((await stat(backupPath)).mode & 0o777).toBe(0o600)
  const latest = await latestRun(world)
  expect(latest).toMatchObject({
    value: { kind: 'found', run: { runId: 'run1', step: 'written', backupPath } },
  })
})

test('everything in the state directory is for its owner alone', async () => {
  const { path, stateDir } = await place()
  await applyChange(await holdFile(worldIn(stateDir), path), changeOf(path, BEFORE, AFTER))
  for (const entry of await readdir(stateDir, { recursive: true, withFileTypes: true })) {
    const { mode } = await stat(join(entry.parentPath, entry.name))
    if (!entry.name.endsWith('.lock')) expect([entry.name, mode & 0o077]).toEqual([entry.name, 0])
  }
})

test('no difference means nothing to do, and no trace', async () => {
  const { directory, path, stateDir } = await place()
  const held = await holdFile(worldIn(stateDir), path)
  expect(await applyChange(held, changeOf(path, BEFORE, BEFORE))).toEqual({
    kind: 'nothing-to-do',
    because: 'no-difference',
  })
  expect(await readdir(directory)).toEqual(['config.yaml', 'state'])
  expect(await readdir(stateDir)).toEqual(['locks'])
})

test('applying the same change twice does nothing the second time', async () => {
  const { path, stateDir } = await place()
  const held = await holdFile(worldIn(stateDir), path)
  await applyChange(held, changeOf(path, BEFORE, AFTER))
  expect(await applyChange(held, changeOf(path, BEFORE, AFTER, 'run2'))).toEqual({
    kind: 'nothing-to-do',
    because: 'already-there',
  })
})

test('a file that changed since the plan is a conflict, and keeps its text', async () => {
  const { directory, path, stateDir } = await place('somebody: else\n')
  const applied = await applyChange(await holdFile(worldIn(stateDir), path), changeOf(path, BEFORE, AFTER))
  expect(applied).toEqual({ kind: 'conflict', stage: 'read', conflict: { kind: 'changed-since-plan' } })
  expect(await textAt(path)).toBe('somebody: else\n')
  expect(await readdir(directory)).toEqual(['config.yaml', 'state'])
})

test('a file that changes in the last moment is a conflict, and no copy is left', async () => {
  const { directory, path, stateDir } = await place()
  const fs: FileSystem = {
    ...nodeFileSystem,
    open: async (name, mode) => {
      if (name === path && mode === 'update') await writeFile(path, 'last: moment\n')
      return nodeFileSystem.open(name, mode)
    },
  }
  const world = worldIn(stateDir, fs)
  const applied = await applyChange(await holdFile(world, path), changeOf(path, BEFORE, AFTER))
  expect(applied).toEqual({ kind: 'conflict', stage: 'write', conflict: { kind: 'changed-since-plan' } })
  expect(await textAt(path)).toBe('last: moment\n')
  expect(await readdir(directory)).toEqual(['config.yaml', 'state'])
  expect(await findUnfinished(world)).toMatchObject({ value: { runs: [] } })
})

test('a folder that takes no file gets its backup in the state directory, and it is said', async () => {
  const { directory, path, stateDir } = await place()
  const fs = reactingFileSystem(nodeFileSystem, (call) =>
    call.mode === 'create' && call.path.includes('.bak-')
      ? { kind: 'fail', code: 'EROFS' }
      : { kind: 'go-on' },
  )
  const applied = await applyChange(
    await holdFile(worldIn(stateDir, fs), path),
    changeOf(path, BEFORE, AFTER),
  )
  const backupPath = join(stateDir, 'changes', 'run1', 'before.yaml')
  expect(applied).toMatchObject({
    kind: 'applied',
    backupPath,
    notes: [{ kind: 'backup-elsewhere', because: { kind: 'read-only' } }],
  })
  expect(await textAt(backupPath)).toBe(BEFORE)
  expect(await readdir(directory)).toEqual(['config.yaml', 'state'])
})

test.each([
  ['journal', 'changes/run1', 'ENOSPC', 'disk-full'],
  ['journal', 'journal.jsonl', 'EACCES', 'no-permission'],
  ['journal', 'after.yaml', 'ENOSPC', 'disk-full'],
  ['backup', '.bak-', 'ENOSPC', 'disk-full'],
  ['write', 'config.yaml', 'EROFS', 'read-only'],
] as const)(
  'a fault at the %s stage (%s, %s) leaves the file and its folder as they were',
  async (stage, where, code, kind) => {
    const { directory, path, stateDir } = await place()
    const fs = reactingFileSystem(nodeFileSystem, (call) =>
      call.path.endsWith(where) || (where === '.bak-' && call.path.includes(where))
        ? { kind: 'fail', code }
        : { kind: 'go-on' },
    )
    const world = worldIn(stateDir, fs)
    const applied = await applyChange(await holdFile(world, path), changeOf(path, BEFORE, AFTER))
    expect(applied).toMatchObject({
      kind: 'failed',
      stage,
      left: 'untouched',
      fault: { kind, code },
      backupPath: null,
    })
    expect(await textAt(path)).toBe(BEFORE)
    expect(await readdir(directory)).toEqual(['config.yaml', 'state'])
    expect(await findUnfinished(world)).toMatchObject({ kind: 'ok', value: { runs: [], unreadable: [] } })
  },
)

test('a disk that fills in the middle of the write leaves the old text and the backup', async () => {
  const { path, stateDir } = await place()
  let isDone = false
  const fs = reactingFileSystem(nodeFileSystem, (call) => {
    if (call.name !== 'write' || call.path !== path || isDone) return { kind: 'go-on' }
    isDone = true
    return { kind: 'short', takesBytes: 20 }
  })
  const world = worldIn(stateDir, fs)
  const applied = await applyChange(await holdFile(world, path), changeOf(path, BEFORE, AFTER))
  expect(applied).toMatchObject({
    kind: 'failed',
    stage: 'write',
    left: 'put-back',
    fault: { kind: 'short-write' },
  })
  expect(await textAt(path)).toBe(BEFORE)
  expect(await findUnfinished(world)).toMatchObject({ value: { runs: [] } })
})

test('when the last note cannot be written the change still counts, and the next look settles it', async () => {
  const { path, stateDir } = await place()
  let isWritten = false
  const fs = reactingFileSystem(nodeFileSystem, (call) => {
    if (call.path === path && call.name === 'sync') isWritten = true
    return isWritten && call.path.endsWith('journal.jsonl')
      ? { kind: 'fail', code: 'ENOSPC' }
      : { kind: 'go-on' }
  })
  const applied = await applyChange(
    await holdFile(worldIn(stateDir, fs), path),
    changeOf(path, BEFORE, AFTER),
  )
  expect(applied).toMatchObject({ kind: 'applied', notes: [{ kind: 'journal-behind' }] })
  expect(await findUnfinished(worldIn(stateDir))).toMatchObject({
    value: { runs: [{ runId: 'run1', step: 'writing' }] },
  })
})

test('a run that was cut off on the same file stands in the way of the next', async () => {
  const { path, stateDir } = await place()
  let isCut = false
  const fs = reactingFileSystem(nodeFileSystem, (call) => {
    if (call.path === path) isCut = true
    if (isCut) throw new Error('killed')
    return { kind: 'go-on' }
  })
  const first = await holdFile(worldIn(stateDir, fs), path)
  await expect(applyChange(first, changeOf(path, BEFORE, AFTER))).rejects.toThrow('killed')
  await first.release().catch(() => undefined)
  const applied = await applyChange(
    await holdFile(worldIn(stateDir), path),
    changeOf(path, BEFORE, AFTER, 'run2'),
  )
  expect(applied).toEqual({
    kind: 'conflict',
    stage: 'read',
    conflict: { kind: 'unfinished-run', runId: 'run1' },
  })
})

test('a run id is used once', async () => {
  const { path, stateDir } = await place()
  const held = await holdFile(worldIn(stateDir), path)
  await applyChange(held, changeOf(path, BEFORE, AFTER))
  const again = await applyChange(held, changeOf(path, AFTER, BEFORE))
  expect(again).toMatchObject({
    kind: 'failed',
    stage: 'journal',
    left: 'untouched',
    fault: { kind: 'exists' },
  })
  expect(await textAt(path)).toBe(AFTER)
})

test('a journal of another version is told, and does not stop a change', async () => {
  const { path, stateDir } = await place()
  const world = worldIn(stateDir)
  const held = await holdFile(world, path)
  await applyChange(held, changeOf(path, BEFORE, AFTER))
  await writeFile(join(stateDir, 'changes', 'run1', 'journal.jsonl'), '{"step":"levitating"}\n')
  const applied = await applyChange(held, changeOf(path, AFTER, BEFORE, 'run2'))
  expect(applied).toMatchObject({ kind: 'applied', notes: [{ kind: 'unreadable-runs', runIds: ['run1'] }] })
  expect(await listRuns(world)).toMatchObject({
    value: { runs: [{ runId: 'run2' }], unreadable: [{ runId: 'run1' }] },
  })
})

test('through a link the backup lies beside the real file', async () => {
  const { directory, path, stateDir } = await place()
  const elsewhere = await temporaryDirectory()
  const alias = join(elsewhere, 'alias.yaml')
  await symlink(path, alias)
  const change = {
    ...changeOf(alias, BEFORE, AFTER),
    target: { kind: 'file', path: alias, realPath: path } as const,
  }
  const applied = await applyChange(await holdFile(worldIn(stateDir), alias), change)
  expect(applied).toMatchObject({ kind: 'applied' })
  expect(await readdir(elsewhere)).toEqual(['alias.yaml'])
  expect((await readdir(directory)).filter((name) => name.includes('.bak-'))).toHaveLength(1)
})

test('a file that vanished is named at the read stage', async () => {
  const { path, stateDir } = await place()
  const held = await holdFile(worldIn(stateDir), path)
  await unlink(path)
  expect(await applyChange(held, changeOf(path, BEFORE, AFTER))).toMatchObject({
    kind: 'failed',
    stage: 'read',
    fault: { kind: 'missing', code: 'ENOENT' },
  })
})

test('a real folder that takes no file is no hindrance for a user who is not root', async (context) => {
  if (process.getuid?.() === 0) context.skip('root writes everywhere')
  const { directory, path } = await place()
  const stateDir = join(await temporaryDirectory(), 'state')
  const held = await holdFile(worldIn(stateDir), path)
  await chmod(directory, 0o555)
  const applied = await applyChange(held, changeOf(path, BEFORE, AFTER))
  await chmod(directory, 0o755)
  expect(applied).toMatchObject({ kind: 'applied', notes: [{ kind: 'backup-elsewhere' }] })
})
