import * as z from 'zod/mini'

/**
 * What `GET /v1/metrics/providers` says of one provider, cumulative since the gateway's start. Every figure is null
 * unless it was a finite number: zero requests and "did not say" are different answers.
 */
export interface ProviderTotals {
  readonly provider: string
  readonly requests: number | null
  readonly failures: number | null
  /** Failures that were 429, where the gateway counts them. */
  readonly rateLimited: number | null
  readonly latencyP50Ms: number | null
  readonly latencyP95Ms: number | null
}

/**
 * `ambiguous`: builds of the fork's v6.8 file the figures under a provider's name, some by provider and some by client
 * key, and do not say which (contract, HTTP 3.2; recorded from v6.8.38). They are known by their price columns and by
 * having no latencies.
 */
export type MetricsGrouping = 'provider' | 'ambiguous'

export type MetricsReading =
  | {
      readonly kind: 'totals'
      readonly providers: readonly ProviderTotals[]
      readonly unusable: readonly string[]
      readonly grouping: MetricsGrouping
    }
  | { readonly kind: 'unreadable'; readonly reason: string }

const Entry = z.looseObject({
  request_count: z.optional(z.unknown()),
  success_count: z.optional(z.unknown()),
  failure_count: z.optional(z.unknown()),
  rate_limited_count: z.optional(z.unknown()),
  latency_p50_ms: z.optional(z.unknown()),
  latency_p95_ms: z.optional(z.unknown()),
})

/**
 * Reads the bare map of providers (contract, HTTP 3.2). A `success_rate` is ignored: it is 1.0 for zero requests.
 * Entries that are no counters are named in `unusable`, so that a reply of another kind cannot pass as "no traffic".
 */
export function readProviderMetrics(body: unknown): MetricsReading {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { kind: 'unreadable', reason: 'the body is not an object of providers' }
  }
  const providers: ProviderTotals[] = []
  const unusable: string[] = []
  for (const [provider, value] of Object.entries(body)) {
    const totals = readTotals(provider, value)
    if (totals) providers.push(totals)
    else unusable.push(provider)
  }
  if (providers.length === 0 && unusable.length > 0) {
    return { kind: 'unreadable', reason: 'no entry of the body has request counters' }
  }
  providers.sort((a, b) => (a.provider < b.provider ? -1 : 1))
  return { kind: 'totals', providers, unusable, grouping: groupingOf(providers, Object.values(body)) }
}

function groupingOf(providers: readonly ProviderTotals[], entries: readonly unknown[]): MetricsGrouping {
  const busy = providers.filter(({ requests }) => (requests ?? 0) > 0)
  const priced = entries.some(
    (entry) => typeof entry === 'object' && entry !== null && 'cost_per_1k_output' in entry,
  )
  return priced && busy.length > 0 && busy.every(({ latencyP50Ms }) => latencyP50Ms === null)
    ? 'ambiguous'
    : 'provider'
}

function readTotals(provider: string, value: unknown): ProviderTotals | null {
  const entry = Entry.safeParse(value)
  if (!entry.success) return null
  const requests = count(entry.data.request_count)
  const failures = failuresOf(requests, count(entry.data.success_count), count(entry.data.failure_count))
  if (requests === null && failures === null) return null
  return {
    provider,
    requests,
    failures,
    rateLimited: count(entry.data.rate_limited_count),
    latencyP50Ms: positive(count(entry.data.latency_p50_ms)),
    latencyP95Ms: positive(count(entry.data.latency_p95_ms)),
  }
}

function failuresOf(
  requests: number | null,
  successes: number | null,
  failures: number | null,
): number | null {
  if (failures !== null) return failures
  return requests !== null && successes !== null ? Math.max(0, requests - successes) : null
}

function count(raw: unknown): number | null {
  const value = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null
}

/** The gateway prints 0 for "not measured". */
function positive(value: number | null): number | null {
  return value === 0 ? null : value
}
