import type { Offers } from '../../analysis/config/offers.ts'
import type { Burst } from '../../analysis/logs/bursts.ts'
import type { LogScan } from '../../analysis/logs/log-scan.ts'
import type { Told } from '../../analysis/quota/cells.ts'
import type { Survey } from '../../analysis/tokens/directory.ts'
import type { ProviderWindow } from '../../analysis/windows.ts'
import type { Clock } from '../../core/clock.ts'
import type { Thresholds } from '../../core/thresholds.ts'
import type { ClientKey, Gateway } from '../../gateway/port.ts'
import type { Auth } from '../../gateway/probe/auth.ts'
import type { Management } from '../../gateway/probe/management.ts'
import type { Capabilities } from '../../gateway/probe.ts'
import type { ApiKeyUsage, AuthFile } from '../../wire/management.ts'
import type { Refusal } from '../../wire/refusals.ts'
import type { LogReading } from '../daily-context.ts'
import type { ModelsAnswer } from '../models.ts'
import type { CanaryHistory } from './canary-history.ts'
import type { LoggedRefusal } from './error-log.ts'

/** What the operator narrowed the incident down to. */
export interface IncidentScope {
  readonly provider: string | null
  readonly models: readonly string[]
  readonly prefix: string | null
}

/** A log that was read, with its sustained bursts. */
export interface LogView {
  readonly scan: LogScan
  readonly bursts: readonly Burst[]
  /** What providers said, one of each kind. */
  readonly words: readonly LoggedWords[]
}

/** The words of a failure line. */
export interface LoggedWords {
  readonly provider: string
  /** The provider's name for it. */
  readonly model: string
  readonly refusal: Refusal
}

/** The gateway's configuration as it would load it. */
export interface ConfigView {
  readonly offers: Offers
  /** The text, with secrets; never shown. */
  readonly text: string
}

/** Ids that the gateway registered for one account. */
export interface AccountModels {
  readonly file: string
  readonly provider: string
  readonly ids: readonly string[]
}

/** Everything that cheap reads told, gathered once for all playbooks. */
export interface Facts {
  readonly atMs: number
  readonly auth: Auth
  readonly management: Management
  readonly models: ModelsAnswer
  readonly accounts: Told<readonly AuthFile[]>
  readonly accountModels: readonly AccountModels[]
  readonly keys: Told<readonly ApiKeyUsage[]>
  readonly windows: readonly ProviderWindow[]
  readonly log: Told<LogView>
  /** Whether a log that was read would show failures of providers: some versions write no such lines (contract, files 4.5). */
  readonly failuresInLog: 'shown' | 'hidden'
  readonly config: Told<ConfigView>
  /** The newest failed requests, by the gateway's own error logs. */
  readonly refusals: Told<readonly LoggedRefusal[]>
}

/** What the steps of a playbook may ask and know. */
export interface IncidentContext {
  readonly gateway: Gateway
  readonly capabilities: Capabilities
  readonly clock: Clock
  readonly thresholds: Thresholds
  readonly scope: IncidentScope
  readonly spark: { readonly model: string; readonly fallback: string }
  readonly expectedModels: readonly string[]
  /** Who to call for a playbook, as `owners` of `provops.yaml` has it; null when nobody is named. */
  readonly owner: (playbook: string) => string | null
  /** Whether requests that cost tokens may be sent. */
  readonly probing: 'allowed' | 'off'
  readonly probeTimeoutMs: number
  /** The client key that probes and reads use. */
  readonly as: ClientKey
  /** Token files of the auth directory, where it is on this machine. */
  readonly readTokens: () => Promise<Told<Survey>>
  /** What happened before is no part of the incident. */
  readonly sinceMs: number
  /** Lent reads of what does not come from the gateway's API. */
  readonly readLog: () => Promise<Told<LogView>>
  readonly readConfig: () => Promise<Told<ConfigView>>
  /** The log of the window that the Spark ratio is judged over. */
  readonly sparkLog: () => Promise<LogReading>
  readonly canaries: CanaryHistory
  /** Stands for the management key in printed commands, e.g. `$PROVOPS_MANAGEMENT_KEY`; never the key. */
  readonly managementKeyWord: string
  /** One value per key and run: steps share what was found out once. */
  readonly remember: <T>(key: string, make: () => Promise<T>) => Promise<T>
}
