import { createStream, type RotatingFileStream } from 'rotating-file-stream'
import type { Clock } from '../../core/clock.ts'
import { type LogEntry, logLine } from './log-line.ts'

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
  /** Writes what is left and closes the file. */
  close(): Promise<void>
}

/**
 * `main.log` with rotation: at 10 MiB it is renamed to `main-<UTC time>.log` and begun anew (contract, files 4.1).
 * Lines of one turn of the event loop are written together. A disk that refuses loses lines, never the gateway.
 */
export function createMainLog(directory: string, clock: Clock): MainLog {
  let state: 'file' | 'off' = 'off'
  let stream: RotatingFileStream | null = null
  let pending = ''
  let scheduled: NodeJS.Immediate | null = null
  let written: Promise<void> = Promise.resolve()

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
    scheduled = null
    if (pending === '') return
    const text = pending
    pending = ''
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
    write(entry) {
      if (state === 'off') return
      pending += logLine({ ...entry, timeMs: clock.nowMs() })
      scheduled ??= setImmediate(hand)
    },
    flush() {
      hand()
      return written
    },
    close: closeFile,
  }
}

/** `main-YYYY-MM-DDTHH-MM-SS.mmm.log`, the moment of rotation in UTC (contract, files 4.1). */
export function rotatedName(timeMs: number): string {
  return `main-${new Date(timeMs).toISOString().slice(0, -1).replaceAll(':', '-')}.log`
}
