import { appendFileSync, truncateSync } from 'node:fs'
import { stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { createStream, type RotatingFileStream } from 'rotating-file-stream'
import type { Clock } from '../../core/clock.ts'
import { type LogEntry, logLine, NO_REQUEST_ID } from './log-line.ts'

/** Contract, files 4.1. */
const ROTATE_AT = '10M'
/** Lines that follow a write this closely wait for one another: a write costs as much as answering half a request. */
const GATHER_MS = 20

export interface MainLog {
  /** The log directory, whether or not lines are written. */
  readonly directory: string
  write(entry: Omit<LogEntry, 'timeMs'>): void
  /** `logging-to-file`: off, lines are dropped (the real gateway prints them to its standard output). */
  setEnabled(state: 'file' | 'off'): void
  readonly state: 'file' | 'off'
  /** Resolves when everything written so far is in the file. */
  flush(): Promise<void>
  /**
   * Empties `main.log` in place. As in the real gateway the writer keeps its place, so that the next line comes after
   * as many NUL bytes as were there before.
   */
  clear(): Promise<void>
  /** Writes what is left and closes the file. */
  close(): Promise<void>
}

/**
 * `main.log` with rotation: at 10 MiB it is renamed to `main-<UTC time>.log` and begun anew (contract, files 4.1).
 * A line is written in the turn of the event loop it came in, or, while there are many, with those beside it. A disk
 * that refuses loses lines, never the gateway.
 */
export function createMainLog(directory: string, clock: Clock): MainLog {
  const path = join(directory, 'main.log')
  let state: 'file' | 'off' = 'off'
  let stream: RotatingFileStream | null = null
  let pending = ''
  let scheduled: NodeJS.Immediate | null = null
  let gathering: NodeJS.Timeout | null = null
  let written: Promise<void> = Promise.resolve()
  let holeBytes = 0

  const open = (): RotatingFileStream => {
    const file = createStream((time) => (time ? rotatedName(clock.nowMs()) : 'main.log'), {
      path: directory,
      size: ROTATE_AT,
      mode: 0o600,
    })
    file.on('error', () => {})
    return file
  }

  const hand = (): void => {
    if (scheduled) clearImmediate(scheduled)
    if (gathering) clearTimeout(gathering)
    scheduled = null
    gathering = null
    if (pending === '') return
    const text = pending
    pending = ''
    stream ??= open()
    const file = stream
    if (holeBytes > 0) extend(path, holeBytes)
    holeBytes = 0
    written = new Promise((resolve) => {
      file.write(text, () => resolve())
    })
    gathering = setTimeout(hand, GATHER_MS)
  }

  const appendNow = (): void => {
    const text = pending
    pending = ''
    try {
      if (text !== '') appendFileSync(path, text, { mode: 0o600 })
    } catch {
      // Lost, as with the stream.
    }
  }

  const closeFile = async (): Promise<void> => {
    hand()
    if (gathering) clearTimeout(gathering)
    gathering = null
    const file = stream
    stream = null
    if (!file) return
    await new Promise<void>((resolve) => {
      file.once('close', () => resolve())
      file.end()
    })
  }

  return {
    directory,
    get state() {
      return state
    },
    setEnabled(next) {
      if (next === state) return
      state = next
      if (next === 'off') void closeFile()
    },
    write({ level, caller, message, requestId = NO_REQUEST_ID }) {
      if (state === 'off') return
      pending += logLine({ timeMs: clock.nowMs(), level, caller, message, requestId })
      if (!gathering) scheduled ??= setImmediate(hand)
    },
    flush() {
      // The lines of a start are all that many a run writes, and opening the stream takes longer than the writing.
      if (stream === null) appendNow()
      else hand()
      return written
    },
    async clear() {
      hand()
      await written
      const sizeBytes = (await stat(path).catch(() => null))?.size ?? 0
      await truncate(path, 0).catch(() => {})
      holeBytes = sizeBytes
    },
    close: closeFile,
  }
}

function extend(path: string, sizeBytes: number): void {
  try {
    truncateSync(path, sizeBytes)
  } catch {
    // The file is gone, and with it the place in it.
  }
}

/** `main-YYYY-MM-DDTHH-MM-SS.mmm.log`, the moment of rotation in UTC (contract, files 4.1). */
export function rotatedName(timeMs: number): string {
  return `main-${new Date(timeMs).toISOString().slice(0, -1).replaceAll(':', '-')}.log`
}
