import type { Endpoint } from '../../../wire/routes.ts'
import { brokenBody, EMPTY_STREAM, errorFrame } from './errors.ts'
import type { Piece } from './pieces.ts'
import { type Quirks, quirksOf } from './quirks.ts'
import { INCOMPLETE_STREAM } from './read/codex.ts'
import { DONE_FRAME, type SseEvent, SseSplitter } from './sse.ts'
import type {
  Call,
  StreamStep,
  StreamTranslator,
  TokenCounts,
  UpstreamFailure,
  UpstreamKind,
} from './types.ts'

/** What one event becomes, and whether the answer is complete or failed with it. */
export interface EventOutcome {
  readonly text: string
  readonly state: 'open' | 'done' | UpstreamFailure
}

/** The part of a stream that depends on the pair of formats. */
export interface EventHandler {
  event(event: SseEvent): EventOutcome
  /** The closing frames when the upstream ends without its marker and the client is told that all is well. */
  closeEarly(): string
  readonly usage: TokenCounts | null
  /** The name of the event sent last. */
  readonly lastEvent: string
}

export interface Route {
  readonly endpoint: Endpoint
  readonly kind: UpstreamKind
  readonly call: Call
}

const failure = (status: number, text: string): UpstreamFailure => ({ status, text })

/** Drives an `EventHandler` over text cut anywhere and decides what an early end means (contract, HTTP 4.5). */
export class EventTranslator implements StreamTranslator {
  readonly #route: Route
  readonly #handler: EventHandler
  readonly #quirks: Quirks
  readonly #splitter = new SseSplitter()
  #sent = false

  constructor(route: Route, handler: EventHandler) {
    this.#route = route
    this.#handler = handler
    this.#quirks = quirksOf(route.call.profile)
  }

  get usage(): TokenCounts | null {
    return this.#handler.usage
  }

  push(text: string): StreamStep {
    const step = this.#handle(this.#splitter.push(text))
    return step.kind === 'open' && this.#splitter.overflowed ? { ...this.#broken(), text: step.text } : step
  }

  end(how: 'closed' | 'reset'): StreamStep {
    const last = this.#handle(this.#splitter.end())
    if (last.kind !== 'open') return last
    const outcome = how === 'reset' ? this.#broken() : this.#closed()
    if (outcome.kind !== 'done' || this.#sent || last.text !== '')
      return { ...outcome, text: last.text + outcome.text }
    return this.#empty(outcome)
  }

  errorFrame(cause: UpstreamFailure): string {
    const { endpoint, call } = this.#route
    return errorFrame(cause, { endpoint, profile: call.profile, stream: true })
  }

  #handle(events: readonly SseEvent[]): StreamStep {
    let text = ''
    for (const event of events) {
      const outcome = this.#handler.event(event)
      text += outcome.text
      if (outcome.state === 'open') continue
      if (outcome.state === 'done') return { kind: 'done', text: text + this.#closing(text) }
      return { kind: 'failed', text, failure: outcome.state }
    }
    if (text !== '') this.#sent = true
    return { kind: 'open', text }
  }

  #broken(): StreamStep {
    return { kind: 'failed', text: '', failure: brokenBody(this.#route.kind, this.#route.call.profile) }
  }

  #closed(): StreamStep {
    const cause = this.#quirks.earlyEnd === 'raised' ? this.#raisedCause() : null
    if (cause) return { kind: 'failed', text: '', failure: cause }
    const last = this.#handler.closeEarly()
    return { kind: 'done', text: last + this.#closing(last) }
  }

  /** What follows the last frame. */
  #closing(last: string): string {
    const { endpoint } = this.#route
    if (endpoint === 'chat') return DONE_FRAME
    if (endpoint === 'messages') return ''
    return this.#quirks.lastNewline === 'always' || (!this.#sent && last === '') ? '\n' : ''
  }

  #raisedCause(): UpstreamFailure | null {
    const { endpoint, kind } = this.#route
    if (kind === 'codex') return INCOMPLETE_STREAM
    if (endpoint !== 'responses') return null
    if (kind === 'openai') return failure(502, 'upstream stream closed before [DONE]')
    const { lastEvent } = this.#handler
    return lastEvent === ''
      ? null
      : failure(502, `upstream stream closed before a terminal event (last event: ${lastEvent})`)
  }

  /** Nothing was sent before. */
  #empty(outcome: StreamStep & { kind: 'done' }): StreamStep {
    const { endpoint, kind } = this.#route
    const stray = this.#splitter.strayJson
    if (this.#quirks.emptyStream === 'refused') {
      if (kind === 'openai' && stray !== null)
        return { kind: 'failed', text: '', failure: failure(502, stray) }
      const answered = endpoint === 'messages' && kind === 'openai'
      if (!answered) return { kind: 'failed', text: '', failure: EMPTY_STREAM }
    }
    return outcome
  }
}

/** The counts told last. */
export function latestUsage(pieces: readonly Piece[], before: TokenCounts | null): TokenCounts | null {
  const last = pieces.findLast((piece) => piece.kind === 'usage')
  return last ? last.usage : before
}
