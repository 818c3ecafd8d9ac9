import { BURST_DEFINITION, type Burst, type ClientBurst, findBursts } from '../analysis/logs/bursts.ts'
import { clockTime } from '../analysis/logs/clock-time.ts'
import type { BlindSpot, LogScan } from '../analysis/logs/log-scan.ts'
import type { Check, Judgement } from '../core/check.ts'
import { counted, groupedNumber, instantOf, listed, percent, printable, span } from '../core/text.ts'
import type { DailyContext, LogReading } from './daily-context.ts'

const { maxGapMs, minEvents, minSpanMs, minShare, ongoingWithinMs, statuses } = BURST_DEFINITION

export const logBurstsCheck: Check<DailyContext> = {
  id: 'logs.bursts',
  title: 'no sustained bursts of 401, 403 or 429',
  group: 'logs',
  asks: `Does the log have a sustained burst: at least ${minEvents} answers of one status, neighbours at most ${span(maxGapMs)} apart, lasting at least ${span(minSpanMs)} or being at least ${percent(minShare)} of the requests in that span? One whose last event lies within ${span(ongoingWithinMs)} of the end of the log is still going and critical. Answers to clients and failures of providers are kept apart, and so are management and probe paths.`,
  why: 'A burst is what clients feel and what daily averages hide.',
  cost: 'files',
  fix: '401 and 403: provops incident auth-failures. 429: provops incident rate-limit.',
  runbook: 'Daily Checks, 4 Log scan',
  async ask(context) {
    const reading = await context.log()
    switch (reading.kind) {
      case 'none':
        return { outcome: 'skip', saw: reading.saw, next: reading.next }
      case 'unreadable':
        return {
          ...EXPECTATION,
          outcome: 'unknown',
          saw: reading.saw,
          source: reading.source,
          next: reading.next,
        }
      case 'scanned':
        return judgeScan(reading, context.clock.nowMs())
    }
  },
}

const EXPECTATION = {
  expected: 'no sustained burst of 401, 403 or 429',
  why: 'what the log cannot tell is not known to be well',
}

function judgeScan({ scan, source }: LogReading & { kind: 'scanned' }, nowMs: number): Judgement[] {
  const doubts = judgeReading(scan)
  const nothing = withoutRecords(scan, nowMs)
  if (nothing) {
    // A file that could not be read is not empty.
    const judged = scan.content === 'empty' && doubts.length > 0 ? doubts : [nothing, ...doubts]
    return judged.map((judgement) => ({ ...judgement, source }))
  }
  const bursts = findBursts(scan).filter((burst) => !isOwnQuestion(burst))
  const judged = statuses.map((status) =>
    judgeStatus(
      status,
      bursts.filter((burst) => burst.status === status),
      scan,
    ),
  )
  return [...judged, ...doubts].map((judgement) => ({ ...judgement, source }))
}

/** Clocks of two machines may differ by this much. */
const CLOCK_SLACK_MS = 300_000
const JUST_NOW_MS = 2000

function withoutRecords(scan: LogScan, nowMs: number): Judgement | null {
  const unknown = { ...EXPECTATION, outcome: 'unknown' } as const
  switch (scan.content) {
    case 'none':
      return {
        ...unknown,
        saw: `${counted(scan.lines.total, 'line')}, and not one of a gateway's log`,
        next: "give main.log, or the gateway's standard output, with --logs",
      }
    case 'empty':
      return {
        ...unknown,
        saw: 'the log is empty',
        next: 'check that logging-to-file is true in config.yaml',
      }
    case 'outside': {
      const aheadMs = (scan.endMs ?? 0) - nowMs
      if (aheadMs > CLOCK_SLACK_MS) {
        return {
          ...unknown,
          saw: `the log ends ${span(aheadMs)} in the future when read as ${scan.zone}`,
          next: 'give the zone of its times with --tz, such as Asia/Shanghai',
        }
      }
      // The second that is not over yet is left to the next run, and a gateway just started has no other.
      if (aheadMs <= 0 && aheadMs > -JUST_NOW_MS)
        return { outcome: 'skip', saw: 'the log began just now', next: 'run again in a moment' }
      return {
        ...unknown,
        saw: 'the log has nothing in the period asked for',
        next: 'check that logging-to-file is still true, or look further back with --since',
      }
    }
    case 'records':
      return scan.requests.byClass['client-api'].total > 0
        ? null
        : {
            outcome: 'skip',
            saw: 'no client request in the log',
            next: 'nothing to do unless there should have been traffic',
          }
  }
}

/** Two runs a minute; a client that polls with a wrong key asks more often. */
const OWN_QUESTIONS_APART_MS = 30_000

/**
 * Every run asks `/v1/models` once without a key, to see that nobody gets in; from a cron job these refusals would add
 * up to a burst of their own.
 */
function isOwnQuestion(burst: Burst): boolean {
  const apartMs = (burst.endMs - burst.startMs) / Math.max(1, burst.count - 1)
  return (
    burst.kind === 'client' &&
    burst.status === 401 &&
    burst.origins.local === burst.count &&
    burst.routes.every(({ name }) => name === '/v1/models') &&
    apartMs >= OWN_QUESTIONS_APART_MS
  )
}

