import type { Answer, Aspect } from './recordings.ts'

export interface Mismatch {
  readonly aspect: Exclude<Aspect, 'all'>
  readonly where: string
  readonly recorded: string
  readonly answered: string
}

/** Headers whose presence and value a client may act on. */
const COMPARED_VALUES = [
  'content-type',
  'cache-control',
  'location',
  'access-control-allow-origin',
  'x-cpa-support-plugin',
  'x-cpa-safe-mode',
]
const COMPARED_PRESENCE = [
  'x-cpa-version',
  'x-cpa-commit',
  'x-cpa-build-date',
  'x-cpa-trace-id',
  'retry-after',
  'content-disposition',
  'access-control-expose-headers',
]

/** What differs between a recorded answer and the embedded gateway's: status, headers that matter, body. */
export function compare(recorded: Answer, answered: Answer): Mismatch[] {
  return [
    ...(recorded.status === answered.status
      ? []
      : [mismatch('status', 'status', recorded.status, answered.status)]),
    ...compareHeaders(recorded, answered),
    ...(recorded.status === answered.status ? compareBodies(recorded.body, answered.body) : []),
  ]
}

function mismatch(aspect: Mismatch['aspect'], where: string, recorded: unknown, answered: unknown): Mismatch {
  const text = (value: unknown): string =>
    (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'absent')).slice(0, 300)
  return { aspect, where, recorded: text(recorded), answered: text(answered) }
}

function compareHeaders(recorded: Answer, answered: Answer): Mismatch[] {
  const [left, right] = [lowerCase(recorded.headers), lowerCase(answered.headers)]
  return [
    ...COMPARED_VALUES.filter((name) => left[name] !== right[name]),
    ...COMPARED_PRESENCE.filter((name) => name in left !== name in right),
  ].map((name) => mismatch('headers', name, left[name], right[name]))
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

function compareBodies(recorded: string, answered: string): Mismatch[] {
  const isStream = /^\s*(event|data):/.test(recorded) || /^\s*(event|data):/.test(answered)
  if (isStream) return compareStreams(recorded, answered)
  const [left, right] = [parse(recorded), parse(answered)]
  if (left === undefined || right === undefined)
    return sortOf(recorded) === sortOf(answered) ? [] : [mismatch('body', 'text', recorded, answered)]
  return compareValues('$', left, right)
}

/** What kind of text a body is that is no JSON; its words are the provider's. */
function sortOf(text: string): string {
  if (/^\s*(<!doctype|<html|<a )/i.test(text)) return 'html'
  if (/^\s*\{/.test(text)) return 'half JSON'
  return /^===/.test(text) ? 'request log' : /^\S+:/m.test(text) ? 'YAML' : withoutTimes(text)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

interface Frame {
  readonly event: string
  readonly data: unknown
}

function framesOf(text: string): Frame[] {
  return (
    text
      .split(/\n\n+/)
      .map((block) => block.replace(/^\n+/, ''))
      // How many signs of life there are depends on the time it took.
      .filter((block) => block !== '' && !block.startsWith(': '))
      .map((block) => {
        const lines = block.split('\n')
        const event =
          lines
            .find((line) => line.startsWith('event:'))
            ?.slice(6)
            .trim() ?? ''
        const data = lines
          .filter((line) => line.startsWith('data:'))
          .map((line) => line.slice(5).trim())
          .join('\n')
        return { event, data: parse(data) ?? data }
      })
  )
}

function compareStreams(recorded: string, answered: string): Mismatch[] {
  const [left, right] = [framesOf(recorded), framesOf(answered)]
  const names = (frames: readonly Frame[]): string => frames.map(nameOf).join(' ')
  if (names(left) !== names(right)) return [mismatch('body', 'events', names(left), names(right))]
  const tails = [/\n*$/.exec(recorded)?.[0].length, /\n*$/.exec(answered)?.[0].length]
  return [
    ...(tails[0] === tails[1] ? [] : [mismatch('body', 'blank lines at the end', tails[0], tails[1])]),
    ...left.flatMap((frame, i) => compareValues(`[${i}]`, frame.data, right[i]?.data)),
  ]
}

function nameOf({ event, data }: Frame): string {
  if (event !== '') return event
  return typeof data === 'string' ? data : 'data'
}

/** Words that name a kind or tell a result: they must be equal, not only of one type. */
const EQUAL_KEYS: ReadonlySet<string> = new Set([
  'type',
  'object',
  'role',
  'status',
  'finish_reason',
  'stop_reason',
  'code',
  'param',
  'name',
  'sequence_number',
  'output_index',
  'content_index',
  'index',
  'model',
  'provider',
  'reset_seconds',
  'has_more',
  'disabled',
  'unavailable',
])

/** Sentences of the gateway itself; a provider's are its own affair. */
const OWN_WORDS =
  /auth_unavailable|cooling down|unknown provider|unexpected EOF|closed before|empty_stream|^Post "|^(Missing|Invalid) API key|management|^IP banned|^invalid |^missing |is required|not found|must be|disabled|^Streaming not/

function compareValues(where: string, left: unknown, right: unknown, key = ''): Mismatch[] {
  if (kindOf(left) !== kindOf(right)) return [mismatch('body', where, kindOf(left), kindOf(right))]
  if (Array.isArray(left) && Array.isArray(right)) return compareLists(where, left, right)
  if (isRecord(left) && isRecord(right)) return compareRecords(where, left, right)
  const isEqual = withoutTimes(String(left)) === withoutTimes(String(right))
  const matters =
    EQUAL_KEYS.has(key) ||
    (typeof left === 'string' && OWN_WORDS.test(left) && (key === 'error' || key === 'message'))
  return matters && !isEqual ? [mismatch('body', where, left, right)] : []
}

function compareRecords(
  where: string,
  left: Record<string, unknown>,
  right: Record<string, unknown>,
): Mismatch[] {
  const [recorded, answered] = [withoutHosts(left), withoutHosts(right)]
  return compareKeyed(where, recorded, answered)
}

/** Addresses stand in the keys of the usage of API keys. */
function withoutHosts(record: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [withoutTimes(key), value]))
}

function compareKeyed(
  where: string,
  left: Record<string, unknown>,
  right: Record<string, unknown>,
): Mismatch[] {
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])]
  const missing = keys.filter((key) => key in left !== key in right)
  return [
    ...missing.map((key) => mismatch('body', `${where}.${key}`, left[key], right[key])),
    ...keys
      .filter((key) => key in left && key in right)
      .flatMap((key) => compareValues(`${where}.${key}`, left[key], right[key], key)),
  ]
}

