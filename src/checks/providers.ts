import type { ProviderWindow } from '../analysis/windows.ts'
import type { Check, Judgement } from '../core/check.ts'
import { counted, groupedNumber, percent, span } from '../core/text.ts'
import { type RatioLevel, type RatioThreshold, ratioLevel, type Thresholds } from '../core/thresholds.ts'
import type { DailyContext, LogReading, RateLimitsByProvider } from './daily-context.ts'
import { managementWords } from './gateway.ts'
import { readWindows, type WindowsAnswer } from './provider-windows.ts'
import { windowWords } from './quota-words.ts'

export const providerErrorsCheck: Check<DailyContext> = {
  id: 'providers.errors',
  title: 'every provider answers its requests',
  group: 'providers',
  asks: "Per provider: which share of the requests of the last ten minutes failed, and which share was 429? Sources in order of truth: ten-minute buckets of the management routes, two samples of /v1/metrics/providers (an earlier run's, or --sample 30s), all client requests in the log. No traffic is never a pass.",
  why: 'Fail-over hides a failing provider from clients until the last one fails.',
  cost: 'reads',
  fix: 'provops incident --provider <name> finds the cause; repeated 429 with falling success is quota pressure: rotate capacity.',
  runbook: 'Daily Checks, 3 Provider metrics; Quota Visibility',
  thresholds: ['error-ratio', 'rate-limit-share'],
  needs: ['gateway.alive'],
  async ask(context, signal) {
    const management = await context.capabilities.management()
    const answer = await readWindows({
      gateway: context.gateway,
      clock: context.clock,
      managementClosed: management.kind === 'on' ? null : managementWords(management),
      rememberedTotals: context.rememberedTotals,
      sampleMs: context.sampleMs,
      learned: context.learned,
      signal,
    })
    if (answer.kind === 'none' || answer.kind === 'ambiguous') {
      const fromLog = judgeLog(await context.recentLog(), context.thresholds['error-ratio'])
      if (fromLog) return fromLog
    }
    return judgeAnswer(answer, await context.rateLimitsInLog(), context.thresholds)
  },
}

/** Refused or failed on the way to a provider; other 4xx are the clients' own mistakes. */
function isProviderFailure(status: number): boolean {
  return status >= 500 || status === 401 || status === 403 || status === 429
}

/**
 * The last resort where no route counts: all client requests of the window together, from the log. It cannot tell
 * providers apart, nor see what fail-over hid. Null when the log has no requests to judge.
 */
function judgeLog(reading: LogReading, threshold: RatioThreshold): Judgement | null {
  if (reading.kind !== 'scanned') return null
  const { total, statuses } = reading.scan.requests.byClass['client-api']
  let failures = 0
  for (const [status, count] of statuses) if (isProviderFailure(status)) failures += count
  const level = ratioLevel(failures, total, threshold)
  if (total === 0 || level === 'too-few') return null
  const base = {
    subject: 'all',
    source: reading.source,
    data: { requests: total, failures, spanMs: threshold.windowMs },
    saw: `${percent(failures / total)} errors of ${groupedNumber(total)} in ${span(threshold.windowMs)}, all providers together, from the log`,
  }
  if (level === 'ok') return { ...base, outcome: 'pass' }
  return {
    ...base,
    outcome: level === 'critical' ? 'fail' : 'warn',
    expected: `errors at most ${percent(threshold.warnAbove)} (critical above ${percent(threshold.criticalAbove)})`,
    why: 'clients are refused or get errors; which provider it is, only the management routes tell',
    next: 'provops incident, or give a management key',
  }
}

const SAMPLE_ADVICE = 'daily-check --sample 30s, or run again within the hour'

function judgeAnswer(
  answer: WindowsAnswer,
  rateLimits: RateLimitsByProvider,
  thresholds: Thresholds,
): Judgement | Judgement[] {
  switch (answer.kind) {
    case 'unknown':
      return answer.judgement
    case 'none':
      return {
        outcome: 'skip',
        saw: answer.reasons.join('; '),
        next: 'give a management key with PROVOPS_MANAGEMENT_KEY or --management-key-file',
      }
    case 'ambiguous':
      return {
        outcome: 'skip',
        saw: 'this version does not say whether it counts by provider or by client key',
        source: answer.source,
        next: 'scan the log instead: provops daily-check --logs <path>',
      }
    case 'totals':
      return answer.sample.providers.map(({ provider, requests, failures, latencyP50Ms }) => ({
        outcome: 'skip',
        subject: provider,
        saw: `totals since the start only: ${figure(failures)} errors of ${figure(requests)}${latencyP50Ms === null ? '' : `, p50 ${span(latencyP50Ms)}`}`,
        source: answer.source,
        data: { requests, failures, latencyP50Ms },
        next: SAMPLE_ADVICE,
      }))
    case 'windows':
      return judgeWindows(answer, rateLimits, thresholds)
  }
}

function figure(count: number | null): string {
  return count === null ? 'an unknown number of' : groupedNumber(count)
}

