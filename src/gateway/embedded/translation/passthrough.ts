import { EMPTY_STREAM, errorFrame } from './errors.ts'
import { isObject, objectOf, parseObject, stringOf } from './json.ts'
import { responsesUsage } from './pieces.ts'
import { type Quirks, quirksOf } from './quirks.ts'
import { ChatReader, usageOfCompletion } from './read/chat.ts'
import { ClaudeReader, messageUsage } from './read/claude.ts'
import { failureIn, readCodexStream, withOutput } from './read/codex.ts'
import { type SseEvent, SseSplitter } from './sse.ts'
import { type EventHandler, type EventOutcome, EventTranslator, latestUsage } from './stream.ts'
import type {
  Call,
  JsonBody,
  PlainAnswer,
  StreamStep,
  StreamTranslator,
  TokenCounts,
  Translation,
  UpstreamFailure,
  UpstreamRequest,
} from './types.ts'

type MakeRequest = (call: Call) => UpstreamRequest

/** Chat from an OpenAI-compatible upstream: its own body and chunks, as they are. */
export const chatPassthrough = (request: MakeRequest): Translation => ({
  request,
  answer(text, call) {
    return { kind: 'answer', text: withModel(text, call), usage: usageOfCompletion(text) }
  },
  stream: (call) => new EventTranslator({ endpoint: 'chat', kind: 'openai', call }, new ChatForwarder(call)),
})

class ChatForwarder implements EventHandler {
  readonly lastEvent = ''
  usage: TokenCounts | null = null
  readonly #call: Call
  readonly #reader: ChatReader

  constructor(call: Call) {
    this.#call = call
    this.#reader = new ChatReader(quirksOf(call.profile))
  }

  event(event: SseEvent): EventOutcome {
    const pieces = this.#reader.event(event)
    this.usage = latestUsage(pieces, this.usage)
    const last = pieces.at(-1)
    if (last?.kind === 'end') return { text: '', state: 'done' }
    if (last?.kind === 'failure') return { text: '', state: last.failure }
    return { text: `data: ${withModel(event.data, this.#call)}\n\n`, state: 'open' }
  }

  closeEarly(): string {
    return ''
  }
}

/** Responses from a native upstream. It only streams; a plain answer is the object in its terminal event. */
export const responsesPassthrough = (request: MakeRequest): Translation => ({
  request,
  answer(text, call): PlainAnswer {
    const quirks = quirksOf(call.profile)
    const reading = readCodexStream(text, quirks)
    if (reading.kind === 'failed') return reading
    const response = withUsageDetails(reading.response, quirks)
    return {
      kind: 'answer',
      text: withModel(JSON.stringify(response), call),
      usage: latestUsage(reading.pieces, null),
    }
  },
  stream: (call) =>
    new EventTranslator({ endpoint: 'responses', kind: 'codex', call }, new ResponsesForwarder(call)),
})

function withUsageDetails(response: JsonBody, quirks: Quirks): JsonBody {
  if (quirks.usageDetails === 'as-given' || !isObject(response.usage)) return response
  const details = {
    input_tokens_details: { cached_tokens: 0 },
    output_tokens_details: { reasoning_tokens: 0 },
  }
  return { ...response, usage: { ...details, ...response.usage } }
}

class ResponsesForwarder implements EventHandler {
  lastEvent = ''
  usage: TokenCounts | null = null
  readonly #call: Call
  readonly #items: unknown[] = []

  constructor(call: Call) {
    this.#call = call
  }

  event({ event, data }: SseEvent): EventOutcome {
    const payload = parseObject(data)
    const type = stringOf(payload?.type)
    const failure = payload && this.#raises ? failureIn(payload) : null
    if (failure) return { text: '', state: failure }
    this.lastEvent = type
    const isEnd = type === 'response.completed' || type === 'response.incomplete'
    if (type === 'response.output_item.done') this.#items.push(payload?.item)
    const text = payload && isEnd ? this.#terminal(payload) : data
    const name = event === '' ? '' : `event: ${event}\n`
    return { text: `${name}data: ${withModel(text, this.#call)}\n\n`, state: isEnd ? 'done' : 'open' }
  }

  closeEarly(): string {
    return ''
  }

  get #raises(): boolean {
    return quirksOf(this.#call.profile).errorsInStream === 'raised'
  }

  #terminal(payload: JsonBody): string {
    const { usage } = objectOf(payload.response)
    if (isObject(usage)) this.usage = responsesUsage(usage)
    return JSON.stringify({ ...payload, response: withOutput(payload.response, this.#items) })
  }
}

/** Claude messages from a Claude upstream: its bytes as they are. */
export const messagesPassthrough = (request: MakeRequest): Translation => ({
  request,
  answer: (text, call) => ({ kind: 'answer', text: withModel(text, call), usage: messageUsage(text) }),
  stream: (call) => new ByteForwarder(call),
})

class ByteForwarder implements StreamTranslator {
  usage: TokenCounts | null = null
  readonly #call: Call
  readonly #splitter = new SseSplitter()
  readonly #reader = new ClaudeReader()
  #sent = false

  constructor(call: Call) {
    this.#call = call
  }

  push(text: string): StreamStep {
    this.#observe(this.#splitter.push(text))
    if (this.#splitter.overflowed) return BROKEN
    if (text !== '') this.#sent = true
    return { kind: 'open', text: withModel(text, this.#call) }
  }

  end(how: 'closed' | 'reset'): StreamStep {
    this.#observe(this.#splitter.end())
    if (how === 'reset') return BROKEN
    return this.#sent || quirksOf(this.#call.profile).emptyStream === 'answered'
      ? { kind: 'done', text: '' }
      : { kind: 'failed', text: '', failure: EMPTY_STREAM }
  }

  errorFrame(failure: UpstreamFailure): string {
    return errorFrame(failure, { endpoint: 'messages', profile: this.#call.profile, stream: true })
  }

  #observe(events: readonly SseEvent[]): void {
    for (const event of events) this.usage = latestUsage(this.#reader.event(event), this.usage)
  }
}

const BROKEN: StreamStep = { kind: 'failed', text: '', failure: { status: 500, text: 'unexpected EOF' } }

/** `force-mapping` puts the client's name for the model where the upstream's stands, at any depth. */
function withModel(text: string, { answerModel }: Call): string {
  return answerModel === undefined
    ? text
    : text.replace(/"model":\s*"(?:[^"\\]|\\.)*"/g, () => `"model":${JSON.stringify(answerModel)}`)
}
