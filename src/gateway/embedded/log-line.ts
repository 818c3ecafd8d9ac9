import { goDuration, localStamp } from './go-text.ts'
import type { Traits } from './profile.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** What stands for "no request id" (contract, files 4.2). */
export const NO_REQUEST_ID = '--------'

export interface LogEntry {
  readonly timeMs: number
  readonly level: LogLevel
  /** Go file and line, e.g. `gin_logger.go:97`. */
  readonly caller: string
  /** Not escaped, as in the real file: it may hold line breaks (contract, files 4.6). */
  readonly message: string
  readonly requestId?: string | undefined
}

/** One record of `main.log`, era E, with its line end (contract, files 4.2). */
export function logLine({ timeMs, level, caller, message, requestId = NO_REQUEST_ID }: LogEntry): string {
  return `[${localStamp(timeMs)}] [${requestId}] [${level.padEnd(5)}] [${caller}] ${message}\n`
}

export interface Access {
  readonly status: number
  readonly latencyMs: number
  readonly address: string
  readonly method: string
  /** Percent-decoded, with the raw query (contract, files 4.3). */
  readonly target: string
}

/** The line of an answered request, but for its time and id (contract, files 4.3). */
export function accessEntry(
  { status, latencyMs, address, method, target }: Access,
  callers: Traits['callers'],
): Pick<LogEntry, 'level' | 'caller' | 'message'> {
  const message = `${status} | ${goDuration(latencyMs).padStart(13)} | ${address.padStart(15)} | ${method.padEnd(7)} "${target}"`
  if (status >= 500) return { level: 'error', caller: callers.error, message }
  return status >= 400
    ? { level: 'warn', caller: callers.warn, message }
    : { level: 'info', caller: callers.ok, message }
}

const MASKED_NAME = /^key$|api-?key|api_key|token|secret/i

/** A raw query with the values of key-like parameters masked (contract, files 4.3). */
export function maskQuery(query: string): string {
  return query
    .split('&')
    .map((pair) => {
      const cut = pair.indexOf('=')
      if (cut < 0 || !MASKED_NAME.test(pair.slice(0, cut))) return pair
      return `${pair.slice(0, cut + 1)}${maskKey(pair.slice(cut + 1))}`
    })
    .join('&')
}

/** `first4...last4`, shorter for short values (contract, files 4.5). */
export function maskKey(key: string): string {
  const kept = key.length > 8 ? 4 : key.length > 4 ? 2 : key.length > 2 ? 1 : 0
  return kept === 0 ? '*'.repeat(key.length) : `${key.slice(0, kept)}...${key.slice(-kept)}`
}
