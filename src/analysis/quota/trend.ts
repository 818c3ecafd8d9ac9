import type { UsageBucket } from '../../wire/management.ts'

/** Share of failures per step, oldest first; null: no requests. */
export type Trend = readonly (number | null)[]

/** Two ten-minute buckets, as wide as the window that is judged. */
const STEP_BUCKETS = 2

/** The steps end with the newest bucket. Null when a bucket has no figures. */
export function trendOf(buckets: readonly UsageBucket[]): Trend | null {
  const steps: (number | null)[] = []
  for (let end = buckets.length; end > 0; end -= STEP_BUCKETS) {
    let [requests, failures] = [0, 0]
    for (const { success, failed } of buckets.slice(Math.max(0, end - STEP_BUCKETS), end)) {
      if (success === null || failed === null) return null
      requests += success + failed
      failures += failed
    }
    steps.unshift(requests === 0 ? null : failures / requests)
  }
  return steps.length === 0 ? null : steps
}

/** The first two steps are the limits of a warning and of a critical 429 share (`rate-limit-share`). */
const LEVELS = [0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8] as const

const GLYPHS = {
  unicode: { idle: '·', levels: '▁▂▃▄▅▆▇█' },
  ascii: { idle: '.', levels: '01234567' },
} as const

/** One character per step: idle, no failure, then the taller the more failed. */
export function sparkline(trend: Trend, charset: keyof typeof GLYPHS): string {
  const { idle, levels } = GLYPHS[charset]
  return trend.map((share) => (share === null ? idle : levels[levelOf(share)])).join('')
}

function levelOf(share: number): number {
  return LEVELS.filter((limit) => share > limit).length
}
