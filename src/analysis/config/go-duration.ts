import parseDuration from 'parse-duration'

const GO_DURATION = /^[-+]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/

/** True for what Go's `time.ParseDuration` accepts, e.g. `1h30m` or `250ms`; a bare number other than 0 is none. */
export function isDuration(text: string): boolean {
  return GO_DURATION.test(text)
}

/** Milliseconds of a Go duration, fractions possible; null when the text is none. */
export function durationMsOf(text: string): number | null {
  if (!isDuration(text)) return null
  const sign = text.startsWith('-') ? -1 : 1
  const parsed = parseDuration(text.replace(/^[-+]/, '').replaceAll('μ', 'µ'))
  return parsed === null || parsed === undefined ? null : sign * parsed
}
