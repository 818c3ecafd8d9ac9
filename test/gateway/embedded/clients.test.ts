import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Fault } from '../../../src/gateway/embedded/upstream/types.ts'
import { CLIENT_KEY, CONFIG_HEAD, closeAll, type Started, start, UPSTREAM } from './harness.ts'
import { plainPng, RED } from './upstream/pictures.ts'

const KINDS = [
  {
    kind: 'openai',
    section:
      'openai-compatibility:\n  - name: main\n    base-url: "{{upstream:main}}/v1"\n    api-key-entries:\n      - api-key: sk-1',
  },
  {
    kind: 'claude',
    section: 'claude-api-key:\n  - api-key: sk-1\n    base-url: "{{upstream:main}}"',
  },
  {
    kind: 'codex',
    section: 'codex-api-key:\n  - api-key: sk-1\n    base-url: "{{upstream:main}}"',
  },
] as const

function startWith(
  { kind, section }: (typeof KINDS)[number],
  faults: readonly Fault[] = [],
): Promise<Started> {
  const rules = faults.map((fault) => ({
    when: {},
    afterMs: 0,
    forMs: null,
    pick: { kind: 'all' as const },
    fault,
  }))
  return start({
    config: `${CONFIG_HEAD}${section}\n    models:\n      - name: glm-4.7\n        alias: glm\n`,
    scenario: { upstreams: [{ ...UPSTREAM, kind, rules }] },
  })
}

const openai = ({ gateway }: Started, apiKey = CLIENT_KEY) =>
  new OpenAI({ apiKey, baseURL: `${gateway.url}/v1`, maxRetries: 0 })

const anthropic = ({ gateway }: Started, apiKey = CLIENT_KEY) =>
  new Anthropic({ apiKey, baseURL: gateway.url, maxRetries: 0 })

const PING = [{ role: 'user' as const, content: 'ping' }]
const WEATHER = [{ role: 'user' as const, content: 'Use get_weather: what is the weather in Paris?' }]
const PARAMETERS = {
  type: 'object' as const,
  properties: { city: { type: 'string' } },
  required: ['city'],
}
const FUNCTION = { name: 'get_weather', description: 'Weather of a city.', parameters: PARAMETERS }
const RED_PICTURE = plainPng(RED).toString('base64')
const RED_URL = `data:image/png;base64,${RED_PICTURE}`

