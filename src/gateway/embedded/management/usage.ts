import type { Exchange, Replied } from '../exchange.ts'
import { localRfc3339 } from '../go-text.ts'
import type { Handler, Runtime, ServedRoute } from '../runtime.ts'
import type { TokenCounts } from '../translation/types.ts'
import { type ModelCounts, type Statistics, type Sums, totalOf, type UsageRecord } from '../usage.ts'

/** Counters of keys, the queue of newer gateways, the statistics of older ones (contract, HTTP 8.7). */
export function usageRoutes(kind: 'queue' | 'statistics', buckets: 'kept' | 'none'): readonly ServedRoute[] {
  return [
    ...(buckets === 'kept' ? [route('/api-key-usage', keyUsage)] : []),
    kind === 'queue' ? route('/usage-queue', takeFromQueue) : route('/usage', statistics),
  ]
}

function route(path: string, handle: Handler): ServedRoute {
  return { method: 'GET', path: `/v0/management${path}`, key: 'management', handle }
}

/** Secrets stand in the object keys, as in the real reply. */
function keyUsage(exchange: Exchange, runtime: Runtime): Replied {
  const nowMs = runtime.clock.nowMs()
  const usage = new Map<string, Record<string, unknown>>()
  for (const credential of runtime.credentials) {
    if (credential.source.kind !== 'config') continue
    const { entry } = credential.source.credential
    const { success, failed } = runtime.counters.credentialCounts(credential.id)
    const keys = usage.get(credential.provider) ?? {}
    usage.set(credential.provider, keys)
    keys[`${entry.baseUrl}|${credential.secret}`] = {
      success,
      failed,
      recent_requests: runtime.counters.recent(credential.id, nowMs),
    }
  }
  return exchange.json(200, Object.fromEntries(usage))
}

/** Reading removes what is read. */
function takeFromQueue(exchange: Exchange, runtime: Runtime): Replied {
  const text = (exchange.query.get('count') ?? '').trim()
  const count = text === '' ? 1 : Number(text)
  if (!Number.isSafeInteger(count) || count <= 0)
    return exchange.json(400, { error: 'count must be a positive integer' })
  const records = runtime.usage.take(count, runtime.clock.nowMs())
  return exchange.json(
    200,
    records.map((record) => queueEntry(record, runtime)),
  )
}

function queueEntry(record: UsageRecord, { profile }: Runtime): Record<string, unknown> {
  const ofUpstream = !profile.startsWith('fork')
  return {
    timestamp: localRfc3339(record.timeMs),
    latency_ms: record.latencyMs,
    ttft_ms: record.firstByteMs,
    source: record.source,
    auth_index: record.authIndex,
    ...(ofUpstream ? { client_ip: record.address, x_forwarded_for: '', user_agent: record.userAgent } : {}),
    tokens: {
      input_tokens: record.tokens?.input ?? 0,
      output_tokens: record.tokens?.output ?? 0,
      reasoning_tokens: record.tokens?.reasoning ?? 0,
      cached_tokens: record.tokens?.cached ?? 0,
      cache_read_tokens: record.tokens?.cached ?? 0,
      ...(ofUpstream ? { cache_read_tokens_present: true } : {}),
      cache_creation_tokens: 0,
      total_tokens: totalOf(record.tokens),
    },
    failed: record.failure !== null,
    ...(ofUpstream ? { generate: true } : {}),
    fail: { status_code: record.failure?.status ?? 200, body: record.failure?.text ?? '' },
    provider: record.providerKey,
    executor_type: record.executor,
    model: record.upstreamModel,
    alias: record.requestedModel,
    endpoint: record.endpoint,
    auth_type: record.authType,
    api_key: record.clientKey ?? '',
    request_id: record.requestId,
    reasoning_effort: '',
    service_tier: 'auto',
    ...(ofUpstream ? { accounting_version: 2, token_breakdown: breakdown(record.tokens) } : {}),
  }
}

function breakdown(tokens: TokenCounts | null): Record<string, unknown> {
  const [input, cached] = [tokens?.input ?? 0, tokens?.cached ?? 0]
  const [output, reasoning] = [tokens?.output ?? 0, tokens?.reasoning ?? 0]
  return {
    schema_version: 2,
    quality: tokens ? 'complete' : 'unknown',
    total_tokens: totalOf(tokens),
    input: {
      total_tokens: input,
      uncached_tokens: input - cached,
      cache_read_tokens: cached,
      cache_write_tokens: 0,
    },
    output: { total_tokens: output, non_reasoning_tokens: output - reasoning, reasoning_tokens: reasoning },
    unclassified_tokens: 0,
  }
}

function statistics(exchange: Exchange, { usage }: Runtime): Replied {
  const { clients, hours } = usage.statistics
  const all = [...clients.values()]
  const requests = all.reduce((sum, client) => sum + client.requests, 0)
  const failures = all.reduce((sum, client) => sum + client.failures, 0)
  const apis = [...clients].map(([name, client]) => {
    const models = [...client.models].map(([model, counts]) => [model, modelUsage(counts)])
    const { requests: total_requests, tokens: total_tokens } = client
    return [name, { total_requests, total_tokens, models: Object.fromEntries(models) }]
  })
  return exchange.json(200, {
    usage: {
      total_requests: requests,
      success_count: requests - failures,
      failure_count: failures,
      total_tokens: all.reduce((sum, client) => sum + client.tokens, 0),
      apis: Object.fromEntries(apis),
      requests_by_day: grouped(hours, DAY, 'requests'),
      requests_by_hour: grouped(hours, HOUR, 'requests'),
      tokens_by_day: grouped(hours, DAY, 'tokens'),
      tokens_by_hour: grouped(hours, HOUR, 'tokens'),
    },
    failed_requests: failures,
  })
}

function modelUsage({ requests, tokens, details }: ModelCounts): Record<string, unknown> {
  return {
    total_requests: requests,
    total_tokens: tokens,
    // `latency_ms` came with a later version.
    details: details.map((record) => ({
      timestamp: localRfc3339(record.timeMs),
      source: record.source,
      auth_index: record.authIndex,
      tokens: {
        input_tokens: record.tokens?.input ?? 0,
        output_tokens: record.tokens?.output ?? 0,
        reasoning_tokens: record.tokens?.reasoning ?? 0,
        cached_tokens: record.tokens?.cached ?? 0,
        total_tokens: totalOf(record.tokens),
      },
      failed: record.failure !== null,
    })),
  }
}

/** Parts of `YYYY-MM-DDTHH`. */
const DAY = [0, 10] as const
const HOUR = [11, 13] as const

function grouped(
  hours: Statistics['hours'],
  part: readonly [from: number, to: number],
  sum: keyof Sums,
): Record<string, number> {
  const groups: Record<string, number> = {}
  for (const [hour, sums] of hours) {
    const name = hour.slice(...part)
    groups[name] = (groups[name] ?? 0) + sums[sum]
  }
  return groups
}
