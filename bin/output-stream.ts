import { fstatSync, writeSync } from 'node:fs'
import type { OutputStream } from '../src/shell/world.ts'

/**
 * Standard output or error. Files and pipes are written to directly: to make one of node's streams takes longer than to
 * make the help that is written. Terminals have one, which knows their width, and so has a pipe that is full and does not
 * wait. `onError` is given the system's error when something could not be written.
 */
export function outputStream(
  descriptor: 1 | 2,
  nodeStream: () => NodeJS.WriteStream,
  onError: (error: NodeJS.ErrnoException) => void,
): OutputStream {
  let opened: NodeJS.WriteStream | null = null
  const open = () => {
    opened ??= nodeStream().on('error', onError)
    return opened
  }
  if (isDevice(descriptor)) return open()
  return {
    write(text) {
      if (opened !== null) return opened.write(text)
      let rest = Buffer.from(text)
      try {
        while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest))
      } catch (error) {
        const systemError = error as NodeJS.ErrnoException
        if (systemError.code === 'EAGAIN') return open().write(rest)
        onError(systemError)
      }
      return true
    },
  }
}

/** Whether it may be a terminal; true also of what cannot be asked. */
function isDevice(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice()
  } catch {
    return true
  }
}
