/** Who else on the machine may read a file. `unknown`: the system has no permission bits to tell it by. */
export type Exposure = 'private' | 'group' | 'world' | 'unknown'

/** Permission bits of a file and of every directory above it, its own first; null where there are none to read. */
export interface Modes {
  readonly file: number
  readonly directories: readonly number[]
}

/**
 * A file is as open as the tightest directory on its way: a 0644 token inside a 0700 directory is private, and that is
 * how logins leave it (contract, files 3.8).
 */
export function exposureOf(modes: Modes | null): Exposure {
  if (modes === null) return 'unknown'
  const may = (read: number, pass: number) =>
    (modes.file & read) !== 0 && modes.directories.every((mode) => (mode & pass) !== 0)
  if (may(0o004, 0o001)) return 'world'
  return may(0o040, 0o010) ? 'group' : 'private'
}
