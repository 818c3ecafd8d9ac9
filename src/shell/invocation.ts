import type { ConfigFile } from './config-file.ts'
import type { Redactor } from './redact.ts'
import type { Settings } from './settings.ts'
import type { World } from './world.ts'

/** A command line that has been read: arguments, flags, and every setting with where it came from. */
export interface Invocation {
  readonly world: World
  readonly redactor: Redactor
  readonly args: readonly string[]
  readonly flags: Flags
  readonly settings: Settings
  readonly config: ConfigFile | null
  /** The files looked at for `provops.yaml`, in order, whether they exist or not. */
  readonly configPaths: readonly string[]
}

/** Flags as typed, by long name without dashes. A repeated flag's values are joined by newlines. */
export class Flags {
  readonly #values: Readonly<Record<string, string | undefined>>

  constructor(values: Readonly<Record<string, string | undefined>>) {
    this.#values = values
  }

  /** The flag's text; `''` for one without a value; undefined when it was not given. */
  text(name: string): string | undefined {
    return this.#values[name]
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined
  }

  /** The values of a flag that repeats, from several uses or from commas. */
  list(name: string): string[] {
    return (this.#values[name] ?? '')
      .split(/[\n,]/)
      .map((item) => item.trim())
      .filter((item) => item !== '')
  }

  entries(): Readonly<Record<string, string | undefined>> {
    return this.#values
  }
}
