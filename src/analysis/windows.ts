import type { CredentialCounters, UsageBucket } from '../wire/management.ts'
import type { ProviderTotals } from '../wire/metrics.ts'

/** The gateway's buckets are exactly ten minutes wide and aligned to the wall clock (contract, HTTP 8.6). */
export const BUCKET_MS = 600_000

/** Requests of one provider over a span of time. */
export interface ProviderWindow {
  readonly provider: string
  readonly requests: number
  readonly failures: number
  readonly spanMs: number
  readonly rateLimited: number | null
  readonly latencyP50Ms: number | null
  readonly latencyP95Ms: number | null
  /** The share of failures in the buckets before the window, to see which way it goes; null without traffic there. */
  readonly earlierFailureShare: number | null
  /** Credentials of this provider whose counters could not be read: the figures leave them out. */
  readonly uncounted: number
}

export interface Credential extends CredentialCounters {
  /** As the management routes name it. */
  readonly provider: string
}

const COMPATIBLE_PREFIX = 'openai-compatible-'

/** The name an operator knows: `openai-compatible-glm` is the entry `glm` (contract, files 1.3). */
export function providerName(internal: string): string {
  const name = internal.trim().toLowerCase()
  return name.startsWith(COMPATIBLE_PREFIX) ? name.slice(COMPATIBLE_PREFIX.length) : name
}

/** Buckets by position from the newest: 0 is the running one. Labels carry no date, so position is all there is. */
const WINDOW_BUCKETS = 2
const EARLIER_BUCKETS = 6

/**
 * The last full ten-minute bucket plus the running one, per provider, sorted by name. A span of ten to twenty minutes
 * thus stands for the runbook's ten-minute window.
 */
export function windowsFromBuckets(credentials: readonly Credential[]): ProviderWindow[] {
  return [...groupBy(credentials, (credential) => providerName(credential.provider))]
    .map(([provider, group]) => bucketWindow(provider, group))
    .sort((a, b) => (a.provider < b.provider ? -1 : 1))
}

function bucketWindow(provider: string, credentials: readonly Credential[]): ProviderWindow {
  const readable = credentials.flatMap(({ buckets }) => (buckets && isReadable(buckets) ? [buckets] : []))
  const recent = sumBuckets(readable.flatMap((buckets) => buckets.slice(-WINDOW_BUCKETS)))
  const earlier = sumBuckets(
    readable.flatMap((buckets) => buckets.slice(-WINDOW_BUCKETS - EARLIER_BUCKETS, -WINDOW_BUCKETS)),
  )
  return {
    provider,
    requests: recent.requests,
    failures: recent.failures,
    spanMs: WINDOW_BUCKETS * BUCKET_MS,
    rateLimited: null,
    latencyP50Ms: null,
    latencyP95Ms: null,
    earlierFailureShare: earlier.requests > 0 ? earlier.failures / earlier.requests : null,
    uncounted: credentials.length - readable.length,
  }
}

function isReadable(buckets: readonly UsageBucket[]): boolean {
  return buckets.length > 0 && buckets.every(({ success, failed }) => success !== null && failed !== null)
}

function sumBuckets(buckets: readonly UsageBucket[]): { requests: number; failures: number } {
  let requests = 0
  let failures = 0
  for (const { success, failed } of buckets) {
    requests += (success ?? 0) + (failed ?? 0)
    failures += failed ?? 0
  }
  return { requests, failures }
}

/** Cumulative totals at one moment. */
export interface TotalsSample {
  readonly atMs: number
  readonly providers: readonly ProviderTotals[]
}

/**
 * `reset`: a counter is lower than before, so the process restarted and the span says nothing about what came before
 * the restart; the requests since then are still in `now`.
 */
export type TotalsDelta =
  | { readonly kind: 'window'; readonly window: ProviderWindow }
  | { readonly kind: 'reset'; readonly provider: string }
  | { readonly kind: 'uncounted'; readonly provider: string }

/** What happened per provider between two samples. A provider that was not in the first started from zero. */
export function deltaOfTotals(before: TotalsSample, now: TotalsSample): TotalsDelta[] {
  const earlier = new Map(before.providers.map((totals) => [totals.provider, totals]))
  // Any counter that fell means a restart, which also zeroed those that have since grown past their old value.
  const restarted =
    now.providers.some((totals) => fell(earlier.get(totals.provider), totals)) || vanished(before, now)
  return now.providers.map((totals) =>
    deltaOf(earlier.get(totals.provider), totals, now.atMs - before.atMs, restarted),
  )
}

function fell(before: ProviderTotals | undefined, now: ProviderTotals): boolean {
  return less(now.requests, before?.requests) || less(now.failures, before?.failures)
}

function less(now: number | null, before: number | null | undefined): boolean {
  return typeof now === 'number' && typeof before === 'number' && now < before
}

function vanished(before: TotalsSample, now: TotalsSample): boolean {
  const names = new Set(now.providers.map(({ provider }) => provider))
  return before.providers.some(({ provider, requests }) => (requests ?? 0) > 0 && !names.has(provider))
}

function deltaOf(
  before: ProviderTotals | undefined,
  now: ProviderTotals,
  spanMs: number,
  restarted: boolean,
): TotalsDelta {
  const { provider } = now
  if (restarted) return { kind: 'reset', provider }
  const requests = difference(now.requests, before ? before.requests : 0)
  const failures = difference(now.failures, before ? before.failures : 0)
  if (requests === null || failures === null) return { kind: 'uncounted', provider }
  return {
    kind: 'window',
    window: {
      provider,
      requests,
      failures,
      spanMs,
      rateLimited: difference(now.rateLimited, before ? before.rateLimited : 0),
      latencyP50Ms: now.latencyP50Ms,
      latencyP95Ms: now.latencyP95Ms,
      earlierFailureShare:
        before?.requests && before.failures !== null ? before.failures / before.requests : null,
      uncounted: 0,
    },
  }
}

function difference(now: number | null, before: number | null): number | null {
  return now === null || before === null ? null : now - before
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}
