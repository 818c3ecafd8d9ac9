import { hostname } from 'node:os'
import { maskConfigSecrets } from '../analysis/config/mask.ts'
import { secretTags } from '../analysis/config/secrets.ts'
import { errorCodeOf, nodeFileSystem } from '../changes/file-system.ts'
import type { ChangeWorld } from '../changes/world.ts'
import type { Invocation } from './invocation.ts'

/** What a change borrows, made of what this run was lent. Equal secrets have equal tags in everything it shows. */
export function changeWorldOf({ world, redactor }: Invocation): ChangeWorld {
  const tags = secretTags()
  return {
    fs: world.fileSystem ?? nodeFileSystem,
    clock: world.clock,
    stateDir: world.stateDir,
    self: { pid: process.pid, host: hostname(), isAlive: isAliveHere },
    mask: (text) => redactor.apply(maskConfigSecrets(text, tags)),
  }
}

function isAliveHere(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process may not be signalled, but it lives.
    return errorCodeOf(error) === 'EPERM'
  }
}
