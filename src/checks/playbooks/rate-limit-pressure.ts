import { type LimitCounts, limitsIn } from '../../analysis/quota/log-limits.ts'
import type { ProviderWindow } from '../../analysis/windows.ts'
import type { Judgement } from '../../core/check.ts'
import { groupedNumber, percent } from '../../core/text.ts'
import { type RatioThreshold, ratioLevel } from '../../core/thresholds.ts'
import { windowStartMs } from '../quota-sources.ts'
import { windowWords } from '../quota-words.ts'
import type { LogView } from './incident-context.ts'
import { RATE_LIMIT } from './rate-limit-diagnosis.ts'
import { factsOf, told } from './read-facts.ts'
import { stepOf } from './steps.ts'

export const pressureStep = stepOf(RATE_LIMIT, {
  step: 'pressure',
  kind: 'read',
  title: 'no provider is under quota pressure',
  asks: 'Per provider: which share of the requests of the last ten to twenty minutes (the running ten-minute bucket and the one before) was 429, and which share failed?',
  why: 'Repeated 429 and a falling success ratio are quota pressure (runbook, Quota Visibility): rotate capacity.',
  cost: 'reads',
  fix: 'Add keys or providers, reduce concurrency, or move traffic.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    const log = told(facts.log)
    const counts = log === null ? null : limitsIn(log.scan, windowStartMs(facts.atMs))
    const busy = facts.windows.filter(({ requests }) => requests > 0)
    if (busy.length === 0)
      return {
        outcome: 'skip',
        saw: 'no provider with counted traffic',
        next: 'give a management key, or wait for traffic',
      }
    const threshold = context.thresholds['rate-limit-share']
    return busy.map((window) =>
      counts === null ? untold(window, told(facts.log)) : judge(window, counts, threshold),
    )
  },
})

function untold(window: ProviderWindow, log: LogView | null): Judgement {
  return {
    outcome: 'skip',
    subject: window.provider,
    saw: `429 not told, ${errorWords(window)}`,
    next: log === null ? 'give the log with --logs' : 'the log names no provider: see rate-limit.cause',
  }
}

function judge(window: ProviderWindow, counts: LimitCounts, threshold: RatioThreshold): Judgement {
  const limited = counts.providers.get(window.provider)?.rateLimited ?? 0
  const base = {
    subject: window.provider,
    saw: `429 ${percent(Math.min(1, limited / window.requests))}, ${errorWords(window)}`,
  }
  const level = ratioLevel(limited, window.requests, threshold)
  if (level === 'ok') return { ...base, outcome: 'pass' }
  if (level === 'too-few') return { ...base, outcome: 'skip', next: 'ask again with more traffic' }
  return {
    ...base,
    // As `provops quota` judges the same share.
    outcome: level === 'critical' ? 'fail' : 'warn',
    expected: `429 at most ${percent(threshold.warnAbove)} (critical above ${percent(threshold.criticalAbove)})`,
    why: 'quota pressure: capacity runs out',
    next: 'add a key or provider, reduce concurrency, or provops reroute',
  }
}

function errorWords(window: ProviderWindow): string {
  return `errors ${percent(window.failures / window.requests)} of ${groupedNumber(window.requests)} in ${windowWords(window)}`
}
