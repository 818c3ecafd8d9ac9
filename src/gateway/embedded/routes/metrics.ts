import { percentile } from '../counters.ts'
import type { Handler, Runtime, ServedRoute } from '../runtime.ts'

/** A table, not a measurement: US dollars per 1,000 output tokens; input is half of it (contract, HTTP 3.2). */
const COST_PER_1K_OUTPUT: ReadonlyMap<string, number> = new Map([
  ['nim', 0.22],
  ['kilo', 0.28],
  ['minimax', 0.36],
  ['glm', 0.8],
  ['openrouter', 0.3],
])
const OTHER_COST = 0.5

/** `GET /v1/metrics/providers`, without a key (contract, HTTP 3). */
export function metricsRoutes(kind: 'by-provider' | 'by-client-key'): readonly ServedRoute[] {
  const handle = kind === 'by-provider' ? byProvider : byClientKey
  return [{ method: 'GET', path: '/v1/metrics/providers', key: 'none', handle }]
}

interface Figures {
  readonly requests: number
  readonly failures: number
  readonly tokens: number
}

function entry(name: string, { requests, failures, tokens }: Figures) {
  const success = Math.max(0, requests - failures)
  const output = COST_PER_1K_OUTPUT.get(name) ?? OTHER_COST
  return {
    request_count: requests,
    success_count: success,
    failure_count: failures,
    total_tokens: tokens,
    success_rate: requests === 0 ? 1 : success / requests,
    cost_per_1k_input: output / 2,
    cost_per_1k_output: output,
  }
}

/** What the route was meant to say: figures of each provider, with measured latency. */
const byProvider: Handler = (exchange, runtime) => {
  const figures = new Map<string, unknown>()
  for (const name of providerNames(runtime)) {
    const counts = runtime.counters.providers().get(name)
    const p50 = percentile(counts?.latenciesMs ?? [], 0.5)
    const p95 = percentile(counts?.latenciesMs ?? [], 0.95)
    figures.set(name, {
      ...entry(name, counts ?? { requests: 0, failures: 0, tokens: 0 }),
      ...(p50 === null ? {} : { latency_p50_ms: p50 }),
      ...(p95 === null ? {} : { latency_p95_ms: p95 }),
    })
  }
  return exchange.json(200, Object.fromEntries(figures))
}

function providerNames(runtime: Runtime): string[] {
  const configured = runtime.credentials.map(({ provider }) => provider)
  return [...new Set([...configured, ...runtime.counters.providers().keys()])].sort()
}

const LABELS: ReadonlySet<string> = new Set([
  'nim',
  'kilo',
  'minimax',
  'glm',
  'openrouter',
  'antigravity',
  'claude',
  'codex',
  'gemini',
  'roo',
  'kiro',
  'cursor',
])
const LABEL_ALIASES: ReadonlyMap<string, string> = new Map([
  ['droid', 'gemini'],
  ['roocode', 'roo'],
])

/**
 * What that version really says: figures per client key, under the text before the key's first `-`; keys with the
 * same beginning overwrite one another; `{}` without usage statistics (contract, HTTP 3.2).
 */
const byClientKey: Handler = (exchange, runtime) => {
  const figures: Record<string, unknown> = {}
  if (runtime.config.gateway.settings.usageStatisticsEnabled) {
    for (const [client, counts] of runtime.random.shuffle([...runtime.usage.statistics.clients])) {
      const first = (client.split('-')[0] ?? '').toLowerCase()
      const label = LABEL_ALIASES.get(first) ?? first
      if (LABELS.has(label)) figures[label] = entry(label, counts)
    }
  }
  return exchange.json(200, figures)
}
