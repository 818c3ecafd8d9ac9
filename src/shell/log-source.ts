import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream'
import { mainLogsInOrder, readLogFileName } from '../analysis/logs/file-names.ts'
import type { LogPeriod } from '../analysis/logs/log-time.ts'
import type { Allocate, LogPart } from '../analysis/logs/scan.ts'
import { seekSince } from '../analysis/logs/seek.ts'
import { systemCodeOf } from './files.ts'

/** The part of `node:fs/promises` that is needed. */
export type LogFiles = Pick<typeof import('node:fs/promises'), 'open' | 'readdir' | 'stat'>

/** Where a log is to be taken from. */
export type LogWish =
  /** A file, or a directory of a gateway's log files. */
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'stream'; readonly name: string; readonly stream: AsyncIterable<Uint8Array> }
  /** The first of these directories that holds a main log (`logDirectories`). */
  | { readonly kind: 'search'; readonly directories: readonly string[] }

export type LogSource =
  | {
      readonly outcome: 'found'
      /** The file, directory or stream that the parts come from. */
      readonly from: string
      /** Oldest first, never empty. */
      readonly parts: readonly LogPart[]
      /** Files left out because they end before the period. */
      readonly leftOut: readonly string[]
    }
  | { readonly outcome: 'missing'; readonly path: string }
  /** `code` is the system's, e.g. `EACCES`. */
  | { readonly outcome: 'unreadable'; readonly path: string; readonly code: string }
  /** A directory without any main log; `requestLogs` counts the dumps of single requests in it. */
  | { readonly outcome: 'no-main-log'; readonly path: string; readonly requestLogs: number }
  /** A dump of one request instead of a log. */
  | { readonly outcome: 'request-log'; readonly path: string }
  | { readonly outcome: 'empty'; readonly path: string }
  /** A search that found nothing. */
  | { readonly outcome: 'nowhere'; readonly directories: readonly string[] }

/** What is known about the gateway's places; the paths are absolute. */
export interface LogPlaces {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly configDir: string | null
  readonly authDir: string | null
}

/** Where a gateway on this machine can have its logs, likeliest first (contract, files 4.1). */
export function logDirectories({ env, cwd, configDir, authDir }: LogPlaces): string[] {
  const writable = env.WRITABLE_PATH || env.writable_path
  const roots = [writable, configDir, cwd, authDir]
  return [...new Set(roots.flatMap((root) => (root ? [join(root, 'logs')] : [])))]
}

/**
 * Finds the files of a log and what of them lies in the period. Whole files that end before it are left out, and a
 * plain file is read from where the period begins. Nothing is thrown for what a file system does; what goes wrong
 * while a part is read is in the scan's result.
 */
export async function findLog(wish: LogWish, period: LogPeriod, files: LogFiles): Promise<LogSource> {
  if (wish.kind === 'stream') {
    const part: LogPart = { name: wish.name, chunks: () => wish.stream }
    return { outcome: 'found', from: wish.name, parts: [part], leftOut: [] }
  }
  if (wish.kind === 'path') return guarded(wish.path, () => atPath(wish.path, period, files))
  let problem: LogSource = { outcome: 'nowhere', directories: wish.directories }
  for (const directory of wish.directories) {
    const source = await guarded(directory, () => atPath(directory, period, files))
    if (source.outcome === 'found') return source
    if (source.outcome === 'unreadable' && problem.outcome === 'nowhere') problem = source
  }
  return problem
}

async function guarded(path: string, find: () => Promise<LogSource>): Promise<LogSource> {
  try {
    return await find()
  } catch (error) {
    const code = systemCodeOf(error)
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? { outcome: 'missing', path }
      : { outcome: 'unreadable', path, code }
  }
}

async function atPath(path: string, period: LogPeriod, files: LogFiles): Promise<LogSource> {
  const stats = await files.stat(path)
  if (stats.isDirectory()) return inDirectory(path, period, files)
  const part = { path, name: path, inode: stats.ino }
  if (!stats.isFile()) {
    // A pipe, such as a shell's `<(docker logs …)`, can be read once and from its beginning only.
    return {
      outcome: 'found',
      from: path,
      parts: [{ name: path, chunks: () => pipeChunks(path, files) }],
      leftOut: [],
    }
  }
  if (stats.size === 0) return { outcome: 'empty', path }
  if ((await readHead(path, files)).startsWith(REQUEST_LOG_MARK)) return { outcome: 'request-log', path }
  return { outcome: 'found', from: path, parts: [filePart(part, period, files)], leftOut: [] }
}

/** The first line of a dump of one request (contract, files 4.8). */
const REQUEST_LOG_MARK = '=== REQUEST INFO ==='

async function readHead(path: string, files: LogFiles): Promise<string> {
  const handle = await files.open(path)
  try {
    return (await readAt(handle)(0, REQUEST_LOG_MARK.length)).toString()
  } finally {
    await handle.close()
  }
}

/** Clocks of machines differ, and a file's last line is written a little before its last change. */
const CLOCK_SLACK_MS = 300_000

