import fc from 'fast-check'
import type { Endpoint } from '../../src/wire/routes.ts'

/** What a model said and what it cost: enough to write the answer down in every form. */
export interface Said {
  readonly model: string
  readonly words: readonly string[]
  readonly finish: 'stop' | 'length'
  readonly input: number
  readonly output: number
}

interface Frame {
  readonly name: string | null
  readonly data: unknown
}

const named = (data: { type: string }): Frame => ({ name: data.type, data })
const unnamed = (data: unknown): Frame => ({ name: null, data })

/** The answer as a body that was asked for without streaming (contract, HTTP 4.1, 5 and 6). */
export function plainBody(endpoint: Endpoint, said: Said): object {
  const { model, words, input, output } = said
  const text = words.join('')
  const cut = said.finish === 'length'
  switch (endpoint) {
    case 'responses':
      return { id: 'resp_1', ...response(said, cut ? 'incomplete' : 'completed') }
    case 'chat':
      return {
        id: 'chatcmpl-1',
        object: 'chat.completion',
        model,
        choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: said.finish }],
        usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
      }
    case 'messages':
      return {
        id: 'msg_1',
        type: 'message',
        role: 'assistant',
        model,
        content: [{ type: 'text', text }],
        stop_reason: cut ? 'max_tokens' : 'end_turn',
        usage: { input_tokens: input, output_tokens: output },
      }
  }
}

function response({ model, words, input, output, finish }: Said, status: string) {
  return {
    object: 'response',
    status,
    error: null,
    incomplete_details: finish === 'length' ? { reason: 'max_output_tokens' } : null,
    model,
    output: [
      { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: words.join('') }] },
    ],
    usage: { input_tokens: input, output_tokens: output, total_tokens: input + output },
  }
}

/** The frames of the same answer, streamed (contract, HTTP 4.2, 5 and 6); usage as misleading as it may be before the end. */
export function frames(endpoint: Endpoint, said: Said): readonly Frame[] {
  const { model, words, input, output } = said
  const cut = said.finish === 'length'
  switch (endpoint) {
    case 'responses': {
      const begun = { object: 'response', status: 'in_progress', error: null, model, output: [], usage: null }
      const whole = response(said, cut ? 'incomplete' : 'completed')
      return [
        named({ type: 'response.created', ...{ response: begun } }),
        ...words.map((delta) => named({ type: 'response.output_text.delta', ...{ delta } })),
        named({ type: 'response.output_item.done', ...{ item: whole.output[0] } }),
        named({ type: cut ? 'response.incomplete' : 'response.completed', ...{ response: whole } }),
      ]
    }
    case 'chat': {
      const chunk = (delta: object, finish: string | null, more: object = {}) =>
        unnamed({
          object: 'chat.completion.chunk',
          model,
          choices: [{ index: 0, delta, finish_reason: finish }],
          ...more,
        })
      const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
      return [
        chunk({ role: 'assistant', content: '' }, null, { usage: null }),
        ...words.map((content, i) => chunk({ content }, null, { usage: { ...usage, completion_tokens: i } })),
        chunk({}, said.finish),
        unnamed({ object: 'chat.completion.chunk', model, choices: [], usage }),
        unnamed('[DONE]'),
      ]
    }
    case 'messages':
      return [
        named({
          type: 'message_start',
          ...{ message: { model, usage: { input_tokens: 0, output_tokens: 1 } } },
        }),
        named({ type: 'ping' }),
        named({ type: 'content_block_start', ...{ content_block: { type: 'text', text: '' } } }),
        ...words.map((text) =>
          named({ type: 'content_block_delta', ...{ delta: { type: 'text_delta', text } } }),
        ),
        named({ type: 'content_block_stop' }),
        named({
          type: 'message_delta',
          ...{
            delta: { stop_reason: cut ? 'max_tokens' : 'end_turn' },
            usage: { input_tokens: input, output_tokens: output },
          },
        }),
        named({ type: 'message_stop' }),
      ]
  }
}

/** How frames are put on the wire. */
export interface Wire {
  readonly eol: '\n' | '\r\n' | '\r'
  readonly names: 'shown' | 'hidden'
  readonly heartbeats: boolean
  readonly mark: boolean
  /** `split` writes JSON over several data lines. */
  readonly json: 'one line' | 'split'
}

export const PLAIN_WIRE: Wire = {
  eol: '\n',
  names: 'shown',
  heartbeats: false,
  mark: false,
  json: 'one line',
}

export function written(list: readonly Frame[], wire: Wire = PLAIN_WIRE): string {
  const text = list.map(({ name, data }) => {
    const json = typeof data === 'string' ? data : JSON.stringify(data, null, wire.json === 'split' ? 1 : 0)
    const lines = json.split('\n').map((line) => `data: ${line}`)
    if (name !== null && wire.names === 'shown') lines.unshift(`event: ${name}`)
    if (wire.heartbeats) lines.unshift(': keep-alive', '')
    return [...lines, '', ''].join(wire.eol)
  })
  return (wire.mark ? '\uFEFF' : '') + text.join('')
}

export const anyEndpoint = fc.constantFrom<Endpoint>('responses', 'chat', 'messages')

export const anySaid: fc.Arbitrary<Said> = fc.record({
  model: fc.constantFrom('gpt-5.1-codex', 'team-a/glm', 'größe'),
  words: fc.array(
    fc.oneof(fc.string({ minLength: 1, unit: 'grapheme' }), fc.constantFrom('data: x\n\n', '🙂', '"')),
    {
      minLength: 1,
      maxLength: 6,
    },
  ),
  finish: fc.constantFrom('stop', 'length'),
  input: fc.integer({ min: 1, max: 5000 }),
  output: fc.integer({ min: 1, max: 5000 }),
})

export const anyWire: fc.Arbitrary<Wire> = fc.record({
  eol: fc.constantFrom('\n', '\r\n', '\r'),
  names: fc.constantFrom('shown', 'hidden'),
  heartbeats: fc.boolean(),
  mark: fc.boolean(),
  json: fc.constantFrom('one line', 'split'),
})
