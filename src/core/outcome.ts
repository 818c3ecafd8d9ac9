/**
 * The six answers a check can give. "No" (`fail`) and "don't know" (`unknown`) are different words, and only `pass`
 * is evidence of health.
 */
export const OUTCOMES = ['pass', 'warn', 'fail', 'unknown', 'skip', 'blocked'] as const

export type Outcome = (typeof OUTCOMES)[number]

/** How many findings ended in each outcome; every outcome has an entry, zero included. */
export type OutcomeCounts = Record<Outcome, number>

export function countOutcomes(findings: readonly { readonly outcome: Outcome }[]): OutcomeCounts {
  const counts: OutcomeCounts = { pass: 0, warn: 0, fail: 0, unknown: 0, skip: 0, blocked: 0 }
  for (const finding of findings) counts[finding.outcome]++
  return counts
}
