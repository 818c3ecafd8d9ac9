import { type Pressure, type PressureEvidence, pressureOf } from '../analysis/quota/pressure.ts'
import type { Check, Judgement } from '../core/check.ts'
import { counted, groupedNumber, percent, printable } from '../core/text.ts'
import type { RatioThreshold } from '../core/thresholds.ts'
import type { QuotaContext } from './quota-context.ts'
import type { ProviderView, QuotaView } from './quota-view.ts'
import { providerWord, windowWords } from './quota-words.ts'

export const pressureCheck: Check<QuotaContext> = {
  id: 'quota.pressure',
  title: 'no provider is under quota pressure',
  group: 'quota',
  asks: 'Per provider: which share of the requests of the last ten to twenty minutes (the running ten-minute bucket and the one before) was refused with 429, does the success ratio fall, and is there a credential left to ask? Requests come from these buckets or from two samples of /v1/metrics/providers, 429s from the log. Where nothing tells 429s from other failures, the share of all failures stands for the most they can be.',
  why: 'Repeated 429 and a falling success ratio mean that capacity runs out; fail-over hides it until the last credential is empty.',
  cost: 'reads',
  fix: 'Rotate capacity: more keys or accounts, fewer requests at a time, or traffic to a fallback prefix (provops incident rate-limit).',
  runbook: 'Quota Visibility; Incident Playbooks, Repeated 429',
  thresholds: ['rate-limit-share'],
  async ask(context) {
    const view = await context.view()
    if (view.metrics?.kind === 'unknown') return view.metrics.judgement
    if (view.providers.length === 0) return withoutProviders(view)
    return [
      ...view.providers.map((provider) =>
        judgeProvider(provider, view, context.thresholds['rate-limit-share']),
      ),
      ...judgeLog(view),
    ]
  },
}

/** A log that was given and tells nothing is no log without 429. */
function judgeLog({ logTrouble }: QuotaView): Judgement[] {
  if (logTrouble === null) return []
  return [
    {
      outcome: 'unknown',
      subject: 'log',
      saw: logTrouble,
      expected: 'the log that this gateway writes, with its refusals one by one',
      why: 'the counters do not tell a 429 from other failures, and show none that fail-over hid',
      next: 'give main.log, or its directory, with --logs <path>; logging-to-file: true makes the gateway write it',
    },
  ]
}

const MORE_SOURCES = 'give a management key, or two samples with --sample 30s'

function withoutProviders({ facts, metrics }: QuotaView): Judgement {
  const reasons = metrics?.kind === 'none' ? metrics.reasons.join('; ') : null
  const saw = reasons ?? (facts.accounts.kind === 'untold' ? facts.accounts.reason : 'no provider is listed')
  return { outcome: 'skip', saw, next: MORE_SOURCES }
}

function judgeProvider(
  { provider, evidence }: ProviderView,
  { facts, metrics }: QuotaView,
  threshold: RatioThreshold,
): Judgement {
  if (evidence.kind === 'untold')
    return {
      outcome: 'skip',
      subject: printable(provider, 80),
      saw: evidence.reason,
      next: metrics?.kind === 'totals' ? 'run again within the hour, or give --sample 30s' : MORE_SOURCES,
    }
  const pressure = pressureOf(evidence.value, threshold)
  const noLog = facts.limits.kind === 'untold' ? facts.limits.reason : null
  return {
    ...judge(pressure, { provider, evidence: evidence.value, threshold, noLog }),
    subject: printable(provider, 80),
    source: evidence.source,
    data: dataOf(pressure, evidence.value),
  }
}

interface Case {
  readonly provider: string
  readonly evidence: PressureEvidence
  readonly threshold: RatioThreshold
  /** Why no log counts the 429s; null when one does. */
  readonly noLog: string | null
}

function judge(pressure: Pressure, each: Case): Judgement {
  const { window } = each.evidence
  switch (pressure.kind) {
    case 'exhausted':
      return exhausted(pressure, each)
    case 'limited':
      return {
        ...adviceOf(each),
        outcome: pressure.level === 'critical' ? 'fail' : 'warn',
        saw: `${limitedWords(pressure.rateLimited, window)}; failures ${trendWords(window)}`,
      }
    case 'few-but-limited':
      return {
        ...adviceOf(each),
        outcome: 'warn',
        saw: `${limitedWords(pressure.rateLimited, window)}: too few for a share, but most are refused`,
      }
    case 'suspected':
      return {
        ...adviceOf(each),
        outcome: 'warn',
        saw: `${failureWords(window)}; a credential was refused for its quota, and nothing counts the 429s${noLogWords(each)}`,
        next: `${LOG_ADVICE}; then ${playbook(each)}`,
      }
    case 'unclear':
      return { ...adviceOf(each), ...unclear(each), outcome: 'unknown' }
    case 'calm':
      return calm(pressure, each)
    case 'too-few':
      return {
        outcome: 'skip',
        saw: `${counted(window.requests, 'request')} in ${windowWords(window)}: too few to judge (${each.threshold.minRequests} needed)`,
        next: 'ask again when there was more traffic',
      }
    case 'idle':
      return {
        outcome: 'skip',
        saw: `no traffic in ${windowWords(window)}`,
        next: 'nothing to do unless traffic was expected: then provops incident wrong-provider',
      }
  }
}

