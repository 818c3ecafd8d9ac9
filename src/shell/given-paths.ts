import { access, constants, stat } from 'node:fs/promises'
import { errorCode } from '../core/error-code.ts'
import type { Invocation } from './invocation.ts'
import { expandPath } from './paths.ts'
import { type Refusal, usageError } from './result.ts'

/** What flags that name something of the gateway on this machine may name. */
const KINDS = {
  'config-file': { is: 'a file', fits: (kind: PathKind) => kind !== 'directory' },
  'auth-dir': { is: 'a directory', fits: (kind: PathKind) => kind === 'directory' },
  logs: { is: 'a file or directory', fits: () => true },
} as const satisfies Record<string, { is: string; fits: (kind: PathKind) => boolean }>

export type GivenPath = keyof typeof KINDS
type PathKind = 'directory' | 'other'

/**
 * Why a path that was typed cannot be what it should be, found out before anything is asked: otherwise a typo would look
 * like a gateway that tells little. Paths of `provops.yaml` are not looked at: they speak of one gateway among several.
 */
export async function givenPathsProblem(
  { flags, world }: Invocation,
  names: readonly GivenPath[],
): Promise<Refusal | null> {
  // To list what would be asked nothing is read.
  if (flags.has('list')) return null
  for (const name of names) {
    const given = flags.text(name)
    if (given === undefined || given === '-') continue
    const problem = await problemOf(expandPath(given, world.home, world.cwd), name)
    if (problem !== null)
      return usageError(`--${name}: ${given} ${problem}`, `give ${KINDS[name].is} that can be read`)
  }
  return null
}

async function problemOf(path: string, name: GivenPath): Promise<string | null> {
  try {
    const stats = await stat(path)
    if (!KINDS[name].fits(stats.isDirectory() ? 'directory' : 'other')) return `is not ${KINDS[name].is}`
    await access(path, constants.R_OK)
    return null
  } catch (error) {
    const code = errorCode(error) ?? 'error'
    return code === 'ENOENT' ? 'does not exist' : `cannot be read: ${code}`
  }
}