/** Lists of named things are compared by name, lines only by being lines, others item by item. */
function compareLists(where: string, left: readonly unknown[], right: readonly unknown[]): Mismatch[] {
  // The files of failed requests have names of their own in each run.
  if (where.endsWith('.files') && isLogList(left) && isLogList(right))
    return compareValues(`${where}[0]`, left[0], right[0])
  const [named, others] = [byName(left), byName(right)]
  if (named && others) {
    const ids = [...new Set([...named.keys(), ...others.keys()])]
    return ids.flatMap((id) => compareValues(`${where}[${id}]`, named.get(id), others.get(id)))
  }
  if (left.every((item) => typeof item === 'string')) return []
  if (left.length !== right.length) return [mismatch('body', `${where}.length`, left.length, right.length)]
  return left.flatMap((item, i) => compareValues(`${where}[${i}]`, item, right[i]))
}

function isLogList(list: readonly unknown[]): boolean {
  return list.length > 0 && list.every((item) => isRecord(item) && String(item.name).startsWith('error-'))
}

function byName(list: readonly unknown[]): Map<string, unknown> | null {
  const names = list.map((item) => (isRecord(item) ? (item.id ?? item.slug ?? item.name) : undefined))
  const isNamed =
    names.length > 3 &&
    names.every((name) => typeof name === 'string') &&
    new Set(names).size === names.length
  return isNamed ? new Map(list.map((item, i) => [String(names[i]), item])) : null
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'absent'
  return value === null ? 'null' : Array.isArray(value) ? 'list' : typeof value
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Texts hold addresses, ids and times that are another run's. */
function withoutTimes(text: string): string {
  return text
    .replace(/127\.0\.0\.1:\d+/g, 'HOST')
    .replace(/\b(chatcmpl|resp|msg|call|toolu|fc)[-_][A-Za-z0-9_]+/g, 'ID')
    .replace(/^error-.*\.log$/, 'ERROR LOG')
    .replace(/\d{4}-\d\d-\d\d[T ][\d:.]+Z?/g, 'TIME')
    .replace(/^\d{4}-\d\d-\d\d$/, 'DAY')
    .replace(/\b(\d+h)?(\d+m)?\d+s\b/g, 'DURATION')
}
