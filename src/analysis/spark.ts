import type { RefusalCause } from '../wire/refusal-rules.ts'

/** Listed or not, answers or not: the four ways the two can stand together. */
export const QUADRANTS = ['listed-answers', 'listed-refused', 'unlisted-answers', 'unlisted-refused'] as const
export type Quadrant = (typeof QUADRANTS)[number]

export function quadrantOf(listed: boolean, answers: boolean): Quadrant {
  return `${listed ? 'listed' : 'unlisted'}-${answers ? 'answers' : 'refused'}` as Quadrant
}

/** What a refusal says about the entitlement to the model. */
export type Entitlement = 'refused' | 'quota' | 'not-known'

/**
 * Every shape in which a model is refused to an account counts as `refused`: the sentence of the provider, model not
 * found, unknown provider, the gateway's own 503 after it benched the credential (contract, HTTP 7). Quota is no
 * mismatch, and what has nothing to do with the model says nothing about it.
 */
const ENTITLEMENT: Partial<Record<RefusalCause, Entitlement>> = {
  model: 'refused',
  entitlement: 'refused',
  'client-version': 'refused',
  unavailable: 'refused',
  account: 'refused',
  quota: 'quota',
  rate: 'quota',
  cooldown: 'quota',
  capacity: 'quota',
  money: 'quota',
}

export function entitlementOf(cause: RefusalCause): Entitlement {
  return ENTITLEMENT[cause] ?? 'not-known'
}

/** Failed and all requests for a model in a window, rate limits and client aborts left out of both. */
export interface ErrorCount {
  readonly failed: number
  readonly total: number
}

const NOT_COUNTED: ReadonlySet<number> = new Set([429, 499])

/** Failures by status, without rate limits and clients that left. */
export function countedFailures(statuses: ReadonlyMap<number, number>): number {
  let failures = 0
  for (const [status, count] of statuses) if (!NOT_COUNTED.has(status)) failures += count
  return failures
}
