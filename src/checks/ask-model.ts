import type { Clock } from '../core/clock.ts'
import type { ClientKey, Fault, Gateway, ReplyHead } from '../gateway/port.ts'
import { readPlainAnswer } from '../wire/answer-plain.ts'
import { readStreamedAnswer } from '../wire/answer-stream.ts'
import type { Answer } from '../wire/answers.ts'
import { ENDPOINTS, type Endpoint } from '../wire/routes.ts'

/** One request that costs tokens, and what came of it. */
export type Asked =
  | {
      readonly kind: 'answered'
      readonly answer: Answer
      /** The body as it came. */
      readonly raw: string
      readonly status: number
      /** From sending to the first byte of the head. */
      readonly headMs: number
      /** Which credential served, and the request's id in the log; null where the gateway does not say (contract, HTTP 9). */
      readonly trace: Trace | null
    }
  | { readonly kind: 'fault'; readonly fault: Fault }

export interface Trace {
  readonly authIndex: string
  readonly requestId: string
}

export interface Question {
  readonly endpoint: Endpoint
  readonly model: string
  readonly prompt: string
  readonly as: ClientKey
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface Asker {
  readonly gateway: Gateway
  readonly clock: Clock
}

/** A failing request can take three rounds of up to 30 s in the gateway itself (contract, HTTP 7.4). */
export const PROBE_TIMEOUT_MS = 100_000

/** The same short question in the payload of each endpoint; the runbook's own for `/v1/responses`. */
function payload({ endpoint, model, prompt }: Question, stream: boolean): object {
  const messages = [{ role: 'user', content: prompt }]
  switch (endpoint) {
    case 'responses':
      return { model, input: messages, stream }
    case 'chat':
      return { model, messages, stream, ...(stream ? { stream_options: { include_usage: true } } : {}) }
    case 'messages':
      return { model, max_tokens: 1024, messages, stream }
  }
}

/** Asks once without streaming. */
export async function askPlain({ gateway, clock }: Asker, question: Question): Promise<Asked> {
  const { endpoint, as, timeoutMs, signal } = question
  const result = await gateway.send(ENDPOINTS[endpoint], {
    json: payload(question, false),
    as,
    timeoutMs,
    signal,
  })
  if (result.kind === 'fault') return result
  const reply = result.value
  const raw = 'text' in reply.body ? reply.body.text : ''
  const answer = readPlainAnswer(headOf(question, reply, clock), raw)
  return { kind: 'answered', answer, raw, status: reply.status, headMs: reply.headMs, trace: traceOf(reply) }
}

/** Asks once with streaming, and reads the stream to its end or to where it breaks. */
export async function askStreamed({ gateway, clock }: Asker, question: Question): Promise<Asked> {
  const { endpoint, as, timeoutMs, signal } = question
  const result = await gateway.stream(ENDPOINTS[endpoint], {
    json: payload(question, true),
    as,
    timeoutMs,
    signal,
  })
  if (result.kind === 'fault') return result
  const reply = result.value
  const kept: Uint8Array[] = []
  async function* keeping(): AsyncGenerator<Uint8Array> {
    for await (const chunk of reply.bytes) {
      kept.push(chunk)
      yield chunk
    }
  }
  const answer = await readStreamedAnswer(headOf(question, reply, clock), keeping())
  const raw = Buffer.concat(kept).toString('utf8')
  return { kind: 'answered', answer, raw, status: reply.status, headMs: reply.headMs, trace: traceOf(reply) }
}

function headOf({ endpoint }: Question, { status, headers }: ReplyHead, clock: Clock) {
  return { endpoint, status, headers, nowMs: clock.nowMs() }
}

const TRACE = /^\d{14}-(?<authIndex>.+)-(?<requestId>[0-9a-f]{8})$/

function traceOf({ headers }: ReplyHead): Trace | null {
  const found = TRACE.exec(headers['x-cpa-trace-id'] ?? '')?.groups
  return found?.authIndex && found.requestId
    ? { authIndex: found.authIndex, requestId: found.requestId }
    : null
}
