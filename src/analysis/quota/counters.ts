import type { ApiKeyUsage, AuthFile, UsageBucket } from '../../wire/management.ts'
import type { Credential } from '../windows.ts'
import { type Cell, known, unknown } from './cells.ts'
import type { QuotaFacts } from './facts.ts'
import { type Trend, trendOf } from './trend.ts'

export interface Counters {
  /** In the last window: the running ten-minute bucket and the one before. */
  readonly requests: Cell<number>
  readonly failures: Cell<number>
  readonly trend: Cell<Trend>
}

/** Buckets by position from the newest, as in `windowsFromBuckets`. */
const WINDOW_BUCKETS = 2
const BUCKETS = 20

export function countersOfAccount(
  { buckets, authIndex }: AuthFile,
  { accounts, usage }: QuotaFacts,
): Counters {
  if (buckets) return countersIn(buckets, accounts.kind === 'told' ? accounts.source : '')
  if (usage.kind === 'untold') return uncounted(usage.reason)
  if (authIndex === null) return uncounted('the gateway gives this account no index')
  return countersIn(usage.value.get(authIndex) ?? IDLE, usage.source)
}

export function countersOfKey({ buckets }: ApiKeyUsage, source: string): Counters {
  return buckets
    ? countersIn(buckets, source)
    : uncounted('this version keeps no ten-minute counters of keys')
}

/** Every credential with the buckets that are known of it, for `windowsFromBuckets`. */
export function countedCredentials(facts: QuotaFacts): Credential[] {
  const accounts = facts.accounts.kind === 'told' ? facts.accounts.value : []
  const keys = facts.keys.kind === 'told' ? facts.keys.value : []
  const { usage } = facts
  const counted = accounts.map((account) =>
    account.buckets === null && usage.kind === 'told' && account.authIndex !== null
      ? { ...account, buckets: usage.value.get(account.authIndex) ?? IDLE }
      : account,
  )
  return [...counted, ...keys]
}

/** An account without a single request in a source that has them all. */
const IDLE: readonly UsageBucket[] = Array.from({ length: BUCKETS }, () => ({
  label: '',
  success: 0,
  failed: 0,
}))

function countersIn(buckets: readonly UsageBucket[], source: string): Counters {
  const trend = trendOf(buckets)
  if (trend === null) return uncounted('the counters cannot be read')
  const window = buckets.slice(-WINDOW_BUCKETS)
  const failures = window.reduce((sum, { failed }) => sum + (failed ?? 0), 0)
  const successes = window.reduce((sum, { success }) => sum + (success ?? 0), 0)
  return {
    requests: known(successes + failures, source),
    failures: known(failures, source),
    trend: known(trend, source),
  }
}

export function uncounted(reason: string): Counters {
  return { requests: unknown(reason), failures: unknown(reason), trend: unknown(reason) }
}

/**
 * The 429s among the failures. Without a failure there was none; else only the log can tell: `count` gives them, or the
 * reason why they cannot be told.
 */
export function limitCell(
  failures: Cell<number>,
  limits: QuotaFacts['limits'],
  count: (told: QuotaFacts['limits'] & { kind: 'told' }) => number | string,
): Cell<number> {
  if (failures.kind === 'known' && failures.value === 0) return known(0, failures.source)
  if (limits.kind === 'untold') return unknown(limits.reason)
  const counted = count(limits)
  if (typeof counted === 'string') return unknown(counted)
  return limits.value.complete
    ? known(counted, limits.source)
    : unknown(`the log begins within the window; since then ${counted}`)
}
