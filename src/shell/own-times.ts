import type { Finding } from '../core/finding.ts'

/** Steps that share their reads wait for the same ones, so that none of them has a time of its own to show. */
export function withoutTimes(findings: readonly Finding[]): readonly Finding[] {
  return findings.map((finding) => ({ ...finding, durationMs: 0 }))
}
