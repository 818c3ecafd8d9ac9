import type { Judgement } from '../core/check.ts'
import type { Clock } from '../core/clock.ts'
import { span } from '../core/text.ts'
import type { ClientKey, Gateway } from '../gateway/port.ts'
import type { Answer } from '../wire/answers.ts'
import { ENDPOINTS, type Endpoint } from '../wire/routes.ts'
import { stated } from '../wire/usage.ts'
import { countersOf, indexesOf } from './answered-by.ts'
import { type Asked, askPlain, askStreamed, PROBE_TIMEOUT_MS, type Question } from './ask-model.ts'
import { refusalMeans, refusalNext, refusalSaw } from './refusal-words.ts'
import { faultWords } from './replies.ts'

/** Who is asked in a canary, and who must answer. */
export interface CanaryContext {
  readonly gateway: Gateway
  readonly clock: Clock
  readonly as: ClientKey
  readonly endpoint: Endpoint
  /** The provider that must answer, by its name in the configuration. */
  readonly provider: string
  /** True of an id that nobody else offers, by the configuration. */
  readonly isAlone: (id: string) => boolean
  /** The longest a probe may take; null for the contract's own limit. */
  readonly timeoutMs: number | null
}

export const CANARY_PROMPT = 'Reply with the one word: pong'

export function questionOf(
  { endpoint, as, timeoutMs }: CanaryContext,
  model: string,
  signal: AbortSignal,
): Question {
  return { endpoint, model, prompt: CANARY_PROMPT, as, timeoutMs: timeoutMs ?? PROBE_TIMEOUT_MS, signal }
}

const ASKED = {
  expected: 'an answer with text and usage from the new provider, streamed and not',
  why: 'an id in the list says nothing about whether the provider answers',
}

/** Asks one id plain and streamed, and makes sure who answered (runbook, Onboard a New Provider, 5). */
export async function askCanary(context: CanaryContext, id: string, signal: AbortSignal): Promise<Judgement> {
  const { gateway, clock, endpoint, provider } = context
  const source = `POST ${ENDPOINTS[endpoint].path}`
  const before = await countersOf(gateway, provider, signal)
  const question = questionOf(context, id, signal)
  const plain = await askPlain({ gateway, clock }, question)
  const wrongPlain = defectOf(plain, 'plain')
  if (wrongPlain !== null) return { ...ASKED, ...wrongPlain, subject: id, source }
  const stream = await askStreamed({ gateway, clock }, question)
  const wrongStream = defectOf(stream, 'streamed')
  if (wrongStream !== null) return { ...ASKED, ...wrongStream, subject: id, source }
  const who = await whoAnswered(context, id, [plain, stream], before?.counters.requests ?? null, signal)
  if (who.kind === 'nobody-knows' || who.kind === 'other')
    return {
      ...ASKED,
      subject: id,
      source,
      outcome: who.kind === 'other' ? 'fail' : 'unknown',
      saw: who.saw,
      next: `provops lint --who ${id}`,
    }
  return { outcome: 'pass', subject: id, source, saw: `${usageWords(plain, stream)}; ${who.saw}` }
}

type Defect = Pick<Judgement & { outcome: 'fail' | 'unknown' }, 'saw' | 'next'> &
  (
    | { readonly outcome: 'fail'; readonly cause?: 'auth' }
    | { readonly outcome: 'unknown'; readonly cause?: 'auth' | 'deadline' }
  )

