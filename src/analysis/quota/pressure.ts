import { type RatioThreshold, ratioLevel } from '../../core/thresholds.ts'
import type { ProviderWindow } from '../windows.ts'
import { valueIn } from './cells.ts'
import type { ProviderLimits } from './log-limits.ts'
import type { QuotaRow } from './rows.ts'

/** What is known of the 429s of one provider. */
export interface PressureEvidence {
  readonly window: ProviderWindow
  /** Null: nothing tells which failures were 429. */
  readonly limits: (ProviderLimits & { readonly complete: boolean }) | null
  readonly rows: readonly QuotaRow[]
}

/** How hard a provider's limits press (runbook, Quota Visibility: repeated 429 and a falling success ratio). */
export type Pressure =
  /** No credential is left to ask. `local` requests got a 429 of the gateway itself; null: not known. */
  | { readonly kind: 'exhausted'; readonly benched: number; readonly local: number | null }
  | { readonly kind: 'limited'; readonly level: 'warn' | 'critical'; readonly rateLimited: number }
  /** Too few requests for a ratio, and most of them were 429. */
  | { readonly kind: 'few-but-limited'; readonly rateLimited: number }
  /** More fails than the limit allows, a credential was refused for quota, and nothing counts the 429s. */
  | { readonly kind: 'suspected' }
  /** More fails than the limit allows, and nothing tells why. */
  | { readonly kind: 'unclear' }
  /** `rateLimited` null: not known, but all failures together stay below the limit. */
  | { readonly kind: 'calm'; readonly rateLimited: number | null }
  | { readonly kind: 'too-few' }
  | { readonly kind: 'idle' }

/** So few requests that a share means little, and yet most of them were refused. */
const TELLING = { count: 3, share: 0.5 }

export function pressureOf(evidence: PressureEvidence, threshold: RatioThreshold): Pressure {
  const { window, limits, rows } = evidence
  const local = limits?.local ?? null
  const benched = benchedOut(rows)
  if (benched > 0) return { kind: 'exhausted', benched, local }
  const { requests } = window
  const rateLimited = window.rateLimited ?? limits?.rateLimited ?? null
  if (requests === 0) return local ? { kind: 'exhausted', benched, local } : { kind: 'idle' }
  const level = ratioLevel(rateLimited ?? 0, requests, threshold)
  if (level === 'too-few') return fewRequests(requests, rateLimited)
  if (level !== 'ok') return { kind: 'limited', level, rateLimited: rateLimited ?? 0 }
  if (mostAtWorst(evidence, rateLimited) <= threshold.warnAbove * requests)
    return { kind: 'calm', rateLimited: isCounted(evidence) ? rateLimited : null }
  return rows.some(isQuotaBench) ? { kind: 'suspected' } : { kind: 'unclear' }
}

function fewRequests(requests: number, rateLimited: number | null): Pressure {
  const telling =
    rateLimited !== null && rateLimited >= TELLING.count && rateLimited >= TELLING.share * requests
  return telling ? { kind: 'few-but-limited', rateLimited } : { kind: 'too-few' }
}

/** How many credentials are benched when that is all of them, at least one for quota; else 0. */
function benchedOut(rows: readonly QuotaRow[]): number {
  const enabled = rows.filter(({ disabled }) => !disabled)
  const all = enabled.every(({ bench }) => valueIn(bench)?.scope === 'all')
  return all && enabled.some(isQuotaBench) ? enabled.length : 0
}

function isQuotaBench({ bench }: QuotaRow): boolean {
  return valueIn(bench)?.cause === 'quota'
}

function isCounted({ window, limits }: PressureEvidence): boolean {
  return window.rateLimited !== null || (limits?.complete === true && limits.undetermined === 0)
}

/** The 429s if every failure that nobody explains was one. */
function mostAtWorst(evidence: PressureEvidence, rateLimited: number | null): number {
  const { window, limits } = evidence
  if (isCounted(evidence)) return rateLimited ?? 0
  if (limits?.complete) return Math.min(window.failures, limits.rateLimited + limits.undetermined)
  return window.failures
}
