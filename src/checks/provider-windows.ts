import {
  type Credential,
  deltaOfTotals,
  type ProviderWindow,
  type TotalsSample,
  windowsFromBuckets,
} from '../analysis/windows.ts'
import type { Clock } from '../core/clock.ts'
import type { Gateway, Reply, Result } from '../gateway/port.ts'
import { type ListReading, readApiKeyUsage, readAuthFiles } from '../wire/management.ts'
import { type MetricsGrouping, readProviderMetrics } from '../wire/metrics.ts'
import { ROUTES, type Route } from '../wire/routes.ts'
import type { Asked, Unknown } from './replies.ts'
import { unknownFrom, unreadable } from './replies.ts'

/**
 * What could be learned of each provider's requests. Sources in order of truth: the management routes' ten-minute
 * buckets, then two samples of the provider metrics. One sample alone is `totals`: cumulative since an unknown start.
 */
export type WindowsAnswer =
  | {
      readonly kind: 'windows'
      readonly source: string
      readonly windows: readonly ProviderWindow[]
      readonly restarted: readonly string[]
    }
  | { readonly kind: 'totals'; readonly source: string; readonly sample: TotalsSample }
  /** The figures may be counted by client key under a provider's name: not to be taken for a provider's. */
  | { readonly kind: 'ambiguous'; readonly source: string }
  /** No route of this gateway tells; each reason says why one was of no use. */
  | { readonly kind: 'none'; readonly reasons: readonly string[] }
  | { readonly kind: 'unknown'; readonly judgement: Unknown }

export interface WindowSources {
  readonly gateway: Gateway
  readonly clock: Clock
  /** Why the management routes cannot be asked; null when they can. */
  readonly managementClosed: string | null
  readonly rememberedTotals: TotalsSample | null
  readonly sampleMs: number | null
  readonly learned: { totals: TotalsSample | null }
  readonly signal: AbortSignal
}

const WHY = 'without counters nobody can say whether a provider is failing'

export async function readWindows(sources: WindowSources): Promise<WindowsAnswer> {
  const buckets = sources.managementClosed === null ? await fromBuckets(sources) : null
  if (buckets && buckets.kind !== 'none') return buckets
  const metrics = await fromMetrics(sources)
  if (metrics.kind !== 'none') return metrics
  const management = buckets?.reasons ?? [`management routes: ${sources.managementClosed}`]
  return { kind: 'none', reasons: [...management, ...metrics.reasons] }
}

async function fromBuckets({ gateway, signal }: WindowSources): Promise<WindowsAnswer> {
  const files = await credentialsFrom(gateway, ROUTES.authFiles, readAuthFiles, signal)
  if (files.kind === 'unknown') return files
  const keys = await credentialsFrom(gateway, ROUTES.apiKeyUsage, readApiKeyUsage, signal)
  if (keys.kind === 'unknown') return keys
  const credentials = [...files.credentials, ...keys.credentials]
  if (!credentials.some(({ buckets }) => buckets !== null)) {
    return { kind: 'none', reasons: ['management routes: no credential with ten-minute buckets'] }
  }
  return {
    kind: 'windows',
    source: 'ten-minute buckets of auth-files and api-key-usage',
    windows: windowsFromBuckets(credentials),
    restarted: [],
  }
}

type CredentialsAnswer =
  | { readonly kind: 'credentials'; readonly credentials: readonly Credential[] }
  | { readonly kind: 'unknown'; readonly judgement: Unknown }

/** The credentials one route lists; none where this version does not have the route. */
async function credentialsFrom(
  gateway: Gateway,
  route: Route,
  read: (body: unknown) => ListReading<Credential>,
  signal: AbortSignal,
): Promise<CredentialsAnswer> {
  const asked: Asked = {
    source: `GET ${route.path}`,
    expected: 'request counters of the credentials',
    why: WHY,
  }
  const result = await gateway.get(route, { signal })
  if (result.kind === 'fault') return { kind: 'unknown', judgement: unknownFrom(result.fault, asked) }
  const reply = result.value
  if (reply.status === 404) return { kind: 'credentials', credentials: [] }
  if (reply.status !== 200 || reply.body.kind !== 'json') {
    return { kind: 'unknown', judgement: unreadable(reply, '', asked) }
  }
  const reading = read(reply.body.value)
  if (reading.kind === 'unreadable')
    return { kind: 'unknown', judgement: unreadable(reply, reading.reason, asked) }
  if (reading.unusable > 0 && reading.entries.length === 0) {
    return { kind: 'unknown', judgement: unreadable(reply, 'no entry of the list is a credential', asked) }
  }
  return { kind: 'credentials', credentials: reading.entries }
}