/** What is wrong with an answer, or null. A 200 without text or usage is no answer. */
export function defectOf(asked: Asked, how: 'plain' | 'streamed'): Defect | null {
  if (asked.kind === 'fault') {
    const { saw, next } = faultWords(asked.fault)
    const cause =
      asked.fault.kind === 'no-key'
        ? { cause: 'auth' as const }
        : asked.fault.kind === 'aborted'
          ? { cause: 'deadline' as const }
          : {}
    return { outcome: 'unknown', saw: `${how}: ${saw}`, next, ...cause }
  }
  const { answer } = asked
  switch (answer.kind) {
    case 'refused':
      return {
        outcome: 'fail',
        saw: `${how}: ${refusalSaw(answer.refusal)} (${refusalMeans(answer.refusal)})`,
        next: refusalNext(answer.refusal),
        ...(answer.refusal.cause === 'key' ? { cause: 'auth' as const } : {}),
      }
    case 'unreadable':
      return {
        outcome: 'fail',
        saw: `${how}: ${asked.status} with something that is no answer (${answer.why})`,
        next: 'look at base-url: it must be the address of an API',
      }
    case 'interrupted':
      return {
        outcome: 'fail',
        saw: `${how}: the stream ended without its end`,
        next: 'ask the provider, or try without streaming',
      }
    default:
      return emptyOrUncounted(answer, how)
  }
}

function emptyOrUncounted(answer: Answer & { kind: 'complete' | 'incomplete' }, how: string): Defect | null {
  const { text, toolCalls, reasoning } = answer.content
  if (text.chars + toolCalls.chars + reasoning.chars === 0)
    return {
      outcome: 'fail',
      saw: `${how}: an answer without content`,
      next: 'look at base-url and the model name',
    }
  const [input, output] = [stated(answer.usage.input), stated(answer.usage.output)]
  if ((input ?? 0) > 0 && (output ?? 0) > 0) return null
  const missing = (input ?? 0) > 0 ? 'output' : (output ?? 0) > 0 ? 'input' : 'input and output'
  return {
    outcome: 'fail',
    saw: `${how}: no usage (${missing} tokens missing or 0)`,
    next: 'the provider must report usage, also in streams (stream_options.include_usage)',
  }
}

function usageWords(plain: Asked, stream: Asked): string {
  const side = (asked: Asked, how: string) => {
    if (asked.kind !== 'answered' || !('usage' in asked.answer)) return how
    const { input, output } = asked.answer.usage
    return `${how} ${stated(input)} + ${stated(output)} tokens in ${span(asked.headMs)}`
  }
  return `${side(plain, 'plain')}, ${side(stream, 'streamed')}`
}

type Who =
  | { readonly kind: 'provider'; readonly saw: string }
  | { readonly kind: 'other'; readonly saw: string }
  | { readonly kind: 'nobody-knows'; readonly saw: string }

/** Counters may be a moment behind the answer. */
const COUNTED_WITHIN_MS = 2000
const COUNTED_LOOK_MS = 250

/** By the trace header joined with the provider's auth indexes, else by its counters, else by elimination. */
async function whoAnswered(
  context: CanaryContext,
  id: string,
  answers: readonly Asked[],
  before: number | null,
  signal: AbortSignal,
): Promise<Who> {
  const { gateway, clock, provider, isAlone } = context
  const traces = answers.flatMap((asked) =>
    asked.kind === 'answered' && asked.trace ? [asked.trace.authIndex] : [],
  )
  const own = await indexesOf(gateway, provider, signal)
  if (own.length > 0 && traces.length === answers.length) {
    return traces.every((index) => own.includes(index))
      ? { kind: 'provider', saw: `answered by ${provider} (trace id)` }
      : { kind: 'other', saw: `answered by another credential than ${provider}'s (trace id)` }
  }
  if (before !== null) {
    for (let waitedMs = 0; waitedMs <= COUNTED_WITHIN_MS && !signal.aborted; waitedMs += COUNTED_LOOK_MS) {
      const now = await countersOf(gateway, provider, signal)
      const asked = (now?.counters.requests ?? 0) - before
      if (asked >= answers.length)
        return { kind: 'provider', saw: `answered by ${provider} (counters +${asked})` }
      await clock.sleep(COUNTED_LOOK_MS, signal).catch(() => undefined)
    }
    return { kind: 'other', saw: `the counters of ${provider} did not move: somebody else answered` }
  }
  if (isAlone(id)) return { kind: 'provider', saw: `nobody but ${provider} offers this id` }
  return { kind: 'nobody-knows', saw: 'answered, but this gateway does not tell by whom' }
}
