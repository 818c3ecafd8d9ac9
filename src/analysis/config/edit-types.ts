import type { ProviderEntry } from './model.ts'
import type { Section } from './schema-providers.ts'

/** An openai-compatibility entry: by its place in the file's list, or by its name. */
export type CompatRef =
  | { readonly section: 'openai-compatibility'; readonly index: number }
  | { readonly section: 'openai-compatibility'; readonly name: string }

/** An entry of any provider section; the others have no names. */
export type EntryRef = { readonly section: Section; readonly index: number } | CompatRef

/** The entry by its place in the file as it was read. */
export function refOf({ section, fileIndex }: ProviderEntry): EntryRef {
  return { section, index: fileIndex }
}

export interface NewModel {
  readonly name: string
  readonly alias?: string
}

export interface NewCompatEntry {
  readonly name: string
  readonly baseUrl: string
  readonly prefix?: string
  readonly priority?: number
  readonly disabled?: boolean
  readonly headers?: Readonly<Record<string, string>>
  /** Empty for a server that wants no key. */
  readonly keys: readonly { readonly apiKey: string; readonly proxyUrl?: string; readonly weight?: number }[]
  readonly models: readonly NewModel[]
}

export interface NewOAuthAlias {
  readonly name: string
  readonly alias: string
  /** False takes the original id away from everybody (contract, files 1.5). */
  readonly fork: boolean
}

/** Where exclusion patterns stand: in an entry of a key section, or for a channel of OAuth credentials. */
export type ExclusionTarget =
  | { readonly kind: 'entry'; readonly entry: EntryRef }
  | { readonly kind: 'oauth'; readonly channel: string }

/** Top-level switches that can be set, with the type of their value. */
export const SETTINGS = {
  'force-model-prefix': 'boolean',
  'passthrough-headers': 'boolean',
  'disable-cooling': 'boolean',
  'save-cooldown-status': 'boolean',
  'usage-statistics-enabled': 'boolean',
  'logging-to-file': 'boolean',
  'request-log': 'boolean',
  debug: 'boolean',
  'request-retry': 'number',
  'max-retry-credentials': 'number',
  'max-retry-interval': 'number',
  'transient-error-cooldown-seconds': 'number',
  'logs-max-total-size-mb': 'number',
  'error-logs-max-files': 'number',
  'routing.strategy': 'string',
  'routing.session-affinity': 'boolean',
} as const satisfies Record<string, 'boolean' | 'number' | 'string'>

export type SettingKey = keyof typeof SETTINGS

type SettingTypes = { boolean: boolean; number: number; string: string }

export type SetSetting = {
  [Key in SettingKey]: {
    readonly kind: 'set-setting'
    readonly key: Key
    /** Null removes the key, so that the gateway's default holds. */
    readonly value: SettingTypes[(typeof SETTINGS)[Key]] | null
  }
}[SettingKey]

/** One change to a config file, as data. Making the same change twice is the same as making it once. */
export type ConfigEdit =
  | { readonly kind: 'add-compat-entry'; readonly entry: NewCompatEntry }
  | { readonly kind: 'remove-compat-entry'; readonly name: string }
  | { readonly kind: 'add-model'; readonly entry: EntryRef; readonly model: NewModel }
  /** Removes every item of that name and alias. */
  | { readonly kind: 'remove-model'; readonly entry: EntryRef; readonly model: NewModel }
  | { readonly kind: 'add-oauth-alias'; readonly channel: string; readonly alias: NewOAuthAlias }
  | {
      readonly kind: 'remove-oauth-alias'
      readonly channel: string
      readonly name: string
      readonly alias: string
    }
  /** Null: no prefix. */
  | { readonly kind: 'set-prefix'; readonly entry: EntryRef; readonly prefix: string | null }
  /** Null: the default, 0. */
  | { readonly kind: 'set-priority'; readonly entry: EntryRef; readonly priority: number | null }
  | { readonly kind: 'set-disabled'; readonly entry: CompatRef; readonly disabled: boolean }
  | { readonly kind: 'add-exclusion'; readonly target: ExclusionTarget; readonly pattern: string }
  | { readonly kind: 'remove-exclusion'; readonly target: ExclusionTarget; readonly pattern: string }
  | SetSetting
