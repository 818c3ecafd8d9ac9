import type { Told, Untold } from '../analysis/quota/cells.ts'
import { type LimitCounts, limitsIn } from '../analysis/quota/log-limits.ts'
import { bucketsOfRecords } from '../analysis/quota/usage-buckets.ts'
import { BUCKET_MS } from '../analysis/windows.ts'
import { counted, printable } from '../core/text.ts'
import type { Reply } from '../gateway/port.ts'
import type { RouteAnswer } from '../gateway/probe.ts'
import { gatewayErrorText } from '../wire/gateway-error.ts'
import { type KiroQuota, readKiroQuota } from '../wire/kiro-quota.ts'
import {
  type ApiKeyUsage,
  type AuthFile,
  type ListReading,
  readApiKeyUsage,
  readAuthFiles,
  type UsageBucket,
} from '../wire/management.ts'
import { ROUTES } from '../wire/routes.ts'
import { readUsageStatistics } from '../wire/usage-statistics.ts'
import type { LogReading } from './daily-context.ts'
import { managementWords } from './gateway.ts'
import type { QuotaContext } from './quota-context.ts'
import { type Asked, faultWords, type Unknown, unknownFrom, unreadable } from './replies.ts'

/** What one route told, and the judgement to give where it should have told and did not. */
export interface SourceAnswer<T> {
  readonly told: Told<T>
  readonly trouble: Unknown | null
}

function untold(reason: string, trouble: Unknown | null = null): SourceAnswer<never> {
  return { told: { kind: 'untold', reason }, trouble }
}

const WHY = 'without it nobody can say whose quota runs out'

/** Accounts of token files, or why there are none to see. */
export function askAccounts(
  { capabilities }: QuotaContext,
  signal: AbortSignal,
): Promise<SourceAnswer<readonly AuthFile[]>> {
  return capabilities
    .ask('authFiles', { signal })
    .then((answer) => listed(answer, 'authFiles', readAuthFiles))
}

/** Keys of `config.yaml`, or why there are none to see. */
export function askKeys(
  { capabilities }: QuotaContext,
  signal: AbortSignal,
): Promise<SourceAnswer<readonly ApiKeyUsage[]>> {
  return capabilities
    .ask('apiKeyUsage', { signal })
    .then((answer) => listed(answer, 'apiKeyUsage', readApiKeyUsage))
}

function listed<T>(
  answer: RouteAnswer,
  name: 'authFiles' | 'apiKeyUsage',
  read: (body: unknown) => ListReading<T>,
): SourceAnswer<readonly T[]> {
  const source = `GET ${ROUTES[name].path}`
  const asked: Asked = { source, expected: 'a list of credentials', why: WHY }
  const reply = replyOf(answer, asked)
  if ('told' in reply) return reply
  const body = jsonOf(reply)
  if (body === undefined) return untold(`${source} cannot be read`, unreadable(reply, '', asked))
  const reading = read(body)
  if (reading.kind === 'unreadable')
    return untold(`${source} cannot be read`, unreadable(reply, reading.reason, asked))
  if (reading.entries.length === 0 && reading.unusable > 0)
    return untold(`${source} cannot be read`, unreadable(reply, 'no entry is a credential', asked))
  return { told: { kind: 'told', value: reading.entries, source }, trouble: null }
}

/** The reply, or what its absence means. Refused and closed management is judged elsewhere, once. */
function replyOf(answer: RouteAnswer, asked: Asked): Reply | SourceAnswer<never> {
  switch (answer.kind) {
    case 'reply':
      return answer.reply
    case 'not-offered':
      return untold(`${asked.source} is not offered by this gateway`)
    case 'no-management':
      return untold(managementWords(answer.management))
    case 'fault':
      return untold(`${asked.source}: ${faultWords(answer.fault).saw}`, unknownFrom(answer.fault, asked))
  }
}

function jsonOf({ status, body }: Reply): unknown {
  return status === 200 && body.kind === 'json' ? body.value : undefined
}

/** The requests one by one, which older gateways keep in place of buckets (contract, HTTP 3.3). */
export async function askUsage(
  { capabilities, clock }: QuotaContext,
  signal: AbortSignal,
): Promise<Told<ReadonlyMap<string, readonly UsageBucket[]>>> {
  const source = `GET ${ROUTES.usage.path}`
  const answer = await capabilities.ask('usage', { signal })
  const reply = replyOf(answer, { source, expected: 'statistics of requests', why: WHY })
  if ('told' in reply)
    return answer.kind === 'not-offered'
      ? { kind: 'untold', reason: 'this version counts no requests of accounts' }
      : reply.told
  const reading = readUsageStatistics(jsonOf(reply))
  if (reading.kind === 'unreadable') return { kind: 'untold', reason: `${source} cannot be read` }
  if (reading.records.length === 0)
    return {
      kind: 'untold',
      reason: `${source} has no request; perhaps usage-statistics-enabled is off`,
    }
  return { kind: 'told', value: bucketsOfRecords(reading.records, clock.nowMs()), source }
}

