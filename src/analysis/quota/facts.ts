import type { KiroQuota } from '../../wire/kiro-quota.ts'
import type { ApiKeyUsage, AuthFile, UsageBucket } from '../../wire/management.ts'
import type { AuthDirectory } from '../tokens/directory.ts'
import type { Told, Untold } from './cells.ts'
import type { LimitCounts } from './log-limits.ts'

/** Everything that the quota view is made of, each part with its source or the reason why there is none. */
export interface QuotaFacts {
  readonly nowMs: number
  /** Accounts of token files, as the gateway knows them. */
  readonly accounts: Told<readonly AuthFile[]>
  /** Keys of `config.yaml`. */
  readonly keys: Told<readonly ApiKeyUsage[]>
  /** Buckets made of single requests, by auth index, for gateways whose accounts have none of their own. */
  readonly usage: Told<ReadonlyMap<string, readonly UsageBucket[]>>
  /** By auth index. */
  readonly kiro: ReadonlyMap<string, Told<KiroQuota>>
  /** For Kiro accounts that are not in `kiro`: why they were not asked for. */
  readonly kiroElse: Untold
  readonly directory: Told<AuthDirectory>
  readonly limits: Told<LimitCounts>
}
