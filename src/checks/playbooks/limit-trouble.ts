import type { LogScan } from '../../analysis/logs/log-scan.ts'
import { type ProviderWindow, providerName } from '../../analysis/windows.ts'
import { counted, groupedNumber, percent } from '../../core/text.ts'
import { type RatioLevel, type RatioThreshold, ratioLevel, type Thresholds } from '../../core/thresholds.ts'
import { windowStartMs } from '../quota-sources.ts'
import type { Facts, IncidentScope } from './incident-context.ts'
import type { LimitCause } from './limits.ts'
import {
  clientIds,
  credentialWords,
  failuresWith,
  failureWords,
  inScope,
  isTrouble,
  modelWords,
  REPEATED,
  total,
  wordsOf,
} from './log-facts.ts'
import { told } from './read-facts.ts'

/** So few failures that were hidden are the noise of any hour. */
const TELLING_HIDDEN = 10

/** Providers that fail with 5xx or inside their streams: no limit, and a shift of traffic cures it like one. */
export function troubleCauses(facts: Facts, scope: IncidentScope, thresholds: Thresholds): LimitCause[] {
  const scan = told(facts.log)?.scan
  if (!scan) return []
  const groups = failuresWith(facts, scope, isTrouble)
  const providers = [...new Set(groups.flatMap(({ provider }) => provider ?? []))]
  return providers.flatMap((provider): LimitCause[] => {
    const own = groups.filter((group) => group.provider === provider)
    const hidden = own.reduce((sum, group) => sum + group.hidden, 0)
    const share = shareOf(scan, provider, facts, scope)
    const level = levelOf(share, hidden, scan, thresholds['error-ratio'])
    if (total(own) < REPEATED || level === 'ok') return []
    const named = [...new Set(own.flatMap(({ model }) => model ?? []))]
    const models = clientIds(facts, provider, named)
    const words = wordsOf(facts, provider, [...named, ...models], ({ cause }) => cause === 'capacity')
    return [
      {
        kind: words === null ? 'upstream-errors' : 'capacity',
        provider: providerName(provider),
        models,
        saw: `${failureWords(own)} of ${providerName(provider)} for ${modelWords(models)}${shareWords(share)}, credential ${credentialWords(own)}${hidden > 0 ? `; ${counted(hidden, 'one', 'of them')} behind a status 200: fail-over hid it, or the stream broke with an error inside` : ''}`,
        severe: level === 'critical',
        untilMs: null,
        authIndexes: [],
      },
    ]
  })
}

/** How many of the requests of the window failed so; null where nothing counts the requests. */
interface WindowShare {
  readonly failures: number
  readonly requests: number
}

/**
 * The counters of a provider do not tell 429 from 500, so that failures come from the log, and only requests from the
 * counters. A request that failed at two credentials counts twice in both.
 */
function shareOf(scan: LogScan, provider: string, facts: Facts, scope: IncidentScope): WindowShare | null {
  const window: ProviderWindow | undefined = facts.windows.find(
    (one) => one.provider === providerName(provider),
  )
  if (window === undefined || window.requests === 0) return null
  const fromMs = windowStartMs(facts.atMs)
  let failures = 0
  for (const event of scan.upstream.failures)
    if (
      event.atMs >= fromMs &&
      event.provider === provider &&
      isTrouble(event.status) &&
      inScope(event, scope)
    )
      failures++
  return { failures: Math.min(failures, window.requests), requests: window.requests }
}

/**
 * The share decides where enough requests are counted. Many failures that nobody noticed are a sign even when they are
 * over by now, and all there is where nothing counts requests.
 */
function levelOf(
  share: WindowShare | null,
  hidden: number,
  scan: LogScan,
  threshold: RatioThreshold,
): Exclude<RatioLevel, 'too-few'> {
  const level = share === null ? 'too-few' : ratioLevel(share.failures, share.requests, threshold)
  if (level === 'warn' || level === 'critical') return level
  if (hidden < TELLING_HIDDEN) return 'ok'
  if (level === 'too-few') return 'critical'
  // Of the answers of all providers, so that their own share is at least this.
  const { total: answers } = scan.requests.byClass['client-api']
  return hidden > threshold.warnAbove * answers ? 'warn' : 'ok'
}

function shareWords(share: WindowShare | null): string {
  if (share === null) return ''
  const { failures, requests } = share
  return `, ${groupedNumber(failures)} of its last ${counted(requests, 'request')} (${percent(failures / requests)})`
}
