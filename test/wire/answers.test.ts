import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPlainAnswer } from '../../src/wire/answer-plain.ts'
import { readStreamedAnswer } from '../../src/wire/answer-stream.ts'
import type { Answer, AnswerHead } from '../../src/wire/answers.ts'
import type { Endpoint } from '../../src/wire/routes.ts'
import { stated } from '../../src/wire/usage.ts'
import {
  anyEndpoint,
  anySaid,
  anyWire,
  frames,
  PLAIN_WIRE,
  plainBody,
  type Said,
  written,
} from './answer-streams.ts'
import { anyChunking, encode, inChunks } from './streams.ts'

const head = (endpoint: Endpoint, status = 200, headers = {}): AnswerHead => ({
  endpoint,
  status,
  headers,
  nowMs: 0,
})
const plain = (endpoint: Endpoint, body: unknown, status?: number): Answer =>
  readPlainAnswer(head(endpoint, status), typeof body === 'string' ? body : JSON.stringify(body))
const streamed = (
  endpoint: Endpoint,
  text: string | Uint8Array,
  sizes?: readonly number[],
  status?: number,
) =>
  readStreamedAnswer(head(endpoint, status), inChunks(typeof text === 'string' ? encode(text) : text, sizes))
const data = (...payloads: unknown[]): string =>
  payloads.map((p) => `data: ${typeof p === 'string' ? p : JSON.stringify(p)}\n\n`).join('')

const SAID: Said = { model: 'm', words: ['po', 'ng'], finish: 'stop', input: 8, output: 1 }

/** The three counts, as numbers where they are numbers. */
function counts(answer: Answer) {
  if (!('usage' in answer)) return answer.kind
  const { input, output, total } = answer.usage
  return [input, output, total].map((count) => (count.kind === 'number' ? count.value : count.kind))
}

function text(answer: Answer): string {
  return 'content' in answer ? answer.content.text.head : answer.kind
}

