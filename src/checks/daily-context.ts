import type { LogScan } from '../analysis/logs/log-scan.ts'
import type { TotalsSample } from '../analysis/windows.ts'
import type { Clock } from '../core/clock.ts'
import type { Thresholds } from '../core/thresholds.ts'
import type { Gateway } from '../gateway/port.ts'
import type { Capabilities } from '../gateway/probe.ts'
import type { ModelList, ModelListShape } from '../wire/models.ts'

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

/** What became of the gateway's log. */
export type LogReading =
  | { readonly kind: 'scanned'; readonly scan: LogScan; readonly source: string }
  /** There is no log to read here; `saw` says what was looked for. */
  | { readonly kind: 'none'; readonly saw: string; readonly next: string }
  /** A log was named and could not be read. */
  | { readonly kind: 'unreadable'; readonly saw: string; readonly source: string; readonly next: string }

/** 429s of providers within the window, from log lines that name the provider; null where no log tells. */
export type RateLimitsByProvider = ReadonlyMap<string, number> | null

/** What a run found out that the next one compares with; filled in by the checks as they learn it. */
export interface Learned {
  models: ModelList | null
  totals: TotalsSample | null
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
  /** Reads the log at the first call; every call has the same answer. */
  readonly log: () => Promise<LogReading>
  /** The same for the window of the error ratio alone; standard input cannot be read twice, so it has none. */
  readonly recentLog: () => Promise<LogReading>
  readonly learned: Learned
  readonly rateLimitsInLog: () => Promise<RateLimitsByProvider>
}
