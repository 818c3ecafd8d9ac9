import { fieldsOf, isFields, listOf, textOf } from './fields.ts'

/** One request in the statistics that gateways before v6.10 keep since their start. */
export interface UsageRecord {
  /** The credential that was asked. */
  readonly authIndex: string
  readonly atMs: number
  readonly outcome: 'success' | 'failed'
}

export type UsageStatisticsReading =
  | { readonly kind: 'records'; readonly records: readonly UsageRecord[]; readonly unusable: number }
  | { readonly kind: 'unreadable'; readonly reason: string }

/**
 * Reads `GET /v0/management/usage`. The keys of clients and providers that stand in it, in keys and in `source`, are
 * dropped here (contract, HTTP 8.7).
 */
export function readUsageStatistics(body: unknown): UsageStatisticsReading {
  const usage = isFields(body) ? body.usage : undefined
  if (!isFields(usage) || !(isFields(usage.apis) || usage.apis === null))
    return { kind: 'unreadable', reason: 'the body has no `usage.apis`' }
  const records: UsageRecord[] = []
  let unusable = 0
  for (const detail of detailsIn(usage.apis)) {
    const record = recordOf(detail)
    if (record) records.push(record)
    else unusable++
  }
  return { kind: 'records', records, unusable }
}

function* detailsIn(apis: unknown): Generator<unknown> {
  for (const api of Object.values(fieldsOf(apis))) {
    for (const model of Object.values(fieldsOf(fieldsOf(api).models))) yield* listOf(fieldsOf(model).details)
  }
}

function recordOf(detail: unknown): UsageRecord | null {
  const { auth_index: index, timestamp, failed } = fieldsOf(detail)
  const authIndex = typeof index === 'number' ? String(index) : textOf(index)
  const atMs = Date.parse(textOf(timestamp) ?? '')
  if (authIndex === null || Number.isNaN(atMs) || typeof failed !== 'boolean') return null
  return { authIndex, atMs, outcome: failed ? 'failed' : 'success' }
}
