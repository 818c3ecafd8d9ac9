import type { Clock } from '../core/clock.ts'
import type { RatioThreshold } from '../core/thresholds.ts'
import type { Gateway } from '../gateway/port.ts'
import type { Capabilities } from '../gateway/probe.ts'
import type { Endpoint } from '../wire/routes.ts'
import type { Asked } from './ask-model.ts'
import type { LogReading, NamedKey } from './daily-context.ts'

/** A model that not every account may use, and the one its traffic falls back to. */
export interface SparkModels {
  readonly model: string
  readonly fallback: string
}

/** Whom the listing question needs; `daily-check` asks it too. */
export interface ListingContext {
  readonly gateway: Gateway
  readonly keys: readonly NamedKey[]
  readonly spark: SparkModels
}

export interface SparkContext extends ListingContext {
  readonly capabilities: Capabilities
  readonly clock: Clock
  readonly endpoint: Endpoint
  readonly threshold: RatioThreshold
  /** Reads the log of the window at the first call. */
  readonly log: () => Promise<LogReading>
  /** Asks a model once with a key, at the first call for both; costs tokens. */
  readonly ask: (model: string, key: NamedKey) => Promise<Asked>
  /** The same, or null when probes are off. */
  readonly probe: SparkContext['ask'] | null
  /** Own requests to the model, for the ratio; empty without `--sample`. */
  readonly samples: () => Promise<readonly Asked[]>
}
