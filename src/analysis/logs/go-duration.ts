const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  µs: 0.001,
  μs: 0.001,
  us: 0.001,
  ns: 0.000_001,
}

/** A Go duration inside a regular expression. */
export const GO_DURATION = '(?:\\d+(?:\\.\\d+)?(?:h|ms|m|s|µs|μs|us|ns))+'

const PART = /(\d+(?:\.\d+)?)(h|ms|m|s|µs|μs|us|ns)/g

/** `1m32s`, `1.192s`, `87.542µs` as milliseconds; 0 for a text without any duration. */
export function goDurationMs(text: string): number {
  let totalMs = 0
  for (const [, amount, unit] of text.matchAll(PART)) totalMs += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0)
  return Math.round(totalMs * 1e6) / 1e6 // 1.001 s is 1001 ms, whatever binary fractions say
}

const ONE_UNIT = /^ *(\d+(?:\.\d+)?)(ms|s) *$/
const DURATION = new RegExp(`^ *${GO_DURATION} *$`)

/** The latency column of an access line in milliseconds; null when it holds anything else. */
export function latencyMs(cell: string): number | null {
  const one = ONE_UNIT.exec(cell)
  if (one === null) return DURATION.test(cell) ? goDurationMs(cell) : null
  return one[2] === 'ms' ? Number(one[1]) : Math.round(Number(one[1]) * 1e9) / 1e6
}
