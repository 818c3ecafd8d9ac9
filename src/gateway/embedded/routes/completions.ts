import type { IncomingHttpHeaders } from 'node:http'
import { ENDPOINTS, type Endpoint } from '../../../wire/routes.ts'
import { sessionOf } from '../affinity.ts'
import type { Job, OpenStream } from '../attempt.ts'
import { nextPiece, nextStep } from '../attempt.ts'
import { sendRefusal } from '../client-errors.ts'
import { complete } from '../completion.ts'
import { BARE_JSON_TYPE, type Exchange, type Replied } from '../exchange.ts'
import { recordFailure, recordSuccess, type Served } from '../outcome.ts'
import { routeFor } from '../routing.ts'
import type { Runtime, ServedRoute } from '../runtime.ts'
import { parseObject } from '../translation/json.ts'
import { wantsStream } from '../translation/table.ts'
import type { JsonBody, StreamStep, UpstreamFailure } from '../translation/types.ts'
import { codexFailedFrame, isCodexClient } from './codex-client.ts'
import { keepAlive } from './keep-alive.ts'
import { uncloaked } from './models.ts'
import { addTrace } from './trace.ts'

/** The three completion endpoints (contract, HTTP 4 to 6). */
export const COMPLETION_ROUTES: readonly ServedRoute[] = [
  completionRoute('responses', ENDPOINTS.responses.path),
  completionRoute('responses', '/backend-api/codex/responses'),
  completionRoute('chat', ENDPOINTS.chat.path),
  completionRoute('messages', ENDPOINTS.messages.path),
]

function completionRoute(endpoint: Endpoint, path: string): ServedRoute {
  return {
    method: 'POST',
    path,
    key: 'client',
    handle: (exchange, runtime) => answerRequest(exchange, runtime, endpoint),
  }
}

async function answerRequest(exchange: Exchange, runtime: Runtime, endpoint: Endpoint): Promise<Replied> {
  const body = await readRequest(exchange)
  return body === 'replied' ? body : await answerBody(exchange, runtime, endpoint, body)
}

/** The body as an object; when it could not be read, that is answered. */
export async function readRequest(exchange: Exchange): Promise<JsonBody | Replied> {
  const text = await exchange.readBody()
  if (text !== null) return parseObject(text) ?? lenient(text)
  const error = { message: 'Invalid request: http: request body too large', type: 'invalid_request_error' }
  return exchange.json(413, { error })
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
): Promise<Replied> {
  const mode = wantsStream(endpoint, body) ? 'stream' : 'plain'
  const requestedModel = modelOf(endpoint, body, runtime)
  const route = routeFor(runtime, requestedModel)
  if (route.kind === 'unknown')
    return sendRefusal(exchange, runtime, endpoint, mode, { kind: 'unknown-model', model: route.model })
  const session = sessionOf(runtime, exchange, endpoint, body)
  const job: Job = { exchange, runtime, endpoint, mode, body, requestedModel, route, session }
  const held = mode === 'plain' ? keepAlive.plain(job) : null
  const completed = await complete(job).finally(() => held?.stop())
  addTrace(exchange, runtime)
  switch (completed.kind) {
    case 'gone':
      return exchange.abandon()
    case 'refused':
      return sendRefusal(exchange, runtime, endpoint, mode, completed.refusal)
    case 'answer':
      passHeaders(job, completed.headers)
      return exchange.send(200, BARE_JSON_TYPE, reshape.plain(mapped(job, completed.served, completed.text)))
    case 'stream':
      return pump(job, completed.stream, completed.served, reshape)
  }
}

/** `force-mapping`: the id asked for instead of the provider's name (contract, files 1.4). */
function mapped({ requestedModel }: Job, { candidate, upstreamModel }: Served, text: string): string {
  if (candidate.answerModel === 'as-sent' || upstreamModel === requestedModel) return text
  return text.replaceAll(
    `"model":${JSON.stringify(upstreamModel)}`,
    `"model":${JSON.stringify(requestedModel)}`,
  )
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

/** Headers of a connection or a body, which the gateway makes itself. */
const OWN_HEADERS =
  /^(connection|keep-alive|transfer-encoding|content-(length|type|encoding)|date|cache-control|set-cookie|access-control-.*)$/

/** `passthrough-headers`: rate limits and request ids of the provider (contract, HTTP 9). */
function passHeaders({ exchange, runtime }: Job, headers: IncomingHttpHeaders): void {
  if (!runtime.config.gateway.settings.passthroughHeaders) return
  for (const [name, value] of Object.entries(headers))
    if (typeof value === 'string' && !OWN_HEADERS.test(name)) exchange.addHeader(name, value)
}

const STREAM_HEADERS = ['Cache-Control', 'no-cache', 'Connection', 'keep-alive']

function errorText(job: Job, { translator }: OpenStream, failure: UpstreamFailure): string {
  const { exchange, runtime, endpoint } = job
  const wantsFailed = endpoint === 'responses' && runtime.traits.codexClientErrors === 'response-failed'
  return wantsFailed && isCodexClient(exchange)
    ? codexFailedFrame(failure, runtime.profile)
    : translator.errorFrame(failure)
}

/** Sends a stream from its first output to its end. */
async function pump(job: Job, stream: OpenStream, served: Served, reshape: Reshape): Promise<Replied> {
  const { exchange } = job
  const reshaped = reshape.stream()
  const toClient = (text: string): string => reshaped(mapped(job, served, text))
  passHeaders(job, stream.headers)
  exchange.begin(200, 'text/event-stream', STREAM_HEADERS)
  const idle = keepAlive.stream(job)
  let step: StreamStep = stream.first
  try {
    for (;;) {
      await exchange.write(toClient(step.text))
      idle.sent()
      if (step.kind !== 'open' || exchange.hasLeft) break
      step = nextStep(stream.translator, await nextPiece(stream.pieces))
    }
  } finally {
    idle.stop()
    await stream.pieces.return()
  }
  if (exchange.hasLeft) return exchange.abandon()
  if (step.kind === 'failed') {
    await exchange.write(toClient(errorText(job, stream, step.failure)))
    recordFailure(job, served, step.failure, 'credential')
  } else recordSuccess(job, served, stream.translator.usage, stream.firstByteMs)
  return exchange.end()
}
