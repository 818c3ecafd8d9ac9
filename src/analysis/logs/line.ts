import type { Message } from './message.ts'
import { readMessage } from './message.ts'
import { wallSecondsOf } from './wall-clock.ts'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'panic'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** The first line of a record. */
export interface LogRecord {
  readonly kind: 'record'
  /** Local time of the gateway as seconds since 1970-01-01, as though its clock were UTC (`wall-clock.ts`). */
  readonly wallSeconds: number
  /** The instant that a container runtime put before the line; needs no time zone. */
  readonly stampMs: number | null
  /** Null in the raw access lines of the oldest versions. */
  readonly level: LogLevel | null
  /** Null when the request has none, or the version writes none. */
  readonly requestId: string | null
  readonly message: Message
}

/** One physical line: the first of a record, or one that goes on with the record before it. */
export type LogLine = LogRecord | { readonly kind: 'continuation' }

// The expressions are from the contract, files 4.7. Eras (4.4): A = bare gin lines, B = no request id,
// D = request id inside the message, E = request id behind the time.
const ANSI = /\u001b\[[0-9;]*m/g
const CONTAINER =
  /^(?:[\w.-]+ +\| )?(?:(?<stamp>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})) (?:std(?:out|err) [FP] |\S+ \S+?\[\d+\]: )?|[A-Z][a-z]{2} +\d{1,2} \d{2}:\d{2}:\d{2} \S+ \S+?(?:\[\d+\])?: )?/
const LEVEL = '(?:trace|debug|info|warn|warning|error|fatal|panic)'
const APP = new RegExp(
  `^\\[(?<time>\\d{4}-\\d{2}-\\d{2} \\d{2}:\\d{2}:\\d{2})\\](?: \\[(?!${LEVEL} *\\])(?<id>[^\\]\\s]{1,64})\\])? \\[(?<level>${LEVEL}) *\\](?: \\[[\\w.+-]+\\.\\w+:\\d+\\])? ?(?<message>.*)$`,
  's',
)
const ERA_D = /^\| (?<id>[0-9a-f]{8}|-{8}) \| ?(?<rest>.*)$/s
const GIN = /^\[GIN\] (?<time>\d{4}\/\d{2}\/\d{2} - \d{2}:\d{2}:\d{2}) \|/
const NO_ID = /^-+$/

const CONTINUATION = { kind: 'continuation' } as const
const BYTE_ORDER_MARK = 0xfeff

/**
 * Reads one physical line without its line feed, of any era, with or without a container runtime's prefix, colours
 * and a carriage return at its end. Every text has an answer; what is not the start of a record is `continuation`.
 * Source: contract, files 4.2 to 4.7.
 */
export function parseLine(physical: string): LogLine {
  const { text, stampMs } = bare(physical)
  if (!text.startsWith('[')) return CONTINUATION
  const app = APP.exec(text)?.groups
  if (app !== undefined) return appRecord(app, stampMs)
  return ginRecord(text, stampMs) ?? CONTINUATION
}

function bare(physical: string): { text: string; stampMs: number | null } {
  let text = physical.endsWith('\r') ? physical.slice(0, -1) : physical
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) text = text.slice(1)
  if (text.includes('\u001b')) text = text.replace(ANSI, '')
  if (text.startsWith('[')) return { text, stampMs: null }
  const prefix = CONTAINER.exec(text)
  const stamp = prefix?.groups?.stamp
  const stampMs = stamp === undefined ? Number.NaN : Date.parse(stamp)
  return { text: text.slice(prefix?.[0].length ?? 0), stampMs: Number.isNaN(stampMs) ? null : stampMs }
}

function appRecord(app: Record<string, string | undefined>, stampMs: number | null): LogLine {
  const wallSeconds = wallSecondsIn(app.time ?? '')
  if (wallSeconds === null) return CONTINUATION
  let id = app.id
  let message = app.message ?? ''
  const eraD = id === undefined && message.startsWith('| ') ? ERA_D.exec(message)?.groups : undefined
  if (eraD !== undefined) {
    id = eraD.id
    message = eraD.rest ?? ''
  }
  return {
    kind: 'record',
    wallSeconds,
    stampMs,
    level: levelOf(app.level ?? ''),
    requestId: id === undefined || NO_ID.test(id) ? null : id,
    message: readMessage(message),
  }
}

function ginRecord(text: string, stampMs: number | null): LogLine | null {
  const time = GIN.exec(text)?.groups?.time
  const wallSeconds = time === undefined ? null : wallSecondsIn(time)
  if (wallSeconds === null) return null
  const message = readMessage(text)
  if (message.kind !== 'access') return null
  return { kind: 'record', wallSeconds, stampMs, level: null, requestId: null, message }
}

/** The `wallSeconds` of `2026-08-22 21:40:03` or `2026/08/22 - 21:40:03`; null when there is no such time. */
function wallSecondsIn(time: string): number | null {
  const clock = time.length - 8
  return wallSecondsOf(
    Number(time.slice(0, 4)),
    Number(time.slice(5, 7)),
    Number(time.slice(8, 10)),
    Number(time.slice(clock, clock + 2)),
    Number(time.slice(clock + 3, clock + 5)),
    Number(time.slice(clock + 6)),
  )
}

function levelOf(word: string): LogLevel | null {
  return word === 'warning' ? 'warn' : (LOG_LEVELS.find((level) => level === word) ?? null)
}
