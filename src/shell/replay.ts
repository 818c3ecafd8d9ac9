import { readFile } from 'node:fs/promises'
import { errorCode } from '../core/error-code.ts'
import type { Invocation } from './invocation.ts'
import { expandPath } from './paths.ts'
import { readReport } from './report-schema.ts'
import { type CommandResult, usageError } from './result.ts'

/** `provops replay <file>`: the recorded report as the result, so that format and exit code come out as they did. */
export async function replayReport({ world, args }: Invocation): Promise<CommandResult> {
  const path = expandPath(args[0] ?? '', world.home, world.cwd)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    const code = errorCode(error) ?? 'error'
    return usageError(`cannot read ${path}: ${code}`, 'give a file written by --record or -o json')
  }
  const reading = readReport(text)
  if (reading.kind === 'refused')
    return usageError(`${path}: ${reading.message}`, 'give a file written by --record or -o json')
  return reading
}
