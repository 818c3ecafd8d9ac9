import type { ParityPair } from '../../../src/analysis/parity/verdict.ts'
import { readPlainAnswer } from '../../../src/wire/answer-plain.ts'
import { readStreamedAnswer } from '../../../src/wire/answer-stream.ts'
import type { Answer } from '../../../src/wire/answers.ts'
import type { Endpoint } from '../../../src/wire/routes.ts'
import { encode, inChunks } from '../../wire/streams.ts'

/** One side of a pair in the words of its endpoint; `usage` goes out as it is, undefined for none. */
export interface SideSpec {
  readonly usage?: unknown
  readonly text?: string
  readonly reasoning?: string
  readonly model?: string
  readonly finish?: 'stop' | 'length'
}

const MODEL = 'glm'

function message(endpoint: Endpoint, spec: SideSpec) {
  const { text = 'pong', reasoning, model = MODEL, finish = 'stop', usage } = spec
  const cut = finish === 'length'
  const shown = usage === undefined ? {} : { usage }
  switch (endpoint) {
    case 'responses': {
      const thought = { type: 'reasoning', summary: [{ type: 'summary_text', text: reasoning }] }
      const said = { type: 'message', content: [{ type: 'output_text', text }] }
      return {
        object: 'response',
        status: cut ? 'incomplete' : 'completed',
        incomplete_details: cut ? { reason: 'max_output_tokens' } : null,
        model,
        output: reasoning === undefined ? [said] : [thought, said],
        ...shown,
      }
    }
    case 'chat': {
      const content = { content: text, ...(reasoning === undefined ? {} : { reasoning_content: reasoning }) }
      return { model, choices: [{ message: content, delta: content, finish_reason: finish }], ...shown }
    }
    case 'messages':
      return {
        type: 'message',
        model,
        content: [{ type: 'text', text }],
        stop_reason: cut ? 'max_tokens' : 'end_turn',
        ...shown,
      }
  }
}

export function plainAnswer(endpoint: Endpoint, spec: SideSpec): Answer {
  return plainText(endpoint, JSON.stringify(message(endpoint, spec)))
}

export function plainText(endpoint: Endpoint, body: string, status = 200): Answer {
  return readPlainAnswer({ endpoint, status, headers: {}, nowMs: 0 }, body)
}

export function streamedAnswer(endpoint: Endpoint, spec: SideSpec): Promise<Answer> {
  const whole = message(endpoint, spec)
  switch (endpoint) {
    case 'responses': {
      const { status } = whole as { status: string }
      return streamText(endpoint, [{ type: `response.${status}`, response: whole }])
    }
    case 'chat':
      return streamText(endpoint, [whole, '[DONE]'])
    case 'messages': {
      const { usage, content, stop_reason } = whole as Record<string, unknown> & { content: unknown[] }
      return streamText(endpoint, [
        { type: 'message_start', message: { model: spec.model ?? MODEL } },
        { type: 'content_block_start', content_block: content[0] },
        { type: 'message_delta', delta: { stop_reason }, ...(usage === undefined ? {} : { usage }) },
        { type: 'message_stop' },
      ])
    }
  }
}

export function streamText(endpoint: Endpoint, payloads: readonly unknown[], status = 200): Promise<Answer> {
  const text = payloads.map((p) => `data: ${typeof p === 'string' ? p : JSON.stringify(p)}\n\n`).join('')
  return readStreamedAnswer({ endpoint, status, headers: {}, nowMs: 0 }, inChunks(encode(text)))
}

export async function pair(
  endpoint: Endpoint,
  plain: SideSpec | Answer,
  stream: SideSpec | Answer,
): Promise<ParityPair> {
  return {
    endpoint,
    model: MODEL,
    plain: 'kind' in plain ? plain : plainAnswer(endpoint, plain),
    stream: 'kind' in stream ? stream : await streamedAnswer(endpoint, stream),
  }
}

/** A usage in the words of the endpoint. */
export function usageOf(endpoint: Endpoint, input: number, output: number, more: object = {}): object {
  if (endpoint === 'messages') return { input_tokens: input, output_tokens: output, ...more }
  const total = { total_tokens: input + output }
  return endpoint === 'chat'
    ? { prompt_tokens: input, completion_tokens: output, ...total, ...more }
    : { input_tokens: input, output_tokens: output, ...total, ...more }
}
