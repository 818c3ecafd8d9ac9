import type { TotalsSample } from '../analysis/windows.ts'
import type { Clock } from '../core/clock.ts'
import type { Thresholds } from '../core/thresholds.ts'
import type { Gateway } from '../gateway/port.ts'
import type { Capabilities } from '../gateway/probe.ts'
import type { ModelListShape } from '../wire/models.ts'

export interface NamedKey {
  /** Its place among the gateway's client keys. */
  readonly index: number
  /** What the operator calls it; never the key. */
  readonly name: string
}

/** The model list of the last green run with the same gateway and key. */
export interface RememberedInventory {
  readonly atMs: number
  readonly shape: ModelListShape
  readonly models: readonly { readonly id: string; readonly ownedBy: string }[]
}

/** What the checks of `daily-check` may ask and know. */
export interface DailyContext {
  readonly gateway: Gateway
  readonly capabilities: Capabilities
  readonly clock: Clock
  /** At least one entry; an open gateway is asked with the key `none` when no key was given. */
  readonly keys: readonly NamedKey[]
  readonly thresholds: Thresholds
  readonly expectedModels: readonly string[]
  readonly spark: { readonly model: string; readonly fallback: string }
  /** What earlier runs left; null when there was none. */
  readonly rememberedInventory: RememberedInventory | null
  readonly rememberedTotals: TotalsSample | null
  /** Take two samples this far apart; null: use the remembered one. */
  readonly sampleMs: number | null
}