function judgeStatus(status: number, bursts: readonly Burst[], scan: LogScan): Judgement {
  const { total, statuses: answered } = scan.requests.byClass['client-api']
  const count = answered.get(status) ?? 0
  const subject = String(status)
  const data = { count, requests: total, bursts: bursts.map(burstData) }
  const [worst] = [...bursts].sort((a, b) => severity(b) - severity(a))
  if (!worst) {
    const saw = `${groupedNumber(count)} of ${counted(total, 'request')}, no sustained burst${blindWords(scan)}`
    return { outcome: 'pass', subject, saw, data }
  }
  return {
    outcome: severity(worst) === CRITICAL ? 'fail' : 'warn',
    subject,
    data,
    saw: `${burstWords(worst, scan.zone)}${bursts.length > 1 ? `; ${bursts.length} bursts in all` : ''}`,
    expected: EXPECTATION.expected,
    why: meaning(worst),
    next: nextFor(worst),
  }
}

const CRITICAL = 2

/** Clients hurt right now, clients that were hurt, failures nobody felt or paths no client uses. */
function severity(burst: Burst): number {
  if (burst.kind === 'client' && burst.routeClass === 'client-api')
    return burst.state === 'ongoing' ? CRITICAL : 1
  return 0
}

function burstWords(burst: Burst, zone: string): string {
  const lasting =
    burst.endMs > burst.startMs ? ` in ${span(burst.endMs - burst.startMs)}` : ' within a second'
  const when =
    burst.state === 'ongoing'
      ? `since ${clockTime(burst.startMs, zone)}, still going,`
      : `from ${clockTime(burst.startMs, zone)}`
  const share = `${percent(burst.share)} of requests`
  const who =
    burst.providers.length > 0
      ? `, ${listed(
          burst.providers.map(({ name }) => printable(name, 40)),
          2,
        )}`
      : ''
  if (burst.kind === 'upstream')
    return `${groupedNumber(burst.count)} failures of providers${lasting} ${when} (${share}, ${groupedNumber(burst.hidden)} hidden by fail-over)${who}`
  const where = burst.routes.map(({ name }) => name)
  return `${groupedNumber(burst.count)}${lasting} ${when} on ${listed(where, 2)} (${share})${who}${localWords(burst)}`
}

/** Who said no: the gateway by itself, or a provider. */
function localWords({ origins, count }: ClientBurst): string {
  if (origins.local === count) return ', all by the gateway itself'
  return origins.local > 0 ? `, ${groupedNumber(origins.local)} by the gateway itself` : ''
}

function meaning(burst: Burst): string {
  if (burst.kind === 'upstream')
    return 'a provider refuses and fail-over still hides it; the next one to fail is felt by clients'
  if (burst.routeClass !== 'client-api')
    return 'somebody calls management or probe paths with a wrong key; five refusals ban the address'
  const local = burst.origins.local * 2 > burst.count
  if (burst.status === 429)
    return local
      ? 'quota pressure: the gateway benches the credentials and answers 429 by itself'
      : 'quota pressure: a provider refuses for its limits'
  return local
    ? 'clients use a wrong gateway key, or the gateway is in safe mode'
    : 'a provider refuses its credential'
}

function nextFor(burst: Burst): string {
  const playbook = burst.status === 429 ? 'rate-limit' : 'auth-failures'
  return `provops incident ${playbook} --since ${instantOf(burst.startMs)}`
}

function burstData(burst: Burst) {
  return {
    kind: burst.kind,
    class: burst.kind === 'client' ? burst.routeClass : 'upstream',
    state: burst.state,
    start: new Date(burst.startMs).toISOString(),
    end: new Date(burst.endMs).toISOString(),
    count: burst.count,
    requests: burst.requests,
    share: burst.share,
    ...(burst.kind === 'client' ? { local: burst.origins.local } : { hidden: burst.hidden }),
  }
}

/** What makes the whole reading doubtful, beside the bursts it shows. */
function judgeReading(scan: LogScan): Judgement[] {
  const broken = scan.parts.filter(({ outcome }) => outcome === 'broken').map(({ name }) => name)
  const judgements: Judgement[] = []
  if (broken.length > 0) {
    judgements.push({
      ...EXPECTATION,
      outcome: 'unknown',
      subject: 'unread',
      saw: `could not be read to the end: ${listed(broken, 3)}`,
      next: 'check the file and its permissions',
    })
  }
  if (scan.forged.blocks > 0) {
    judgements.push({
      outcome: 'warn',
      subject: 'forged',
      saw: `${counted(scan.forged.lines, 'line')} written by a client through a line break in its path; not counted`,
      expected: 'only lines of the gateway',
      why: 'somebody who can reach the port plants log lines; do not trust this log for blame',
      next: 'look for %0A in the paths at the proxy, and close the port to strangers',
    })
  }
  return judgements
}

const BLIND_WORDS: Partial<Record<BlindSpot, string>> = {
  'hidden-failures': 'failures hidden by fail-over cannot be seen in this log',
}

function blindWords(scan: LogScan): string {
  const words = scan.blindSpots.flatMap((spot) => BLIND_WORDS[spot] ?? [])
  return words.length > 0 ? ` (${words.join('; ')})` : ''
}

/** 429s per provider in the last `windowMs` of the log's span; null when the log names no provider. */
export function rateLimitsIn(scan: LogScan, fromMs: number): ReadonlyMap<string, number> | null {
  if (scan.blindSpots.includes('hidden-failures')) return null
  const counts = new Map<string, number>()
  for (const failure of scan.upstream.failures) {
    if (failure.status !== 429 || failure.provider === null || failure.atMs < fromMs) continue
    counts.set(failure.provider, (counts.get(failure.provider) ?? 0) + 1)
  }
  return counts
}