describe.each(KINDS)('official clients in front of a provider of kind $kind', (kind) => {
  let started: Started
  beforeAll(async () => {
    started = await startWith(kind)
  })
  afterAll(closeAll)

  describe('openai', () => {
    it('lists models', async () => {
      const ids = (await openai(started).models.list()).data.map(({ id, object }) => [id, object])
      expect(ids).toEqual([['glm', 'model']])
    })

    it('chats', async () => {
      const reply = await openai(started).chat.completions.create({ model: 'glm', messages: PING })
      expect(reply.choices[0]).toMatchObject({
        finish_reason: 'stop',
        message: { role: 'assistant', content: 'pong' },
      })
      expect(reply.usage?.total_tokens).toBeGreaterThan(0)
    })

    it('streams a chat', async () => {
      const stream = openai(started).chat.completions.stream({
        model: 'glm',
        messages: PING,
        stream_options: { include_usage: true },
      })
      const pieces: string[] = []
      stream.on('content', (piece) => pieces.push(piece))
      const whole = await stream.finalChatCompletion()
      expect(whole.choices[0]?.message.content).toBe('pong')
      expect(pieces.join('')).toBe('pong')
      expect(whole.usage?.completion_tokens).toBeGreaterThan(0)
    })

    it.each([false, true])('calls a tool and speaks of its result (streamed: %s)', async (streamed) => {
      const client = openai(started).chat.completions
      const asked = {
        model: 'glm',
        messages: WEATHER,
        tools: [{ type: 'function' as const, function: FUNCTION }],
      }
      const called = streamed ? await client.stream(asked).finalChatCompletion() : await client.create(asked)
      const [choice] = called.choices
      const [call] = choice?.message.tool_calls ?? []
      if (choice?.finish_reason !== 'tool_calls' || call?.type !== 'function') throw new Error('no tool call')
      expect([call.function.name, JSON.parse(call.function.arguments)]).toEqual([
        'get_weather',
        { city: 'Paris' },
      ])
      const told = await client.create({
        ...asked,
        messages: [
          ...WEATHER,
          choice.message,
          { role: 'tool', tool_call_id: call.id, content: '21 degrees' },
        ],
      })
      expect(told.choices[0]?.message.content).toBe('The tool says: 21 degrees')
    })

    it('shows an image', async () => {
      const reply = await openai(started).chat.completions.create({
        model: 'glm',
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'Which colour?' },
              { type: 'image_url', image_url: { url: RED_URL } },
            ],
          },
        ],
      })
      expect(reply.choices[0]?.message.content).toBe('The image is red.')
    })

    it('asks for a response', async () => {
      const reply = await openai(started).responses.create({ model: 'glm', input: PING })
      expect([reply.status, reply.output_text]).toEqual(['completed', 'pong'])
      expect(reply.usage?.total_tokens).toBeGreaterThan(0)
    })

    it('streams a response', async () => {
      const stream = openai(started).responses.stream({ model: 'glm', input: PING })
      const pieces: string[] = []
      stream.on('response.output_text.delta', ({ delta }) => pieces.push(delta))
      expect((await stream.finalResponse()).output_text).toBe('pong')
      expect(pieces.join('')).toBe('pong')
    })

    it.each([false, true])(
      'calls a tool in a response and speaks of its result (streamed: %s)',
      async (streamed) => {
        const client = openai(started).responses
        const asked = {
          model: 'glm',
          input: WEATHER,
          tools: [{ type: 'function' as const, ...FUNCTION, strict: false }],
        }
        const called = streamed ? await client.stream(asked).finalResponse() : await client.create(asked)
        const call = (called.output as OpenAI.Responses.ResponseOutputItem[]).find(
          (item) => item.type === 'function_call',
        )
        if (!call) throw new Error('no tool call')
        expect([call.name, JSON.parse(call.arguments)]).toEqual(['get_weather', { city: 'Paris' }])
        const told = await client.create({
          ...asked,
          input: [
            ...WEATHER,
            { type: 'function_call', call_id: call.call_id, name: call.name, arguments: call.arguments },
            { type: 'function_call_output', call_id: call.call_id, output: '21 degrees' },
          ],
        })
        expect(told.output_text).toBe('The tool says: 21 degrees')
      },
    )

    it('shows an image in a response', async () => {
      const reply = await openai(started).responses.create({
        model: 'glm',
        input: [
          {
            role: 'user',
            content: [
              { type: 'input_text', text: 'Which colour?' },
              { type: 'input_image', image_url: RED_URL, detail: 'auto' },
            ],
          },
        ],
      })
      expect(reply.output_text).toBe('The image is red.')
    })
  })

  describe('anthropic', () => {
    it('lists models', async () => {
      const ids = (await anthropic(started).models.list()).data.map(({ id }) => id)
      expect(ids).toHaveLength(1)
    })

    it('sends a message', async () => {
      const reply = await anthropic(started).messages.create({ model: 'glm', max_tokens: 64, messages: PING })
      expect(reply).toMatchObject({ stop_reason: 'end_turn', content: [{ type: 'text', text: 'pong' }] })
      expect(reply.usage.output_tokens).toBeGreaterThan(0)
    })

    it('streams a message', async () => {
      const stream = anthropic(started).messages.stream({ model: 'glm', max_tokens: 64, messages: PING })
      const pieces: string[] = []
      stream.on('text', (piece) => pieces.push(piece))
      expect(await stream.finalText()).toBe('pong')
      expect(pieces.join('')).toBe('pong')
      expect((await stream.finalMessage()).stop_reason).toBe('end_turn')
    })

    it.each([false, true])('calls a tool and speaks of its result (streamed: %s)', async (streamed) => {
      const client = anthropic(started).messages
      const asked = {
        model: 'glm',
        max_tokens: 64,
        messages: WEATHER,
        tools: [{ name: FUNCTION.name, input_schema: PARAMETERS }],
      }
      const called = streamed ? await client.stream(asked).finalMessage() : await client.create(asked)
      const call = called.content.find((block) => block.type === 'tool_use')
      if (!call) throw new Error('no tool call')
      expect([called.stop_reason, call.name, call.input]).toEqual([
        'tool_use',
        'get_weather',
        { city: 'Paris' },
      ])
      const told = await client.create({
        ...asked,
        messages: [
          ...WEATHER,
          { role: 'assistant', content: called.content },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: '21 degrees' }] },
        ],
      })
      expect(told.content).toMatchObject([{ type: 'text', text: 'The tool says: 21 degrees' }])
    })

    it('shows an image', async () => {
      const source = { type: 'base64' as const, media_type: 'image/png' as const, data: RED_PICTURE }
      const reply = await anthropic(started).messages.create({
        model: 'glm',
        max_tokens: 64,
        messages: [
          {
            role: 'user',
            content: [
              { type: 'image', source },
              { type: 'text', text: 'Which colour?' },
            ],
          },
        ],
      })
      expect(reply.content).toMatchObject([{ type: 'text', text: 'The image is red.' }])
    })

    it('shows an image that a tool gave back', async () => {
      const source = { type: 'base64' as const, media_type: 'image/png' as const, data: RED_PICTURE }
      const reply = await anthropic(started).messages.create({
        model: 'glm',
        max_tokens: 64,
        tools: [{ name: 'take_picture', input_schema: { type: 'object' } }],
        messages: [
          { role: 'user', content: 'Which colour has the picture?' },
          {
            role: 'assistant',
            content: [{ type: 'tool_use', id: 'call_1', name: 'take_picture', input: {} }],
          },
          {
            role: 'user',
            content: [{ type: 'tool_result', tool_use_id: 'call_1', content: [{ type: 'image', source }] }],
          },
        ],
      })
      expect(reply.content).toMatchObject([{ type: 'text', text: 'The image is red.' }])
    })

    it('counts tokens', async () => {
      const counted = await anthropic(started).messages.countTokens({ model: 'glm', messages: PING })
      expect(counted.input_tokens).toBeGreaterThan(0)
    })
  })
})

