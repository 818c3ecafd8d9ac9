import { type CanaryVerdict, judgeCanary } from '../../analysis/image-canary/judge.ts'
import { canaryPayload, type ToolResult } from '../../analysis/image-canary/payloads.ts'
import type { PictureName } from '../../analysis/image-canary/pictures.ts'
import { printable } from '../../core/text.ts'
import { readPlainAnswer } from '../../wire/answer-plain.ts'
import { readStreamedAnswer } from '../../wire/answer-stream.ts'
import type { Answer } from '../../wire/answers.ts'
import { ENDPOINTS, type Endpoint } from '../../wire/routes.ts'
import { refusalSaw } from '../refusal-words.ts'
import { faultWords } from '../replies.ts'
import type { IncidentContext } from './incident-context.ts'

/** One request with a picture. */
export interface CanaryResult {
  readonly endpoint: Endpoint
  readonly picture: PictureName
  readonly how: 'plain' | 'streamed'
  readonly verdict: CanaryVerdict
}

export interface CanarySet {
  readonly model: string
  readonly results: readonly CanaryResult[]
}

/**
 * The runbook's first check: the same without and with streaming. Three requests per payload: a control, a colour
 * without and a digit with streaming.
 */
const ROUND = [
  { picture: 'colour', how: 'plain' },
  { picture: 'digit', how: 'streamed' },
] as const

/** The OpenAI form, the Claude form and the Responses form: both directions of translation, whatever the provider speaks. */
export const CANARY_ENDPOINTS = ['chat', 'messages', 'responses'] as const satisfies readonly Endpoint[]

export const REQUESTS_PER_CANARY = CANARY_ENDPOINTS.length * (ROUND.length + 1)

/** What a canary needs of a run. */
export type CanaryAsker = Pick<IncidentContext, 'gateway' | 'clock' | 'as' | 'probeTimeoutMs' | 'remember'>

/** Sends the canary of one model, one request after the other: a burst could itself run into a limit. */
export function runCanary(context: CanaryAsker, model: string, signal: AbortSignal): Promise<CanarySet> {
  return context.remember(`canary of ${model}`, async () => {
    const results: CanaryResult[] = []
    for (const endpoint of CANARY_ENDPOINTS) {
      const control = await ask(context, { endpoint, model, result: 'control', how: 'plain' }, signal)
      if (control.kind === 'refused' || control.kind === 'unreadable') {
        results.push({ endpoint, picture: 'colour', how: 'plain', verdict: withoutControl(control) })
        continue
      }
      for (const { picture, how } of ROUND) {
        if (signal.aborted) break
        const answer = await ask(context, { endpoint, model, result: picture, how }, signal)
        results.push({ endpoint, picture, how, verdict: judgeCanary(picture, answer, control) })
      }
    }
    return { model, results }
  })
}

/** When the request fails even without a picture, the picture is not to blame. */
function withoutControl(control: Answer & { kind: 'refused' | 'unreadable' }): CanaryVerdict {
  const why = control.kind === 'refused' ? refusalSaw(control.refusal) : 'it cannot be read'
  return { kind: 'unclear', saw: `even the request without a picture fails: ${why}` }
}

interface Sent {
  readonly endpoint: Endpoint
  readonly model: string
  readonly result: ToolResult
  readonly how: 'plain' | 'streamed'
}

async function ask(
  { gateway, clock, as, probeTimeoutMs }: CanaryAsker,
  { endpoint, model, result, how }: Sent,
  signal: AbortSignal,
): Promise<Answer> {
  const json = canaryPayload(endpoint, model, result, how === 'streamed')
  const options = { json, as, timeoutMs: probeTimeoutMs, signal }
  const route = ENDPOINTS[endpoint]
  const unreached = (words: string): Answer => ({ kind: 'unreadable', why: 'cut-at-once', head: words })
  if (how === 'plain') {
    const sent = await gateway.send(route, options)
    if (sent.kind === 'fault') return unreached(faultWords(sent.fault).saw)
    const { status, headers, body } = sent.value
    return readPlainAnswer(
      { endpoint, status, headers, nowMs: clock.nowMs() },
      'text' in body ? body.text : '',
    )
  }
  const sent = await gateway.stream(route, options)
  if (sent.kind === 'fault') return unreached(faultWords(sent.fault).saw)
  const { status, headers, bytes } = sent.value
  return readStreamedAnswer({ endpoint, status, headers, nowMs: clock.nowMs() }, bytes)
}

export function verdictWords(verdict: CanaryVerdict): string {
  switch (verdict.kind) {
    case 'seen':
      return `seen${verdict.extraTokens === null ? '' : `, ${verdict.extraTokens} input tokens more than without`}`
    case 'dropped':
      return `dropped: answered "${printable(verdict.said, 60)}"${verdict.extraTokens === null ? '' : `, ${verdict.extraTokens} input tokens more than without`}`
    case 'as-text':
      return `sent as text: ${verdict.extraTokens} input tokens more than without`
    case 'refused':
      return refusalSaw(verdict.refusal)
    case 'unclear':
      return verdict.saw
  }
}

export const isBad = ({ verdict }: CanaryResult): boolean =>
  verdict.kind === 'dropped' || verdict.kind === 'as-text' || verdict.kind === 'refused'
