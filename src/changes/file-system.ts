import { type FileHandle, open, readdir, realpath, stat, unlink } from 'node:fs/promises'
import { errorCode } from '../core/error-code.ts'
import { makeDirectory } from '../core/make-directory.ts'

export interface FileFacts {
  readonly kind: 'file' | 'directory' | 'other'
  /** Device and inode: equal for the same file, whatever its name. */
  readonly identity: string
  readonly sizeBytes: number
}

export interface OpenFile {
  facts(): Promise<FileFacts>
  /** The content from the start, at most `limitBytes` of it. */
  read(limitBytes: number): Promise<Buffer>
  /** One write call, at the end for null; returns how many bytes the system took, which may be fewer. */
  write(bytes: Uint8Array, position: number | null): Promise<number>
  truncate(sizeBytes: number): Promise<void>
  /** Resolves when the content is on the disk. */
  sync(): Promise<void>
  close(): Promise<void>
}

/** `create` fails when the name is taken; what it and `append` make can be read by the owner alone (0600). */
export type OpenMode = 'read' | 'update' | 'append' | 'create'

/**
 * The few calls a change makes, so that a test can let any of them fail or end the process there. Each rejects with
 * node's own error.
 */
export interface FileSystem {
  realPath(path: string): Promise<string>
  /** Follows symbolic links. */
  facts(path: string): Promise<FileFacts>
  open(path: string, mode: OpenMode): Promise<OpenFile>
  /** With missing parents, 0700; fine when it is there already. */
  makeDirectory(path: string): Promise<void>
  names(directory: string): Promise<string[]>
  remove(file: string): Promise<void>
  /** Makes new names in a directory survive a power cut, where the file system can. */
  syncDirectory(directory: string): Promise<void>
}

const OPEN_FLAGS = { read: 'r', update: 'r+', append: 'a', create: 'wx' } as const satisfies Record<
  OpenMode,
  string
>

/** Some file systems (network, FUSE) cannot flush a directory, and a folder may be writable but not readable. */
const CANNOT_SYNC_DIRECTORY = new Set(['EINVAL', 'EISDIR', 'EPERM', 'EACCES', 'ENOTSUP', 'EBADF'])

export const nodeFileSystem: FileSystem = {
  realPath: (path) => realpath(path),
  facts: async (path) => factsOf(await stat(path, { bigint: true })),
  open: async (path, mode) => openFileOf(await open(path, OPEN_FLAGS[mode], 0o600)),
  makeDirectory: async (path) => {
    makeDirectory(path, 0o700)
  },
  names: (directory) => readdir(directory),
  remove: (file) => unlink(file),
  syncDirectory: async (directory) => {
    try {
      const handle = await open(directory, 'r')
      try {
        await handle.sync()
      } finally {
        await handle.close()
      }
    } catch (error) {
      if (!CANNOT_SYNC_DIRECTORY.has(errorCodeOf(error) ?? '')) throw error
    }
  },
}

/** The code of a system error such as `ENOENT`; null for anything else. */
export function errorCodeOf(error: unknown): string | null {
  const code = errorCode(error)
  return code !== null && /^E[A-Z0-9]+$/.test(code) ? code : null
}

interface Stats {
  isFile(): boolean
  isDirectory(): boolean
  readonly dev: bigint
  readonly ino: bigint
  readonly size: bigint
}

function factsOf(stats: Stats): FileFacts {
  return {
    kind: stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other',
    identity: `${stats.dev}:${stats.ino}`,
    sizeBytes: Number(stats.size),
  }
}

function openFileOf(handle: FileHandle): OpenFile {
  return {
    facts: async () => factsOf(await handle.stat({ bigint: true })),
    read: (limitBytes) => readFromStart(handle, limitBytes),
    write: async (bytes, position) => (await handle.write(bytes, 0, bytes.length, position)).bytesWritten,
    truncate: (sizeBytes) => handle.truncate(sizeBytes),
    sync: () => handle.sync(),
    close: () => handle.close(),
  }
}

async function readFromStart(handle: FileHandle, limitBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let position = 0
  while (position < limitBytes) {
    const chunk = Buffer.alloc(Math.min(64 * 1024, limitBytes - position))
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, position)
    if (bytesRead === 0) break
    chunks.push(chunk.subarray(0, bytesRead))
    position += bytesRead
  }
  return Buffer.concat(chunks)
}
