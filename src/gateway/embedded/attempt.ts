import type { IncomingHttpHeaders } from 'node:http'
import type { Endpoint } from '../../wire/routes.ts'
import type { Exchange } from './exchange.ts'
import type { BodyPiece } from './provider-call.ts'
import type { Candidate, KnownRoute } from './routing.ts'
import type { Runtime } from './runtime.ts'
import { codexFailure } from './translation/errors.ts'
import { quirksOf } from './translation/quirks.ts'
import { TRANSLATIONS } from './translation/table.ts'
import type {
  Call,
  JsonBody,
  StreamStep,
  StreamTranslator,
  TokenCounts,
  UpstreamFailure,
  UpstreamKind,
  UpstreamRequest,
} from './translation/types.ts'

/** One client request, whatever it takes to answer it. */
export interface Job {
  readonly exchange: Exchange
  readonly runtime: Runtime
  readonly endpoint: Endpoint
  readonly mode: 'plain' | 'stream'
  readonly body: JsonBody
  /** As the client wrote it, cloak removed. */
  readonly requestedModel: string
  readonly route: KnownRoute
}

/** A stream whose first output is there. */
export interface OpenStream {
  /** The first step that has text, or the last one. */
  readonly first: StreamStep
  readonly translator: StreamTranslator
  readonly pieces: AsyncGenerator<BodyPiece, void, void>
  readonly firstByteMs: number
  readonly headers: IncomingHttpHeaders
}

export type Attempted =
  | {
      readonly kind: 'answer'
      readonly text: string
      readonly usage: TokenCounts | null
      readonly firstByteMs: number
      /** The provider's. */
      readonly headers: IncomingHttpHeaders
    }
  | { readonly kind: 'stream'; readonly stream: OpenStream }
  /** `cause` connection: there was no complete reply, which benches nobody. */
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure; readonly cause: 'provider' | 'connection' }
  /** The client left; nobody is to blame. */
  | { readonly kind: 'gone' }

/** Asks one credential's provider once. */
export async function attempt(
  job: Job,
  { credential }: Candidate,
  upstreamModel: string,
): Promise<Attempted> {
  const { target } = credential
  if (target.kind === 'none') return failed({ status: 502, text: target.reason })
  const call = callFor(job, upstreamModel)
  const translation = TRANSLATIONS[job.endpoint][target.speaks]
  const request = translation.request(call)
  const url = `${target.baseUrl}${request.path}`
  const body = JSON.stringify(request.body)
  const startedMs = job.runtime.clock.nowMs()
  const { attempts, gone } = job.exchange
  job.exchange.servedBy = credential.authIndex
  attempts.push({ url, auth: authLine(job, credential), timeMs: startedMs, body })
  const headers = headersFor(job, credential, request)
  const reply = await job.runtime.providers.post({ url, headers, body, signal: gone })
  const firstByteMs = job.runtime.clock.nowMs() - startedMs
  if (gone.aborted) return { kind: 'gone' }
  if (reply.kind === 'broken') return brokenOff(reply.message)
  if (job.mode === 'stream' && reply.status < 400)
    return openStream(job, reply.body.pieces(), translation.stream(call), {
      firstByteMs,
      headers: reply.headers,
    })
  const whole = await reply.body.whole()
  if (gone.aborted) return { kind: 'gone' }
  // Half a stream of events is understood as one that ended early.
  const understood = request.streamed && quirksOf(job.runtime.profile).earlyEnd === 'raised'
  if (whole.kind === 'cut' && !understood) return brokenOff('unexpected EOF')
  if (reply.status >= 400)
    return failed(refusalFrom(job, target.speaks, { status: reply.status, text: whole.text }))
  const answer = translation.answer(whole.text, call)
  return answer.kind === 'failed'
    ? failed(answer.failure)
    : { ...answer, firstByteMs, headers: reply.headers }
}

function failed(failure: UpstreamFailure): Attempted {
  return { kind: 'failed', failure, cause: 'provider' }
}

function brokenOff(text: string): Attempted {
  return { kind: 'failed', failure: { status: 500, text }, cause: 'connection' }
}

function refusalFrom({ runtime }: Job, speaks: UpstreamKind, failure: UpstreamFailure): UpstreamFailure {
  return speaks === 'codex' ? codexFailure(failure, runtime.profile) : failure
}

export function callFor(
  { runtime, body, requestedModel, mode }: Pick<Job, 'runtime' | 'body' | 'requestedModel' | 'mode'>,
  upstreamModel: string,
): Call {
  return {
    profile: runtime.profile,
    requestedModel,
    upstreamModel,
    body,
    stream: mode === 'stream',
    nowMs: runtime.clock.nowMs(),
    newHex: runtime.random.hex,
  }
}

type Credential = Candidate['credential']

export function headersFor(
  { exchange }: Pick<Job, 'exchange'>,
  credential: Credential,
  request: UpstreamRequest,
): Record<string, string> {
  const { target, secret } = credential
  const own = target.kind === 'upstream' ? target.headers : {}
  const copied = Object.entries(own).flatMap(([name, value]) => {
    const sent = value.startsWith('$') ? exchange.header(value.slice(1).toLowerCase()) : value
    return sent === '' ? [] : [[name.toLowerCase(), sent]]
  })
  const usesApiKey = target.kind === 'upstream' && target.baseUrl.startsWith('https://api.anthropic.com')
  const auth: Record<string, string> =
    secret === '' ? {} : usesApiKey ? { 'x-api-key': secret } : { authorization: `Bearer ${secret}` }
  return { ...request.headers, 'content-type': 'application/json', ...auth, ...Object.fromEntries(copied) }
}

function authLine({ runtime }: Job, credential: Credential): string {
  if (runtime.traits.attribution === 'none') return ''
  const { providerKey, id, provider, logName, source } = credential
  const type = source.kind === 'file' ? 'oauth' : `api_key value=${logName.replace(/^api_key=/, '')}`
  return `provider=${providerKey}, auth_id=${id}, label=${provider}, type=${type}`
}

/** Reads until the translator has something to send, so that a failure before it can still go to another credential. */
async function openStream(
  job: Job,
  pieces: OpenStream['pieces'],
  translator: StreamTranslator,
  head: Pick<OpenStream, 'firstByteMs' | 'headers'>,
): Promise<Attempted> {
  for (;;) {
    const first = nextStep(translator, await nextPiece(pieces))
    if (job.exchange.gone.aborted) return { kind: 'gone' }
    if (first.kind === 'failed' && first.text === '') {
      await pieces.return()
      return failed(first.failure)
    }
    if (first.kind !== 'open' || first.text !== '')
      return { kind: 'stream', stream: { first, translator, pieces, ...head } }
  }
}

export async function nextPiece(pieces: OpenStream['pieces']): Promise<BodyPiece> {
  const next = await pieces.next()
  return next.done ? { kind: 'end', how: 'closed' } : next.value
}

export function nextStep(translator: StreamTranslator, piece: BodyPiece): StreamStep {
  return piece.kind === 'text' ? translator.push(piece.text) : translator.end(piece.how)
}
