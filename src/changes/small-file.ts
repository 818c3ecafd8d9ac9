import { FileFaultError, type Tried, tried } from './file-fault.ts'
import type { FileSystem, OpenMode } from './file-system.ts'

/** Journals and copies of configurations; anything bigger was not written by provops. */
const LIMIT_BYTES = 32 * 1024 * 1024

/** Reads one of provops' own files. A character cut by a crash reads as the replacement character. */
export async function readSmallFile(fs: FileSystem, path: string): Promise<Tried<string>> {
  return tried(path, async () => {
    const file = await fs.open(path, 'read')
    try {
      return (await file.read(LIMIT_BYTES)).toString()
    } finally {
      await file.close()
    }
  })
}

/** Makes a file that only the owner can read, flushed to the disk; `exists` when the name is taken. What fails half-way is removed. */
export async function writeNewFile(
  fs: FileSystem,
  path: string,
  content: string | Buffer,
): Promise<Tried<void>> {
  const written = await writeThrough(fs, path, Buffer.from(content), 'create')
  if (written.kind === 'fault' && written.fault.kind !== 'exists') await tried(path, () => fs.remove(path))
  return written
}

/** Adds to the end of a file, making it when missing, flushed to the disk. */
export async function appendToFile(fs: FileSystem, path: string, text: string): Promise<Tried<void>> {
  return writeThrough(fs, path, Buffer.from(text), 'append')
}

async function writeThrough(
  fs: FileSystem,
  path: string,
  bytes: Buffer,
  mode: Extract<OpenMode, 'create' | 'append'>,
): Promise<Tried<void>> {
  return tried(path, async () => {
    const file = await fs.open(path, mode)
    try {
      const wroteBytes = await file.write(bytes, null)
      if (wroteBytes < bytes.length) {
        throw new FileFaultError({ kind: 'short-write', path, wroteBytes, wantedBytes: bytes.length })
      }
      await file.sync()
    } finally {
      await file.close()
    }
  })
}
