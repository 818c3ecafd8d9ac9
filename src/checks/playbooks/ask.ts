import { counted, listed, printable } from '../../core/text.ts'
import type { Endpoint } from '../../wire/routes.ts'
import { type Asked, askPlain } from '../ask-model.ts'
import { refusalSaw } from '../refusal-words.ts'
import { faultWords } from '../replies.ts'
import type { IncidentContext } from './incident-context.ts'
import type { Verdict } from './playbook.ts'

/** More than this is no verification but load. */
export const MOST_ASKED = 3

/** Asks each model one short question; `gone` only when every one was answered with words. */
export async function askModel(
  context: IncidentContext,
  models: readonly string[],
  signal: AbortSignal,
): Promise<Verdict> {
  if (context.probing === 'off')
    return { kind: 'not-known', saw: 'no request was sent', next: 'add --probe to ask the model' }
  if (models.length === 0)
    return { kind: 'not-known', saw: 'no model is known to ask', next: 'name one with --model' }
  const wanted = models.slice(0, MOST_ASKED)
  const failed: string[] = []
  for (const model of wanted) {
    const asked = await askOnce(context, model, signal)
    const problem = problemOf(asked)
    if (problem !== null) failed.push(`${model}: ${problem}`)
  }
  return failed.length === 0
    ? { kind: 'gone', saw: `${listed(wanted)} answered (${counted(wanted.length, 'request')})` }
    : { kind: 'still-there', saw: listed(failed, 2) }
}

/** One short question to one model, in the payload of the endpoint; it costs tokens. */
export function askOnce(
  { gateway, clock, as, probeTimeoutMs }: IncidentContext,
  model: string,
  signal: AbortSignal,
  endpoint: Endpoint = endpointFor(model),
): Promise<Asked> {
  return askPlain(
    { gateway, clock },
    { endpoint, model, prompt: 'ping', as, timeoutMs: probeTimeoutMs, signal },
  )
}

/** Every endpoint translates; Claude names are asked as Claude clients ask them, which is what breaks for them. */
export function endpointFor(model: string): Endpoint {
  return /claude/i.test(model) ? 'messages' : /codex|gpt-/i.test(model) ? 'responses' : 'chat'
}

/** Why this is no answer; null when it is one with words in it (an empty 200 counts as none). */
export function problemOf(asked: Asked): string | null {
  if (asked.kind === 'fault') return faultWords(asked.fault).saw
  const { answer } = asked
  switch (answer.kind) {
    case 'complete':
    case 'incomplete':
      return answer.content.text.chars + answer.content.toolCalls.chars + answer.content.reasoning.chars > 0
        ? null
        : 'answered 200 with nothing in it'
    case 'interrupted':
      return 'the answer broke off'
    case 'refused':
      return refusalSaw(answer.refusal)
    case 'unreadable':
      return `answered ${asked.status} with something that is no answer: ${printable(answer.head, 60)}`
  }
}