const LOG_ADVICE = 'give the log of the gateway with --logs <path>'

function adviceOf(each: Case) {
  const { warnAbove, criticalAbove } = each.threshold
  return {
    expected: `429 at most ${percent(warnAbove)} of the requests (critical above ${percent(criticalAbove)})`,
    why: isFalling(each.evidence)
      ? 'quota pressure: repeated 429 and a falling success ratio; capacity runs out'
      : 'quota pressure: repeated 429; capacity runs out',
    next: playbook(each),
  }
}

function playbook({ provider }: Case): string {
  return `provops incident rate-limit --provider ${providerWord(provider)}`
}

function exhausted({ benched, local }: Pressure & { kind: 'exhausted' }, each: Case): Judgement {
  const all = benched === 1 ? 'the only credential is' : `all ${benched} credentials are`
  const refused = local ? `${counted(local, 'request')} answered 429 by the gateway itself` : ''
  return {
    ...adviceOf(each),
    outcome: 'fail',
    saw: [benched > 0 ? `${all} benched for quota` : '', refused].filter((part) => part !== '').join('; '),
    expected: 'a credential that can be asked',
    why: 'every request to this provider is refused until the first of them is back',
  }
}

/** Either no log counts the 429s, or the log has failures without a status. */
function unclear({ evidence, provider, noLog }: Case) {
  const { window, limits } = evidence
  const incident = `provops incident --provider ${providerWord(provider)}`
  const why = 'so many failures can be quota pressure or something else'
  if (limits?.complete)
    return {
      saw: `${failureWords(window)}; the log gives no status for ${groupedNumber(limits.undetermined)} of the failures`,
      why,
      next: incident,
    }
  const log = limits ? 'the log begins within the window' : (noLog ?? 'no log was read')
  return {
    saw: `${failureWords(window)}; how many of them 429 is not told (${log})`,
    why,
    next: `${LOG_ADVICE}; or ${incident}`,
  }
}

function calm({ rateLimited }: Pressure & { kind: 'calm' }, each: Case): Judgement {
  const { window } = each.evidence
  const saw =
    rateLimited === null
      ? `429: at most ${percent(window.failures / window.requests)} of ${groupedNumber(window.requests)} in ${windowWords(window)}, as many as failed`
      : `429: ${percent(rateLimited / window.requests)} of ${groupedNumber(window.requests)} in ${windowWords(window)}`
  if (window.uncounted === 0) return { outcome: 'pass', saw }
  return {
    outcome: 'warn',
    saw: `${saw}; ${counted(window.uncounted, 'credential')} could not be counted`,
    expected: 'counters of every credential',
    why: 'the share is good, but not of all credentials',
    next: 'look at GET /v0/management/auth-files',
  }
}

function limitedWords(rateLimited: number, window: PressureEvidence['window']): string {
  const { requests } = window
  const share = percent(Math.min(1, rateLimited / requests))
  return `429: ${groupedNumber(rateLimited)} of ${groupedNumber(requests)} in ${windowWords(window)} (${share})`
}

function failureWords(window: PressureEvidence['window']): string {
  return `failures among ${groupedNumber(window.requests)} requests: ${trendWords(window)}`
}

function trendWords({ failures, requests, earlierFailureShare }: PressureEvidence['window']): string {
  const before = earlierFailureShare === null ? '' : `, ${percent(earlierFailureShare)} before`
  return percent(failures / requests) + before
}

function noLogWords({ noLog }: Case): string {
  return noLog === null ? '' : ` (${noLog})`
}

function isFalling({ window }: PressureEvidence): boolean {
  const { earlierFailureShare, failures, requests } = window
  return earlierFailureShare !== null && requests > 0 && failures / requests > earlierFailureShare
}

function dataOf(pressure: Pressure, { window, limits }: PressureEvidence) {
  return {
    pressure: pressure.kind,
    requests: window.requests,
    failures: window.failures,
    rateLimited: window.rateLimited ?? limits?.rateLimited ?? null,
    refusedByGateway: limits?.local ?? null,
    earlierFailureShare: window.earlierFailureShare,
    spanMs: window.spanMs,
  }
}
