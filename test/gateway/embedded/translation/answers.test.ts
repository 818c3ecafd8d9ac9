import { describe, expect, it } from 'vitest'
import type { Profile } from '../../../../src/gateway/embedded/profile.ts'
import { parseObject } from '../../../../src/gateway/embedded/translation/json.ts'
import { TRANSLATIONS } from '../../../../src/gateway/embedded/translation/table.ts'
import type { Call, PlainAnswer, UpstreamKind } from '../../../../src/gateway/embedded/translation/types.ts'
import { chatFormat } from '../../../../src/gateway/embedded/upstream/chat.ts'
import { claudeFormat } from '../../../../src/gateway/embedded/upstream/claude.ts'
import { reply } from '../../../../src/gateway/embedded/upstream/reply.ts'
import { responsesFormat } from '../../../../src/gateway/embedded/upstream/responses.ts'
import { survey } from '../../../../src/gateway/embedded/upstream/survey.ts'
import type { Fault } from '../../../../src/gateway/embedded/upstream/types.ts'
import type { Endpoint } from '../../../../src/wire/routes.ts'

const FORMATS = { openai: chatFormat, codex: responsesFormat, claude: claudeFormat } as const
const ENDPOINTS: readonly Endpoint[] = ['chat', 'responses', 'messages']
const PAIRS = ENDPOINTS.flatMap((endpoint) =>
  (['openai', 'codex', 'claude'] as const).map((kind) => [endpoint, kind] as const),
)

interface Options {
  readonly profile?: Profile
  readonly faults?: readonly Fault[]
  /** Keeps this many of the upstream's events. */
  readonly events?: number
}

/** A plain answer to `ping`, from an upstream that answers in its own way. */
function answer(endpoint: Endpoint, kind: UpstreamKind, options: Options = {}): PlainAnswer {
  const { profile = 'upstream', faults = [], events } = options
  const call: Call = {
    profile,
    requestedModel: 'asked',
    upstreamModel: 'named',
    body: { model: 'asked', instructions: 'Be brief.' },
    stream: false,
    nowMs: 1_790_000_000_000,
    newHex: (length) => 'a'.repeat(length),
  }
  const { answer: translate, request } = TRANSLATIONS[endpoint][kind]
  const asked = {
    messages: [{ role: 'user', content: 'ping' }],
    tools: [{ name: 'weather', input_schema: {} }],
  }
  const said = reply(survey(asked), { id: 'id', nowMs: 0, model: 'named', faults })
  const format = FORMATS[kind]
  const frames = format.stream(said, { withUsage: true, withDone: true }).frames
  const streamed = request(call).streamed
  return translate(streamed ? frames.slice(0, events).join('') : JSON.stringify(format.plain(said)), call)
}

const bodyOf = (plain: PlainAnswer) => (plain.kind === 'answer' ? parseObject(plain.text) : plain)

const SAID = {
  chat: { choices: [{ message: { role: 'assistant', content: 'pong' }, finish_reason: 'stop' }] },
  responses: {
    status: 'completed',
    output: [{ type: 'message', content: [{ type: 'output_text', text: 'pong' }] }],
  },
  messages: { type: 'message', content: [{ type: 'text', text: 'pong' }], stop_reason: 'end_turn' },
} as const

const CALLED = {
  chat: {
    choices: [
      {
        message: { tool_calls: [{ function: { name: 'weather', arguments: '{}' } }] },
        finish_reason: 'tool_calls',
      },
    ],
  },
  responses: { output: [{ type: 'function_call', name: 'weather', arguments: '{}' }] },
  messages: { content: [{ type: 'tool_use', name: 'weather', input: {} }], stop_reason: 'tool_use' },
} as const

const TOLD = {
  chat: { usage: { prompt_tokens: 4, completion_tokens: 1, total_tokens: 5 } },
  responses: { usage: { input_tokens: 4, output_tokens: 1, total_tokens: 5 } },
  messages: { usage: { input_tokens: 4, output_tokens: 1 } },
} as const