/** The gateway asks the provider each time, so a pool of accounts is not asked one by one. */
const MOST_KIRO_ACCOUNTS = 20

export interface KiroAnswers {
  readonly quotas: ReadonlyMap<string, Told<KiroQuota>>
  readonly others: Untold
  readonly route: 'offered' | 'not-offered' | 'not-asked'
}

/** What Kiro still grants to each of its accounts (contract, HTTP 8.10). */
export async function askKiro(
  context: QuotaContext,
  accounts: readonly AuthFile[],
  signal: AbortSignal,
): Promise<KiroAnswers> {
  const indexes = accounts.flatMap(({ provider, disabled, authIndex }) =>
    provider === 'kiro' && !disabled && authIndex !== null ? [authIndex] : [],
  )
  const quotas = new Map<string, Told<KiroQuota>>()
  let route: KiroAnswers['route'] = 'not-asked'
  for (const index of indexes.slice(0, MOST_KIRO_ACCOUNTS)) {
    const answer = await context.capabilities.ask('kiroQuota', { query: { auth_index: index }, signal })
    route = answer.kind === 'not-offered' ? 'not-offered' : 'offered'
    quotas.set(index, kiroTold(answer, index))
  }
  const reason =
    indexes.length > MOST_KIRO_ACCOUNTS
      ? `only the first ${MOST_KIRO_ACCOUNTS} Kiro accounts are asked`
      : 'Kiro is asked only for accounts that are enabled'
  return { quotas, others: { kind: 'untold', reason }, route }
}

function kiroTold(answer: RouteAnswer, authIndex: string): Told<KiroQuota> {
  const source = `GET ${ROUTES.kiroQuota.path}`
  const reply = replyOf(answer, { source, expected: 'the quota of a Kiro account', why: WHY })
  if ('told' in reply) return reply.told
  const body = jsonOf(reply)
  if (body === undefined) return { kind: 'untold', reason: `${source} answered ${errorWords(reply)}` }
  const reading = readKiroQuota(body)
  if (reading.kind === 'unreadable') return { kind: 'untold', reason: `${source}: ${reading.reason}` }
  // An index that it does not know gets the quota of the first account.
  return reading.quota.authIndex === authIndex
    ? { kind: 'told', value: reading.quota, source }
    : { kind: 'untold', reason: `${source} answered for another account` }
}

/** Only the gateway's own word: the detail behind it is foreign. */
function errorWords({ status, body }: Reply): string {
  const text = body.kind === 'json' ? gatewayErrorText(body.value) : null
  return text === null ? String(status) : `${status}: ${printable(text, 80)}`
}

/** When the window that is judged began: the running ten-minute bucket and the one before. */
export function windowStartMs(nowMs: number): number {
  return Math.floor(nowMs / BUCKET_MS) * BUCKET_MS - BUCKET_MS
}

const CONTENT_WORDS = {
  none: 'not one line of it is of a log of a gateway',
  empty: 'the log is empty',
  outside: 'the log has no line in this period',
} as const

/**
 * Why a log that is there tells nothing; null when it does, and when no log is known. A log that is silent although the
 * counters moved is not the one that this gateway writes now.
 */
export function logTrouble(reading: LogReading, requests: number): string | null {
  if (reading.kind === 'none') return null
  if (reading.kind === 'unreadable') return reading.saw
  const { content } = reading.scan
  if (content === 'records' || (content === 'outside' && requests === 0)) return null
  const words = `${CONTENT_WORDS[content]} (${reading.source})`
  return content === 'outside' ? `${words}, and ${counted(requests, 'request')} were counted in it` : words
}

/** The 429s that the log tells apart. */
export function limitsFrom(reading: LogReading, nowMs: number): Told<LimitCounts> {
  if (reading.kind !== 'scanned') return { kind: 'untold', reason: reading.saw }
  if (reading.scan.content !== 'records')
    return { kind: 'untold', reason: CONTENT_WORDS[reading.scan.content] }
  const limits = limitsIn(reading.scan, windowStartMs(nowMs))
  return limits
    ? { kind: 'told', value: limits, source: `log ${reading.source}` }
    : { kind: 'untold', reason: 'no line of the log names a provider' }
}
