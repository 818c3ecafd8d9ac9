import type { GatewayConfig } from '../../analysis/config/model.ts'
import type { Offers } from '../../analysis/config/offers.ts'
import type { Clock } from '../../core/clock.ts'
import type { Bans } from './ban.ts'
import type { UpstreamAddresses } from './config-state.ts'
import type { Cooldowns } from './cooldowns.ts'
import type { Counters } from './counters.ts'
import type { Credential } from './credentials.ts'
import type { ErrorLogs } from './error-logs.ts'
import type { Exchange, Replied } from './exchange.ts'
import type { Inventory } from './inventory.ts'
import type { MainLog } from './logs.ts'
import type { Profile, Traits } from './profile.ts'
import type { Providers } from './provider-call.ts'
import type { Random } from './random.ts'
import type { Rotation } from './routing.ts'
import type { Scenario } from './scenario.ts'
import type { Usage } from './usage.ts'

/** Everything a route may see and change. */
export interface Runtime {
  readonly profile: Profile
  readonly traits: Traits
  readonly scenario: Scenario
  readonly clock: Clock
  readonly startedMs: number
  readonly random: Random
  readonly log: MainLog
  readonly errorLogs: ErrorLogs
  readonly bans: Bans
  readonly counters: Counters
  readonly cooldowns: Cooldowns
  readonly usage: Usage
  readonly providers: Providers
  readonly rotation: Rotation
  readonly upstreams: UpstreamAddresses
  /** Whose file the configuration is: one made from the scenario may be rewritten freely. */
  readonly configOwner: 'gateway' | 'user'
  readonly paths: { readonly config: string; readonly auth: string; readonly logs: string }
  /**
   * A second management key, in plain text, for a configuration whose key only a real gateway can check; as the real
   * one takes `MANAGEMENT_PASSWORD` (contract, HTTP 8.1). Null otherwise.
   */
  readonly localPassword: string | null
  /** Routes stay registered when the key is taken away later (contract, HTTP 8.1). */
  managementWasOn: boolean
  /** Requests whose line in the log is still to come. */
  requestsAtWork: number
  /** Reads the configuration file again if it changed; management writes call it (contract, HTTP 10). */
  reload: () => void
  /** These are replaced by each reload. */
  config: LoadedConfig
  credentials: readonly Credential[]
  inventory: Inventory
  offers: Offers
}

export interface LoadedConfig {
  readonly gateway: GatewayConfig
  /** Client keys without their places. */
  readonly clientKeys: readonly string[]
  readonly text: string
  readonly loadedMs: number
}

export type Handler = (
  exchange: Exchange,
  runtime: Runtime,
  params: Readonly<Record<string, string | undefined>>,
) => Replied | Promise<Replied>

export interface ServedRoute {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly key: 'none' | 'client' | 'management'
  readonly handle: Handler
}
