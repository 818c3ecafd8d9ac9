import { describe, expect, it } from 'vitest'
import { inputTokens, reply } from '../../../../src/gateway/embedded/upstream/reply.ts'
import { survey } from '../../../../src/gateway/embedded/upstream/survey.ts'
import type { Fault } from '../../../../src/gateway/embedded/upstream/types.ts'
import { dataUrl, plainPng, RED } from './pictures.ts'

const RED_URL = dataUrl(plainPng(RED))
const RED_DATA = plainPng(RED).toString('base64')

const said = (body: Record<string, unknown>, faults: readonly Fault[] = []) =>
  reply(survey(body), { id: 'id', nowMs: 0, model: 'm', faults })
const ask = (content: unknown, more: Record<string, unknown> = {}) => ({
  messages: [{ role: 'user', content }],
  ...more,
})

describe('a simulated model', () => {
  it.each([
    ['ping', 'pong'],
    ['Ping!', 'pong'],
    ['Reply with exactly: canary-7', 'canary-7'],
    ['Answer exactly "OK".', 'OK'],
    ['Hello', 'You said: Hello'],
    ['What colour is the image?', 'I see no image.'],
    ['Please write 3 words', 'word word word'],
  ])('answers %j', (prompt, text) => {
    expect(said(ask(prompt)).text).toBe(text)
  })

  it('answers alike in each format', () => {
    const bodies = [
      ask([{ type: 'text', text: 'ping' }]),
      { input: 'ping' },
      { input: [{ role: 'user', content: [{ type: 'input_text', text: 'ping' }] }] },
    ]
    expect(bodies.map((body) => said(body).text)).toEqual(['pong', 'pong', 'pong'])
    expect(new Set(bodies.map((body) => inputTokens(survey(body), []))).size).toBe(1)
  })

  const withImage = {
    chat: {
      messages: [
        { role: 'tool', tool_call_id: 'c', content: [{ type: 'image_url', image_url: { url: RED_URL } }] },
      ],
    },
    responses: {
      input: [
        { type: 'function_call_output', call_id: 'c', output: [{ type: 'input_image', image_url: RED_URL }] },
      ],
    },
    claude: ask([
      {
        type: 'tool_result',
        tool_use_id: 'c',
        content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: RED_DATA } }],
      },
    ]),
  }

  it.each(Object.entries(withImage))('sees an image in a tool result of a %s request', (_, body) => {
    const { text, usage } = said(body)
    expect(text).toBe('The image is red.')
    expect(usage).toMatchObject({ input: 93 })
    expect(survey(body).images).toMatchObject([{ inToolResult: true }])
  })

  it('does not see what is dropped, and does not count it', () => {
    const { text, usage } = said(
      { messages: [...withImage.chat.messages, { role: 'user', content: 'Which colour?' }] },
      [{ kind: 'images', how: 'dropped' }],
    )
    expect(text).toBe('I see no image.')
    expect(usage).toMatchObject({ input: 7 })
  })

  it('counts base64 that came as text by its length', () => {
    const raw = JSON.stringify([{ type: 'image', source: { data: 'A'.repeat(8000) } }])
    const { text, usage } = said({ messages: [{ role: 'tool', tool_call_id: 'c', content: raw }] })
    expect(text).toBe('I see a long text but no image.')
    expect(usage).toMatchObject({ input: 3 + Math.ceil(raw.length / 4) })
  })

  const weather = {
    type: 'function',
    function: {
      name: 'get_weather',
      parameters: {
        type: 'object',
        properties: {
          city: { type: 'string' },
          days: { type: 'integer' },
          unit: { enum: ['C', 'F'] },
          note: {},
        },
        required: ['city', 'days', 'unit'],
      },
    },
  }

  it('calls a tool that is named, with values from the prompt', () => {
    const { tool, finish, text } = said(ask('Use get_weather for Paris, 3 days', { tools: [weather] }))
    expect(tool).toMatchObject({ name: 'get_weather', arguments: '{"city":"Paris","days":3,"unit":"C"}' })
    expect({ finish, text }).toEqual({ finish: 'tool', text: '' })
  })

  it('calls a tool when it must, and none that nobody asked for', () => {
    expect(said(ask('ping', { tools: [weather] })).tool).toBeNull()
    expect(said(ask('ping', { tools: [weather], tool_choice: 'required' })).tool?.name).toBe('get_weather')
    const named = { type: 'function', function: { name: 'get_weather' } }
    expect(said(ask('ping', { tools: [weather], tool_choice: named })).tool?.name).toBe('get_weather')
    expect(said(ask('ping', { tools: [weather], tool_choice: { type: 'any' } })).tool?.name).toBe(
      'get_weather',
    )
  })

  it('speaks after a tool result instead of calling again', () => {
    const body = {
      tools: [weather],
      messages: [
        { role: 'user', content: 'Use get_weather for Paris' },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c', function: { name: 'get_weather', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'sunny' },
      ],
    }
    expect(said(body)).toMatchObject({ tool: null, text: 'The tool says: sunny', finish: 'stop' })
  })

  it('stops at the token limit', () => {
    expect(said(ask('Please write 30 words', { max_tokens: 2 }))).toMatchObject({
      finish: 'length',
      text: 'word wor',
    })
  })

  it.each([
    ['missing', 'missing'],
    ['null', 'null'],
    ['zero', { input: 0, output: 0, cached: 0, reasoning: 0 }],
    ['different', { input: 24, output: 5, cached: 0, reasoning: 0 }],
    ['cached', { input: 4, output: 1, cached: 2, reasoning: 0 }],
  ] as const)('tells %s usage when a rule says so', (how, usage) => {
    expect(said(ask('ping'), [{ kind: 'usage', how }]).usage).toEqual(usage)
  })

  it('names another model when a rule says so', () => {
    expect(said(ask('ping'), [{ kind: 'wrong-model', model: 'other' }]).model).toBe('other')
  })
})
