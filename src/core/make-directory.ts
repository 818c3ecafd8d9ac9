import { mkdirSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { errorCode } from './error-code.ts'

/**
 * Makes a directory and those above it that are missing, all with `mode`; one that is there stays as it is. Throws the
 * system's error. Node's own `recursive` never ends where a directory exists in which none can be made, as in `/proc`.
 */
export function makeDirectory(path: string, mode: number): void {
  if (isDirectory(path)) return
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    const code = errorCode(error)
    // Another run may make it at the same moment.
    if (code === 'EEXIST' && isDirectory(path)) return
    if (code !== 'ENOENT' || isDirectory(dirname(path))) throw error
    makeDirectory(dirname(path), mode)
    makeDirectory(path, mode)
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}
