import type { AnswerContent } from '../../wire/answer-content.ts'
import type { Answer, IncompleteReason, Interruption, UnreadableWhy } from '../../wire/answers.ts'
import type { Refusal } from '../../wire/refusals.ts'
import type { Endpoint } from '../../wire/routes.ts'
import type { UsageVocabulary } from '../../wire/usage.ts'

export type Side = 'plain' | 'stream'

/** The side a statement is about; `both` when it holds for the two of them alike. */
export type Where = Side | 'both'

export type CountName = 'input' | 'output' | 'total'

/** A difference, or a lack, that nothing explains. */
export type ParityFault =
  /** The field is not there: never zero, and on both sides never equal. */
  | { readonly kind: 'missing'; readonly field: CountName; readonly where: Where }
  | { readonly kind: 'null'; readonly field: CountName; readonly where: Where }
  | { readonly kind: 'invalid'; readonly field: CountName; readonly where: Where }
  /** Counted as 0 although there was something to count. */
  | { readonly kind: 'zero'; readonly field: CountName; readonly where: Where }
  | { readonly kind: 'input-differs'; readonly plain: number; readonly stream: number }
  | { readonly kind: 'output-differs'; readonly plain: number; readonly stream: number }
  | { readonly kind: 'total-not-sum'; readonly where: Side; readonly total: number; readonly sum: number }
  | { readonly kind: 'names-differ'; readonly plain: UsageVocabulary; readonly stream: UsageVocabulary }
  | { readonly kind: 'model-differs'; readonly plain: string; readonly stream: string }

/** Why a difference is none of the gateway's doing (runbook, Stream/Non-Stream Usage Parity Check, pass criteria). */
export type Explanation =
  | { readonly kind: 'interrupted'; readonly interruption: Interruption }
  | { readonly kind: 'incomplete'; readonly where: Where; readonly reason: IncompleteReason }
  /** Two samples of one prompt: the texts differ, so their token counts may. */
  | { readonly kind: 'answers-differ'; readonly plain: AnswerContent; readonly stream: AnswerContent }
  /** The same text after another amount of reasoning. */
  | { readonly kind: 'reasoning-differs'; readonly plain: number | null; readonly stream: number | null }
  /** The same prompt, split differently between cached and not (Claude counts them apart; contract, HTTP 5). */
  | { readonly kind: 'cache-differs'; readonly prompt: number }

/** Worth telling, and no reason to fail; `other-model` and `models-disagree` are worth a warning. */
export type ParityNote =
  /** The answer names another model than was asked for: an alias, a pool, or a silent reroute. */
  | { readonly kind: 'other-model'; readonly where: Where; readonly asked: string; readonly named: string }
  /** One side repeats the name that was asked for, the other gives the upstream's: current gateways do that on `/v1/responses`. */
  | { readonly kind: 'models-disagree'; readonly plain: string; readonly stream: string }
  | { readonly kind: 'model-unnamed'; readonly where: Where }
  /** Nobody stated a total, so none was compared. */
  | { readonly kind: 'total-not-stated' }
  /** `total` holds reasoning tokens that `output` does not (contract, HTTP 5: Gemini). */
  | { readonly kind: 'reasoning-beside-output'; readonly where: Side; readonly reasoning: number }

/** Why a side could not be compared. */
export type Unjudged =
  | { readonly kind: 'refused'; readonly where: Side; readonly refusal: Refusal }
  | { readonly kind: 'unreadable'; readonly where: Side; readonly why: UnreadableWhy; readonly head: string }
  /** Reading was given up on this side of the wire. */
  | { readonly kind: 'stopped'; readonly where: Side; readonly reason: string }

/**
 * The verdict on one pair. `explained` is a pass with its reasons. A failure keeps what was explained beside its
 * faults. `unknown` means that there was nothing to compare, which is neither yes nor no.
 */
export type ParityVerdict =
  | { readonly kind: 'pass'; readonly notes: readonly ParityNote[] }
  | {
      readonly kind: 'explained'
      readonly explanations: readonly [Explanation, ...Explanation[]]
      readonly notes: readonly ParityNote[]
    }
  | {
      readonly kind: 'fail'
      readonly faults: readonly [ParityFault, ...ParityFault[]]
      readonly explanations: readonly Explanation[]
      readonly notes: readonly ParityNote[]
    }
  | { readonly kind: 'unknown'; readonly unjudged: readonly [Unjudged, ...Unjudged[]] }

/** The same prompt, answered once without and once with streaming. */
export interface ParityPair {
  readonly endpoint: Endpoint
  /** As it was asked for, with prefix and suffix. */
  readonly model: string
  readonly plain: Answer
  readonly stream: Answer
}
