import { ENDPOINTS, type Endpoint } from '../../../wire/routes.ts'
import type { Job, OpenStream } from '../attempt.ts'
import { nextPiece, nextStep } from '../attempt.ts'
import { sendRefusal } from '../client-errors.ts'
import { complete, recordFailure, recordSuccess, type Served } from '../completion.ts'
import { BARE_JSON_TYPE, type Exchange } from '../exchange.ts'
import { localDigits } from '../go-text.ts'
import { routeFor } from '../routing.ts'
import type { Runtime, ServedRoute } from '../runtime.ts'
import { parseObject } from '../translation/json.ts'
import { wantsStream } from '../translation/table.ts'
import type { JsonBody, StreamStep } from '../translation/types.ts'
import { keepAlive } from './keep-alive.ts'
import { uncloaked } from './models.ts'

/** The three completion endpoints (contract, HTTP 4 to 6). */
export const COMPLETION_ROUTES: readonly ServedRoute[] = [
  completionRoute('responses', ENDPOINTS.responses.path),
  completionRoute('responses', '/backend-api/codex/responses'),
  completionRoute('chat', ENDPOINTS.chat.path),
  completionRoute('messages', ENDPOINTS.messages.path),
]

function completionRoute(endpoint: Endpoint, path: string): ServedRoute {
  return { method: 'POST', path, key: 'client', handle: (exchange, runtime) => answerRequest(exchange, runtime, endpoint) }
}

async function answerRequest(exchange: Exchange, runtime: Runtime, endpoint: Endpoint): Promise<void> {
  const body = await readRequest(exchange)
  if (body === null) return
  await answerBody(exchange, runtime, endpoint, body)
}

/** The body as an object; null when it could not be read, which is then answered. */
export async function readRequest(exchange: Exchange): Promise<JsonBody | null> {
  const text = await exchange.readBody()
  if (text !== null) return parseObject(text) ?? lenient(text)
  const error = { message: 'Invalid request: http: request body too large', type: 'invalid_request_error' }
  exchange.json(413, { error })
  return null
}

/** The gateway's reader finds the model in half a body, too; there is no error for malformed JSON (contract, HTTP 7.2). */
function lenient(text: string): JsonBody {
  const model = /"model"\s*:\s*"([^"\\]*)"/.exec(text)?.[1]
  return model === undefined ? {} : { model }
}

export async function answerBody(
  exchange: Exchange,
  runtime: Runtime,
  endpoint: Endpoint,
  body: JsonBody,
  reshape: Reshape = SAME,
): Promise<void> {
  const mode = wantsStream(endpoint, body) ? 'stream' : 'plain'
  const requestedModel = modelOf(endpoint, body, runtime)
  const route = routeFor(runtime, requestedModel)
  if (route.kind === 'unknown')
    return sendRefusal(exchange, runtime, endpoint, mode, { kind: 'unknown-model', model: route.model })
  const job: Job = { exchange, runtime, endpoint, mode, body, requestedModel, route }
  const held = mode === 'plain' ? keepAlive.plain(job) : null
  const completed = await complete(job)
  held?.stop()
  addTrace(job)
  switch (completed.kind) {
    case 'gone':
      return
    case 'refused':
      return sendRefusal(exchange, runtime, endpoint, mode, completed.refusal)
    case 'answer':
      return exchange.send(200, BARE_JSON_TYPE, reshape.plain(completed.text))
    case 'stream':
      return pump(job, completed.stream, completed.served, reshape)
  }
}

/** How `/v1/completions` turns chat answers into its own; the other routes send them as they are. */
export interface Reshape {
  plain(text: string): string
  /** A fresh one per stream; takes whole frames cut anywhere. */
  stream(): (text: string) => string
}

const SAME: Reshape = { plain: (text) => text, stream: () => (text) => text }

/** The model as the client means it: without the cloak that `/v1/models` put on it (contract, HTTP 2.4). */
export function modelOf(endpoint: Endpoint, { model }: JsonBody, { traits }: Runtime): string {
  const text = typeof model === 'string' ? model : ''
  return endpoint === 'messages' && traits.claudeList === 'cloaked' ? uncloaked(text) : text
}

/** Names the credential that served, or was asked last (contract, HTTP 9). */
export function addTrace({ exchange, runtime }: Pick<Job, 'exchange' | 'runtime'>): void {
  if (runtime.traits.trace === 'none' || exchange.servedBy === null) return
  const time = localDigits(exchange.startedMs)
  exchange.addHeader('X-CPA-TRACE-ID', `${time}-${exchange.servedBy}-${exchange.requestId}`)
}

const STREAM_HEADERS = ['Cache-Control', 'no-cache', 'Connection', 'keep-alive']

/** Sends a stream from its first output to its end. */
async function pump(job: Job, stream: OpenStream, served: Served, reshape: Reshape): Promise<void> {
  const { exchange } = job
  const toClient = reshape.stream()
  exchange.begin(200, 'text/event-stream', STREAM_HEADERS)
  const idle = keepAlive.stream(job)
  let step: StreamStep = stream.first
  try {
    for (;;) {
      await exchange.write(toClient(step.text))
      idle.sent()
      if (step.kind !== 'open' || exchange.gone.aborted) break
      step = nextStep(stream.translator, await nextPiece(stream.pieces))
    }
  } finally {
    idle.stop()
    await stream.pieces.return()
  }
  if (exchange.gone.aborted) return
  if (step.kind === 'failed') {
    await exchange.write(toClient(stream.translator.errorFrame(step.failure)))
    recordFailure(job, served, step.failure, 'credential')
  } else recordSuccess(job, served, stream.translator.usage, stream.firstByteMs)
  exchange.end()
}
