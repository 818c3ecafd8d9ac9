import { createHash } from 'node:crypto'
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const ROTATED =
  /^main-\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}(?:\.\d{1,3})?\.log(?:\.gz)?$|^main\.log\.\d+(?:\.gz)?$/
const STAMP = /^\[(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})\]/
/** Bytes before a cursor's place that must be unchanged for the cursor to hold. */
const FINGERPRINT_BYTES = 4 * 1024

export function isRotatedLog(name: string): boolean {
  return ROTATED.test(name)
}

/** The log files of a directory in the order of their lines; none when there is no directory. */
export async function logFilesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => [])
  const rotated = names.filter(isRotatedLog).sort(byAge)
  return [...rotated, ...names.filter((name) => name === 'main.log')].map((name) => join(directory, name))
}

/** `main-<time>.log` by name; the numbered files of an outside rotation the other way round, before them. */
function byAge(a: string, b: string): number {
  const left = numberOf(a)
  const right = numberOf(b)
  if (left !== null && right !== null) return right - left
  if (left !== null || right !== null) return left !== null ? -1 : 1
  return a < b ? -1 : 1
}

function numberOf(name: string): number | null {
  const match = /^main\.log\.(\d+)/.exec(name)
  return match ? Number(match[1]) : null
}

/** The complete lines of a file, without a `\r` at their end. */
export async function linesOf(file: string): Promise<string[]> {
  const bytes = await readFile(file).catch(() => Buffer.alloc(0))
  return splitLines((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8'))
}

function splitLines(text: string): string[] {
  const lines = text.split('\n')
  lines.pop()
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
}

/** Unix seconds of a line's stamp, read in the zone of the process; null for a continuation. */
export function secondOf(line: string): number | null {
  const match = STAMP.exec(line)
  if (!match) return null
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = match.slice(1).map(Number)
  return Math.floor(new Date(year, month - 1, day, hour, minute, second).getTime() / 1_000)
}

/** The newest stamp in `lines`, or `least` when none is newer. */
export function newestSecond(lines: readonly string[], least = 0): number {
  for (let i = lines.length - 1; i >= 0; i--) {
    const second = secondOf(lines[i] ?? '')
    if (second !== null) return Math.max(second, least)
  }
  return least
}

export interface LogCursor {
  readonly v: 1
  readonly file: 'main.log'
  readonly offset: number
  readonly latestTimestamp: number
  readonly fingerprint: string
}

export function encodeCursor(cursor: LogCursor): string {
  return Buffer.from(JSON.stringify(cursor)).toString('base64url')
}

/** Null for anything but a cursor. */
export function decodeCursor(text: string): LogCursor | null {
  try {
    const value = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Partial<LogCursor>
    const isCursor =
      value.v === 1 && Number.isSafeInteger(value.offset) && typeof value.fingerprint === 'string'
    return isCursor ? (value as LogCursor) : null
  } catch {
    return null
  }
}

/** A cursor at the end of the last complete line of `main.log`; null when there is no such file. */
export async function cursorAtEnd(directory: string, latestTimestamp: number): Promise<LogCursor | null> {
  const file = join(directory, 'main.log')
  const size = (await stat(file).catch(() => null))?.size
  if (size === undefined) return null
  return {
    v: 1,
    file: 'main.log',
    offset: size,
    latestTimestamp,
    fingerprint: await fingerprintAt(file, size),
  }
}

/** The lines after a cursor; null when the file is no longer the one it was taken from. */
export async function linesAfter(directory: string, cursor: LogCursor): Promise<string[] | null> {
  const file = join(directory, 'main.log')
  const size = (await stat(file).catch(() => null))?.size ?? 0
  if (size < cursor.offset || (await fingerprintAt(file, cursor.offset)) !== cursor.fingerprint) return null
  return splitLines((await readRange(file, cursor.offset, size)).toString('utf8'))
}

async function fingerprintAt(file: string, offset: number): Promise<string> {
  const bytes = await readRange(file, Math.max(0, offset - FINGERPRINT_BYTES), offset)
  return createHash('sha256').update(bytes).digest('base64url').slice(0, 16)
}

async function readRange(file: string, from: number, to: number): Promise<Buffer> {
  const handle = await open(file, 'r')
  try {
    const buffer = Buffer.alloc(to - from)
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, from)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}
