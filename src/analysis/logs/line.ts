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
  /^(?:[\w.-]+ +\| )?(?:(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})) (?:std(?:out|err) [FP] |\S+ \S+?\[\d+\]: )?|[A-Z][a-z]{2} +\d{1,2} \d{2}:\d{2}:\d{2} \S+ \S+?(?:\[\d+\])?: )?/
const LEVEL = '(?:trace|debug|info|warn|warning|error|fatal|panic)'
// Groups are numbered here and in the access line's expression: naming them costs a fifth of the time of a scan.
const APP = new RegExp(
  `^\\[(\\d{4}-\\d{2}-\\d{2} \\d{2}:\\d{2}:\\d{2})\\](?: \\[(?!${LEVEL} *\\])([^\\]\\s]{1,64})\\])? \\[(${LEVEL}) *\\](?: \\[[\\w.+-]+\\.\\w+:\\d+\\])? ?(.*)$`,
  's',
)
const ERA_D = /^\| ([0-9a-f]{8}|-{8}) \| ?(.*)$/s
const GIN = /^\[GIN\] (\d{4}\/\d{2}\/\d{2} - \d{2}:\d{2}:\d{2}) \|/
const NO_ID = /^-+$/

const CONTINUATION = { kind: 'continuation' } as const
const BYTE_ORDER_MARK = 0xfeff

/**
 * Reads one physical line without its line feed, of any era, with or without a container runtime's prefix, colours
 * and a carriage return at its end. Every text has an answer; what is not the start of a record is `continuation`.
 * Source: contract, files 4.2 to 4.7.
 */
export function parseLine(physical: string): LogLine {
  const { text, stampMs } = unwrapped(physical)
  return record(text, stampMs)
}

/** When a line was written, mostly without reading what it says; null for one that begins no record. */
export function lineTime(physical: string): Pick<LogRecord, 'wallSeconds' | 'stampMs'> | null {
  const { text, stampMs } = unwrapped(physical)
  const time = APP.exec(text)?.[1]
  if (time === undefined) {
    const line = record(text, stampMs)
    return line.kind === 'record' ? line : null
  }
  const wallSeconds = wallSecondsIn(time, time.length - 8)
  return wallSeconds === null ? null : { wallSeconds, stampMs }
}

/** A line without what others than the gateway have put around it. */
function unwrapped(physical: string): { readonly text: string; readonly stampMs: number | null } {
  let text = physical.endsWith('\r') ? physical.slice(0, -1) : physical
  if (text.charCodeAt(0) === BYTE_ORDER_MARK) text = text.slice(1)
  if (text.includes('\u001b')) text = text.replace(ANSI, '')
  if (text.startsWith('[')) return { text, stampMs: null }
  const prefix = CONTAINER.exec(text)
  const stampMs = prefix?.[1] === undefined ? Number.NaN : Date.parse(prefix[1])
  return { text: text.slice(prefix?.[0].length ?? 0), stampMs: Number.isNaN(stampMs) ? null : stampMs }
}

/** The length of what a container runtime put before a line, when that is no instant; null when it is. */
export function plainPrefixLength(text: string): number | null {
  const prefix = text.startsWith('[') ? null : CONTAINER.exec(text)
  return prefix?.[1] === undefined ? (prefix?.[0].length ?? 0) : null
}

function record(text: string, stampMs: number | null): LogLine {
  if (!text.startsWith('[')) return CONTINUATION
  const app = APP.exec(text)
  if (app === null) return ginRecord(text, stampMs)
  const [, time = '', id, level = '', message = ''] = app
  const wallSeconds = wallSecondsIn(time, time.length - 8)
  if (wallSeconds === null) return CONTINUATION
  const eraD = id === undefined && message.startsWith('| ') ? ERA_D.exec(message) : null
  return {
    kind: 'record',
    wallSeconds,
    stampMs,
    level: levelOf(level),
    requestId: requestIdOf(eraD === null ? id : eraD[1]),
    message: readMessage(eraD === null ? message : (eraD[2] ?? '')),
  }
}

function ginRecord(text: string, stampMs: number | null): LogLine {
  const time = GIN.exec(text)?.[1]
  const wallSeconds = time === undefined ? null : wallSecondsIn(time, time.length - 8)
  if (wallSeconds === null) return CONTINUATION
  const message = readMessage(text)
  if (message.kind !== 'access') return CONTINUATION
  return { kind: 'record', wallSeconds, stampMs, level: null, requestId: null, message }
}

/** The `wallSeconds` of `2026-08-22 21:40:03` or `2026/08/22 - 21:40:03`; null when there is no such time. */
function wallSecondsIn(time: string, clock: number): number | null {
  return wallSecondsOf(
    twoDigits(time, 0) * 100 + twoDigits(time, 2),
    twoDigits(time, 5),
    twoDigits(time, 8),
    twoDigits(time, clock),
    twoDigits(time, clock + 3),
    twoDigits(time, clock + 6),
  )
}

function twoDigits(text: string, at: number): number {
  return (text.charCodeAt(at) - 0x30) * 10 + text.charCodeAt(at + 1) - 0x30
}

function requestIdOf(id: string | undefined): string | null {
  return id === undefined || (id.startsWith('-') && NO_ID.test(id)) ? null : id
}

function levelOf(word: string): LogLevel | null {
  return word === 'warning' ? 'warn' : (LOG_LEVELS.find((level) => level === word) ?? null)
}
