import { utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type PastFailure, pastErrorLog } from './error-logs.ts'
import type { PastLine } from './history.ts'
import { rotatedName } from './logs.ts'

/** `main.log` is begun anew at this size (contract, files 4.1). */
const ROTATE_BYTES = 10 * 1024 * 1024

/** More than a person looks at, should the gateway be told to keep every one. */
const MAX_PAST_FAILURES = 100

/** Writes the newest failures as the gateway would have kept them; `maxFiles` 0 keeps all. */
export function writePastFailures(
  directory: string,
  failures: readonly PastFailure[],
  { version, maxFiles }: { readonly version: string; readonly maxFiles: number },
): void {
  for (const failure of failures.slice(-Math.min(maxFiles || MAX_PAST_FAILURES, MAX_PAST_FAILURES))) {
    const { name, text } = pastErrorLog(failure, version)
    const file = join(directory, name)
    writeFileSync(file, text, { mode: 0o644 })
    utimesSync(file, failure.timeMs / 1_000, failure.timeMs / 1_000)
  }
}

/** Writes past lines as the log of an empty directory, rotated where they are many. */
export function writePastLines(directory: string, lines: readonly PastLine[]): void {
  const file = join(directory, 'main.log')
  if (lines.length === 0) return
  let part: string[] = []
  let size = 0
  for (const { text, timeMs } of lines) {
    if (size + text.length > ROTATE_BYTES) {
      writeFileSync(join(directory, rotatedName(timeMs)), part.join(''), { mode: 0o600 })
      part = []
      size = 0
    }
    part.push(text)
    size += text.length
  }
  writeFileSync(file, part.join(''), { mode: 0o600 })
}
