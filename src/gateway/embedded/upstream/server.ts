import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '../../../core/clock.ts'
import { parseObject, stringOf } from '../translation/json.ts'
import type { JsonBody, UpstreamKind } from '../translation/types.ts'
import { chatFormat } from './chat.ts'
import { claudeFormat } from './claude.ts'
import type { Format } from './formats.ts'
import { type Refusal, refusalOf, unknownKey, unknownModel, unknownPath } from './refusals.ts'
import { inputTokens, type Reply, reply } from './reply.ts'
import { responsesFormat } from './responses.ts'
import { type RequestFacts, type RuleBook, ruleBook } from './rules.ts'
import { breakOff, send, sendJson, sendPlain, stage } from './send.ts'
import { type Survey, survey } from './survey.ts'
import type { Fault, RequestType, UpstreamSpec } from './types.ts'

export interface UpstreamOptions {
  readonly clock: Clock
  /** 0, the default, takes a free one. */
  readonly port?: number
}

export interface RequestCount {
  readonly type: RequestType | 'unknown'
  /** One of the upstream's models, or `''` for any other. */
  readonly model: string
  /** 0: the connection was dropped or is still waited on. */
  readonly status: number
  readonly count: number
}

export interface RunningUpstream {
  readonly name: string
  /** `http://127.0.0.1:<port>`, without a path. */
  readonly baseUrl: string
  /** Requests so far, one entry per type, model and status. */
  counts(): RequestCount[]
  /** Ends every connection, also those that a fault keeps waiting. */
  close(): Promise<void>
}

const MAX_BODY_BYTES = 64 * 1024 * 1024
/** Longer than any client keeps an idle connection, so that none is closed while a request is on its way. */
const KEEP_ALIVE_MS = 120_000

