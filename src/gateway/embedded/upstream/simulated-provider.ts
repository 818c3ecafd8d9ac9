import type { Clock } from '../../../core/clock.ts'
import { stringOf } from '../translation/json.ts'
import type { JsonBody, UpstreamKind } from '../translation/types.ts'
import { chatFormat } from './chat.ts'
import { claudeFormat } from './claude.ts'
import type { Connection } from './connection.ts'
import type { Format } from './formats.ts'
import { type Refusal, refusalOf, unknownKey, unknownModel, unknownPath } from './refusals.ts'
import { inputTokens, type Reply, reply } from './reply.ts'
import { responsesFormat } from './responses.ts'
import { type RequestFacts, type RuleBook, ruleBook } from './rules.ts'
import { sendJson, sendPlain, sendText, stage } from './send.ts'
import { type Survey, survey } from './survey.ts'
import type { Fault, RequestType, UpstreamSpec } from './types.ts'

export interface RequestCount {
  readonly type: RequestType | 'unknown'
  /** One of the upstream's models, or `''` for any other. */
  readonly model: string
  /** 0: the connection was dropped or is still waited on. */
  readonly status: number
  readonly count: number
}

/** A request as it arrived, whatever it came over. */
export interface Arrival {
  readonly method: string
  /** With or without a query. */
  readonly path: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: JsonBody | 'too-large'
}

const FORMATS = {
  openai: { path: /\/chat\/completions$/, idPrefix: 'chatcmpl-', format: chatFormat },
  codex: { path: /\/responses(\/compact)?$/, idPrefix: 'resp_', format: responsesFormat },
  claude: { path: /\/messages$/, idPrefix: 'msg_', format: claudeFormat },
} as const satisfies Record<UpstreamKind, { path: RegExp; idPrefix: string; format: Format }>

/** Spreads latencies evenly without chance: multiples of the golden ratio leave no gaps (Weyl sequence). */
const GOLDEN_RATIO = 0.618033988749895

/** A request that was understood, with what is to go wrong with it. */
interface Task {
  readonly type: RequestType
  readonly body: JsonBody
  readonly model: string
  readonly survey: Survey
  readonly faults: readonly Fault[]
  readonly connection: Connection
}

/** A simulated provider: what it answers and what goes wrong, wherever the request comes from. */
export class SimulatedProvider {
  readonly #spec: UpstreamSpec
  readonly #clock: Clock
  readonly #startMs: number
  readonly #rules: RuleBook
  readonly #tally = new Map<string, RequestCount & { count: number }>()
  #requests = 0

  constructor(spec: UpstreamSpec, clock: Clock) {
    this.#spec = spec
    this.#clock = clock
    this.#startMs = clock.nowMs()
    this.#rules = ruleBook(spec.rules)
  }

