import type { UsageBucket } from '../../wire/management.ts'
import type { UsageRecord } from '../../wire/usage-statistics.ts'
import { BUCKET_MS } from '../windows.ts'
import { grouped } from './group.ts'

/** As many as the routes with buckets give (contract, HTTP 8.6). */
const BUCKETS = 20

/**
 * Ten-minute buckets of each auth index, aligned to the wall clock and oldest first like the gateway's own, made of
 * single requests. The last one holds `nowMs`.
 */
export function bucketsOfRecords(
  records: readonly UsageRecord[],
  nowMs: number,
): ReadonlyMap<string, readonly UsageBucket[]> {
  const newest = Math.floor(nowMs / BUCKET_MS)
  const byIndex = grouped(records, ({ authIndex }) => authIndex)
  return new Map([...byIndex].map(([authIndex, own]) => [authIndex, bucketsOf(own, newest)]))
}

function bucketsOf(records: readonly UsageRecord[], newest: number): UsageBucket[] {
  const buckets = Array.from({ length: BUCKETS }, () => ({ label: '', success: 0, failed: 0 }))
  for (const { atMs, outcome } of records) {
    const bucket = buckets[BUCKETS - 1 - (newest - Math.floor(atMs / BUCKET_MS))]
    if (bucket) bucket[outcome]++
  }
  return buckets
}
