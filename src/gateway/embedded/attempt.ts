import type { IncomingHttpHeaders } from 'node:http'
import type { Endpoint } from '../../wire/routes.ts'
import type { Session } from './affinity.ts'
import type { Target } from './credentials.ts'
import type { Exchange } from './exchange.ts'
import type { BodyPiece } from './reply-body.ts'
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
  /** Null without session affinity. */
  readonly session: Session | null
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
  const { baseUrl } = target
  const startedMs = job.runtime.clock.nowMs()
  const { exchange } = job
  exchange.servedBy = credential.authIndex
  const { path, body } = request
  exchange.attempts.push({ url: `${baseUrl}${path}`, credential, timeMs: startedMs, body })
  const headers = headersFor(exchange, target, request)
  const reply = await job.runtime.providers.post({ baseUrl, path, headers, body, asker: exchange })
  const firstByteMs = job.runtime.clock.nowMs() - startedMs
  if (exchange.hasLeft) return { kind: 'gone' }
  if (reply.kind === 'broken') return brokenOff(reply.message)
  if (job.mode === 'stream' && reply.status < 400)
    return openStream(job, reply.body.pieces(), translation.stream(call), {
      firstByteMs,
      headers: reply.headers,
    })
  const whole = await reply.body.whole()
  if (exchange.hasLeft) return { kind: 'gone' }
  // Half a stream of events is understood as one that ended early.
  const understood = request.streamed && quirksOf(job.runtime.profile).earlyEnd === 'raised'
  if (whole.kind === 'cut' && !understood) return brokenOff('unexpected EOF')
  if (reply.status >= 400)
    return failed(refusalFrom(job, target.speaks, { status: reply.status, text: whole.text }))
  const answer = translation.answer(whole.text, call)
  return answer.kind === 'failed'
    ? failed(answer.failure)
    : { kind: 'answer', text: answer.text, usage: answer.usage, firstByteMs, headers: reply.headers }
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

/** What a request to the provider carries: the headers of its format, its own, and what it wants of the client's. */
export function headersFor(
  client: Exchange,
  target: Extract<Target, { kind: 'upstream' }>,
  request: UpstreamRequest,
): Readonly<Record<string, string>> {
  // To spread two objects into one takes ten times as long.
  const headers: Record<string, string> = Object.assign({}, request.headers, target.headers)
  for (const [name, from] of target.copied) {
    const value = client.header(from)
    if (value !== '') headers[name] = value
  }
  return headers
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
    if (job.exchange.hasLeft) return { kind: 'gone' }
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