describe('a stream that is left by an official client', () => {
  afterEach(closeAll)

  it('ends, and benches nobody', async () => {
    const started = await startWith(KINDS[0], [{ kind: 'slow-stream', gapMs: 60_000 }])
    const chat = await openai(started).chat.completions.create({ model: 'glm', messages: PING, stream: true })
    for await (const _ of chat) break
    const message = anthropic(started).messages.stream({ model: 'glm', max_tokens: 8, messages: PING })
    await message.emitted('streamEvent')
    message.abort()
    await expect(message.done()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError)
    const log = async () => ((await (await started.manage('/logs')).json()) as { lines: string[] }).lines
    const left = async () => (await log()).filter((line) => /"\/v1\/(chat|messages)/.test(line)).length
    await expect.poll(left).toBe(2)
    expect((await openai(started).models.list()).data).toHaveLength(1)
  })
})

describe('errors reach the official clients as their classes', () => {
  afterEach(closeAll)
  const [provider] = KINDS

  it('a wrong key', async () => {
    const started = await startWith(provider)
    const chat = openai(started, 'sk-wrong').chat.completions.create({ model: 'glm', messages: PING })
    await expect(chat).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
    const message = anthropic(started, 'sk-wrong').messages.create({
      model: 'glm',
      max_tokens: 8,
      messages: PING,
    })
    await expect(message).rejects.toBeInstanceOf(Anthropic.AuthenticationError)
  })

  it('a model nobody offers', async () => {
    const started = await startWith(provider)
    const chat = openai(started).chat.completions.create({ model: 'nothing', messages: PING })
    await expect(chat).rejects.toBeInstanceOf(OpenAI.BadRequestError)
    await expect(chat).rejects.toMatchObject({ code: 'model_not_found' })
    const message = anthropic(started).messages.create({ model: 'nothing', max_tokens: 8, messages: PING })
    await expect(message).rejects.toBeInstanceOf(Anthropic.BadRequestError)
  })

  it.each([
    {
      fault: { kind: 'rate-limited', hint: 'retry-after', resetsInMs: 60_000, plan: 'plus' },
      openaiClass: OpenAI.RateLimitError,
      anthropicClass: Anthropic.RateLimitError,
    },
    {
      fault: { kind: 'server-error', status: 500, page: 'json' },
      openaiClass: OpenAI.InternalServerError,
      anthropicClass: Anthropic.InternalServerError,
    },
    {
      fault: { kind: 'forbidden', reason: 'region' },
      openaiClass: OpenAI.PermissionDeniedError,
      anthropicClass: Anthropic.PermissionDeniedError,
    },
    {
      fault: { kind: 'not-found', reason: 'model' },
      openaiClass: OpenAI.NotFoundError,
      anthropicClass: Anthropic.NotFoundError,
    },
  ] as const)('a provider that answers $fault.kind', async ({ fault, openaiClass, anthropicClass }) => {
    const first = await startWith(provider, [fault])
    const chat = openai(first).chat.completions.create({ model: 'glm', messages: PING })
    await expect(chat).rejects.toBeInstanceOf(openaiClass)
    const second = await startWith(provider, [fault])
    const message = anthropic(second).messages.create({ model: 'glm', max_tokens: 8, messages: PING })
    await expect(message).rejects.toBeInstanceOf(anthropicClass)
  })

  it('a path that is not there', async () => {
    const started = await startWith(provider)
    await expect(openai(started).models.retrieve('glm')).rejects.toBeInstanceOf(OpenAI.NotFoundError)
  })

  it('a stream that fails after its first words', async () => {
    const fault = { kind: 'error-in-stream', reason: 'overloaded' } as const
    const first = await startWith(provider, [fault])
    // The first failure has benched the provider.
    const second = await startWith(provider, [fault])
    const words: string[] = []
    const chat = openai(first).chat.completions.stream({ model: 'glm', messages: PING })
    chat.on('content', (piece) => words.push(piece))
    await expect(chat.finalChatCompletion()).rejects.toBeInstanceOf(OpenAI.APIError)
    const message = anthropic(second).messages.stream({ model: 'glm', max_tokens: 8, messages: PING })
    message.on('text', (piece) => words.push(piece))
    await expect(message.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIError)
    expect(words).toEqual(['po', 'po'])
  })

  it('a stream that breaks off before its first event', async () => {
    const started = await startWith(provider, [{ kind: 'cut', how: 'reset', at: 'start' }])
    const stream = openai(started).chat.completions.stream({ model: 'glm', messages: PING })
    await expect(stream.finalChatCompletion()).rejects.toBeInstanceOf(OpenAI.OpenAIError)
  })
})
