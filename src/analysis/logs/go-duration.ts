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

/** A Go duration inside a regular expression (contract, files 4.7). */
export const GO_DURATION = '(?:\\d+(?:\\.\\d+)?(?:h|ms|m|s|µs|μs|us|ns))+'

const WHOLE = new RegExp(`^${GO_DURATION}$`)
const PART = /(\d+(?:\.\d+)?)(h|ms|m|s|µs|μs|us|ns)/g
const ONE_PART = /^(\d+(?:\.\d+)?)(ms|s)$/

/** `1m32s`, `1.192s`, `87.542µs` in milliseconds; null for a text that is no duration. */
export function goDurationMs(text: string): number | null {
  const wholeMs = readWholeMs(text)
  if (wholeMs >= 0) return wholeMs
  const one = ONE_PART.exec(text)
  if (one !== null) return rounded(Number(one[1]) * (UNIT_MS[one[2] ?? ''] ?? 0))
  if (!WHOLE.test(text)) return null
  let totalMs = 0
  for (const [, amount, unit] of text.matchAll(PART)) totalMs += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0)
  return rounded(totalMs)
}

// 1.001 s is 1001 ms, whatever binary fractions say.
function rounded(ms: number): number {
  return Math.round(ms * 1e6) / 1e6
}

/** `812ms`, the commonest form, without an expression; -1 for any other. */
function readWholeMs(text: string): number {
  const digits = text.length - 2
  if (digits < 1 || !text.endsWith('ms')) return -1
  let ms = 0
  for (let i = 0; i < digits; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return -1
    ms = ms * 10 + digit
  }
  return ms
}