describe('a plain answer', () => {
  it.each(PAIRS)('to %s from %s says what the model said and what it cost', (endpoint, kind) => {
    const plain = answer(endpoint, kind)
    expect(bodyOf(plain)).toMatchObject({ ...SAID[endpoint], ...TOLD[endpoint] })
    expect(plain).toMatchObject({ usage: { input: 4, output: 1, total: 5 } })
  })

  it.each(PAIRS)('to %s from %s carries tool calls', (endpoint, kind) => {
    expect(bodyOf(answer(endpoint, kind, { faults: [{ kind: 'tool-call' }] }))).toMatchObject(
      CALLED[endpoint],
    )
  })

  it.each(PAIRS)('to %s from %s never takes missing usage for zero in its own count', (endpoint, kind) => {
    expect(answer(endpoint, kind, { faults: [{ kind: 'usage', how: 'missing' }] })).toMatchObject({
      usage: null,
    })
  })

  it('shows usage that is missing or null as the upstream left it, where the formats allow', () => {
    const usage = (kind: UpstreamKind, how: 'missing' | 'null') =>
      bodyOf(answer('responses', kind, { faults: [{ kind: 'usage', how }] }))
    expect(usage('openai', 'missing')).not.toHaveProperty('usage')
    expect(usage('openai', 'null')).toHaveProperty('usage', null)
    expect(usage('codex', 'null')).toHaveProperty('usage', null)
  })

  it('repeats the request in the vocabulary that was sent', () => {
    expect(bodyOf(answer('responses', 'claude'))).toMatchObject({ model: 'asked', instructions: 'Be brief.' })
    expect(bodyOf(answer('responses', 'openai'))).toMatchObject({ model: 'named' })
  })

  it('says that it was cut by length, in the profiles that do', () => {
    const status = (profile: Profile) =>
      bodyOf(answer('responses', 'openai', { profile, faults: [{ kind: 'length' }] }))
    expect(status('upstream')).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    })
    expect(status('fork')).toMatchObject({ status: 'completed', incomplete_details: null })
  })

  it.each(ENDPOINTS)('to %s from Codex needs the terminal event', (endpoint) => {
    expect(answer(endpoint, 'codex', { events: 4 })).toMatchObject({
      kind: 'failed',
      failure: { status: 408, requestScoped: true },
    })
  })

  it.each(['chat', 'responses'] as const)('to %s from Claude needs a start and an end', (endpoint) => {
    expect(answer(endpoint, 'claude', { events: 0 })).toMatchObject({
      kind: 'failed',
      failure: { status: 502 },
    })
    expect(answer(endpoint, 'claude', { events: 4 })).toMatchObject({
      kind: 'failed',
      failure: { status: 502 },
    })
  })

  it('from Codex fails with the error that its stream carries', () => {
    const { endpoint, kind } = { endpoint: 'responses', kind: 'codex' } as const
    const call: Call = {
      profile: 'upstream',
      requestedModel: 'm',
      upstreamModel: 'm',
      body: {},
      stream: false,
      nowMs: 0,
      newHex: () => 'a',
    }
    const failed = (error: object) =>
      TRANSLATIONS[endpoint][kind].answer(
        `data: ${JSON.stringify({ type: 'response.failed', response: { error } })}\n\n`,
        call,
      )
    expect(failed({ code: 'rate_limit_exceeded', message: 'slow down' })).toMatchObject({
      failure: { status: 429 },
    })
    expect(failed({ code: 'server_error', message: 'overloaded' })).toMatchObject({
      failure: { status: 502 },
    })
    expect(failed({ type: 'usage_limit_reached' })).toMatchObject({ failure: { status: 429 } })
  })

  it('is built from the items when Codex leaves the final output empty', () => {
    const item = { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'pong' }] }
    const text = [
      { type: 'response.output_item.done', output_index: 0, item },
      { type: 'response.completed', response: { id: 'r', output: [] } },
    ]
      .map((event) => `data: ${JSON.stringify(event)}\n\n`)
      .join('')
    const call: Call = {
      profile: 'upstream',
      requestedModel: 'm',
      upstreamModel: 'm',
      body: {},
      stream: false,
      nowMs: 0,
      newHex: () => 'a',
    }
    expect(bodyOf(TRANSLATIONS.responses.codex.answer(text, call))).toMatchObject({ output: [item] })
  })
})
