import type { FileSystem, OpenFile, OpenMode } from '../../../src/changes/file-system.ts'

/** A call that changes something, as the tests name it. */
export interface Call {
  readonly name: 'makeDirectory' | 'open' | 'write' | 'truncate' | 'sync' | 'remove' | 'syncDirectory'
  readonly path: string
  readonly mode?: OpenMode
}

export type Reaction =
  | { readonly kind: 'go-on' }
  /** Rejects with a system error of this code. */
  | { readonly kind: 'fail'; readonly code: string }
  /** A write takes only so many bytes. */
  | { readonly kind: 'short'; readonly takesBytes: number }
  /** Carries out half of a write, then calls `afterwards`. */
  | { readonly kind: 'half'; readonly afterwards: () => void }

/** Asks `react` before each changing call; everything else passes through. */
export function reactingFileSystem(inner: FileSystem, react: (call: Call) => Reaction): FileSystem {
  const guard = (call: Call) => {
    const reaction = react(call)
    if (reaction.kind === 'fail') throw Object.assign(new Error(reaction.code), { code: reaction.code })
    return reaction
  }
  const wrap = (file: OpenFile, path: string, mode: OpenMode): OpenFile => ({
    ...file,
    write: async (bytes, position) => {
      const reaction = guard({ name: 'write', path, mode })
      if (reaction.kind === 'go-on') return file.write(bytes, position)
      const takes = reaction.kind === 'short' ? reaction.takesBytes : Math.floor(bytes.length / 2)
      const wroteBytes = takes === 0 ? 0 : await file.write(bytes.subarray(0, takes), position)
      if (reaction.kind === 'half') reaction.afterwards()
      return wroteBytes
    },
    truncate: async (sizeBytes) => {
      guard({ name: 'truncate', path, mode })
      await file.truncate(sizeBytes)
    },
    sync: async () => {
      guard({ name: 'sync', path, mode })
      await file.sync()
    },
  })
  return {
    ...inner,
    open: async (path, mode) => {
      if (mode !== 'read') guard({ name: 'open', path, mode })
      return wrap(await inner.open(path, mode), path, mode)
    },
    makeDirectory: async (path) => {
      guard({ name: 'makeDirectory', path })
      await inner.makeDirectory(path)
    },
    remove: async (path) => {
      guard({ name: 'remove', path })
      await inner.remove(path)
    },
    syncDirectory: async (path) => {
      guard({ name: 'syncDirectory', path })
      await inner.syncDirectory(path)
    },
  }
}

/**
 * Calls `die` at the moment numbered `moment`: moments are counted from 1, one before each changing call and one in the
 * middle of each write. `counted` tells how many there were.
 */
export function dyingFileSystem(inner: FileSystem, moment: number, die: () => never) {
  let counted = 0
  const isNow = () => ++counted === moment
  const fs = reactingFileSystem(inner, ({ name }) => {
    if (counted >= moment) die()
    if (isNow()) die()
    if (name === 'write' && isNow()) return { kind: 'half', afterwards: die }
    return { kind: 'go-on' }
  })
  return { fs, counted: () => counted }
}
