import { localClock } from './go-text.ts'

/** The management routes show the last 20 buckets of ten minutes (contract, HTTP 8.6). */
const BUCKETS = 20
export const BUCKET_MS = 10 * 60_000
/** How many latencies of a provider are kept for percentiles. */
const LATENCIES = 1_024

export interface Tally {
  success: number
  failed: number
}

export interface BucketView extends Tally {
  /** `HH:MM-HH:MM`, server local time. */
  readonly time: string
}

export interface CredentialCounts extends Tally {
  /** Keyed by the number of the ten-minute span since the epoch; never more than `BUCKETS` of them. */
  readonly buckets: Map<number, Tally>
}

export interface ProviderCounts {
  requests: number
  failures: number
  tokens: number
  /** A ring of the newest latencies in milliseconds, oldest overwritten. */
  readonly latenciesMs: number[]
  nextLatency: number
}

export interface Counters {
  /** Counts one upstream attempt of a credential. */
  credential(id: string, outcome: 'success' | 'failed', timeMs: number, times?: number): void
  /** Counts one finished attempt of a provider; `latencyMs` null when it is not known. */
  provider(
    name: string,
    result: { outcome: 'success' | 'failed'; latencyMs: number | null; tokens: number },
  ): void
  credentialCounts(id: string): CredentialCounts
  /** 20 buckets, oldest first, the last one holding `nowMs`. */
  recent(id: string, nowMs: number): BucketView[]
  providers(): ReadonlyMap<string, ProviderCounts>
}

/** Counters since start, in memory, as the gateway keeps them. */
export function createCounters(): Counters {
  const credentials = new Map<string, CredentialCounts>()
  const providers = new Map<string, ProviderCounts>()

  const credentialCounts = (id: string): CredentialCounts => {
    let counts = credentials.get(id)
    if (!counts) {
      counts = { success: 0, failed: 0, buckets: new Map() }
      credentials.set(id, counts)
    }
    return counts
  }

  return {
    credentialCounts,
    credential(id, outcome, timeMs, times = 1) {
      const counts = credentialCounts(id)
      counts[outcome] += times
      bucketAt(counts.buckets, Math.floor(timeMs / BUCKET_MS))[outcome] += times
    },
    provider(name, { outcome, latencyMs, tokens }) {
      const counts = providers.get(name) ?? emptyProvider()
      providers.set(name, counts)
      counts.requests++
      if (outcome === 'failed') counts.failures++
      counts.tokens += tokens
      if (latencyMs === null) return
      counts.latenciesMs[counts.nextLatency] = latencyMs
      counts.nextLatency = (counts.nextLatency + 1) % LATENCIES
    },
    recent(id, nowMs) {
      const { buckets } = credentialCounts(id)
      const last = Math.floor(nowMs / BUCKET_MS)
      return Array.from({ length: BUCKETS }, (_, i) => {
        const span = last - BUCKETS + 1 + i
        const tally = buckets.get(span) ?? { success: 0, failed: 0 }
        return {
          time: `${localClock(span * BUCKET_MS)}-${localClock((span + 1) * BUCKET_MS)}`,
          success: tally.success,
          failed: tally.failed,
        }
      })
    },
    providers: () => providers,
  }
}

function emptyProvider(): ProviderCounts {
  return { requests: 0, failures: 0, tokens: 0, latenciesMs: [], nextLatency: 0 }
}

function bucketAt(buckets: Map<number, Tally>, span: number): Tally {
  const known = buckets.get(span)
  if (known) return known
  const tally = { success: 0, failed: 0 }
  buckets.set(span, tally)
  if (buckets.size > BUCKETS) buckets.delete(Math.min(...buckets.keys()))
  return tally
}

/** Nearest-rank percentile in whole milliseconds; null without samples. */
export function percentile(samples: readonly number[], rank: number): number | null {
  if (samples.length === 0) return null
  const sorted = [...samples].sort((a, b) => a - b)
  return Math.round(sorted[Math.max(0, Math.ceil(rank * sorted.length) - 1)] ?? 0)
}
