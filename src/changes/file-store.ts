import type { Target } from './change.ts'
import { type FileFault, FileFaultError, type Tried, tried } from './file-fault.ts'
import type { FileSystem, OpenFile } from './file-system.ts'
import type { ConfigStore, ReadOutcome, WriteOutcome } from './store.ts'
import { sha256Of } from './text.ts'

/** Thousands of providers fit into a tenth of it; a bigger file is no gateway configuration. */
const LIMIT_BYTES = 16 * 1024 * 1024

type FileTarget = Extract<Target, { kind: 'file' }>

/**
 * Opens the file behind an absolute path, following links to the file that is really written. Fails when it is missing,
 * cannot be reached or is no regular file.
 */
export async function openFileStore(fs: FileSystem, path: string): Promise<Tried<ConfigStore>> {
  return tried(path, async () => {
    const target: FileTarget = { kind: 'file', path, realPath: await fs.realPath(path) }
    await refuseOtherThanFile(fs, target.realPath)
    return {
      target,
      read: () => readFile(fs, target),
      write: (expected: Buffer, next: Buffer) => writeInPlace(fs, target, expected, next),
    }
  })
}

async function refuseOtherThanFile(fs: FileSystem, path: string): Promise<void> {
  // Asked before opening: opening a pipe would wait for its other end.
  if ((await fs.facts(path)).kind !== 'file') throw new FileFaultError({ kind: 'not-a-file', path })
}

async function readFile(fs: FileSystem, target: FileTarget): Promise<ReadOutcome> {
  const reading = await tried(target.realPath, async () => {
    const file = await openTarget(fs, target, 'read')
    try {
      return await contentOf(file, target.realPath)
    } finally {
      await file.close()
    }
  })
  if (reading.kind === 'fault') return reading
  return { kind: 'read', bytes: reading.value }
}

async function openTarget(
  fs: FileSystem,
  { path, realPath }: FileTarget,
  mode: 'read' | 'update',
): Promise<OpenFile> {
  const to = await fs.realPath(path)
  if (to !== realPath) throw new FileFaultError({ kind: 'moved', path, to })
  await refuseOtherThanFile(fs, realPath)
  return fs.open(realPath, mode)
}

async function contentOf(file: OpenFile, path: string): Promise<Buffer> {
  const bytes = await file.read(LIMIT_BYTES + 1)
  if (bytes.length > LIMIT_BYTES) {
    throw new FileFaultError({ kind: 'too-large', path, limitBytes: LIMIT_BYTES })
  }
  return bytes
}

/**
 * Writes the way a gateway notices and never reads half: the same inode, one write of the whole text, then truncate,
 * then flush (contract, files 2.4; a rename would end the gateway's watch). Mode, owner and links stay.
 */
async function writeInPlace(
  fs: FileSystem,
  target: FileTarget,
  expected: Buffer,
  next: Buffer,
): Promise<WriteOutcome> {
  const opened = await tried(target.realPath, () => openTarget(fs, target, 'update'))
  if (opened.kind === 'fault') return { kind: 'failed', fault: opened.fault, left: 'untouched' }
  const file = opened.value
  try {
    const before = await tried(target.realPath, () => contentOf(file, target.realPath))
    if (before.kind === 'fault') return { kind: 'failed', fault: before.fault, left: 'untouched' }
    if (!before.value.equals(expected)) return { kind: 'changed' }
    const replaced = await tried(target.realPath, () => replaceContent(file, target.realPath, expected, next))
    if (replaced.kind === 'fault') {
      const isBack = await putBack(file, target.realPath, expected)
      return { kind: 'failed', fault: replaced.fault, left: isBack ? 'put-back' : 'unclear' }
    }
    return await confirm(fs, target, file, next)
  } finally {
    await tried(target.realPath, () => file.close())
  }
}

async function replaceContent(file: OpenFile, path: string, old: Buffer, next: Buffer): Promise<void> {
  const wroteBytes = await file.write(next, 0)
  if (wroteBytes < next.length) {
    throw new FileFaultError({ kind: 'short-write', path, wroteBytes, wantedBytes: next.length })
  }
  if (next.length < old.length) await file.truncate(next.length)
  await file.sync()
}

/** Here half a file is worse than two writes, so a short write goes on where it ended. */
async function putBack(file: OpenFile, path: string, old: Buffer): Promise<boolean> {
  const result = await tried(path, async () => {
    let position = 0
    while (position < old.length) {
      const wroteBytes = await file.write(old.subarray(position), position)
      if (wroteBytes === 0) return false
      position += wroteBytes
    }
    await file.truncate(old.length)
    await file.sync()
    return (await file.read(LIMIT_BYTES)).equals(old)
  })
  return result.kind === 'ok' && result.value
}

/** Whether the name still leads to the file we wrote, and the file still holds what we wrote. */
async function confirm(
  fs: FileSystem,
  target: FileTarget,
  file: OpenFile,
  next: Buffer,
): Promise<WriteOutcome> {
  const now = await tried(target.realPath, async () => {
    const named = await fs.facts(target.realPath)
    const written = await file.facts()
    return named.identity === written.identity && (await file.read(LIMIT_BYTES)).equals(next)
  })
  if (now.kind === 'fault') return { kind: 'failed', fault: now.fault satisfies FileFault, left: 'unclear' }
  return now.value ? { kind: 'written', storedSha256: sha256Of(next), notes: [] } : { kind: 'raced' }
}
