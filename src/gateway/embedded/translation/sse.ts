import { createParser, type EventSourceParser, type ParseError } from 'eventsource-parser'

export interface SseEvent {
  /** `''` when the frame has no `event:` line. */
  readonly event: string
  readonly data: string
}

/** Splits decoded text, cut anywhere, into events. Comments are dropped. */
export class SseSplitter {
  readonly #parser: EventSourceParser
  #events: SseEvent[] = []
  #stray: string | null = null

  constructor() {
    this.#parser = createParser({
      onEvent: ({ event, data }) => this.#events.push({ event: event ?? '', data }),
      onError: (error) => this.#noteStray(error),
    })
  }

  push(text: string): SseEvent[] {
    this.#parser.feed(text)
    return this.#take()
  }

  /** The last event, when its closing blank line is missing. */
  end(): SseEvent[] {
    this.#parser.feed('\n\n')
    return this.#take()
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

  #noteStray(error: ParseError): void {
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
