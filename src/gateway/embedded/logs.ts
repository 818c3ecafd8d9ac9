import { appendFileSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { createStream, type RotatingFileStream } from 'rotating-file-stream'
import type { Clock } from '../../core/clock.ts'
import { type LogEntry, logLine, NO_REQUEST_ID } from './log-line.ts'

/** Contract, files 4.1. */
const ROTATE_AT = '10M'

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
  /** Writes what is left and closes the file; lines that come later are dropped. */
  close(): Promise<void>
}

/**
 * `main.log` with rotation: at 10 MiB it is renamed to `main-<UTC time>.log` and begun anew (contract, files 4.1).
 * Lines of one turn of the event loop are written together. A disk that refuses loses lines, never the gateway.
 */
export function createMainLog(directory: string, clock: Clock): MainLog {
  const path = join(directory, 'main.log')
  let state: 'file' | 'off' = 'off'
  let stream: RotatingFileStream | null = null
  let pending = ''
  let scheduled: NodeJS.Immediate | null = null
  let written: Promise<void> = Promise.resolve()
  /** Where the next line goes after `clear`; 0: at the end. */
  let placeBytes = 0

  const open = (): RotatingFileStream => {
    const file = createStream((time) => (time ? rotatedName(clock.nowMs()) : 'main.log'), {
      path: directory,
      size: ROTATE_AT,
      mode: 0o600,
    })
    file.on('error', () => {})
    return file
  }

  /** The lines that wait; whoever takes them writes them. */
  const take = (): string => {
    if (scheduled) clearImmediate(scheduled)
    scheduled = null
    const text = pending
    pending = ''
    if (text !== '' && placeBytes > 0) {
      attempted(() => truncateSync(path, placeBytes))
      placeBytes = 0
    }
    return text
  }

  const hand = (): void => {
    const text = take()
    if (text === '') return
    stream ??= open()
    const file = stream
    written = new Promise((resolve) => {
      file.write(text, () => resolve())
    })
  }

  const closeFile = async (): Promise<void> => {
    hand()
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
      scheduled ??= setImmediate(hand)
    },
    async flush() {
      // The lines of a start are all that many a run writes, and to open the stream takes longer than to write them.
      if (stream === null) append(path, take())
      else hand()
      await written
    },
    async clear() {
      hand()
      await written
      attempted(() => {
        placeBytes = statSync(path).size
        truncateSync(path, 0)
      })
    },
    close() {
      state = 'off'
      return closeFile()
    },
  }
}

function append(path: string, text: string): void {
  if (text !== '') attempted(() => appendFileSync(path, text, { mode: 0o600 }))
}

/** What a disk refuses is left undone. */
function attempted(act: () => void): void {
  try {
    act()
  } catch {
    // There is nowhere to tell it.
  }
}

/** `main-YYYY-MM-DDTHH-MM-SS.mmm.log`, the moment of rotation in UTC (contract, files 4.1). */
export function rotatedName(timeMs: number): string {
  return `main-${new Date(timeMs).toISOString().slice(0, -1).replaceAll(':', '-')}.log`
}