type MetricsAnswer =
  | { readonly kind: 'sample'; readonly sample: TotalsSample; readonly grouping: MetricsGrouping }
  | { readonly kind: 'not-offered' }
  | { readonly kind: 'unknown'; readonly judgement: Unknown }

const METRICS_SOURCE = `GET ${ROUTES.metrics.path}`

async function fromMetrics(sources: WindowSources): Promise<WindowsAnswer> {
  const first = await sampleMetrics(sources)
  if (first.kind === 'unknown') return first
  if (first.kind === 'not-offered')
    return { kind: 'none', reasons: [`${METRICS_SOURCE}: not offered by this gateway`] }
  sources.learned.totals = first.sample
  if (first.sample.providers.length === 0)
    return { kind: 'none', reasons: [`${METRICS_SOURCE}: no provider has counters yet`] }
  if (first.grouping === 'ambiguous') return { kind: 'ambiguous', source: METRICS_SOURCE }
  if (sources.sampleMs === null) return sinceRemembered(first.sample, sources.rememberedTotals)
  await sources.clock.sleep(sources.sampleMs, sources.signal)
  sources.gateway.forget()
  const second = await sampleMetrics(sources)
  if (second.kind === 'unknown') return second
  if (second.kind === 'not-offered')
    return { kind: 'none', reasons: [`${METRICS_SOURCE}: gone at the second sample`] }
  sources.learned.totals = second.sample
  return between(first.sample, second.sample, 'two samples of this run')
}

/** A longer span would dilute a bad ten minutes in hours of good traffic; a shorter one holds too little. */
const REMEMBERED_SPAN_MS = { shortest: 30_000, longest: 3_600_000 }

function sinceRemembered(now: TotalsSample, before: TotalsSample | null): WindowsAnswer {
  const spanMs = before ? now.atMs - before.atMs : 0
  if (!before || spanMs < REMEMBERED_SPAN_MS.shortest || spanMs > REMEMBERED_SPAN_MS.longest) {
    return { kind: 'totals', source: METRICS_SOURCE, sample: now }
  }
  return between(before, now, 'two samples, the first of an earlier run')
}

function between(before: TotalsSample, now: TotalsSample, how: string): WindowsAnswer {
  const deltas = deltaOfTotals(before, now)
  return {
    kind: 'windows',
    source: `${METRICS_SOURCE}, ${how}`,
    windows: deltas.flatMap((delta) => (delta.kind === 'window' ? [delta.window] : [])),
    restarted: deltas.flatMap((delta) => (delta.kind === 'reset' ? [delta.provider] : [])),
  }
}

/** Where the route exists it wants no key (contract, HTTP 3.1); a look-alike may. */
function askMetrics(gateway: Gateway, signal: AbortSignal): Promise<Result<Reply>> {
  return gateway.get(ROUTES.metrics, { as: gateway.clientKeys > 0 ? 0 : 'none', signal })
}

async function sampleMetrics({ gateway, clock, signal }: WindowSources): Promise<MetricsAnswer> {
  const asked: Asked = {
    source: METRICS_SOURCE,
    expected: 'a map of providers with request counters',
    why: WHY,
  }
  const result = await askMetrics(gateway, signal)
  if (result.kind === 'fault') return { kind: 'unknown', judgement: unknownFrom(result.fault, asked) }
  const reply = result.value
  if (reply.status === 404) return { kind: 'not-offered' }
  if (reply.status !== 200 || reply.body.kind !== 'json') {
    return { kind: 'unknown', judgement: unreadable(reply, '', asked) }
  }
  const reading = readProviderMetrics(reply.body.value)
  if (reading.kind === 'unreadable')
    return { kind: 'unknown', judgement: unreadable(reply, reading.reason, asked) }
  return {
    kind: 'sample',
    sample: { atMs: clock.nowMs(), providers: reading.providers },
    grouping: reading.grouping,
  }
}
