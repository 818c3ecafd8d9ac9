import { describe, expect, it } from 'vitest'
import type { Profile } from '../../../../src/gateway/embedded/profile.ts'
import { countTokensRequest, TRANSLATIONS } from '../../../../src/gateway/embedded/translation/table.ts'
import type { Call, JsonBody, UpstreamKind } from '../../../../src/gateway/embedded/translation/types.ts'
import type { Endpoint } from '../../../../src/wire/routes.ts'

interface Options {
  readonly profile?: Profile
  readonly stream?: boolean
  readonly inputModalities?: readonly string[]
}

function callFor(
  body: JsonBody,
  { profile = 'upstream', stream = false, inputModalities }: Options = {},
): Call {
  return {
    profile,
    requestedModel: 'asked',
    upstreamModel: 'named',
    body,
    stream,
    ...(inputModalities ? { inputModalities } : {}),
    nowMs: 0,
    newHex: (length) => 'a'.repeat(length),
  }
}

const sent = (endpoint: Endpoint, kind: UpstreamKind, body: JsonBody, options?: Options) =>
  TRANSLATIONS[endpoint][kind].request(callFor(body, options)).body

const SCHEMA = { type: 'object', properties: { city: { type: 'string' } } }

/** The same conversation in each vocabulary: words, a tool call, its result, words. */
const TALK = {
  chat: {
    model: 'asked',
    max_tokens: 9,
    temperature: 0.5,
    messages: [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: [{ type: 'text', text: 'Weather?' }] },
      {
        role: 'assistant',
        content: null,
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'sunny' },
      { role: 'user', content: 'Thanks' },
    ],
    tools: [{ type: 'function', function: { name: 'weather', description: 'Tells it', parameters: SCHEMA } }],
    tool_choice: { type: 'function', function: { name: 'weather' } },
  },
  responses: {
    model: 'asked',
    max_output_tokens: 9,
    instructions: 'Be brief.',
    input: [
      { role: 'user', content: [{ type: 'input_text', text: 'Weather?' }] },
      { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{"city":"Rome"}' },
      { type: 'function_call_output', call_id: 'c1', output: 'sunny' },
      { role: 'user', content: 'Thanks' },
    ],
    tools: [{ type: 'function', name: 'weather', description: 'Tells it', parameters: SCHEMA }],
    tool_choice: { type: 'function', name: 'weather' },
  },
  messages: {
    model: 'asked',
    max_tokens: 9,
    temperature: 0.5,
    system: 'Be brief.',
    messages: [
      { role: 'user', content: [{ type: 'text', text: 'Weather?' }] },
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 'c1', name: 'weather', input: { city: 'Rome' } }],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'c1', content: 'sunny' },
          { type: 'text', text: 'Thanks' },
        ],
      },
    ],
    tools: [{ name: 'weather', description: 'Tells it', input_schema: SCHEMA }],
    tool_choice: { type: 'tool', name: 'weather' },
  },
} as const

describe('a conversation with a tool call', () => {
  it.each(['responses', 'messages'] as const)('of %s becomes a chat', (endpoint) => {
    const body = sent(endpoint, 'openai', TALK[endpoint])
    expect(body).toMatchObject({
      model: 'named',
      max_tokens: 9,
      stream: false,
      tools: [
        { type: 'function', function: { name: 'weather', description: 'Tells it', parameters: SCHEMA } },
      ],
      tool_choice: { type: 'function', function: { name: 'weather' } },
    })
    const [system, user, assistant, tool, last] = body.messages as JsonBody[]
    expect(system).toEqual({ role: 'system', content: 'Be brief.' })
    expect(user).toEqual({ role: 'user', content: [{ type: 'text', text: 'Weather?' }] })
    expect(assistant).toMatchObject({
      role: 'assistant',
      tool_calls: [
        { id: 'c1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
      ],
    })
    expect(tool).toEqual({ role: 'tool', tool_call_id: 'c1', content: 'sunny' })
    expect(last).toMatchObject({ role: 'user' })
  })

  it.each(['chat', 'responses'] as const)('of %s becomes Claude messages', (endpoint) => {
    expect(sent(endpoint, 'claude', TALK[endpoint])).toMatchObject({
      model: 'named',
      max_tokens: 9,
      stream: true,
      system: [{ type: 'text', text: 'Be brief.' }],
      messages: [
        { role: 'user', content: [{ type: 'text', text: 'Weather?' }] },
        {
          role: 'assistant',
          content: [{ type: 'tool_use', id: 'c1', name: 'weather', input: { city: 'Rome' } }],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'sunny' }] },
        { role: 'user', content: [{ type: 'text', text: 'Thanks' }] },
      ],
      tools: [{ name: 'weather', description: 'Tells it', input_schema: SCHEMA }],
      tool_choice: { type: 'tool', name: 'weather' },
    })
  })

  it.each(['chat', 'messages'] as const)('of %s becomes native Responses', (endpoint) => {
    const body = sent(endpoint, 'codex', TALK[endpoint])
    expect(body).toMatchObject({
      model: 'named',
      stream: true,
      store: false,
      tools: [{ type: 'function', name: 'weather', description: 'Tells it', parameters: SCHEMA }],
      tool_choice: { type: 'function', name: 'weather' },
    })
    expect(body.input).toEqual([
      { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'Be brief.' }] },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Weather?' }] },
      { type: 'function_call', call_id: 'c1', name: 'weather', arguments: '{"city":"Rome"}' },
      { type: 'function_call_output', call_id: 'c1', output: 'sunny' },
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Thanks' }] },
    ])
  })

  it('stays what it is where the formats are the same', () => {
    expect(sent('chat', 'openai', TALK.chat)).toEqual({ ...TALK.chat, model: 'named' })
    expect(sent('messages', 'claude', TALK.messages)).toEqual({
      ...TALK.messages,
      model: 'named',
      stream: false,
    })
    const { max_output_tokens: _, ...kept } = TALK.responses
    expect(sent('responses', 'codex', TALK.responses)).toMatchObject({
      ...kept,
      model: 'named',
      stream: true,
    })
  })
})

