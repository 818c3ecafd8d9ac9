import type { TokenCounts } from './translation/types.ts'

/** One attempt at a provider, as the usage routes tell it (contract, HTTP 8.7). */
export interface UsageRecord {
  readonly timeMs: number
  readonly latencyMs: number
  readonly firstByteMs: number
  /** Internal name, e.g. `openai-compatible-nvidia`. */
  readonly providerKey: string
  readonly executor: string
  readonly upstreamModel: string
  readonly requestedModel: string
  /** `POST /v1/responses`. */
  readonly endpoint: string
  readonly authType: 'apikey' | 'oauth'
  /** The credential's own key or account. */
  readonly source: string
  readonly authIndex: string
  readonly requestId: string
  /** The client's key; null on an open gateway. */
  readonly clientKey: string | null
  readonly address: string
  readonly userAgent: string
  readonly tokens: TokenCounts | null
  readonly failure: { readonly status: number; readonly text: string } | null
}

export interface ClientCounts {
  requests: number
  failures: number
  tokens: number
  /** By the provider's name of the model; the newest of its requests. */
  readonly models: Map<string, UsageRecord[]>
}

/** Details kept per client and model; the real gateway keeps all of them. */
const MAX_DETAILS = 1_000

export interface Usage {
  add(record: UsageRecord): void
  /** Removes and returns the oldest records, at most `count`; those past their retention are gone. */
  take(count: number, nowMs: number): UsageRecord[]
  /** Since start, keyed by client key, or by `POST /path` on an open gateway. */
  byClient(): ReadonlyMap<string, ClientCounts>
}

export interface UsageRules {
  /** `usage-statistics-enabled`: off, nothing is recorded. */
  readonly recording: 'on' | 'off'
  /** `redis-usage-queue-retention-seconds`. */
  readonly retentionSeconds: number
}

/** Above this many waiting records the expired ones are cleared at once. */
const CLEAR_ABOVE = 1_000

/** The usage queue of newer gateways, or the statistics of older ones. `rules` is asked at each record. */
export function createUsage(kind: 'queue' | 'statistics', rules: () => UsageRules): Usage {
  let queue: UsageRecord[] = []
  let clearAbove = CLEAR_ABOVE
  const clients = new Map<string, ClientCounts>()
  const dropExpired = (nowMs: number): void => {
    const oldestMs = nowMs - rules().retentionSeconds * 1_000
    queue = queue.filter(({ timeMs }) => timeMs >= oldestMs)
    clearAbove = Math.max(CLEAR_ABOVE, queue.length * 2)
  }
  return {
    add(record) {
      if (rules().recording === 'off') return
      if (kind === 'statistics') return count(clients, record)
      queue.push(record)
      if (queue.length > clearAbove) dropExpired(record.timeMs)
    },
    take(most, nowMs) {
      dropExpired(nowMs)
      return queue.splice(0, most)
    },
    byClient: () => clients,
  }
}

function count(clients: Map<string, ClientCounts>, record: UsageRecord): void {
  const name = record.clientKey ?? record.endpoint
  const counts = clients.get(name) ?? { requests: 0, failures: 0, tokens: 0, models: new Map() }
  clients.set(name, counts)
  counts.requests++
  if (record.failure) counts.failures++
  counts.tokens += totalOf(record.tokens)
  const details = counts.models.get(record.upstreamModel) ?? []
  counts.models.set(record.upstreamModel, details)
  details.push(record)
  if (details.length > MAX_DETAILS) details.shift()
}

/** The total a provider named, or the sum of what it named; 0 when it named nothing, as the gateway prints it. */
export function totalOf(tokens: TokenCounts | null): number {
  if (!tokens) return 0
  return tokens.total ?? (tokens.input ?? 0) + (tokens.output ?? 0)
}
