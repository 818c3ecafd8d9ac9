import type { Connection } from './connection.ts'
import type { StreamScript } from './formats.ts'
import type { Refusal } from './refusals.ts'
import type { Fault } from './types.ts'

export function sendText(connection: Connection, { status, contentType, text, headers }: Refusal): void {
  connection.send(status, { ...headers, 'content-type': contentType }, text)
}

const JSON_HEADERS = { 'content-type': 'application/json' } as const

export function sendJson(connection: Connection, body: unknown): void {
  connection.send(200, JSON_HEADERS, JSON.stringify(body))
}

/** Sends a plain answer, cut where a fault says so: at the start an empty body, else half of it. */
export function sendPlain(connection: Connection, body: unknown, faults: readonly Fault[]): void {
  const cut = faults.find((fault) => fault.kind === 'cut')
  if (!cut) sendJson(connection, body)
  else if (cut.at === 'start') connection.send(200, JSON_HEADERS, '')
  else {
    const text = JSON.stringify(body)
    connection.begin(200, { ...JSON_HEADERS, 'content-length': String(Buffer.byteLength(text)) })
    connection.breakOff(text.slice(0, text.length / 2))
  }
}

export interface Performance {
  readonly frames: readonly string[]
  readonly ending: 'close' | 'reset'
}

/** A script as it is really sent: whole, or cut where a fault says so. */
export function stage(
  { frames, middle, terminal, marker, errorFrame }: StreamScript,
  faults: readonly Fault[],
): Performance {
  for (const fault of faults) {
    if (fault.kind === 'error-in-stream')
      return {
        frames: [...frames.slice(0, middle), errorFrame(fault.reason)],
        ending: 'close',
      }
    if (fault.kind === 'no-finish') return { frames: [...frames.slice(0, terminal), marker], ending: 'close' }
    if (fault.kind === 'cut') {
      const length = { start: 0, middle, 'before-terminal': terminal }[fault.at]
      return { frames: frames.slice(0, length), ending: fault.how }
    }
  }
  return { frames, ending: 'close' }
}