/** Starts a simulated provider on loopback. Fails as `node:http` does, e.g. with EADDRINUSE. */
export async function startUpstream(spec: UpstreamSpec, options: UpstreamOptions): Promise<RunningUpstream> {
  const upstream = new Upstream(spec, options.clock)
  const server = createServer((request, response) => {
    upstream.handle(request, response).catch(() => response.destroy())
  })
  server.keepAliveTimeout = KEEP_ALIVE_MS
  await listen(server, options.port ?? 0)
  const { port } = server.address() as AddressInfo
  return {
    name: spec.name,
    baseUrl: `http://127.0.0.1:${port}`,
    counts: () => upstream.counts(),
    close: () =>
      new Promise((resolve) => {
        upstream.stop()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}

const FORMATS = {
  openai: { path: /\/chat\/completions$/, idPrefix: 'chatcmpl-', format: chatFormat },
  codex: { path: /\/responses(\/compact)?$/, idPrefix: 'resp_', format: responsesFormat },
  claude: { path: /\/messages$/, idPrefix: 'msg_', format: claudeFormat },
} as const satisfies Record<UpstreamKind, { path: RegExp; idPrefix: string; format: Format }>

/** Spreads latencies evenly without chance: multiples of the golden ratio leave no gaps (Weyl sequence). */
const GOLDEN_RATIO = 0.618033988749895

interface Exchange {
  readonly type: RequestType
  readonly body: JsonBody
  readonly model: string
  readonly survey: Survey
  readonly faults: readonly Fault[]
  readonly response: ServerResponse
  readonly signal: AbortSignal
}

class Upstream {
  readonly #spec: UpstreamSpec
  readonly #clock: Clock
  readonly #startMs: number
  readonly #rules: RuleBook
  readonly #tally = new Map<string, RequestCount>()
  readonly #open = new Set<AbortController>()
  #requests = 0

  constructor(spec: UpstreamSpec, clock: Clock) {
    this.#spec = spec
    this.#clock = clock
    this.#startMs = clock.nowMs()
    this.#rules = ruleBook(spec.rules)
  }

  counts(): RequestCount[] {
    return [...this.#tally.values()]
  }

  stop(): void {
    for (const exchange of this.#open) exchange.abort(new Error('the simulated upstream stopped'))
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    this.#open.add(gone)
    response.once('close', () => {
      this.#open.delete(gone)
      gone.abort(new Error('the client left'))
    })
    const text = await readBody(request)
    const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
    const type = this.#typeOf(request.method, path)
    const body = (text === null ? null : parseObject(text)) ?? {}
    const model = stringOf(body.model)
    if (type === null || text === null) {
      const refusal = unknownPath(this.#spec.kind, path)
      this.#count('unknown', model, text === null ? 413 : refusal.status)
      send(response, text === null ? { ...refusal, status: 413 } : refusal)
      return
    }
    await this.#serve(request, { type, body, model, response, signal: gone.signal })
  }

  async #serve(request: IncomingMessage, parts: Omit<Exchange, 'survey' | 'faults'>): Promise<void> {
    const { type, body, model, response } = parts
    const contents = survey(body)
    const key = keyOf(request)
    const facts: RequestFacts = {
      type,
      model,
      key,
      stream: body.stream === true,
      image: imageIn(contents),
    }
    const faults = this.#rules.faultsFor(facts, this.#clock.nowMs() - this.#startMs)
    const exchange = { ...parts, survey: contents, faults }
    await this.#wait(faults, exchange.signal)
    if (response.destroyed) return
    const refusal = this.#refusal(key, exchange)
    if (refusal) {
      this.#count(type, model, refusal.status)
      send(response, refusal)
    } else if (faults.some(({ kind }) => kind === 'drop')) {
      this.#count(type, model, 0)
      request.socket.destroy()
    } else if (faults.some(({ kind }) => kind === 'hang')) this.#count(type, model, 0)
    else await this.#answer(exchange)
  }

  #typeOf(method: string | undefined, path: string): RequestType | null {
    if (method === 'GET') return /\/models$/.test(path) ? 'models' : null
    if (FORMATS[this.#spec.kind].path.test(path)) return 'completion'
    return this.#spec.kind === 'claude' && /\/messages\/count_tokens$/.test(path) ? 'count-tokens' : null
  }

  async #wait(faults: readonly Fault[], signal: AbortSignal): Promise<void> {
    const { baseMs, spreadMs } = this.#spec.latency
    const extraMs = faults.reduce((sum, fault) => sum + (fault.kind === 'slow' ? fault.delayMs : 0), 0)
    const delayMs = baseMs + spreadMs * ((++this.#requests * GOLDEN_RATIO) % 1) + extraMs
    if (delayMs > 0) await this.#sleep(delayMs, signal)
  }

  /** Ends early, and without an error, when the client leaves or the upstream stops. */
  async #sleep(durationMs: number, signal: AbortSignal): Promise<void> {
    await this.#clock.sleep(durationMs, signal).catch(() => {})
  }

  #refusal(key: string, { type, model, survey, faults }: Exchange): Refusal | null {
    const { kind, keys, models } = this.#spec
    if (keys !== null && !keys.includes(key)) return unknownKey(kind)
    const context = { kind, model, survey, nowMs: this.#clock.nowMs() }
    for (const fault of faults) {
      const refusal = refusalOf(fault, context)
      if (refusal) return refusal
    }
    return type === 'models' || models.includes(model) ? null : unknownModel(kind, model)
  }

  async #answer(exchange: Exchange): Promise<void> {
    const { type, model, survey, faults, response, body } = exchange
    this.#count(type, model, 200)
    if (type === 'models') return sendJson(response, this.#modelList())
    if (type === 'count-tokens') return sendJson(response, { input_tokens: inputTokens(survey, faults) })
    const { idPrefix, format } = FORMATS[this.#spec.kind]
    const id = `${idPrefix}simulated${String(this.#requests).padStart(6, '0')}`
    const said = reply(survey, { id, nowMs: this.#clock.nowMs(), model, faults })
    if (body.stream === true) await this.#stream(format, said, exchange)
    else sendPlain(response, format.plain(said), faults)
  }

  #modelList(): unknown {
    const { name, models } = this.#spec
    const created = Math.floor(this.#startMs / 1000)
    return { object: 'list', data: models.map((id) => ({ id, object: 'model', created, owned_by: name })) }
  }

  async #stream(format: Format, said: Reply, { faults, response, body, signal }: Exchange): Promise<void> {
    const streamOptions = body.stream_options as JsonBody | undefined
    const script = format.stream(said, {
      withUsage: streamOptions?.include_usage === true,
      withDone: !faults.some(({ kind }) => kind === 'no-done'),
    })
    const { frames, ending } = stage(script, faults)
    const gapMs = faults.find((fault) => fault.kind === 'slow-stream')?.gapMs ?? 0
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'x-request-id': said.id,
    })
    response.flushHeaders()
    const parts = gapMs === 0 ? [frames.join('')] : frames
    for (const part of parts.slice(0, -1)) {
      response.write(part)
      await this.#sleep(gapMs, signal)
      if (response.destroyed) return
    }
    const last = parts.at(-1) ?? ''
    if (ending === 'reset') breakOff(response, last)
    else response.end(last)
  }

  #count(type: RequestCount['type'], requested: string, status: number): void {
    const model = this.#spec.models.includes(requested) ? requested : ''
    const key = `${type} ${status} ${model}`
    const count = (this.#tally.get(key)?.count ?? 0) + 1
    this.#tally.set(key, { type, model, status, count })
  }
}

/** Null when the body is larger than the limit; the rest of it is not read. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length
    if (sizeBytes > MAX_BODY_BYTES) return null
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function keyOf({ headers }: IncomingMessage): string {
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1]
  return bearer ?? String(headers['x-api-key'] ?? '')
}

function imageIn({ images }: Survey): RequestFacts['image'] {
  if (images.length === 0) return 'none'
  return images.some(({ inToolResult }) => inToolResult) ? 'tool-result' : 'elsewhere'
}
