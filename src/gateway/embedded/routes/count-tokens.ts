import { callFor, headersFor } from '../attempt.ts'
import { type Refusal, sendRefusal } from '../client-errors.ts'
import { BARE_JSON_TYPE, type Exchange, type Replied } from '../exchange.ts'
import { type Candidate, routeFor, select } from '../routing.ts'
import type { Runtime, ServedRoute } from '../runtime.ts'
import { estimateTokens } from '../translation/estimate.ts'
import { numberOf, parseObject } from '../translation/json.ts'
import { countTokensRequest } from '../translation/table.ts'
import type { JsonBody } from '../translation/types.ts'
import { modelOf, readRequest } from './completions.ts'
import { addTrace } from './trace.ts'

/** `POST /v1/messages/count_tokens`: Claude providers are asked, the others' tokens are estimated (contract, HTTP 6). */
export const COUNT_TOKENS_ROUTES: readonly ServedRoute[] = [
  { method: 'POST', path: '/v1/messages/count_tokens', key: 'client', handle: countTokens },
]

interface CountJob {
  readonly exchange: Exchange
  readonly runtime: Runtime
  readonly body: JsonBody
  readonly requestedModel: string
  readonly mode: 'plain'
}

async function countTokens(exchange: Exchange, runtime: Runtime): Promise<Replied> {
  const body = await readRequest(exchange)
  if (body === 'replied') return body
  const refuse = (refusal: Refusal): Replied => sendRefusal(exchange, runtime, 'messages', 'plain', refusal)
  const requestedModel = modelOf('messages', body, runtime)
  const route = routeFor(runtime, requestedModel)
  if (route.kind === 'unknown') return refuse({ kind: 'unknown-model', model: route.model })
  const selection = select(runtime, route, new Set())
  if (selection.kind === 'cooling')
    return refuse({ kind: 'cooling', route, waitMs: selection.untilMs - runtime.clock.nowMs() })
  if (selection.kind !== 'selected') return refuse({ kind: 'unavailable', route })
  exchange.servedBy = selection.candidate.credential.authIndex
  const counted = await count({ exchange, runtime, body, requestedModel, mode: 'plain' }, selection.candidate)
  addTrace(exchange, runtime)
  if (counted.kind === 'failed') return refuse({ kind: 'upstream', failure: counted.failure })
  return exchange.send(200, BARE_JSON_TYPE, JSON.stringify({ input_tokens: counted.tokens }))
}

type Counted =
  | { readonly kind: 'counted'; readonly tokens: number }
  | { readonly kind: 'failed'; readonly failure: { readonly status: number; readonly text: string } }

async function count(job: CountJob, { credential, upstreamNames }: Candidate): Promise<Counted> {
  const { target } = credential
  const call = callFor(job, upstreamNames[0] ?? job.requestedModel)
  const request = target.kind === 'upstream' ? countTokensRequest(target.speaks, call) : null
  if (target.kind === 'none' || request === null) return { kind: 'counted', tokens: estimateTokens(job.body) }
  const reply = await job.runtime.providers.post({
    baseUrl: target.baseUrl,
    path: request.path,
    headers: headersFor(job.exchange, target, request),
    body: request.body,
    asker: job.exchange,
  })
  if (reply.kind === 'broken') return { kind: 'failed', failure: { status: 500, text: reply.message } }
  const whole = await reply.body.whole()
  const text = whole.kind === 'whole' ? whole.text : 'unexpected EOF'
  const tokens = numberOf(parseObject(text)?.input_tokens)
  if (reply.status < 400 && tokens !== null) return { kind: 'counted', tokens }
  return { kind: 'failed', failure: { status: reply.status < 400 ? 500 : reply.status, text } }
}
