import type { KiroQuota } from '../../wire/kiro-quota.ts'
import type { Bench } from './bench.ts'
import { type Cell, firstKnown, known, type Told, unknown } from './cells.ts'

/** What a provider still grants. */
export interface QuotaLeft {
  /** In the provider's unit, credits for Kiro. */
  readonly remaining: number
  /** Null: not told. */
  readonly limit: number | null
  readonly resetMs: number | null
}

/** From the one route that tells a quota, which is Kiro's (null for others), else from a refusal for quota that named its end. */
export function leftCell(kiro: Told<KiroQuota> | null, bench: Bench | null): Cell<QuotaLeft> {
  const refused: Cell<QuotaLeft> =
    bench?.cause === 'quota' && bench.resetMs !== null
      ? known({ remaining: 0, limit: null, resetMs: bench.resetMs }, 'last refusal of the provider')
      : unknown('no route tells the quota of this provider')
  return kiro === null ? refused : firstKnown(fromRoute(kiro), refused)
}

function fromRoute(told: Told<KiroQuota>): Cell<QuotaLeft> {
  if (told.kind === 'untold') return unknown(told.reason)
  const { remaining, exhausted, limit, resetsMs } = told.value
  const left = remaining ?? (exhausted ? 0 : null)
  return left === null
    ? unknown('the route does not tell what is left')
    : known({ remaining: left, limit, resetMs: resetsMs }, told.source)
}