function judgeWindows(
  { windows, restarted, source }: WindowsAnswer & { kind: 'windows' },
  rateLimits: RateLimitsByProvider,
  thresholds: Thresholds,
): Judgement | Judgement[] {
  const judged = windows.map((window) => ({
    ...judgeWindow(window, window.rateLimited ?? rateLimits?.get(window.provider) ?? null, thresholds),
    subject: window.provider,
    source,
    data: { ...window },
  }))
  const fresh = restarted.map(
    (provider): Judgement => ({
      outcome: 'skip',
      subject: provider,
      saw: 'counters restarted since the last sample',
      source,
      next: SAMPLE_ADVICE,
    }),
  )
  const all = [...judged, ...fresh]
  return all.length > 0
    ? all
    : { outcome: 'skip', saw: 'no provider has counters yet', source, next: SAMPLE_ADVICE }
}

interface Figures {
  readonly window: ProviderWindow
  readonly rateLimited: number | null
  readonly text: string
}

function judgeWindow(window: ProviderWindow, rateLimited: number | null, thresholds: Thresholds): Judgement {
  const figures: Figures = { window, rateLimited, text: words(window, rateLimited) }
  if (window.requests === 0) return withoutTraffic(window)
  const errors = ratioLevel(window.failures, window.requests, thresholds['error-ratio'])
  const limits =
    rateLimited === null ? 'ok' : ratioLevel(rateLimited, window.requests, thresholds['rate-limit-share'])
  if (errors === 'too-few') return tooFew(figures, thresholds['error-ratio'])
  const worst = worse(errors, limits)
  if (worst !== 'ok') return overLimit(figures, worst, thresholds)
  if (window.uncounted > 0) return partlyCounted(figures)
  return { outcome: 'pass', saw: figures.text }
}

function words(window: ProviderWindow, rateLimited: number | null): string {
  const { failures, requests, latencyP50Ms, latencyP95Ms } = window
  return [
    `${percent(failures / requests)} errors of ${groupedNumber(requests)} in ${windowWords(window)}`,
    rateLimited === null ? '' : `429 ${percent(rateLimited / requests)}`,
    latencyP50Ms === null ? '' : `p50 ${span(latencyP50Ms)}`,
    latencyP95Ms === null ? '' : `p95 ${span(latencyP95Ms)}`,
  ]
    .filter((part) => part !== '')
    .join(', ')
}

function withoutTraffic(window: ProviderWindow): Judgement {
  const { uncounted } = window
  if (uncounted === 0) {
    return {
      outcome: 'skip',
      saw: `no traffic in ${windowWords(window)}`,
      next: 'nothing to do unless traffic was expected: then provops incident wrong-provider',
    }
  }
  return {
    outcome: 'unknown',
    saw: `the counters of ${counted(uncounted, 'credential')} could not be read`,
    expected: 'readable counters',
    why: 'a provider nobody can count may be failing',
    next: 'look at GET /v0/management/auth-files',
  }
}

/** So few requests that a share means little, and yet most of them failed: three or more, at least half. */
const TELLING_FAILURES = { count: 3, share: 0.5 }

function tooFew({ window, text }: Figures, threshold: RatioThreshold): Judgement {
  const saw = `${text}: too few to judge (${threshold.minRequests} needed)`
  if (
    window.failures >= TELLING_FAILURES.count &&
    window.failures >= TELLING_FAILURES.share * window.requests
  ) {
    return {
      outcome: 'warn',
      saw,
      expected: 'requests that succeed',
      why: 'too few for a ratio, but most of them failed',
      next: `provops incident --provider ${window.provider}`,
    }
  }
  return { outcome: 'skip', saw, next: 'ask again when there was more traffic' }
}

function partlyCounted({ window, text }: Figures): Judgement {
  return {
    outcome: 'warn',
    saw: `${text}; ${counted(window.uncounted, 'credential')} could not be counted`,
    expected: 'counters of every credential',
    why: 'the share is good, but not of all credentials',
    next: 'look at GET /v0/management/auth-files',
  }
}

function worse(a: RatioLevel, b: RatioLevel): 'ok' | 'warn' | 'critical' {
  if (a === 'critical' || b === 'critical') return 'critical'
  return a === 'warn' || b === 'warn' ? 'warn' : 'ok'
}

/** "Repeated 429 + falling success ratio" (runbook, Quota Visibility). */
const REPEATED = 3

function overLimit(
  { window, rateLimited, text }: Figures,
  level: 'warn' | 'critical',
  thresholds: Thresholds,
): Judgement {
  const { warnAbove, criticalAbove } = thresholds['error-ratio']
  const falling =
    window.earlierFailureShare !== null && window.failures / window.requests > window.earlierFailureShare
  const pressure = (rateLimited ?? 0) >= REPEATED && falling
  const trend = window.earlierFailureShare === null ? '' : `, ${percent(window.earlierFailureShare)} before`
  const advice = {
    saw: text + trend,
    expected: `errors at most ${percent(warnAbove)} (critical above ${percent(criticalAbove)})`,
    why: pressure
      ? 'quota pressure: repeated 429 and a falling success ratio; capacity runs out'
      : 'requests to this provider fail; clients see it as soon as fail-over has nowhere to go',
    next: pressure
      ? `provops incident rate-limit --provider ${window.provider}`
      : `provops incident --provider ${window.provider}`,
  }
  return { outcome: level === 'critical' ? 'fail' : 'warn', ...advice }
}
