import { Buffer } from 'node:buffer'
import { createParser } from 'eventsource-parser'

/**
 * One event of an event stream. `name` is undefined when the frame had no `event:` line (contract, HTTP 4.2: Codex
 * frames are `data:` only). `data` is decoded when it is first read, so an event that is passed over costs no decoding.
 */
export interface SseEvent {
  readonly name: string | undefined
  readonly data: string
}

/**
 * How reading a stream ended: the source ended; one event outgrew the limit, and reading stopped there; the source
 * itself failed (reset, abort), with its reason in words.
 */
export type SseEnd =
  | { readonly kind: 'ended'; readonly sizeBytes: number }
  | { readonly kind: 'event-too-large'; readonly limitBytes: number; readonly sizeBytes: number }
  | { readonly kind: 'broken'; readonly reason: string; readonly sizeBytes: number }

export interface SseLimits {
  /** The most one event may hold. */
  readonly maxEventBytes: number
}

/**
 * `response.completed` repeats the whole answer and echoes instructions and tools (contract, HTTP 4.1), so single events
 * of some megabytes are normal.
 */
export const SSE_LIMITS: SseLimits = { maxEventBytes: 16 * 1024 * 1024 }

/** The parser holds the field's name and the space after it back together with the text. */
const FIELD_PREFIX_BYTES = 'data: '.length

/** Pieces of this size keep the cost of a chunk even when a saved stream arrives as one buffer of its whole length. */
const PIECE_BYTES = 64 * 1024

const LF = 10
const CR = 13
const BOM = [0xef, 0xbb, 0xbf] as const

/**
 * Reads an event stream to its end and hands every event to `onEvent`, in order. Understands LF, CRLF and CR, lines
 * and data cut anywhere, multi-line data, comments, a byte order mark, and a last frame that nothing ends (contract,
 * HTTP 4.5: flush at the end). Holds one event at most. A source that throws is `broken`, never an exception; what
 * `onEvent` throws is the caller's own.
 */
export async function readEventStream(
  source: AsyncIterable<Uint8Array>,
  onEvent: (event: SseEvent) => void,
  limits: SseLimits = SSE_LIMITS,
): Promise<SseEnd> {
  const reader = createEventReader(onEvent, limits)
  const chunks = source[Symbol.asyncIterator]()
  let sizeBytes = 0
  for (;;) {
    const next = await nextChunk(chunks)
    if (next.kind === 'failed') {
      reader.end()
      return { kind: 'broken', reason: next.reason, sizeBytes }
    }
    if (next.kind === 'done') break
    sizeBytes += next.chunk.byteLength
    if (reader.push(next.chunk) === 'event-too-large') {
      await letGo(chunks)
      return { kind: 'event-too-large', limitBytes: limits.maxEventBytes, sizeBytes }
    }
  }
  if (reader.end() === 'event-too-large') {
    return { kind: 'event-too-large', limitBytes: limits.maxEventBytes, sizeBytes }
  }
  return { kind: 'ended', sizeBytes }
}

type Next =
  | { readonly kind: 'chunk'; readonly chunk: Uint8Array }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly reason: string }

async function nextChunk(chunks: AsyncIterator<Uint8Array>): Promise<Next> {
  try {
    const { done, value } = await chunks.next()
    return done === true ? { kind: 'done' } : { kind: 'chunk', chunk: value }
  } catch (cause) {
    return { kind: 'failed', reason: reasonOf(cause) }
  }
}

/** Tells the source that nobody reads on; that it then fails to close is no news. */
async function letGo(chunks: AsyncIterator<Uint8Array>): Promise<void> {
  try {
    await chunks.return?.()
  } catch {}
}

/** undici wraps the socket's error ("terminated" around ECONNRESET): the innermost one says most. */
function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  if (cause.cause instanceof Error) return reasonOf(cause.cause)
  return cause.message === '' ? cause.name : cause.message
}

export type SseState = 'reading' | 'event-too-large'

export interface EventReader {
  /** Feeds bytes, cut anywhere. After `event-too-large` every further call does nothing and says so again. */
  readonly push: (chunk: Uint8Array) => SseState
  /** Hands out a last event that no blank line ended. */
  readonly end: () => SseState
}

/**
 * The same reader without the waiting: bytes in, events out.
 *
 * The parser is fed latin1 text, one character per byte. All of the stream's syntax is ASCII and no byte of a longer
 * UTF-8 character looks like ASCII, so it finds the same frames, no decoder has to remember half a character, and its
 * limit counts bytes. Line ends become LF on the way in, because the parser searches for CR and LF apart, which is
 * slow, and holds back the last event of a chunk that ends in CR.
 */
export function createEventReader(
  onEvent: (event: SseEvent) => void,
  limits: SseLimits = SSE_LIMITS,
): EventReader {
  let state: SseState = 'reading'
  const parser = createParser({
    maxBufferSize: limits.maxEventBytes + FIELD_PREFIX_BYTES,
    onEvent: ({ event, data }) => {
      if (state !== 'reading') return
      if (data.length > limits.maxEventBytes) {
        state = 'event-too-large'
        return
      }
      const name = event === undefined || isAscii(event) ? event : decode(event)
      onEvent(isAscii(data) ? { name, data } : new EncodedEvent(name, data))
    },
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') state = 'event-too-large'
    },
  })
  const lines = createLineEnds()
  const start = createStart()

  return {
    push: (chunk) => {
      const bytes = start.push(chunk)
      for (let from = 0; from < bytes.length && state === 'reading'; from += PIECE_BYTES) {
        parser.feed(lines(bytes.subarray(from, from + PIECE_BYTES)))
      }
      return state
    },
    end: () => {
      if (state === 'reading') {
        parser.feed(lines(start.end()))
        parser.feed('\n\n')
      }
      return state
    },
  }
}

class EncodedEvent implements SseEvent {
  readonly name: string | undefined
  readonly #data: string

  constructor(name: string | undefined, data: string) {
    this.name = name
    this.#data = data
  }

  get data(): string {
    return decode(this.#data)
  }
}

/** Of latin1 text, only characters beyond ASCII take more than one byte in UTF-8. To count is far quicker than to search. */
function isAscii(latin1: string): boolean {
  return Buffer.byteLength(latin1) === latin1.length
}

function decode(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8')
}

/** Turns CRLF and CR into LF, also when a CRLF is cut in two, and returns latin1 text. */
function createLineEnds(): (piece: Buffer) => string {
  let afterCr = false
  return (piece) => {
    const text = piece.toString('latin1')
    if (!afterCr && !piece.includes(CR)) return text
    const rest = afterCr && piece[0] === LF ? text.slice(1) : text
    if (piece.length > 0) afterCr = piece[piece.length - 1] === CR
    return rest.replaceAll('\r\n', '\n').replaceAll('\r', '\n')
  }
}

/** Holds back the first bytes until a byte order mark can be told, wherever it was cut. */
function createStart(): {
  readonly push: (chunk: Uint8Array) => Buffer
  readonly end: () => Buffer
} {
  let held: Buffer | undefined = Buffer.alloc(0)
  return {
    push: (chunk) => {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      if (held === undefined) return bytes
      const first = held.length === 0 ? bytes : Buffer.concat([held, bytes])
      if (first.length < BOM.length) {
        held = first
        return Buffer.alloc(0)
      }
      held = undefined
      return BOM.every((byte, at) => first[at] === byte) ? first.subarray(BOM.length) : first
    },
    end: () => {
      const rest = held ?? Buffer.alloc(0)
      held = undefined
      return rest
    },
  }
}
