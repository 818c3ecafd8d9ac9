import { createParser, type EventSourceParser, type ParseError } from 'eventsource-parser'

export interface SseEvent {
  /** `''` when the frame has no `event:` line. */
  readonly event: string
  readonly data: string
}

/** An event that is not complete after this much is given up: a stream without line ends would fill the memory. */
const MAX_EVENT_CHARS = 64 * 1024 * 1024

/** Splits decoded text, cut anywhere, into events. Comments are dropped. */
export class SseSplitter {
  readonly #parser: EventSourceParser
  #events: SseEvent[] = []
  #stray: string | null = null
  /** Whether an event was too long. Nothing is read after it. */
  overflowed = false

  constructor() {
    this.#parser = createParser({
      onEvent: ({ event, data }) => this.#events.push({ event: event ?? '', data }),
      onError: (error) => this.#note(error),
      maxBufferSize: MAX_EVENT_CHARS,
    })
  }

  push(text: string): SseEvent[] {
    if (!this.overflowed) this.#parser.feed(text)
    return this.#take()
  }

  /** The last event, when its closing blank line is missing. */
  end(): SseEvent[] {
    return this.push('\n\n')
  }

  /** The first line that is JSON where an event should be: a plain error body under an event-stream request. */
  get strayJson(): string | null {
    return this.#stray
  }

  #take(): SseEvent[] {
    const events = this.#events
    this.#events = []
    return events
  }

  #note(error: ParseError): void {
    if (error.type === 'max-buffer-size-exceeded') this.overflowed = true
    const line = error.line?.trim() ?? ''
    if (this.#stray === null && /^[{[]/.test(line)) this.#stray = line
  }
}

/** Splits a whole body. */
export function splitEvents(text: string): SseEvent[] {
  const splitter = new SseSplitter()
  return [...splitter.push(text), ...splitter.end()]
}

export const namedFrame = (event: string, data: unknown): string =>
  `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`

export const dataFrame = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`

export const DONE_FRAME = 'data: [DONE]\n\n'
