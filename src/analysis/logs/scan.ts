import { errorCode } from '../../core/error-code.ts'
import { CARRIAGE_RETURN, LINE_FEED } from './assembly/shared.ts'
import { ForgeryGuard } from './forgery.ts'
import type { LogLine } from './line.ts'
import { parseLine } from './line.ts'
import type { LogScan, PartRead } from './log-scan.ts'
import { OrdinaryLineReader } from './ordinary-lines.ts'
import type { TallyOptions } from './tally.ts'
import { Tally } from './tally.ts'

/** One file of a log, or a stream, or the lines of a management reply. Parts follow each other in time. */
export interface LogPart {
  /** For reports, e.g. a path. */
  readonly name: string
  /**
   * Its bytes; a chunk may be overwritten as soon as the next one is asked for. Those in memory that `allocate` gave
   * are read fastest.
   */
  readonly chunks: (allocate: Allocate) => AsyncIterable<Uint8Array>
}

/** Memory for a chunk of at most so many bytes, while a part is read; what a shorter chunk leaves of it is overwritten. */
export type Allocate = (bytes: number) => Buffer

export interface ScanOptions extends TallyOptions {
  /**
   * `bytes` reads ordinary lines without decoding them, `lines` decodes every line; the result is the same. Unless told,
   * it is `bytes` from the first large chunk on. With `onRecord` every line is decoded.
   */
  readonly reader?: 'bytes' | 'lines'
}

/** To decode a log that is smaller than this takes less time than to make a reader of bytes. */
const LARGE_BYTES = 32_768

/** Of a longer line, such as one that names all credentials of a large pool, only the head is read (contract, files 4.6). */
export const MAX_LINE_BYTES = 65_536

/**
 * Reads a whole log once, in memory that does not grow with its size, and says what it holds. A part that fails
 * while it is read is `broken` in the result and the scan goes on with the next one; nothing is thrown for what a
 * file or stream does.
 */
export async function scanLog(parts: Iterable<LogPart>, options: ScanOptions): Promise<LogScan> {
  const scanner = new LogScanner(options)
  const read: PartRead[] = []
  for (const part of parts) {
    read.push(await readPart(part, scanner))
    scanner.endOfPart()
  }
  return scanner.result(read)
}

// Only what the source throws makes a part broken; an exception of the scanner is a defect and goes through.
async function readPart({ name, chunks }: LogPart, scanner: LogScanner): Promise<PartRead> {
  let sizeBytes = 0
  scanner.startPart()
  const iterator = chunks((bytes) => scanner.allocate(bytes))[Symbol.asyncIterator]()
  for (;;) {
    let next: IteratorResult<Uint8Array>
    try {
      next = await iterator.next()
    } catch (error) {
      return { name, outcome: 'broken', sizeBytes, reason: errorCode(error) ?? 'unreadable' }
    }
    if (next.done) return { name, outcome: 'read', sizeBytes }
    scanner.write(next.value)
    sizeBytes += next.value.length
  }
}

/** Lines without line feeds, such as `lines` of `GET /v0/management/logs` (contract, HTTP 8.8), as a part. */
export function linesPart(name: string, lines: Iterable<string>): LogPart {
  return {
    name,
    async *chunks() {
      let batch: string[] = []
      for (const line of lines) {
        batch.push(line, '\n')
        if (batch.length < 2000) continue
        yield Buffer.from(batch.join(''))
        batch = []
      }
      if (batch.length > 0) yield Buffer.from(batch.join(''))
    },
  }
}

/** Cuts chunks into lines and hands each to the one of the two readers that can take it. */
class LogScanner {
  readonly #tally: Tally
  readonly #guard: ForgeryGuard
  readonly #carry = new Carry()
  /** Null when there is none or can be none; undefined before it is known to pay. */
  #ordinary: OrdinaryLineReader | null | undefined

