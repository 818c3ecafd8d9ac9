import type { Flavour } from './flavour.ts'
import type { Section } from './schema-providers.ts'
import type { Position } from './yaml-source.ts'

/** What a gateway makes of its `config.yaml`: defaults filled in, values normalised as the gateway does at load. */
export interface GatewayConfig {
  readonly flavour: Flavour
  readonly settings: Settings
  /** Every provider entry of the file, in file order within a section; also those the gateway drops. */
  readonly entries: readonly ProviderEntry[]
  /** What the gateway makes of the live entries: one credential per key. In the gateway's own order. */
  readonly credentials: readonly ConfigCredential[]
  readonly oauthExcludedModels: ReadonlyMap<string, readonly Pattern[]>
  /** Per channel in the gateway's order, unusable items and repeats left out (contract, files 1.5). */
  readonly oauthModelAliases: ReadonlyMap<string, readonly OAuthAlias[]>
  readonly droppedAliases: readonly DroppedAlias[]
}

/** Top-level switches. The place of each one given in the file is in `at`, under its dotted key. */
export interface Settings {
  readonly host: string
  /** 0 when absent: the gateway then takes a random free port. */
  readonly port: number
  readonly tls: { readonly enable: boolean; readonly cert: string; readonly key: string }
  readonly authDir: string
  /** Client keys, trimmed, without repeats and blanks. Empty: the gateway is open to everybody. */
  readonly apiKeys: readonly LocatedText[]
  readonly remoteManagement: {
    readonly allowRemote: boolean
    /** Empty: the management routes answer 404. */
    readonly secretKey: string
    readonly disableControlPanel: boolean
  }
  readonly debug: boolean
  readonly commercialMode: boolean
  readonly loggingToFile: boolean
  readonly logsMaxTotalSizeMb: number
  readonly errorLogsMaxFiles: number
  readonly requestLog: boolean
  readonly usageStatisticsEnabled: boolean
  readonly redisUsageQueueRetentionSeconds: number
  readonly proxyUrl: string
  readonly forceModelPrefix: boolean
  readonly passthroughHeaders: boolean
  readonly requestRetry: number
  readonly maxRetryCredentials: number
  readonly maxRetryIntervalSeconds: number
  readonly disableCooling: boolean
  readonly saveCooldownStatus: boolean
  /** 0 means 60 s, a negative number none (contract, files 1.2). */
  readonly transientErrorCooldownSeconds: number
  readonly strategy: RoutingStrategy
  /** The strategy as written, to tell a misspelt one from the default. */
  readonly strategyText: string
  readonly sessionAffinity: boolean
  readonly sessionAffinityTtl: string
  readonly wsAuth: boolean
  readonly claudeCode: { readonly disableCloakingModelList: boolean }
  readonly disableImageGeneration: 'false' | 'true' | 'chat' | 'passthrough'
  readonly streaming: { readonly keepaliveSeconds: number; readonly bootstrapRetries: number }
  readonly nonstreamKeepaliveIntervalSeconds: number
  readonly at: ReadonlyMap<string, Position>
}

export type RoutingStrategy = 'round-robin' | 'weighted-round-robin' | 'fill-first'

export interface LocatedText {
  readonly text: string
  readonly at: Position
}

/** An `excluded-models` pattern, trimmed and lower-cased; `*` stands for any run of characters. */
export type Pattern = LocatedText

export interface OAuthAlias {
  readonly name: string
  readonly alias: string
  /** False: the original id leaves the list, unless another alias of the same name has it true. */
  readonly fork: boolean
  readonly forceMapping: boolean
  readonly displayName: string
  /** Null for the fork's built-in aliases. */
  readonly at: Position | null
}

/** An item of `oauth-model-alias` that the gateway leaves out: a side is empty, both are equal, or the alias is taken. */
export interface DroppedAlias {
  readonly channel: string
  readonly alias: OAuthAlias
  readonly reason: 'incomplete' | 'same' | 'taken'
}

/** One item of a provider section. */
export interface ProviderEntry {
  readonly section: Section
  /** Place in the file's list, from 0. */
  readonly fileIndex: number
  /** For messages: `openai-compatibility "nvidia"`, `claude-api-key[0]`. */
  readonly label: string
  /** The `name` of an openai-compatibility entry, trimmed; empty elsewhere. */
  readonly name: string
  /** How the gateway calls the provider inside, e.g. `openai-compatible-nvidia`, `claude`. */
  readonly providerKey: string
  readonly baseUrl: string
  /** Of the entry; an openai-compatibility entry has one per key, see ConfigCredential. */
  readonly proxyUrl: string
  readonly headers: Readonly<Record<string, string>>
  /** As the gateway uses it: trimmed, outer slashes cut, empty when a slash is left inside. */
  readonly prefix: string
  readonly prefixText: string
  /** Higher is tried first. */
  readonly priority: number
  readonly models: readonly ModelItem[]
  readonly excludedModels: readonly Pattern[]
  readonly disabled: boolean
  /** Null: inherited from the top level. */
  readonly disableCooling: boolean | null
  /** Null: inherited from the top level. */
  readonly requestRetry: number | null
  readonly websockets: boolean
  readonly keys: readonly KeyItem[]
  readonly fate: Fate
  readonly at: EntryPlaces
}

export interface EntryPlaces {
  readonly entry: Position
  /** The value of each key the entry has, by key name. */
  readonly values: ReadonlyMap<string, Position>
}

/** Whether an entry takes part. A dropped one vanishes from the gateway's own lists too. */
export type Fate =
  | { readonly kind: 'live' }
  | { readonly kind: 'disabled' }
  | { readonly kind: 'dropped'; readonly reason: DropReason; readonly sameAs: Position | null }

export type DropReason = 'no-base-url' | 'no-key' | 'no-key-or-base-url' | 'duplicate'

export interface KeyItem {
  readonly apiKey: string
  readonly proxyUrl: string
  /** Share under weighted-round-robin; null when not given, which counts as 1. */
  readonly weight: number | null
  readonly at: Position
  readonly weightAt: Position | null
}

export interface ModelItem {
  /** The upstream's own id, sent as it is. */
  readonly name: string
  /** As written; empty when not given. */
  readonly alias: string
  /** What a client asks for: the alias, or the name where there is none. Empty: the gateway skips the item. */
  readonly id: string
  readonly forceMapping: boolean
  readonly image: boolean
  readonly displayName: string
  /** False for a vertex item that lacks a name or an alias: the gateway drops it (contract, files 1.4). */
  readonly kept: boolean
  readonly at: Position
}

/** One key of a live entry: what the gateway rotates over and cools down. */
export interface ConfigCredential {
  readonly kind: 'config'
  /** The gateway's own id, e.g. `claude:apikey:0f3a…`; another id after any of its parts changed (contract, files 1.3). */
  readonly id: string
  readonly entry: ProviderEntry
  readonly providerKey: string
  readonly prefix: string
  readonly priority: number
  /** Share under weighted-round-robin; 0 or less takes no part there. */
  readonly weight: number
  readonly apiKey: string
  readonly proxyUrl: string
  readonly websockets: boolean
  readonly at: Position
}
