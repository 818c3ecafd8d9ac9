import type { Answer } from '../../wire/answers.ts'
import type { RefusalCause } from '../../wire/refusal-rules.ts'
import type { Refusal } from '../../wire/refusals.ts'
import { stated } from '../../wire/usage.ts'
import { PICTURES, type PictureName } from './pictures.ts'

/**
 * What became of a picture inside a tool result. `seen`: the answer names what it shows. `dropped`: the request
 * succeeded and the picture did not arrive. `as-text`: its base64 was sent as words, known by what the input cost.
 * `refused`: somebody does not take it. `unclear`: neither can be told.
 */
export type CanaryVerdict =
  | { readonly kind: 'seen'; readonly extraTokens: number | null }
  | { readonly kind: 'dropped'; readonly extraTokens: number | null; readonly said: string }
  | { readonly kind: 'as-text'; readonly extraTokens: number }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'unclear'; readonly saw: string }

/** A tokenizer makes at least one token of eight characters of base64; an image of this size costs a few hundred. */
const CHARS_PER_TOKEN_AT_MOST = 8

/** Refusals that a request without a picture would have met as well, a moment later. */
const OF_THE_MOMENT: ReadonlySet<RefusalCause> = new Set([
  'cooldown',
  'unavailable',
  'quota',
  'rate',
  'capacity',
  'money',
])

/**
 * Judges by the answer and by what the input cost beyond the same request without a picture: gateways add prompts of
 * their own, so only the difference tells (contract, HTTP 6.1).
 */
export function judgeCanary(picture: PictureName, answer: Answer, control: Answer): CanaryVerdict {
  if (answer.kind === 'refused')
    return OF_THE_MOMENT.has(answer.refusal.cause)
      ? { kind: 'unclear', saw: `refused for another reason: ${answer.refusal.cause}` }
      : { kind: 'refused', refusal: answer.refusal }
  if (answer.kind === 'unreadable') return { kind: 'unclear', saw: 'the answer cannot be read' }
  if (answer.kind === 'interrupted') return { kind: 'unclear', saw: 'the answer broke off' }
  const extraTokens = extraOf(answer, control)
  const { base64, proof } = PICTURES[picture]
  if (extraTokens !== null && extraTokens > base64.length / CHARS_PER_TOKEN_AT_MOST)
    return { kind: 'as-text', extraTokens }
  const said = answer.content.text.head
  if (said === '') return { kind: 'unclear', saw: 'the answer is empty' }
  if (!proof.test(said)) return { kind: 'dropped', extraTokens, said }
  // A model that says so without any picture proves nothing.
  if ('content' in control && proof.test(control.content.text.head))
    return { kind: 'unclear', saw: 'the control without a picture was answered alike' }
  return { kind: 'seen', extraTokens }
}

function extraOf(answer: Answer, control: Answer): number | null {
  if (!('usage' in answer) || !('usage' in control)) return null
  const [withPicture, without] = [stated(answer.usage.input), stated(control.usage.input)]
  // Zero stands for "not told" on some routes.
  return withPicture === null || without === null || withPicture === 0 || without === 0
    ? null
    : withPicture - without
}
