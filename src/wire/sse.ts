import { Buffer, isAscii, isUtf8, transcode } from 'node:buffer'
import { createParser } from 'eventsource-parser'

/** One event. `name` is undefined when the frame had no `event:` line (contract, HTTP 4.2: Codex frames may have none). */
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
  | { readonly kind: 'event-too-large'; readonly limitChars: number; readonly sizeBytes: number }
  | { readonly kind: 'broken'; readonly reason: string; readonly sizeBytes: number }

export interface SseLimits {
  /** The most one event may hold, in UTF-16 code units: what it takes in memory. */
  readonly maxEventChars: number
}

/**
 * `response.completed` repeats the whole answer and echoes instructions and tools (contract, HTTP 4.1), so single events
 * of some megabytes are normal.
 */
export const SSE_LIMITS: SseLimits = { maxEventChars: 16 * 1024 * 1024 }

/** The parser holds the field's name and the space after it back together with the text. */
const FIELD_PREFIX_CHARS = 'data: '.length

/** Pieces of this size keep the cost of a chunk even when a saved stream arrives as one buffer of its whole length. */
const PIECE_BYTES = 64 * 1024

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
      return { kind: 'event-too-large', limitChars: limits.maxEventChars, sizeBytes }
    }
  }
  if (reader.end() === 'event-too-large') {
    return { kind: 'event-too-large', limitChars: limits.maxEventChars, sizeBytes }
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
 * The same reader without the waiting: bytes in, events out. Text is decoded piece by piece and not event by event, and
 * line ends become LF on the way in, because the parser searches for CR and LF apart, which is slow, and holds back the
 * last event of a chunk that ends in CR.
 */
export function createEventReader(
  onEvent: (event: SseEvent) => void,
  limits: SseLimits = SSE_LIMITS,
): EventReader {
  let state: SseState = 'reading'
  const parser = createParser({
    maxBufferSize: limits.maxEventChars + FIELD_PREFIX_CHARS,
    onEvent: ({ event, data }) => {
      if (state !== 'reading') return
      if (data.length > limits.maxEventChars) state = 'event-too-large'
      else onEvent({ name: event, data })
    },
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') state = 'event-too-large'
    },
  })
  const decoder = createDecoder()
  const withoutMark = createMarkRemover()
  const withPlainEnds = createLineEnds()
  const feed = (text: string): void => parser.feed(withPlainEnds(withoutMark(text)))

  return {
    push: (chunk) => {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      for (let from = 0; from < bytes.length && state === 'reading'; from += PIECE_BYTES) {
        feed(decoder.decode(bytes.subarray(from, from + PIECE_BYTES)))
      }
      return state
    },
    end: () => {
      if (state === 'reading') feed(`${decoder.end()}\n\n`)
      return state
    },
  }
}

interface Decoder {
  readonly decode: (piece: Buffer) => string
  /** What is left of a character that was cut off. */
  readonly end: () => string
}

/** Decodes UTF-8 that is cut anywhere. Twice as fast as `TextDecoder` and `StringDecoder` are with streams (Node 20). */
function createDecoder(): Decoder {
  let held = Buffer.alloc(0)
  return {
    decode: (piece) => {
      if (held.length === 0 && isAscii(piece)) return piece.toString('latin1')
      const bytes = held.length === 0 ? piece : Buffer.concat([held, piece])
      const end = endOfCharacters(bytes)
      held = Buffer.from(bytes.subarray(end))
      return decodeUtf8(bytes.subarray(0, end))
    },
    end: () => held.toString('utf8'),
  }
}

function decodeUtf8(bytes: Buffer): string {
  return isUtf8(bytes) ? transcode(bytes, 'utf8', 'utf16le').toString('utf16le') : bytes.toString('utf8')
}

/** Where the last character begins if it is cut off, else the length. */
function endOfCharacters(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte >= 0xc0) return sequenceBytes(byte) > back ? bytes.length - back : bytes.length
    if (byte < 0x80) break
  }
  return bytes.length
}

/** How many bytes a character has by its first one. */
function sequenceBytes(lead: number): number {
  if (lead >= 0xf0) return 4
  return lead >= 0xe0 ? 3 : 2
}

function createMarkRemover(): (text: string) => string {
  let begun = false
  return (text) => {
    if (begun || text === '') return text
    begun = true
    return text.startsWith('\uFEFF') ? text.slice(1) : text
  }
}

/** Turns CRLF and CR into LF, also when a CRLF is cut in two. */
function createLineEnds(): (text: string) => string {
  let afterCr = false
  return (text) => {
    if (text === '' || (!afterCr && !text.includes('\r'))) return text
    const rest = afterCr && text.startsWith('\n') ? text.slice(1) : text
    afterCr = text.endsWith('\r')
    return rest.replaceAll('\r\n', '\n').replaceAll('\r', '\n')
  }
}
