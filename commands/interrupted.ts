import { EXIT_CODES, type ExitName } from '../src/core/exit-codes.ts'
import type { World } from '../src/shell/world.ts'

/** Says that a run was broken off, and returns the exit code of the signal that did it. */
export function interrupted(world: World): number {
  const name: ExitName = world.interrupted.reason === 'SIGTERM' ? 'terminated' : 'interrupted'
  world.stderr.write(`provops: ${name}\n`)
  return EXIT_CODES[name].code
}