describe('a plain answer', () => {
  it.each([
    ['responses', [8, 1, 9], 'completed'],
    ['chat', [8, 1, 9], 'stop'],
    ['messages', [8, 1, 'missing'], 'end_turn'],
  ] as const)('on %s is complete with model, text, usage and finish', (endpoint, expected, finish) => {
    const answer = plain(endpoint, plainBody(endpoint, SAID))
    expect(answer).toMatchObject({ kind: 'complete', model: 'm', finish })
    expect(counts(answer)).toEqual(expected)
    expect(text(answer)).toBe('pong')
  })

  it.each([
    ['responses', 'max_output_tokens'],
    ['chat', 'length'],
    ['messages', 'max_tokens'],
  ] as const)('on %s is incomplete when it was cut by length', (endpoint, finish) => {
    expect(plain(endpoint, plainBody(endpoint, { ...SAID, finish: 'length' }))).toMatchObject({
      kind: 'incomplete',
      reason: 'length',
      finish,
    })
  })

  it.each([
    ['chat', { choices: [{ message: { content: 'x' }, finish_reason: 'content_filter' }] }, 'content-filter'],
    [
      'messages',
      { type: 'message', content: [{ type: 'text', text: 'x' }], stop_reason: 'refusal' },
      'content-filter',
    ],
    [
      'messages',
      { type: 'message', content: [{ type: 'text', text: 'x' }], stop_reason: 'pause_turn' },
      'paused',
    ],
    [
      'responses',
      { object: 'response', status: 'incomplete', output: [{ type: 'web_search_call' }] },
      'other',
    ],
  ] as const)('on %s may be incomplete for another reason', (endpoint, body, reason) => {
    expect(plain(endpoint, body)).toMatchObject({ kind: 'incomplete', reason })
  })

  it.each([null, {}, ''])('is not refused for the error %j', (error) => {
    expect(plain('chat', { ...plainBody('chat', SAID), error }).kind).toBe('complete')
  })

  it('may stand behind the newlines of a keep-alive, or a byte order mark', () => {
    const body = JSON.stringify(plainBody('chat', SAID))
    expect(plain('chat', `\n\n\n${body}\n`).kind).toBe('complete')
    expect(plain('chat', `\uFEFF${body}`).kind).toBe('complete')
  })

  it('is refused when an error stands behind those newlines, with status 200', () => {
    const body = '\n\n{"error":{"message":"auth_unavailable: no auth available","type":"server_error"}}'
    expect(plain('chat', body)).toMatchObject({
      kind: 'refused',
      refusal: { rule: 'auth-unavailable', status: 200 },
    })
  })

  it.each([
    [{ error: 'Invalid API key' }, 'key-invalid'],
    [{ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 'capacity'],
    [
      { detail: "The 'x' model is not supported when using Codex with a ChatGPT account." },
      'plan-without-model',
    ],
    [
      { object: 'response', status: 'failed', error: { code: 'rate_limit_exceeded', message: 'x' } },
      'rate-limited',
    ],
  ])('is refused by %j whatever the status', (body, rule) => {
    expect(plain('responses', body)).toMatchObject({ kind: 'refused', refusal: { rule } })
    expect(plain('responses', body, 503)).toMatchObject({ kind: 'refused', refusal: { status: 503 } })
  })

  it.each([
    ['responses', { object: 'response', status: 'completed', error: null, model: 'm' }],
    [
      'messages',
      {
        type: 'message',
        model: '',
        content: [],
        stop_reason: 'end_turn',
        usage: { input_tokens: 0, output_tokens: 0 },
      },
    ],
    ['chat', ''],
    ['chat', '\n\n'],
  ] as const)('on %s with nothing in it is no answer', (endpoint, body) => {
    expect(plain(endpoint, body)).toMatchObject({ kind: 'refused', refusal: { rule: 'no-answer' } })
  })

  it('without text is an answer if tokens were counted', () => {
    expect(plain('chat', plainBody('chat', { ...SAID, words: [] })).kind).toBe('complete')
  })

  it.each([
    ['<!DOCTYPE html><html></html>', 'html'],
    ['{"id":"x","choices":[{"mess', 'half-json'],
    ['upstream said no', 'not-json'],
    ['data: {"choices":[]}\n\n', 'event-stream'],
    ['event: message_start\ndata: {}\n\n', 'event-stream'],
    ['[]', 'other-shape'],
    ['"pong"', 'other-shape'],
    ['{"ok":true}', 'other-shape'],
    ['{"choices":[{"message":{"content":"x"},"finish_reason":null}]}', 'not-finished'],
    ['{"choices":[]}', 'not-finished'],
  ])('that is %j is unreadable', (body, why) => {
    expect(plain('chat', body)).toMatchObject({ kind: 'unreadable', why, head: body.trim().slice(0, 200) })
  })

  it.each([
    ['responses', 'chat'],
    ['chat', 'messages'],
    ['messages', 'responses'],
  ] as const)('on %s in the shape of %s is unreadable, for no client could read it', (asked, sent) => {
    expect(plain(asked, plainBody(sent, SAID))).toMatchObject({ kind: 'unreadable', why: 'other-shape' })
  })

  it('in progress is not finished', () => {
    const body = { object: 'response', status: 'in_progress', output: [] }
    expect(plain('responses', body)).toMatchObject({ kind: 'unreadable', why: 'not-finished' })
  })

  it('keeps text, reasoning and tool calls apart', () => {
    const output = [
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'hm' }] },
      {
        type: 'message',
        content: [
          { type: 'output_text', text: 'pong' },
          { type: 'refusal', refusal: '!' },
        ],
      },
      { type: 'function_call', name: 'weather', arguments: '{"city": "Paris"}', call_id: 'random' },
      { type: 'custom_tool_call', name: 'patch', input: 'a b' },
    ]
    const answer = plain('responses', { object: 'response', status: 'completed', output })
    expect(answer).toMatchObject({
      content: {
        text: { chars: 5, head: 'pong!' },
        reasoning: { chars: 2, head: 'hm' },
        toolCalls: { head: '\nweather:{"city":"Paris"}\npatch:ab' },
      },
    })
  })
})