describe('a streamed request to an OpenAI-compatible upstream', () => {
  it('asks for usage, but not from the old fork', () => {
    const usage = (profile: Profile) =>
      sent('chat', 'openai', TALK.chat, { profile, stream: true }).stream_options
    expect(usage('runbook')).toEqual({ include_usage: true })
    expect(usage('fork')).toEqual({ include_usage: true })
    expect(usage('fork-old')).toBeUndefined()
  })
})

describe('a string as input', () => {
  it('reaches OpenAI and Codex and is lost on the way to Claude', () => {
    const body = { input: 'ping' }
    expect(sent('responses', 'openai', body).messages).toEqual([{ role: 'user', content: 'ping' }])
    expect(sent('responses', 'codex', body).input).toMatchObject([{ content: [{ text: 'ping' }] }])
    expect(sent('responses', 'claude', body).messages).toEqual([])
  })
})

describe('a tool result', () => {
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }
  const result = (content: unknown) => ({
    messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c', content }] }],
  })
  const toolMessage = (content: unknown, options?: Options) =>
    (sent('messages', 'openai', result(content), options).messages as JsonBody[])[0]?.content

  it.each([
    ['a string', 'words', 'words'],
    ['nothing', undefined, ''],
    ['texts', [{ type: 'text', text: 'a' }, 'b'], 'a\n\nb'],
    ['unknown blocks', [{ type: 'text', text: 'a' }, { type: 'odd' }], 'a\n\n{"type":"odd"}'],
    ['an image alone', image, [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }]],
    [
      'text and an image',
      [{ type: 'text', text: 'a' }, image, { type: 'odd' }],
      [
        { type: 'text', text: 'a' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
      ],
    ],
    [
      'an image by address',
      [{ type: 'image', source: { type: 'url', url: 'https://example.com/a.png' } }],
      [{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }],
    ],
  ])('of Claude with %s becomes a tool message', (_, content, expected) => {
    expect(toolMessage(content)).toEqual(expected)
  })

  it('of Claude becomes raw text, base64 included, in the old fork', () => {
    expect(toolMessage([{ type: 'text', text: 'a' }, image], { profile: 'fork-old' })).toBe(
      `a\n\n${JSON.stringify(image)}`,
    )
  })

  it('loses its image for a model that takes text only', () => {
    const content = [{ type: 'text', text: 'a' }, image]
    expect(toolMessage(content, { inputModalities: ['text'] })).toBe(
      'a\n\n[image omitted: unsupported by upstream]',
    )
    expect(toolMessage(content, { inputModalities: ['text', 'image'] })).toHaveLength(2)
  })

  it.each([
    ['a data URL', 'data:image/png;base64,AAAA', { type: 'base64', media_type: 'image/png', data: 'AAAA' }],
    ['an address', 'https://example.com/a.png', { type: 'url', url: 'https://example.com/a.png' }],
  ])('of OpenAI with %s becomes a Claude image', (_, url, source) => {
    const body = {
      messages: [{ role: 'tool', tool_call_id: 'c', content: [{ type: 'image_url', image_url: { url } }] }],
    }
    expect(sent('chat', 'claude', body).messages).toEqual([
      {
        role: 'user',
        content: [{ type: 'tool_result', tool_use_id: 'c', content: [{ type: 'image', source }] }],
      },
    ])
  })

  it('of OpenAI with nothing that Claude could read stays raw JSON', () => {
    const body = { messages: [{ role: 'tool', tool_call_id: 'c', content: [{ type: 'odd' }] }] }
    expect(sent('chat', 'claude', body).messages).toMatchObject([
      { content: [{ content: '[{"type":"odd"}]' }] },
    ])
  })
})

describe('counting tokens', () => {
  it('is asked of Claude upstreams only', () => {
    const call = callFor({ model: 'asked', max_tokens: 5, messages: [] })
    expect(countTokensRequest('claude', call)).toMatchObject({
      path: '/v1/messages/count_tokens?beta=true',
      body: { model: 'named', messages: [] },
    })
    expect(countTokensRequest('openai', call)).toBeNull()
  })
})
