import type { Invocation } from '../src/shell/invocation.ts'
import type { CommandResult } from '../src/shell/result.ts'

/** A flag as a table entry; commander's options, the help and the README derive from it. */
export interface FlagSpec {
  /** As commander writes it: `-o, --output <format>`. */
  readonly flags: string
  readonly about: string
  readonly choices?: readonly string[]
  /** May be given several times, or once with commas. */
  readonly repeats?: true
}

export interface Example {
  readonly line: string
  readonly shows: string
}

export interface CommandSpec {
  /** As typed, with its arguments: `explain <id>`. */
  readonly usage: string
  readonly summary: string
  /** One or two sentences under the usage line. */
  readonly about: string
  readonly examples: readonly Example[]
  readonly flags: readonly FlagSpec[]
  /** `gateway` commands take the flags that choose and reach a gateway; `local` ones only those of output. */
  readonly speaksTo: 'gateway' | 'local'
  readonly run: (invocation: Invocation) => Promise<CommandResult>
}
