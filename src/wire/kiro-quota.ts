import { type Fields, fieldsOf, isFields, listOf, numberOf, textOf } from './fields.ts'
import { momentMs } from './moments.ts'

/** What `GET /v0/management/kiro-quota` says of one Kiro credential. Null: it did not say. */
export interface KiroQuota {
  /** Whose quota it is: an unknown index silently gets that of the first Kiro credential (contract, HTTP 8.10). */
  readonly authIndex: string | null
  readonly remaining: number | null
  readonly limit: number | null
  readonly used: number | null
  /** From 0 to 1, above 1 when overdrawn. */
  readonly usedShare: number | null
  readonly exhausted: boolean | null
  readonly resetsMs: number | null
  readonly plan: string | null
}

export type KiroQuotaReading =
  | { readonly kind: 'quota'; readonly quota: KiroQuota }
  | { readonly kind: 'unreadable'; readonly reason: string }

/**
 * Reads the reply to `kiro-quota`. Without any breakdown from the provider the gateway fills in "0 left, 100 % used,
 * exhausted" by itself, so such a reply is unreadable, as is one that tells neither what is left nor what is used.
 */
export function readKiroQuota(body: unknown): KiroQuotaReading {
  if (!isFields(body)) return { kind: 'unreadable', reason: 'the body is not an object' }
  const usage = fieldsOf(body.usage)
  const breakdowns = listOf(usage.usageBreakdownList).map(fieldsOf)
  if ('usage' in body && breakdowns.length === 0)
    return { kind: 'unreadable', reason: 'the provider told no usage' }
  const { limit, used, left } = creditsOf(breakdowns)
  const remaining = amount(body.remaining_quota) ?? left
  const percentage = amount(body.usage_percentage)
  const usedShare = percentage === null ? shareOf(used, limit) : percentage / 100
  const exhausted = typeof body.quota_exhausted === 'boolean' ? body.quota_exhausted : null
  if (remaining === null && usedShare === null && exhausted === null)
    return { kind: 'unreadable', reason: 'the body tells neither what is left nor what is used' }
  const subscription = fieldsOf(usage.subscriptionInfo)
  return {
    kind: 'quota',
    quota: {
      authIndex: textOf(body.auth_index) ?? digits(body.auth_index),
      remaining,
      limit,
      used,
      usedShare,
      exhausted: exhausted ?? (remaining === null ? null : remaining <= 0),
      resetsMs: momentMs(usage.nextDateReset),
      plan: textOf(subscription.subscriptionTitle) ?? textOf(subscription.type),
    },
  }
}

interface Credits {
  readonly limit: number | null
  readonly used: number | null
  readonly left: number | null
}

/** Plan and free trial of every resource together, as the gateway adds them up. */
function creditsOf(breakdowns: readonly Fields[]): Credits {
  const parts = breakdowns.flatMap((plan) =>
    isFields(plan.freeTrialInfo) ? [plan, plan.freeTrialInfo] : [plan],
  )
  const figures = parts.map((part) => ({
    limit: figure(part, 'usageLimit'),
    used: figure(part, 'currentUsage'),
  }))
  const limit = sum(figures.map((each) => each.limit))
  const used = sum(figures.map((each) => each.used))
  const left = sum(figures.map((each) => difference(each.limit, each.used)))
  return { limit, used, left }
}

/** Null when any of them is missing, or all. */
function sum(figures: readonly (number | null)[]): number | null {
  const known = figures.filter((each) => each !== null)
  return known.length === 0 || known.length < figures.length
    ? null
    : known.reduce((all, each) => all + each, 0)
}

function figure(fields: Fields, name: string): number | null {
  return amount(fields[`${name}WithPrecision`]) ?? amount(fields[name])
}

function amount(value: unknown): number | null {
  const number = numberOf(value)
  return number !== null && number >= 0 ? number : null
}

function digits(value: unknown): string | null {
  return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : null
}

function difference(limit: number | null, used: number | null): number | null {
  return limit === null || used === null ? null : Math.max(0, limit - used)
}

function shareOf(used: number | null, limit: number | null): number | null {
  return used === null || limit === null || limit === 0 ? null : used / limit
}
