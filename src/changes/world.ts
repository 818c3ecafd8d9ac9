import type { Clock } from '../core/clock.ts'
import type { FileSystem } from './file-system.ts'

/** What a change borrows from outside. */
export interface ChangeWorld {
  readonly fs: FileSystem
  readonly clock: Clock
  /** Where journals, locks and, at need, backups live. Created with 0700 when missing. */
  readonly stateDir: string
  readonly self: Self
  /** Hides every secret of a configuration text and keeps its number of lines. */
  readonly mask: (text: string) => string
}

/** This process, as a second provops would look for it. */
export interface Self {
  readonly pid: number
  readonly host: string
  /** Whether a process of this host lives. */
  readonly isAlive: (pid: number) => boolean
}
