import parseDuration from 'parse-duration'

/** A text from a flag, the environment or the config file turned into a value, or what would have been right. */
export type Parsed<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'wrong'; readonly expected: string }

export type Parse<T> = (text: string) => Parsed<T>

const value = <T>(it: T): Parsed<T> => ({ kind: 'value', value: it })
const wrong = (expected: string): Parsed<never> => ({ kind: 'wrong', expected })

export const parseText: Parse<string> = (text) => (text.trim() === '' ? wrong('a value') : value(text))

// A bare number is refused: a reader cannot tell whether it means seconds or milliseconds.
const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+$/

/** `250ms`, `30s`, `10m`, `1h30m`, `7d` as milliseconds, above zero. */
export const parseDurationMs: Parse<number> = (text) => {
  const compact = text.replaceAll(' ', '')
  const ms = DURATION.test(compact) ? parseDuration(compact) : null
  return ms !== null && ms > 0 ? value(ms) : wrong('a duration with a unit, such as 250ms, 30s, 10m, 24h')
}

/** How far back to look: from a while ago, or from an instant. */
export type Since =
  | { readonly kind: 'ago'; readonly ms: number }
  | { readonly kind: 'at'; readonly ms: number }

// Without a zone nobody can say whose clock is meant.
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/

/** A duration such as `24h`, or an instant with its zone such as `2026-11-23T06:30Z`. */
export const parseSince: Parse<Since> = (text) => {
  const ago = parseDurationMs(text)
  if (ago.kind === 'value') return value({ kind: 'ago', ms: ago.value })
  const atMs = INSTANT.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(atMs)
    ? wrong('a duration such as 24h, or an instant with its zone such as 2026-11-23T06:30Z')
    : value({ kind: 'at', ms: atMs })
}

export function sinceMsOf(since: Since, nowMs: number): number {
  return since.kind === 'ago' ? nowMs - since.ms : since.ms
}

/** `2%`, `0.5 %` or a share such as `0.02`, as a share from 0 to 1. */
export const parseShare: Parse<number> = (text) => {
  const match = /^(?<number>\d+(?:\.\d+)?)\s*(?<percent>%?)$/.exec(text.trim())
  const share = Number(match?.groups?.number ?? Number.NaN) / (match?.groups?.percent ? 100 : 1)
  return share >= 0 && share <= 1 ? value(share) : wrong('a percentage such as 2%, or a share from 0 to 1')
}

export const parseCount: Parse<number> = (text) =>
  /^\d{1,9}$/.test(text.trim()) ? value(Number(text)) : wrong('a whole number, 0 or more')

/** A switch typed without a value, such as a bare `--insecure`, is on. */
export const parseSwitch: Parse<boolean> = (text) => {
  const word = text.trim().toLowerCase()
  if (['', '1', 'true', 'yes', 'on'].includes(word)) return value(true)
  if (['0', 'false', 'no', 'off'].includes(word)) return value(false)
  return wrong('true or false')
}

export function parseChoice<const T extends string>(choices: readonly T[]): Parse<T> {
  return (text) => {
    const found = choices.find((choice) => choice === text)
    return found === undefined ? wrong(`one of ${choices.join(', ')}`) : value(found)
  }
}

/** Comma-separated; blanks around items are dropped, an empty item is refused. */
export const parseList: Parse<readonly string[]> = (text) => {
  const items = text.split(',').map((item) => item.trim())
  return items.includes('') ? wrong('names separated by commas') : value(items)
}

const OFFSET = /^[+-](?:[01]\d|2[0-3]):[0-5]\d$/

/** An IANA zone name, `UTC`, or an offset such as `+08:00`. */
export const parseTimeZone: Parse<string> = (text) => {
  // The commonest needs no look at all the others, and Intl of node 20 knows no offsets.
  if (text === 'UTC' || OFFSET.test(text)) return value(text)
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return value(text)
  } catch {
    return wrong('a time zone such as Asia/Shanghai, UTC or +08:00')
  }
}