  counts(): RequestCount[] {
    return [...this.#tally.values()].map((each) => ({ ...each }))
  }

  /** Answers over the connection, before it returns where no rule and no latency makes it wait. */
  async handle({ method, path: target, headers, body }: Arrival, connection: Connection): Promise<void> {
    const query = target.indexOf('?')
    const path = query < 0 ? target : target.slice(0, query)
    const type = this.#typeOf(method, path)
    const model = body === 'too-large' ? '' : stringOf(body.model)
    if (type === null || body === 'too-large') {
      const refusal = unknownPath(this.#spec.kind, path)
      const status = body === 'too-large' ? 413 : refusal.status
      this.#count('unknown', model, status)
      return sendText(connection, { ...refusal, status })
    }
    const key = keyOf(headers)
    const contents = survey(body)
    const stream = body.stream === true
    const facts: RequestFacts = { type, model, key, stream, image: imageIn(contents) }
    const faults = this.#rules.faultsFor(facts, this.#clock.nowMs() - this.#startMs)
    const delayMs = this.#delayMs(faults)
    if (delayMs > 0) await this.#sleep(delayMs, connection.signal)
    if (!connection.isGone)
      await this.#reply(key, { type, body, model, connection, survey: contents, faults })
  }

  async #reply(key: string, task: Task): Promise<void> {
    const { type, model, connection, faults } = task
    const refusal = this.#refusal(key, task)
    if (refusal) {
      this.#count(type, model, refusal.status)
      sendText(connection, refusal)
    } else if (faults.some(({ kind }) => kind === 'drop')) {
      this.#count(type, model, 0)
      connection.drop()
    } else if (faults.some(({ kind }) => kind === 'hang')) this.#count(type, model, 0)
    else await this.#answer(task)
  }

  #typeOf(method: string, path: string): RequestType | null {
    if (method === 'GET') return /\/models$/.test(path) ? 'models' : null
    if (FORMATS[this.#spec.kind].path.test(path)) return 'completion'
    return this.#spec.kind === 'claude' && /\/messages\/count_tokens$/.test(path) ? 'count-tokens' : null
  }

  #delayMs(faults: readonly Fault[]): number {
    const { baseMs, spreadMs } = this.#spec.latency
    const extraMs = faults.reduce((sum, fault) => sum + (fault.kind === 'slow' ? fault.delayMs : 0), 0)
    return baseMs + spreadMs * ((++this.#requests * GOLDEN_RATIO) % 1) + extraMs
  }

  /** Ends early, and without an error, when the asker leaves. */
  async #sleep(durationMs: number, signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(durationMs, signal).catch(() => {})
  }

  #refusal(key: string, { type, model, survey, faults }: Task): Refusal | null {
    const { kind, keys, models } = this.#spec
    if (keys !== null && !keys.includes(key)) return unknownKey(kind)
    const context = { kind, model, survey, nowMs: this.#clock.nowMs() }
    for (const fault of faults) {
      const refusal = refusalOf(fault, context)
      if (refusal) return refusal
    }
    return type === 'models' || models.includes(model) ? null : unknownModel(kind, model)
  }

  async #answer(task: Task): Promise<void> {
    const { type, model, survey, faults, connection, body } = task
    this.#count(type, model, 200)
    if (type === 'models') return sendJson(connection, this.#modelList())
    if (type === 'count-tokens') return sendJson(connection, { input_tokens: inputTokens(survey, faults) })
    const { idPrefix, format } = FORMATS[this.#spec.kind]
    const id = `${idPrefix}simulated${String(this.#requests).padStart(6, '0')}`
    const said = reply(survey, { id, nowMs: this.#clock.nowMs(), model, faults })
    if (body.stream === true) return this.#stream(format, said, task)
    return sendPlain(connection, format.plain(said), faults)
  }

  #modelList(): unknown {
    const { name, models } = this.#spec
    const created = Math.floor(this.#startMs / 1000)
    return { object: 'list', data: models.map((id) => ({ id, object: 'model', created, owned_by: name })) }
  }

  async #stream(format: Format, said: Reply, { faults, connection, body }: Task): Promise<void> {
    const streamOptions = body.stream_options as JsonBody | undefined
    const script = format.stream(said, {
      withUsage: streamOptions?.include_usage === true,
      withDone: !faults.some(({ kind }) => kind === 'no-done'),
    })
    const { frames, ending } = stage(script, faults)
    const gapMs = faults.find((fault) => fault.kind === 'slow-stream')?.gapMs ?? 0
    connection.begin(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'x-request-id': said.id,
    })
    const pieces = gapMs === 0 ? [frames.join('')] : frames
    for (const piece of pieces.slice(0, -1)) {
      connection.write(piece)
      await this.#sleep(gapMs, connection.signal)
      if (connection.isGone) return
    }
    const last = pieces.at(-1) ?? ''
    if (ending === 'reset') connection.breakOff(last)
    else connection.end(last)
  }

  #count(type: RequestCount['type'], requested: string, status: number): void {
    const model = this.#spec.models.includes(requested) ? requested : ''
    const key = `${type} ${status} ${model}`
    const known = this.#tally.get(key)
    if (known) known.count++
    else this.#tally.set(key, { type, model, status, count: 1 })
  }
}

function keyOf(headers: Arrival['headers']): string {
  const authorization = stringOf(headers.authorization)
  return /^bearer /i.test(authorization)
    ? authorization.slice('bearer '.length)
    : stringOf(headers['x-api-key'])
}

function imageIn({ images }: Survey): RequestFacts['image'] {
  if (images.length === 0) return 'none'
  return images.some(({ inToolResult }) => inToolResult) ? 'tool-result' : 'elsewhere'
}
