import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { LogScan } from '../../../src/analysis/logs/log-scan.ts'
import type { LogPart, ScanOptions } from '../../../src/analysis/logs/scan.ts'
import { scanLog } from '../../../src/analysis/logs/scan.ts'
import type { WallClock } from '../../../src/analysis/logs/wall-clock.ts'
import { wallClock } from '../../../src/analysis/logs/wall-clock.ts'

export function clockOf(zone: string): WallClock {
  const clock = wallClock(zone)
  if (clock === null) throw new Error(`no zone ${zone}`)
  return clock
}

export function fixture(name: string): Buffer {
  return readFileSync(join(import.meta.dirname, '../../../fixtures/logs', name))
}

/** The bytes as a part in chunks of these sizes, one after the other and again from the first. */
export function part(bytes: Uint8Array, chunkSizes: readonly number[] = [bytes.length]): LogPart {
  return {
    name: 'test.log',
    async *chunks() {
      let turn = 0
      for (let at = 0; at < bytes.length; ) {
        const size = Math.max(1, chunkSizes[turn++ % chunkSizes.length] ?? 1)
        yield bytes.subarray(at, at + size)
        at += size
      }
    },
  }
}

export async function scan(
  log: string | Uint8Array,
  options: Partial<ScanOptions> & { readonly chunkSizes?: readonly number[] } = {},
): Promise<LogScan> {
  const { chunkSizes, ...rest } = options
  const bytes = typeof log === 'string' ? Buffer.from(log) : log
  return scanLog([part(bytes, chunkSizes)], { clock: clockOf('UTC'), ...rest })
}

/** A scan as plain data that can be compared. */
export function plain(result: LogScan) {
  return {
    ...result,
    refusals: [...result.refusals],
    upstream: { ...result.upstream, failures: [...result.upstream.failures] },
  }
}

export interface AccessLook {
  readonly second: number
  readonly id: string
  readonly status: number
  readonly latency: string
  readonly ip: string
  readonly method: string
  readonly path: string
}

export const START_MS = Date.UTC(2026, 7, 22, 21, 40, 0)

/** `2026-08-22 21:40:00` and so many seconds. */
export function stamp(second: number): string {
  return new Date(START_MS + second * 1000).toISOString().slice(0, 19).replace('T', ' ')
}

/** An access line as current gateways write it. */
export function access(look: Partial<AccessLook> = {}): string {
  const { second = 0, id = '9f3c11aa', status = 200, latency = '812ms' } = look
  const { ip = '198.51.100.10', method = 'POST', path = '/v1/responses' } = look
  const [level, line] = status >= 500 ? ['error', 89] : status >= 400 ? ['warn ', 101] : ['info ', 103]
  const cells = `${status} | ${latency.padStart(13)} | ${ip.padStart(15)} | ${method.padEnd(7)} "${path}"`
  return `[${stamp(second)}] [${id}] [${level}] [gin_logger.go:${line}] ${cells}`
}

export function failure(second: number, id: string, error: string, provider = 'codex'): string {
  return `[${stamp(second)}] [${id}] [warn ] [conductor_execution.go:1602] upstream execution failed: provider=${provider} model=gpt-5.3-codex auth=api_key=sk-9...0RHO duration=812ms err=${error}`
}

export function lines(...all: readonly string[]): string {
  return all.map((line) => `${line}\n`).join('')
}

/** The same number of times what `make` gives for 0, 1, 2 … */
export function repeat<T>(times: number, make: (index: number) => T): T[] {
  return Array.from({ length: times }, (_, index) => make(index))
}