  constructor(options: ScanOptions) {
    this.#tally = new Tally(options)
    this.#guard = new ForgeryGuard(this.#tally)
    if (options.reader === 'lines' || options.onRecord !== undefined) this.#ordinary = null
    else if (options.reader === 'bytes') this.#ordinary = OrdinaryLineReader.create(this.#tally)
  }

  startPart(): void {
    this.#ordinary?.startPart()
  }

  allocate(bytes: number): Buffer {
    return this.#readerFor(bytes)?.allocate(bytes) ?? Buffer.allocUnsafe(bytes)
  }

  write(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
    this.#readerFor(bytes.length)?.startChunk(bytes)
    let at = this.#carry.isEmpty ? 0 : this.#finishCarried(bytes)
    while (at < bytes.length) {
      if (this.#ordinary && !this.#guard.holding) at = this.#ordinary.read(bytes, at)
      const end = bytes.indexOf(LINE_FEED, at)
      if (end < 0) {
        this.#carry.add(bytes.subarray(at))
        return
      }
      this.#line(bytes.subarray(at, end))
      at = end + 1
    }
  }

  endOfPart(): void {
    if (!this.#carry.isEmpty) this.#line(this.#carry.take())
    this.#guard.endOfPart()
    this.#tally.endOfPart()
  }

  result(parts: readonly PartRead[]): LogScan {
    return this.#tally.result(parts)
  }

  #readerFor(chunkBytes: number): OrdinaryLineReader | null | undefined {
    if (this.#ordinary === undefined && chunkBytes >= LARGE_BYTES) {
      this.#ordinary = OrdinaryLineReader.create(this.#tally)
    }
    return this.#ordinary
  }

  /** Returns where the next line begins. */
  #finishCarried(bytes: Buffer): number {
    const end = bytes.indexOf(LINE_FEED)
    this.#carry.add(end < 0 ? bytes : bytes.subarray(0, end))
    if (end < 0) return bytes.length
    this.#line(this.#carry.take())
    return end + 1
  }

  #line(physical: Buffer): void {
    const line = physical[0] === 0 ? physical.subarray(leadingZeros(physical)) : physical
    if (line.length === 0 || (line.length === 1 && line[0] === CARRIAGE_RETURN)) {
      this.#tally.blank()
      return
    }
    const text = line.toString('utf8', 0, Math.min(line.length, MAX_LINE_BYTES))
    const parsed = parseLine(text)
    if (line.length > MAX_LINE_BYTES) {
      this.#guard.accept(withoutEnd(parsed), text)
      this.#tally.cut()
      return
    }
    if (parsed.kind === 'record') {
      const { kind } = parsed.message
      if (kind === 'access' || kind === 'upstream-failure') this.#ordinary?.learn(line, kind)
    }
    this.#guard.accept(parsed, text)
  }
}

/** A file cut to nothing while its writer goes on (logrotate's `copytruncate`) begins with a hole of zeros. */
function leadingZeros(bytes: Uint8Array): number {
  const first = bytes.findIndex((byte) => byte !== 0)
  return first < 0 ? bytes.length : first
}

/** The closing quote of a line that was cut is somewhere in the part that was not read. */
function withoutEnd(line: LogLine): LogLine {
  if (line.kind === 'continuation' || line.message.kind !== 'access') return line
  return { ...line, message: { ...line.message, pathEnd: 'closed' } }
}

/** The beginning of a line whose end has not come yet; keeps one byte more than is read, to know that it is longer. */
class Carry {
  readonly #bytes = Buffer.allocUnsafe(MAX_LINE_BYTES + 1)
  #length = 0

  get isEmpty(): boolean {
    return this.#length === 0
  }

  add(bytes: Buffer): void {
    const rest = this.#length === 0 ? bytes.subarray(leadingZeros(bytes)) : bytes
    this.#length += rest.copy(this.#bytes, this.#length)
  }

  take(): Buffer {
    const line = this.#bytes.subarray(0, this.#length)
    this.#length = 0
    return line
  }
}
