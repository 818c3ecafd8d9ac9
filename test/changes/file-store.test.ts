import { execFile } from 'node:child_process'
import { chmod, link, mkdir, readFile, rename, stat, symlink, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { openFileStore } from '../../src/changes/file-store.ts'
import { type FileSystem, nodeFileSystem } from '../../src/changes/file-system.ts'
import { type ConfigStore, readText } from '../../src/changes/store.ts'
import { sha256Of } from '../../src/changes/text.ts'
import { type Call, type Reaction, reactingFileSystem } from './support/failing-fs.ts'
import { temporaryDirectory, textAt } from './support/world.ts'

const run = promisify(execFile)
const OLD = '# old\nport: 8317\n'
const LONGER = '# new\nport: 8317\nproviders:\n  - name: "ä"\n'
const SHORTER = 'port: 1\n'

const bytes = (text: string) => Buffer.from(text)

async function fileWith(text: string | Uint8Array = OLD): Promise<string> {
  const path = join(await temporaryDirectory(), 'config.yaml')
  await writeFile(path, text)
  return path
}

async function storeOf(path: string, fs: FileSystem = nodeFileSystem): Promise<ConfigStore> {
  const opened = await openFileStore(fs, path)
  if (opened.kind === 'fault') throw new Error(JSON.stringify(opened.fault))
  return opened.value
}

function failing(react: (call: Call) => Reaction): FileSystem {
  return reactingFileSystem(nodeFileSystem, react)
}

const once = (wanted: Call['name'], reaction: Reaction) => {
  let isDone = false
  return ({ name }: Call): Reaction => {
    if (name !== wanted || isDone) return { kind: 'go-on' }
    isDone = true
    return reaction
  }
}

test.each([LONGER, SHORTER, ''])(
  'writes in place: same inode, mode and links, only the text is new',
  async (next) => {
    const path = await fileWith()
    const other = join(path, '..', 'hard-link.yaml')
    await link(path, other)
    await chmod(path, 0o640)
    const before = await stat(path)
    const written = await (await storeOf(path)).write(bytes(OLD), bytes(next))
    expect(written).toEqual({ kind: 'written', storedSha256: sha256Of(next), notes: [] })
    const after = await stat(path)
    expect([after.ino, after.mode, after.uid, after.gid]).toEqual([
      before.ino,
      before.mode,
      before.uid,
      before.gid,
    ])
    expect(await textAt(path)).toBe(next)
    expect(await textAt(other)).toBe(next)
  },
)

test('the whole text goes out in a single write call', async () => {
  const path = await fileWith()
  const calls: string[] = []
  const fs = failing((call) => {
    calls.push(call.name)
    return { kind: 'go-on' }
  })
  await (await storeOf(path, fs)).write(bytes(OLD), bytes(SHORTER))
  expect(calls).toEqual(['open', 'write', 'truncate', 'sync'])
})

test('follows a link to the real file and leaves the link a link', async () => {
  const path = await fileWith()
  const alias = join(path, '..', 'alias.yaml')
  await symlink(path, alias)
  const store = await storeOf(alias)
  expect(store.target).toEqual({ kind: 'file', path: alias, realPath: path })
  expect((await store.write(bytes(OLD), bytes(LONGER))).kind).toBe('written')
  expect(await textAt(path)).toBe(LONGER)
  expect((await stat(alias)).ino).toBe((await stat(path)).ino)
})

test('a byte order mark, line ends and every other byte survive reading', async () => {
  const text = '\ufeffa: 1\r\n\tb: "ä"\u0000'
  const path = await fileWith(text)
  const reading = await readText(await storeOf(path))
  expect(reading).toEqual({ kind: 'read', text })
  expect(Buffer.from(text).equals(await readFile(path))).toBe(true)
})

test('bytes that are no UTF-8 are refused, for they would not survive', async () => {
  const path = await fileWith(Buffer.from([0x61, 0xff, 0x0a]))
  expect(await readText(await storeOf(path))).toEqual({ kind: 'fault', fault: { kind: 'not-utf8', path } })
})

test('a text that is no longer the expected one is not written over', async () => {
  const path = await fileWith('somebody: else\n')
  expect(await (await storeOf(path)).write(bytes(OLD), bytes(LONGER))).toEqual({ kind: 'changed' })
  expect(await textAt(path)).toBe('somebody: else\n')
})

test('folders, pipes and missing files are refused without waiting', async () => {
  const directory = await temporaryDirectory()
  const pipe = join(directory, 'pipe')
  await run('mkfifo', [pipe])
  const missing = join(directory, 'missing.yaml')
  expect(await openFileStore(nodeFileSystem, directory)).toMatchObject({ fault: { kind: 'not-a-file' } })
  expect(await openFileStore(nodeFileSystem, pipe)).toMatchObject({
    fault: { kind: 'not-a-file', path: pipe },
  })
  expect(await openFileStore(nodeFileSystem, missing)).toEqual({
    kind: 'fault',
    fault: { kind: 'missing', path: missing, code: 'ENOENT' },
  })
})

test('a file that vanished, became a folder or a turned link is a fault, not a new file', async () => {
  const path = await fileWith()
  const alias = join(path, '..', 'alias.yaml')
  await symlink(path, alias)
  const [direct, linked] = [await storeOf(path), await storeOf(alias)]
  const other = join(path, '..', 'other.yaml')
  await writeFile(other, OLD)
  await unlink(alias)
  await symlink(other, alias)
  expect(await linked.write(bytes(OLD), bytes(LONGER))).toEqual({
    kind: 'failed',
    left: 'untouched',
    fault: { kind: 'moved', path: alias, to: other },
  })
  await unlink(path)
  expect(await direct.write(bytes(OLD), bytes(LONGER))).toMatchObject({
    left: 'untouched',
    fault: { kind: 'missing' },
  })
  await mkdir(path)
  expect(await direct.read()).toMatchObject({ fault: { kind: 'not-a-file' } })
  expect(await textAt(other)).toBe(OLD)
})

test.each([
  ['EROFS', 'read-only'],
  ['EACCES', 'no-permission'],
  ['ENOENT', 'missing'],
  ['EMFILE', 'io'],
])('%s while opening leaves the file untouched', async (code, kind) => {
  const path = await fileWith()
  const store = await storeOf(path, failing(once('open', { kind: 'fail', code })))
  expect(await store.write(bytes(OLD), bytes(LONGER))).toEqual({
    kind: 'failed',
    left: 'untouched',
    fault: { kind, path, code },
  })
  expect(await textAt(path)).toBe(OLD)
})

test.each([
  ['a full disk', once('write', { kind: 'fail', code: 'ENOSPC' }), { kind: 'disk-full', code: 'ENOSPC' }],
  ['a full quota', once('write', { kind: 'fail', code: 'EDQUOT' }), { kind: 'disk-full', code: 'EDQUOT' }],
  [
    'a short write',
    once('write', { kind: 'short', takesBytes: 25 }),
    { kind: 'short-write', wroteBytes: 25, wantedBytes: Buffer.byteLength(LONGER) },
  ],
  ['a failing flush', once('sync', { kind: 'fail', code: 'EIO' }), { kind: 'io', code: 'EIO' }],
])('after %s the old text is put back', async (_name, react, fault) => {
  const path = await fileWith()
  const store = await storeOf(path, failing(react))
  expect(await store.write(bytes(OLD), bytes(LONGER))).toEqual({
    kind: 'failed',
    left: 'put-back',
    fault: { ...fault, path },
  })
  expect(await textAt(path)).toBe(OLD)
})

test('putting back goes on after a short write, and says so when it fails', async () => {
  const path = await fileWith()
  let writes = 0
  const patient = failing(({ name }) =>
    name === 'write' && ++writes < 4 ? { kind: 'short', takesBytes: 5 } : { kind: 'go-on' },
  )
  expect(await (await storeOf(path, patient)).write(bytes(OLD), bytes(LONGER))).toMatchObject({
    left: 'put-back',
  })
  expect(await textAt(path)).toBe(OLD)
  let isFull = false
  const full = failing(({ name }) => {
    if (name !== 'write') return { kind: 'go-on' }
    if (isFull) return { kind: 'fail', code: 'EIO' }
    isFull = true
    return { kind: 'short', takesBytes: 8 }
  })
  expect(await (await storeOf(path, full)).write(bytes(OLD), bytes(LONGER))).toMatchObject({
    kind: 'failed',
    left: 'unclear',
  })
})

test('a file put in its place while we write is told apart from ours', async () => {
  const path = await fileWith()
  const fs = nodeFileSystem
  const racing: FileSystem = {
    ...fs,
    open: async (name, mode) => {
      const file = await fs.open(name, mode)
      return {
        ...file,
        sync: async () => {
          await writeFile(`${path}.tmp`, 'theirs: 1\n')
          await rename(`${path}.tmp`, path)
        },
      }
    },
  }
  expect(await (await storeOf(path, racing)).write(bytes(OLD), bytes(LONGER))).toEqual({ kind: 'raced' })
  expect(await textAt(path)).toBe('theirs: 1\n')
})

test('a file marked immutable is refused by name and stays as it is', async (context) => {
  const path = await fileWith()
  const isMarked = await run('chattr', ['+i', path]).then(
    () => true,
    () => false,
  )
  if (!isMarked) context.skip('this file system or user cannot mark files immutable')
  onTestFinished(async () => {
    await run('chattr', ['-i', path])
  })
  const outcome = await (await storeOf(path)).write(bytes(OLD), bytes(LONGER))
  expect(outcome).toEqual({
    kind: 'failed',
    left: 'untouched',
    fault: { kind: 'no-permission', path, code: 'EPERM' },
  })
})

test('a read-only file is refused for a user who is not root', async (context) => {
  if (process.getuid?.() === 0) context.skip('root writes read-only files')
  const path = await fileWith()
  await chmod(path, 0o444)
  const outcome = await (await storeOf(path)).write(bytes(OLD), bytes(LONGER))
  expect(outcome).toMatchObject({ left: 'untouched', fault: { kind: 'no-permission' } })
})

test('a real full disk: the old text is put back', async (context) => {
  const directory = await temporaryDirectory()
  const isMounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'provops-test', directory]).then(
    () => true,
    () => false,
  )
  if (!isMounted) context.skip('mounting a small file system needs root')
  onTestFinished(async () => {
    await run('umount', [directory])
  })
  const path = join(directory, 'config.yaml')
  const old = `# ${'o'.repeat(5000)}\n`
  await writeFile(path, old)
  const outcome = await (await storeOf(path)).write(bytes(old), bytes(`# ${'n'.repeat(200_000)}\n`))
  expect(outcome).toMatchObject({ kind: 'failed', left: 'put-back' })
  expect(outcome).toHaveProperty('fault.kind', 'short-write')
  expect(await textAt(path)).toBe(old)
})