async function inDirectory(path: string, period: LogPeriod, files: LogFiles): Promise<LogSource> {
  const { names, logs } = await listing(path, files)
  const newest = logs.at(-1)
  if (newest === undefined) {
    const requestLogs = names.filter((name) => readLogFileName(name).kind === 'request').length
    return { outcome: 'no-main-log', path, requestLogs }
  }
  if (logs.every(({ sizeBytes }) => sizeBytes === 0)) return { outcome: 'empty', path }
  await readHead(newest.path, files) // a log that may not be read is an answer of its own
  const tooOld = ({ endMs }: FoundFile) =>
    period.sinceMs !== undefined && endMs < period.sinceMs - CLOCK_SLACK_MS
  return {
    outcome: 'found',
    from: path,
    parts: logs.filter((log) => log === newest || !tooOld(log)).map((log) => filePart(log, period, files)),
    leftOut: logs.filter((log) => log !== newest && tooOld(log)).map(({ name }) => name),
  }
}

interface FoundFile {
  readonly path: string
  readonly name: string
  readonly inode: number
  readonly sizeBytes: number
  /** When its last line was written at the latest. */
  readonly endMs: number
}

/** A gateway may rotate or remove files at any moment; one that is gone before it was looked at is listed anew. */
const LISTINGS = 3

async function listing(path: string, files: LogFiles): Promise<{ names: string[]; logs: FoundFile[] }> {
  for (let attempt = 1; ; attempt++) {
    const names = await files.readdir(path)
    try {
      const logs = await Promise.all(mainLogsInOrder(names).map((name) => fileIn(path, name, files)))
      return { names, logs }
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT' || attempt === LISTINGS) throw error
    }
  }
}

async function fileIn(directory: string, name: string, files: LogFiles): Promise<FoundFile> {
  const path = join(directory, name)
  const { ino, size, mtimeMs } = await files.stat(path)
  const said = readLogFileName(name)
  const endMs =
    said.kind === 'rotated' ? said.endMs : said.kind === 'numbered' ? mtimeMs : Number.POSITIVE_INFINITY
  return { path, name, inode: ino, sizeBytes: size, endMs }
}

/** Thrown while reading when the gateway has rotated its log since the directory was listed. */
class LogRotated extends Error {
  readonly code = 'ROTATED'
}

function filePart(
  { path, name, inode }: Pick<FoundFile, 'path' | 'name' | 'inode'>,
  period: LogPeriod,
  files: LogFiles,
): LogPart {
  return {
    name,
    async *chunks(allocate) {
      const handle = await files.open(path)
      try {
        const { ino, size } = await handle.stat()
        if (ino !== inode) throw new LogRotated()
        if (await isGzip(handle)) yield* gunzipChunks(handle)
        else yield* plainChunks(handle, await startOf(handle, size, period), size, allocate)
      } finally {
        await handle.close()
      }
    },
  }
}

async function* pipeChunks(path: string, files: LogFiles): AsyncGenerator<Uint8Array> {
  const handle = await files.open(path)
  yield* handle.createReadStream()
}

function readAt(handle: FileHandle) {
  return async (offset: number, length: number) => {
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, offset)
    return buffer.subarray(0, bytesRead)
  }
}

async function startOf(handle: FileHandle, sizeBytes: number, period: LogPeriod): Promise<number> {
  if (period.sinceMs === undefined) return 0
  return seekSince(readAt(handle), sizeBytes, period.sinceMs, period.clock)
}

async function isGzip(handle: FileHandle): Promise<boolean> {
  const magic = await readAt(handle)(0, 2)
  return magic[0] === 0x1f && magic[1] === 0x8b
}

const MAX_CHUNK_BYTES = 4 * 2 ** 20
/** Reads under way at once: while one chunk is being looked at the next one comes, so that nobody waits. */
const READS = 2

/** A chunk is overwritten as soon as the next one is asked for. */
async function* plainChunks(
  handle: FileHandle,
  start: number,
  sizeBytes: number,
  allocate: Allocate,
): AsyncGenerator<Uint8Array> {
  // One byte more than there should be: a chunk that is not full is the last.
  const chunkBytes = Math.min(sizeBytes - start + 1, MAX_CHUNK_BYTES)
  let offset = start
  const read = (buffer: Buffer) => {
    const reading = handle.read(buffer, 0, chunkBytes, offset)
    reading.catch(() => {}) // thrown where it is awaited, if it ever is
    offset += chunkBytes
    return reading
  }
  const slots = Array.from({ length: READS }, () => ({ reading: read(allocate(chunkBytes)) }))
  for (;;) {
    for (const slot of slots) {
      const { buffer, bytesRead } = await slot.reading
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead)
      if (bytesRead < chunkBytes) return
      slot.reading = read(buffer)
    }
  }
}

const UNPACKED_BYTES = 2 ** 20

async function* gunzipChunks(handle: FileHandle): AsyncGenerator<Uint8Array> {
  const { createGunzip } = await import('node:zlib')
  const gunzip = createGunzip({ chunkSize: UNPACKED_BYTES })
  // Its errors come out of the iteration.
  pipeline(handle.createReadStream({ start: 0, autoClose: false }), gunzip, () => {})
  yield* gunzip
}
