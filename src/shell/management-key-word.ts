import { shellWord } from '../core/text.ts'
import type { Invocation } from './invocation.ts'
import { expandPath } from './paths.ts'

/** Never the key: where this run has it from, to stand inside double quotes of a shell. */
export function managementKeyWord({ settings, flags, world }: Invocation): string {
  const file = settings.values['management-key-file']
  const fromFile = flags.has('management-key-file') || !world.env.PROVOPS_MANAGEMENT_KEY
  if (file === null || !fromFile) return '$PROVOPS_MANAGEMENT_KEY'
  return `$(cat ${shellWord(expandPath(file, world.home, world.cwd))})`
}
