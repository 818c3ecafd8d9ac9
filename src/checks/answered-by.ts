import type { Counters } from '../analysis/onboarding/watch.ts'
import { providerName } from '../analysis/windows.ts'
import type { Gateway, Reply, Result } from '../gateway/port.ts'
import {
  type CredentialCounters,
  type ListReading,
  readApiKeyUsage,
  readAuthFiles,
} from '../wire/management.ts'
import { readProviderMetrics } from '../wire/metrics.ts'
import { authIndexesOf } from '../wire/provider-list.ts'
import { ROUTES } from '../wire/routes.ts'

/** What a gateway counts for one provider, and where; null where it counts nothing that can be told apart. */
export type ProviderCounters = { readonly source: string; readonly counters: Counters } | null

/**
 * The counters of one provider since the gateway's start: requests and failures of the management routes, which name the
 * provider for sure, else those of the metrics; 429 and latency from the metrics.
 */
export async function countersOf(
  gateway: Gateway,
  provider: string,
  signal: AbortSignal,
): Promise<ProviderCounters> {
  gateway.forget()
  const metrics = metricsIn(
    await gateway.get(ROUTES.metrics, { as: gateway.clientKeys > 0 ? 0 : 'none', signal }),
    provider,
  )
  const keys = gateway.hasManagementKey ? await credentialCounters(gateway, provider, signal) : null
  if (keys !== null) {
    const { rateLimited = null, latencyP50Ms = null, latencyP95Ms = null } = metrics ?? {}
    return {
      source: 'GET /v0/management/api-key-usage and auth-files',
      counters: { ...keys, rateLimited, latencyP50Ms, latencyP95Ms },
    }
  }
  return metrics === null ? null : { source: 'GET /v1/metrics/providers', counters: metrics }
}

function jsonOf(result: Result<Reply>): unknown {
  return result.kind === 'ok' && result.value.status === 200 && result.value.body.kind === 'json'
    ? result.value.body.value
    : undefined
}

function isProvider(name: string, wanted: string): boolean {
  return providerName(name) === wanted.trim().toLowerCase()
}

/** Requests of all credentials of a provider; null where it has none, or one that is not counted. */
async function credentialCounters(gateway: Gateway, provider: string, signal: AbortSignal) {
  const own = [
    ...entriesIn(await gateway.get(ROUTES.apiKeyUsage, { signal }), readApiKeyUsage),
    ...entriesIn(await gateway.get(ROUTES.authFiles, { signal }), readAuthFiles),
  ].filter((entry) => isProvider(entry.provider, provider))
  if (own.length === 0) return null
  let [success, failures] = [0, 0]
  for (const entry of own) {
    if (entry.success === null || entry.failed === null) return null
    success += entry.success
    failures += entry.failed
  }
  return { requests: success + failures, failures }
}

function entriesIn<Entry extends CredentialCounters & { readonly provider: string }>(
  result: Result<Reply>,
  read: (body: unknown) => ListReading<Entry>,
): readonly Entry[] {
  const body = jsonOf(result)
  const reading = body === undefined ? null : read(body)
  return reading?.kind === 'list' ? reading.entries : []
}

function metricsIn(result: Result<Reply>, provider: string): Counters | null {
  const body = jsonOf(result)
  const reading = body === undefined ? null : readProviderMetrics(body)
  if (reading?.kind !== 'totals' || reading.grouping === 'ambiguous') return null
  const own = reading.providers.find((totals) => isProvider(totals.provider, provider))
  // The route is there and knows nothing of a provider that was never asked.
  if (own === undefined)
    return { requests: 0, failures: 0, rateLimited: null, latencyP50Ms: null, latencyP95Ms: null }
  if (own.requests === null || own.failures === null) return null
  return { ...own, requests: own.requests, failures: own.failures }
}

/** The auth indexes of an openai-compatibility entry, which the trace header of an answer names. */
export async function indexesOf(
  gateway: Gateway,
  provider: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (!gateway.hasManagementKey) return []
  return authIndexesOf(jsonOf(await gateway.get(ROUTES.openaiCompatibility, { signal })), provider)
}