describe('a streamed answer', () => {
  it.each(['responses', 'chat', 'messages'] as const)('on %s is what the plain one is', async (endpoint) => {
    for (const finish of ['stop', 'length'] as const) {
      const said = { ...SAID, finish }
      const stream = await streamed(endpoint, written(frames(endpoint, said)))
      expect(stream).toEqual(plain(endpoint, plainBody(endpoint, said)))
    }
  })

  it('is the same for tool calls, whose arguments come in pieces and spaced otherwise', async () => {
    const call = (args: object, name?: string) => ({
      choices: [{ delta: { tool_calls: [{ index: 0, function: { name, ...args } }] }, finish_reason: null }],
    })
    const chat = await streamed(
      'chat',
      data(
        call({ arguments: '' }, 'weather'),
        call({ arguments: '{"city": "Pa' }),
        call({ arguments: 'ris"}' }),
        { choices: [{ delta: {}, finish_reason: 'tool_calls' }] },
        '[DONE]',
      ),
    )
    const blocks = await streamed(
      'messages',
      data(
        {
          type: 'content_block_start',
          content_block: { type: 'tool_use', id: 'x', name: 'weather', input: {} },
        },
        { type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: '{"city": ' } },
        { type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: '"Paris"}' } },
        { type: 'message_delta', delta: { stop_reason: 'tool_use' } },
        { type: 'message_stop' },
      ),
    )
    const content = [{ type: 'tool_use', id: 'y', name: 'weather', input: { city: 'Paris' } }]
    const whole = plain('messages', { type: 'message', content, stop_reason: 'tool_use' })
    for (const answer of [chat, blocks, whole]) {
      expect(answer).toMatchObject({
        kind: 'complete',
        content: { toolCalls: { head: '\nweather:{"city":"Paris"}' } },
      })
    }
  })

  it('takes its output from the items when the terminal event leaves it out', async () => {
    const list = frames('responses', SAID).map((frame) => structuredClone(frame))
    const last = list.at(-1)?.data as { response: { output?: unknown } }
    last.response.output = []
    expect(text(await streamed('responses', written(list)))).toBe('pong')
  })

  it('needs message_stop, for which [DONE] does not stand', async () => {
    const stream = data(
      output.messages,
      { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
      '[DONE]',
    )
    expect((await streamed('messages', stream)).kind).toBe('interrupted')
  })

  it('may end in response.done, and may let an upstream’s [DONE] through', async () => {
    const list = frames('responses', SAID).map(({ data: payload }) => ({ ...(payload as { type: string }) }))
    const renamed = list.map((payload) =>
      payload.type === 'response.completed' ? { ...payload, type: 'response.done' } : payload,
    )
    expect((await streamed('responses', data(...renamed, '[DONE]'))).kind).toBe('complete')
    expect((await streamed('responses', data('[DONE]', ...renamed))).kind).toBe('complete')
  })

  it.each([
    ['chat without [DONE]', 'chat', (list: string) => list.replace('data: [DONE]\n\n', '')],
    [
      'chat without finish_reason',
      'chat',
      (list: string) => list.replace('"finish_reason":"stop"', '"finish_reason":null'),
    ],
    ['messages without message_stop', 'messages', (list: string) => list.replaceAll('message_stop', 'ping')],
    [
      'messages closed without a stop reason',
      'messages',
      (list: string) => list.replace('"end_turn"', 'null'),
    ],
    [
      'responses without its terminal event',
      'responses',
      (list: string) => list.replaceAll('response.completed', 'response.in_progress'),
    ],
  ] as const)('is interrupted: %s', async (_, endpoint, spoil) => {
    const answer = await streamed(endpoint, spoil(written(frames(endpoint, SAID))))
    expect(answer).toMatchObject({ kind: 'interrupted', interruption: { kind: 'no-terminal' } })
  })

  const output = {
    responses: { type: 'response.output_text.delta', delta: 'po' },
    chat: { choices: [{ delta: { content: 'po' }, finish_reason: null }] },
    messages: { type: 'content_block_delta', delta: { type: 'text_delta', text: 'po' } },
  }
  const errors = [
    ['responses', { type: 'error', code: 'rate_limit_exceeded', message: 'm' }, 'rate-limited'],
    ['responses', { error: { message: 'unexpected EOF', type: 'server_error' } }, 'stream-cut'],
    [
      'responses',
      {
        type: 'response.failed',
        response: { status: 'failed', error: { code: 'server_error', message: 'm' } },
      },
      'upstream-error',
    ],
    [
      'responses',
      {
        type: 'response.completed',
        response: { status: 'failed', error: { code: 'overloaded', message: 'm' } },
      },
      'capacity',
    ],
    ['chat', { error: { message: 'm', type: 'overloaded_error' } }, 'capacity'],
    ['chat', { error: 'upstream broke' }, 'unrecognised'],
    ['messages', { type: 'error', error: { type: 'overloaded_error', message: 'm' } }, 'capacity'],
  ] as const

  it.each(errors)(
    'on %s with the error frame %j after output is interrupted',
    async (endpoint, frame, rule) => {
      expect(await streamed(endpoint, data(output[endpoint], frame))).toMatchObject({
        kind: 'interrupted',
        interruption: { kind: 'error-frame', refusal: { rule, status: 200 } },
      })
    },
  )

  it.each(errors)(
    'on %s with the error frame %j before any output is refused',
    async (endpoint, frame, rule) => {
      const begun = {
        type: 'response.created',
        response: { status: 'in_progress', error: null, usage: null },
      }
      const stream = endpoint === 'responses' ? data(begun, frame) : data(frame)
      expect(await streamed(endpoint, stream)).toMatchObject({ kind: 'refused', refusal: { rule } })
    },
  )

  it('knows an error frame by its name alone', async () => {
    const stream = `${data(output.responses)}event: error\ndata: {"code":"request_timeout","message":"m"}\n\n`
    expect(await streamed('responses', stream)).toMatchObject({ interruption: { kind: 'error-frame' } })
  })

  it('is interrupted by an error although [DONE] follows', async () => {
    const finish = { choices: [{ delta: {}, finish_reason: 'stop' }] }
    const stream = data(output.chat, finish, { error: { message: 'm' } }, '[DONE]')
    expect((await streamed('chat', stream)).kind).toBe('interrupted')
  })

  it('is not undone by what comes after its end', async () => {
    const whole = written(frames('responses', SAID))
    const late = data(
      { type: 'error', code: 'x', message: 'm' },
      { type: 'response.completed', response: { usage: { input_tokens: 0 } } },
    )
    expect(await streamed('responses', whole + late)).toEqual(await streamed('responses', whole))
  })

  it.each([
    ['responses', ''],
    ['responses', '\n'],
    ['chat', 'data: [DONE]\n\n'],
    ['responses', ': keep-alive\r\n\r\ndata: [DONE]\r\n\r\n'],
    ['messages', 'event: message_stop\ndata: {"type":"message_stop"}\n\n'],
    ['chat', ': keep-alive\n\n: keep-alive\n\n'],
  ] as const)('on %s that is only %j is no answer', async (endpoint, stream) => {
    expect(await streamed(endpoint, stream)).toMatchObject({
      kind: 'refused',
      refusal: { rule: 'no-answer' },
    })
  })

  it('that never began, because the request was refused, is read as the refusal', async () => {
    const body = JSON.stringify({ error: { message: 'Rate limit reached', code: 'rate_limit_exceeded' } })
    expect(await streamed('chat', body, [5], 429)).toMatchObject({
      kind: 'refused',
      refusal: { rule: 'rate-limited', status: 429 },
    })
    expect(await streamed('chat', `\n${body}`)).toMatchObject({
      kind: 'refused',
      refusal: { rule: 'rate-limited', status: 200 },
    })
  })

  it.each([
    ['<!DOCTYPE html>\n<html><title>Sign in</title></html>\n', 'html'],
    [JSON.stringify(plainBody('chat', SAID)), 'not-a-stream'],
    ['{"id":"x","choi', 'half-json'],
    [data('data: {"choices":[]}', 'event: x'), 'garbled-stream'],
    ['data: {"a":1}\ndata: {"b":2}\n\n', 'garbled-stream'],
    [data({ type: 'message_start', message: {} }, { type: 'message_stop' }), 'other-shape'],
  ])('that is %j is unreadable', async (stream, why) => {
    expect(await streamed('chat', stream)).toMatchObject({ kind: 'unreadable', why })
  })

  it.each([
    ['read ECONNRESET', 'connection'],
    ['other side closed', 'connection'],
    ['terminated', 'connection'],
    ['truncated', 'connection'],
    ['aborted', 'stopped'],
    ['timeout', 'stopped'],
    ['The operation was aborted due to timeout', 'stopped'],
  ])('whose source fails with "%s" is interrupted: %s', async (reason, kind) => {
    async function* source() {
      yield encode(data(output.chat))
      throw new Error(reason)
    }
    expect(await readStreamedAnswer(head('chat'), source())).toMatchObject({
      kind: 'interrupted',
      interruption: { kind, reason },
    })
  })

  it('is whole when its source fails only after the end', async () => {
    async function* source() {
      yield encode(written(frames('messages', SAID)))
      throw new Error('read ECONNRESET')
    }
    expect((await readStreamedAnswer(head('messages'), source())).kind).toBe('complete')
  })

  it('whose source fails before the first event is unreadable', async () => {
    // biome-ignore lint/correctness/useYield: it fails before there is anything to yield
    async function* source(): AsyncGenerator<Uint8Array> {
      throw new Error('read ECONNRESET')
    }
    expect(await readStreamedAnswer(head('chat'), source())).toMatchObject({
      kind: 'unreadable',
      why: 'cut-at-once',
    })
  })

  it('with an event beyond the limit is unreadable', async () => {
    const source = inChunks(encode(data(output.chat)))
    expect(await readStreamedAnswer(head('chat'), source, { maxEventChars: 20 })).toMatchObject({
      kind: 'unreadable',
      why: 'event-too-large',
    })
  })

  it('is the same in any framing and any chunking', () => {
    const property = fc.asyncProperty(
      anyEndpoint,
      anySaid,
      anyWire,
      anyChunking,
      async (endpoint, said, wire, sizes) => {
        const stream = await streamed(endpoint, written(frames(endpoint, said), wire), sizes)
        expect(stream).toEqual(plain(endpoint, plainBody(endpoint, said)))
      },
    )
    return fc.assert(property, { numRuns: 300 })
  })

  it('cut at any byte is interrupted, or has the usage of the whole', () => {
    const property = fc.asyncProperty(
      anyEndpoint,
      anySaid,
      anyWire,
      anyChunking,
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (endpoint, said, wire, sizes, share) => {
        const bytes = encode(written(frames(endpoint, said), wire))
        const cut = await streamed(endpoint, bytes.subarray(0, Math.floor(bytes.length * share)), sizes)
        if (cut.kind !== 'complete' && cut.kind !== 'incomplete') return
        expect(stated(cut.usage.input)).toBe(said.input)
        expect(stated(cut.usage.output)).toBe(said.output)
      },
    )
    return fc.assert(property, { numRuns: 600 })
  })

  it.each(['responses', 'chat', 'messages'] as const)(
    'on %s, cut at every single byte, is whole only at its end',
    async (endpoint) => {
      const bytes = encode(written(frames(endpoint, SAID), { ...PLAIN_WIRE, heartbeats: true }))
      const whole = await streamed(endpoint, bytes)
      const kinds = new Set<string>()
      for (let length = 0; length < bytes.length; length++) {
        const cut = await streamed(endpoint, bytes.subarray(0, length))
        kinds.add(cut.kind)
        if (cut.kind === 'complete') {
          expect(cut).toEqual(whole)
          expect(bytes.length - length).toBeLessThan(4)
        }
      }
      expect(kinds).toContain('interrupted')
    },
  )
})
