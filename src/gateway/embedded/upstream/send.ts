import type { ServerResponse } from 'node:http'
import type { StreamScript } from './formats.ts'
import type { Refusal } from './refusals.ts'
import type { Fault } from './types.ts'

export function send(response: ServerResponse, { status, contentType, text, headers }: Refusal): void {
  response.writeHead(status, { ...headers, 'content-type': contentType })
  response.end(text)
}

export function sendJson(response: ServerResponse, body: unknown): void {
  send(response, { status: 200, contentType: 'application/json', text: JSON.stringify(body) })
}

/** Sends a plain answer, cut where a fault says so: at the start an empty body, else half of it. */
export function sendPlain(response: ServerResponse, body: unknown, faults: readonly Fault[]): void {
  const cut = faults.find((fault) => fault.kind === 'cut')
  if (!cut) sendJson(response, body)
  else if (cut.at === 'start') send(response, { status: 200, contentType: 'application/json', text: '' })
  else {
    const text = JSON.stringify(body)
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    })
    breakOff(response, text.slice(0, text.length / 2))
  }
}

/** Ends the connection inside a body, after `last` has left. */
export function breakOff(response: ServerResponse, last: string): void {
  if (last === '') setImmediate(() => response.destroy())
  else response.write(last, () => response.destroy())
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
