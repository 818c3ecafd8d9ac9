import type { Effect } from '../changes/effect.ts'
import type { Told } from '../changes/words.ts'
import type { Cause, Judgement } from '../core/check.ts'
import { type Consent, confirmingCommand } from './confirm.ts'
import type { Invocation } from './invocation.ts'

/** How a result of the change engine ended, for its judgement. */
export type Ending =
  | { readonly kind: 'done' }
  | { readonly kind: 'not-done'; readonly why: string; readonly cause?: Cause }
  | { readonly kind: 'not-known'; readonly why: string; readonly cause?: Cause }

/** A result in the engine's words, as a judgement. */
export function judgementOf({ line, more, next }: Told, ending: Ending, source: string): Judgement {
  if (ending.kind === 'done') return { outcome: 'pass', saw: [line, ...more].join('; '), source }
  const cause = ending.cause === undefined ? {} : { cause: ending.cause }
  return {
    outcome: ending.kind === 'not-done' ? 'fail' : 'unknown',
    saw: line,
    expected: more[0]?.replace(/^expected: /, '') ?? 'the change is made, and seen to be made',
    why: [...more.slice(1), ending.why].join('\n'),
    next: next ?? 'run the command again',
    source,
    ...cause,
  }
}

/** `hasAnswered`: whether the gateway ever showed something readable. */
export function endingOfEffect(effect: Effect, hasAnswered: boolean): Ending {
  switch (effect.kind) {
    case 'effective':
      return { kind: 'done' }
    case 'interrupted':
      return { kind: 'not-known', why: 'a change whose effect was not seen is not proven', cause: 'deadline' }
    default:
      if (!hasAnswered)
        return {
          kind: 'not-known',
          why: 'the change is written, and the gateway does not answer: whether it took is not known',
        }
      return { kind: 'not-done', why: 'HTTP does not tell of a reload that failed; only the effect does' }
  }
}

/** A change that nobody confirmed. */
export function unconfirmed(consent: Exclude<Consent, 'given'>, invocation: Invocation): Judgement {
  const refused = consent === 'refused'
  return {
    outcome: 'fail',
    cause: 'human',
    saw: refused ? 'not confirmed; nothing was written' : 'nobody can be asked here; nothing was written',
    expected: 'a person who has read the diff says yes',
    why: 'every change of a configuration is confirmed first',
    next: refused ? 'run the command again when it is wanted' : confirmingCommand(invocation),
  }
}
