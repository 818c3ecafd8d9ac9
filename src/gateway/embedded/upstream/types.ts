import type { UpstreamKind } from '../translation/types.ts'

/** Which requests a rule is about. All that is given must hold; nothing given matches every request. */
export interface RuleMatch {
  /** Upstream model names; `*` stands for any run of characters. */
  readonly models?: readonly string[]
  /** The credential as it arrives: an API key, or an auth file's access token. */
  readonly keys?: readonly string[]
  readonly requests?: readonly RequestType[]
  readonly stream?: boolean
  /** Where an image is: anywhere, or inside a tool result. */
  readonly image?: 'any' | 'tool-result' | 'none'
}

export const REQUEST_TYPES = ['completion', 'count-tokens', 'models'] as const
export type RequestType = (typeof REQUEST_TYPES)[number]

/** Which of the matching requests are hit; by counting, so that a run can be repeated. */
export type RulePick =
  | { readonly kind: 'all' }
  | { readonly kind: 'first'; readonly count: number }
  | { readonly kind: 'every'; readonly nth: number }
  /** `count` of every `of` requests, spread evenly. */
  | { readonly kind: 'share'; readonly count: number; readonly of: number }

export interface Rule {
  readonly when: RuleMatch
  /** Since the start, on the lent clock. */
  readonly afterMs: number
  /** `null`: until the end. */
  readonly forMs: number | null
  readonly pick: RulePick
  readonly fault: Fault
}

/** What goes wrong. Those that refuse end the request; the others change the answer and may add up. */
export type Fault =
  | {
      readonly kind: 'unauthorized'
      readonly reason: 'invalid-key' | 'openai' | 'token-expired' | 'token-invalidated' | 'text'
    }
  | { readonly kind: 'forbidden'; readonly reason: 'region' | 'edge-page' | 'text' | 'policy' }
  | { readonly kind: 'payment-required' }
  | { readonly kind: 'not-found'; readonly reason: 'model' | 'path' | 'page' }
  /** 400 with a `detail` string: what Codex says about Spark on the wrong plan. */
  | { readonly kind: 'model-not-supported'; readonly status: 400 | 404 }
  | { readonly kind: 'bad-request' }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'context-length' }
  | {
      readonly kind: 'rate-limited'
      /** `plan-limit` is the Codex body with plan and seconds. */
      readonly hint: 'none' | 'retry-after' | 'plan-limit'
      readonly resetsInMs: number
      readonly plan: string
    }
  | {
      readonly kind: 'server-error'
      readonly status: 500 | 502 | 503 | 504 | 529
      readonly page: 'json' | 'html'
    }
  /** 200 with a sign-in page. */
  | { readonly kind: 'html-page' }
  /** 200 with half a JSON body. */
  | { readonly kind: 'half-json' }
  /** Closes the connection without an answer. */
  | { readonly kind: 'drop' }
  /** Never answers. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'slow'; readonly delayMs: number }
  | { readonly kind: 'slow-stream'; readonly gapMs: number }
  /** A 200 that ends early: by a clean close or a reset connection. */
  | {
      readonly kind: 'cut'
      readonly how: 'close' | 'reset'
      readonly at: 'start' | 'middle' | 'before-terminal'
    }
  /** The chat stream ends without `[DONE]`. */
  | { readonly kind: 'no-done' }
  /** The stream ends without saying why it stopped; chat sends `[DONE]` all the same. */
  | { readonly kind: 'no-finish' }
  | { readonly kind: 'error-in-stream'; readonly reason: 'overloaded' | 'usage-limit' }
  | { readonly kind: 'usage'; readonly how: 'missing' | 'null' | 'zero' | 'different' | 'cached' }
  | { readonly kind: 'wrong-model'; readonly model: string }
  /** Images are ignored, or refused where they stand in a tool result. */
  | { readonly kind: 'images'; readonly how: 'dropped' | 'refused' }
  /** Cut by the token limit: `length`, `incomplete`, `max_tokens`. */
  | { readonly kind: 'length' }
  /** Thinks before it answers. */
  | { readonly kind: 'reasoning' }
  /** Calls the first tool offered, without being asked to. */
  | { readonly kind: 'tool-call' }

export interface Latency {
  readonly baseMs: number
  /** Added on top, spread evenly between 0 and this over the requests. */
  readonly spreadMs: number
}

export interface UpstreamSpec {
  readonly name: string
  readonly kind: UpstreamKind
  readonly models: readonly string[]
  /** Credentials it accepts; any other gets 401. `null`: every credential is good. */
  readonly keys: readonly string[] | null
  readonly latency: Latency
  /** First refusal wins; what only changes the answer adds up. */
  readonly rules: readonly Rule[]
}
