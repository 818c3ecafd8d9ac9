import type { Endpoint } from '../../../wire/routes.ts'
import type { Profile } from '../profile.ts'

/** The wire format an upstream speaks: OpenAI chat completions, native Responses (Codex), or Claude messages. */
export type UpstreamKind = 'openai' | 'codex' | 'claude'

/** A JSON object of foreign origin: nothing about its fields is known. */
export type JsonBody = Record<string, unknown>

/** One client request on its way to one upstream. A retry on another credential is another call. */
export interface Call {
  readonly profile: Profile
  /** The model as the client wrote it; what translated answers carry. */
  readonly requestedModel: string
  /** The model name sent upstream, after prefix and alias were resolved (contract, files 1.8). */
  readonly upstreamModel: string
  /** The client's parsed body, never changed. */
  readonly body: JsonBody
  /** Whether the client asked for a stream (how to tell differs per endpoint: `wantsStream`). */
  readonly stream: boolean
  /** From the model entry's `input-modalities`; undefined when the config says nothing (contract, HTTP 6.1). */
  readonly inputModalities?: readonly string[]
  /** With `force-mapping`: the model that answers are to name instead of the upstream's (contract, files 1.4). */
  readonly answerModel?: string
  readonly nowMs: number
  /** A fresh lower-case hex string of `length` characters, for ids the gateway makes up. */
  newHex(length: number): string
}

export interface UpstreamRequest {
  /** To be put behind the entry's base URL. */
  readonly path: string
  /** Lower-case names, without the credential. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: JsonBody
  /** Whether the upstream answers with events. Not always what the client asked for: Codex only streams. */
  readonly streamed: boolean
}

/** What an upstream counted, whatever words it used. `null` is "not said"; only a number is a count. */
export interface TokenCounts {
  readonly input: number | null
  readonly output: number | null
  readonly total: number | null
  readonly cached: number | null
  readonly reasoning: number | null
}

/** An upstream failure as the gateway sees it: the status it acts on and the text it passes on (contract, HTTP 7.1). */
export interface UpstreamFailure {
  readonly status: number
  /** JSON text of the upstream, or a plain message. */
  readonly text: string
  /** Not the credential's fault: no rotation and no cooldown follow. */
  readonly requestScoped?: true
}

export type PlainAnswer =
  | {
      readonly kind: 'answer'
      /** The client's body, JSON text. */
      readonly text: string
      readonly usage: TokenCounts | null
    }
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure }

/** One step of a stream: the text to send now, and whether more may follow. */
export type StreamStep =
  | { readonly kind: 'open'; readonly text: string }
  /** The translated stream is over and complete as far as the client's protocol can tell; nothing more is sent. */
  | { readonly kind: 'done'; readonly text: string }
  /**
   * The upstream failed inside its 200. If nothing was sent before (and `text` is empty) the client gets an HTTP
   * error, else `text`, `errorFrame(failure)` and the end.
   */
  | { readonly kind: 'failed'; readonly text: string; readonly failure: UpstreamFailure }

/** Turns one upstream event stream into one client stream. Holds state; use one per call. */
export interface StreamTranslator {
  /** Takes decoded text cut anywhere. */
  push(text: string): StreamStep
  /** The upstream closed (`closed`) or broke (`reset`) the connection. Never `open`. */
  end(how: 'closed' | 'reset'): StreamStep
  /** What the client is sent for a failure after the first byte (contract, HTTP 4.5, 5, 6). */
  errorFrame(failure: UpstreamFailure): string
  /** The last non-null counts seen so far. */
  readonly usage: TokenCounts | null
}

/** How one client endpoint is served by one kind of upstream. */
export interface Translation {
  request(call: Call): UpstreamRequest
  /** Reads the whole body of a successful upstream reply (events, when the request was `streamed`). */
  answer(upstreamText: string, call: Call): PlainAnswer
  stream(call: Call): StreamTranslator
}

export type TranslationTable = Readonly<Record<Endpoint, Readonly<Record<UpstreamKind, Translation>>>>
