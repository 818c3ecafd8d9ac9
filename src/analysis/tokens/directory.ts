import type { CooldownFile } from './cooldown-file.ts'
import { duplicatesIn } from './duplicates.ts'
import { type Exposure, exposureOf, type Modes } from './exposure.ts'
import { type TokenState, tokenStateOf } from './state.ts'
import type { TokenCredential, TokenReading } from './token-file.ts'

/** What came of one file of the directory. */
export type FileReading =
  | TokenReading
  /** `code` is the system's, e.g. `EACCES`. */
  | { readonly kind: 'closed'; readonly code: string }
  | { readonly kind: 'too-large'; readonly sizeBytes: number }

export interface TokenFile {
  /** May hold an e-mail address: masked before it is shown. */
  readonly name: string
  readonly modifiedMs: number
  readonly modes: Modes | null
  readonly reading: FileReading
}

/** Everything in a directory of token files that matters (contract, files 3.1). */
export interface AuthDirectory {
  readonly path: string
  readonly readMs: number
  readonly files: readonly TokenFile[]
  readonly cooldowns: readonly CooldownFile[]
  /** Names of `.cds` files that say nothing. */
  readonly brokenCooldowns: readonly string[]
  /** Token files beyond the limit, which were not opened. */
  readonly unopened: number
}

/** One token file that became a credential, judged at the time of reading. */
export interface SurveyedToken {
  readonly name: string
  readonly credential: TokenCredential
  readonly state: TokenState
  readonly modifiedMs: number
  /** The file that this one is a copy of. */
  readonly copyOf: string | null
}

export interface Survey {
  readonly tokens: readonly SurveyedToken[]
  readonly unread: readonly { readonly name: string; readonly reading: UnreadReading }[]
  /** Of every file that could be opened or not. */
  readonly exposures: readonly { readonly name: string; readonly exposure: Exposure }[]
}

export type UnreadReading = Exclude<FileReading, { kind: 'credential' }>

/** Judges each file of a directory, and the files against each other. */
export function surveyTokens({ files, readMs }: AuthDirectory): Survey {
  const named = files.flatMap(({ name, modifiedMs, reading }) =>
    reading.kind === 'credential' ? [{ name, modifiedMs, credential: reading.credential }] : [],
  )
  const copies = duplicatesIn(named)
  return {
    tokens: named.map(({ name, modifiedMs, credential }) => ({
      name,
      credential,
      modifiedMs,
      state: tokenStateOf(credential, modifiedMs, readMs),
      copyOf: copies.get(name) ?? null,
    })),
    unread: files.flatMap(({ name, reading }) => (reading.kind === 'credential' ? [] : [{ name, reading }])),
    exposures: files.map(({ name, modes }) => ({ name, exposure: exposureOf(modes) })),
  }
}
