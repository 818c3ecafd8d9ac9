import { isAbsolute, join, resolve } from 'node:path'

/** A path as a user writes it: `~` is the home directory, a relative one starts at `base`. */
export function expandPath(path: string, home: string, base: string): string {
  if (path === '~') return home
  if (path.startsWith('~/')) return join(home, path.slice(2))
  return isAbsolute(path) ? path : resolve(base, path)
}
