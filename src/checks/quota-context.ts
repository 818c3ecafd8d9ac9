import type { EmailDisplay } from '../analysis/quota/names.ts'
import type { AuthDirectory } from '../analysis/tokens/directory.ts'
import type { TotalsSample } from '../analysis/windows.ts'
import type { Clock } from '../core/clock.ts'
import type { Thresholds } from '../core/thresholds.ts'
import type { Gateway } from '../gateway/port.ts'
import type { Capabilities } from '../gateway/probe.ts'
import type { LogReading } from './daily-context.ts'
import type { QuotaView } from './quota-view.ts'

/** What became of the gateway's directory of token files. */
export type DirectoryReading =
  | { readonly kind: 'read'; readonly directory: AuthDirectory }
  /** None was given; `saw` and `next` say so. */
  | { readonly kind: 'none'; readonly saw: string; readonly next: string }
  | { readonly kind: 'unreadable'; readonly saw: string; readonly source: string; readonly next: string }

/** What the checks of `quota` may ask and know. */
export interface QuotaContext {
  readonly gateway: Gateway
  readonly capabilities: Capabilities
  readonly clock: Clock
  readonly thresholds: Thresholds
  readonly emails: EmailDisplay
  /** Stands for the management key in printed commands, e.g. `$PROVOPS_MANAGEMENT_KEY`; never the key. */
  readonly managementKeyWord: string
  /** What an earlier run left; null when there was none. */
  readonly rememberedTotals: TotalsSample | null
  readonly sampleMs: number | null
  readonly learned: { totals: TotalsSample | null; view: QuotaView | null }
  /** Reads the log at the first call; every call has the same answer. */
  readonly log: () => Promise<LogReading>
  /** Reads the directory at the first call; every call has the same answer. */
  readonly directory: () => Promise<DirectoryReading>
  /** Asks everything that the view is made of at the first call; every call has the same answer. */
  readonly view: () => Promise<QuotaView>
}
