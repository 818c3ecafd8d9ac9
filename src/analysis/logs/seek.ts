import { LINE_FEED } from './assembly/shared.ts'
import { lineTime } from './line.ts'
import { CONTEXT_MS } from './log-time.ts'
import type { WallClock } from './wall-clock.ts'

/** Reads up to `length` bytes at an offset of a file; fewer only at its end. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>

const PROBE_BYTES = 8_192
/** A record with its further lines is never longer in practice; without a time in 512 KiB the search goes left. */
const MAX_PROBES = 64
/** Where it pays no more to look closer than to read on. */
const CLOSE_ENOUGH_BYTES = 65_536
/** Lines of concurrent requests are out of order by seconds; a minute more costs nothing. */
const DISORDER_MS = 60_000
const FOLD_MS = 3 * 3_600_000

/**
 * The offset of a line from which everything logged since `sinceMs`, and what has to be known before it, can be read;
 * 0 when that is the whole file. The log is in the order of time, so a few reads of 8 KiB are enough. A stretch of
 * the log counts as older than `sinceMs` only when all its records are, so that a forged line cannot hide others.
 */
export async function seekSince(
  readAt: ReadAt,
  sizeBytes: number,
  sinceMs: number,
  clock: WallClock,
): Promise<number> {
  // In the hour that clocks repeat, a time alone does not tell which of the two it is.
  const foldMs = clock.goesBackNear(sinceMs) ? FOLD_MS : 0
  const targetMs = sinceMs - CONTEXT_MS - DISORDER_MS - foldMs
  let low = 0
  let high = sizeBytes
  let start = 0
  while (high - low > CLOSE_ENOUGH_BYTES) {
    const middle = Math.floor((low + high) / 2)
    const older = await olderThan(targetMs, readAt, middle, high, clock)
    if (older === null) high = middle
    else {
      low = middle
      start = older
    }
  }
  return start
}

/**
 * The offset of the first record behind `offset` when it and those around it are older than `targetMs`; null when
 * one is not, or none is found.
 */
async function olderThan(
  targetMs: number,
  readAt: ReadAt,
  offset: number,
  end: number,
  clock: WallClock,
): Promise<number | null> {
  for (let i = 0; i < MAX_PROBES; i++) {
    const from = offset + i * PROBE_BYTES
    if (from >= end) return null
    const found = firstRecord(targetMs, await readAt(from, PROBE_BYTES), clock)
    if (found !== 'none') return found === 'not older' ? null : from + found
  }
  return null
}

/** The first and last lines of the piece can be cut and are left out. */
function firstRecord(targetMs: number, bytes: Buffer, clock: WallClock): number | 'not older' | 'none' {
  let first: number | null = null
  let at = bytes.indexOf(LINE_FEED) + 1
  while (at > 0) {
    const end = bytes.indexOf(LINE_FEED, at)
    if (end < 0) break
    const time = lineTime(bytes.toString('utf8', at, end))
    if (time !== null) {
      first ??= at
      const atMs = time.stampMs ?? clock.instantMs(time.wallSeconds, null)
      if (atMs >= targetMs) return 'not older'
    }
    at = end + 1
  }
  return first ?? 'none'
}
