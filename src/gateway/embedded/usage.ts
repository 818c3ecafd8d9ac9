import { localRfc3339 } from './go-text.ts'
import { kept } from './kept.ts'
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

export interface Sums {
  requests: number
  tokens: number
}

export interface ModelCounts extends Sums {
  /** The newest of its requests. */
  readonly details: UsageRecord[]
}

export interface ClientCounts extends Sums {
  failures: number
  /** By the provider's name of the model. */
  readonly models: Map<string, ModelCounts>
}

/** Details kept per client and model; the real gateway keeps all of them. */
const MAX_DETAILS = 1_000

/** Counters since start, in memory, as the older gateways keep them. */
export interface Statistics {
  /** By client key, or by `POST /path` on an open gateway. */
  readonly clients: ReadonlyMap<string, ClientCounts>
  /** By `YYYY-MM-DDTHH`, server local time. */
  readonly hours: ReadonlyMap<string, Sums>
}

export interface Usage {
  add(record: UsageRecord): void
  /** Records of an earlier time are of no use now: the queue's expire. */
  keptSinceMs(nowMs: number): number
  /** Removes and returns the oldest records, at most `count`; those past their retention are gone. */
  take(count: number, nowMs: number): UsageRecord[]
  readonly statistics: Statistics
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
  const statistics = { clients: new Map<string, ClientCounts>(), hours: new Map<string, Sums>() }
  const oldestKeptMs = (nowMs: number): number => nowMs - rules().retentionSeconds * 1_000
  const dropExpired = (nowMs: number): void => {
    const oldestMs = oldestKeptMs(nowMs)
    queue = queue.filter(({ timeMs }) => timeMs >= oldestMs)
    clearAbove = Math.max(CLEAR_ABOVE, queue.length * 2)
  }
  return {
    add(record) {
      if (rules().recording === 'off') return
      if (kind === 'statistics') return count(statistics, record)
      queue.push(record)
      if (queue.length > clearAbove) dropExpired(record.timeMs)
    },
    keptSinceMs: (nowMs) => (kind === 'statistics' ? Number.NEGATIVE_INFINITY : oldestKeptMs(nowMs)),
    take(most, nowMs) {
      dropExpired(nowMs)
      return queue.splice(0, most)
    },
    statistics,
  }
}

function count(
  { clients, hours }: { clients: Map<string, ClientCounts>; hours: Map<string, Sums> },
  record: UsageRecord,
): void {
  const tokens = totalOf(record.tokens)
  const client = kept(clients, record.clientKey ?? record.endpoint, () => ({
    ...noSums(),
    failures: 0,
    models: new Map(),
  }))
  const model = kept(client.models, record.upstreamModel, () => ({ ...noSums(), details: [] }))
  const hour = kept(hours, localRfc3339(record.timeMs).slice(0, 'YYYY-MM-DDTHH'.length), noSums)
  for (const sums of [client, model, hour]) {
    sums.requests++
    sums.tokens += tokens
  }
  if (record.failure) client.failures++
  model.details.push(record)
  if (model.details.length > MAX_DETAILS) model.details.shift()
}

const noSums = (): Sums => ({ requests: 0, tokens: 0 })

/** The total a provider named, or the sum of what it named; 0 when it named nothing, as the gateway prints it. */
export function totalOf(tokens: TokenCounts | null): number {
  if (!tokens) return 0
  return tokens.total ?? (tokens.input ?? 0) + (tokens.output ?? 0)
}
