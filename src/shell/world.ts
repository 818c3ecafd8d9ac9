import type { FileSystem } from '../changes/file-system.ts'
import type { Clock } from '../core/clock.ts'

/** Everything outside the process that a command may touch, lent by `bin/`, so that tests can lend something else. */
export interface World {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly home: string
  readonly clock: Clock
  /** From 0 up to 1; for retry jitter only. */
  readonly random: () => number
  /** `destroy` ends a reading that nobody waits for any more, so that the process can end. */
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean; destroy?(): unknown }
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  /** Aborts at SIGINT or SIGTERM; the reason is the signal's name. */
  readonly interrupted: AbortSignal
  /** What changes read and write files with; node's own when not given. */
  readonly fileSystem?: FileSystem
  /** Where run records, inventories and journals live. */
  readonly stateDir: string
  /** Where the bundled scenarios of the embedded gateway lie. */
  readonly scenariosDir: string
  /** Where `provops.yaml` is looked for besides the working directory. */
  readonly configDir: string
}

export interface OutputStream {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}
