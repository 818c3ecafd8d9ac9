import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Profile } from '../../../../src/gateway/embedded/profile.ts'
import { TRANSLATIONS, wantsStream } from '../../../../src/gateway/embedded/translation/table.ts'
import type { Call, StreamStep, UpstreamKind } from '../../../../src/gateway/embedded/translation/types.ts'
import { chatFormat } from '../../../../src/gateway/embedded/upstream/chat.ts'
import { claudeFormat } from '../../../../src/gateway/embedded/upstream/claude.ts'
import { reply } from '../../../../src/gateway/embedded/upstream/reply.ts'
import { responsesFormat } from '../../../../src/gateway/embedded/upstream/responses.ts'
import { survey } from '../../../../src/gateway/embedded/upstream/survey.ts'
import type { Fault } from '../../../../src/gateway/embedded/upstream/types.ts'
import type { Endpoint } from '../../../../src/wire/routes.ts'

const PROFILES: readonly Profile[] = ['runbook', 'upstream', 'fork', 'fork-old']
const ENDPOINTS: readonly Endpoint[] = ['chat', 'responses', 'messages']
const FORMATS = { openai: chatFormat, codex: responsesFormat, claude: claudeFormat } as const
const KINDS = Object.keys(FORMATS) as UpstreamKind[]

const callFor = (profile: Profile, more: Partial<Call> = {}): Call => ({
  profile,
  requestedModel: 'asked',
  upstreamModel: 'named',
  body: {},
  stream: true,
  nowMs: 0,
  newHex: (length) => 'a'.repeat(length),
  ...more,
})

interface Case {
  readonly profile: Profile
  readonly endpoint: Endpoint
  readonly kind: UpstreamKind
  readonly faults: readonly Fault[]
  readonly prompt: string
}

function script({ kind, faults, prompt }: Case) {
  const body = { messages: [{ role: 'user', content: prompt }], tools: [{ name: 't', input_schema: {} }] }
  const said = reply(survey(body), { id: 'id', nowMs: 0, model: 'named', faults })
  return FORMATS[kind].stream(said, { withUsage: true, withDone: true })
}

const upstreamText = (one: Case): string => script(one).frames.join('')

/** What a client gets when the upstream's text arrives in these parts. */
function received({ profile, endpoint, kind }: Case, parts: readonly string[], more: Partial<Call> = {}) {
  const translator = TRANSLATIONS[endpoint][kind].stream(callFor(profile, more))
  let text = ''
  let step: StreamStep = { kind: 'open', text: '' }
  for (const part of parts) {
    if (step.kind !== 'open') break
    step = translator.push(part)
    text += step.text
  }
  if (step.kind === 'open') {
    step = translator.end('closed')
    text += step.text
  }
  if (step.kind === 'failed') text += translator.errorFrame(step.failure)
  return { text, usage: translator.usage }
}

const cases: fc.Arbitrary<Case> = fc.record({
  profile: fc.constantFrom(...PROFILES),
  endpoint: fc.constantFrom(...ENDPOINTS),
  kind: fc.constantFrom(...KINDS),
  prompt: fc.string({ unit: 'grapheme', maxLength: 30 }),
  faults: fc.subarray<Fault>([
    { kind: 'reasoning' },
    { kind: 'length' },
    { kind: 'tool-call' },
    { kind: 'usage', how: 'missing' },
    { kind: 'usage', how: 'null' },
  ]),
})

describe('a translated stream', () => {
  it('is the same however its bytes are cut', () => {
    fc.assert(
      fc.property(cases, fc.array(fc.nat(3000), { maxLength: 8 }), (one, cuts) => {
        const whole = upstreamText(one)
        const places = [0, ...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length]
        const parts = places.slice(1).map((end, index) => whole.slice(places[index], end))
        expect(received(one, parts)).toEqual(received(one, [whole]))
      }),
    )
  })

  it('never completes an answer that the upstream left before its end', () => {
    fc.assert(
      fc.property(cases, fc.nat(), (one, cut) => {
        const { frames, terminal } = script(one)
        const unfinished = frames.slice(0, terminal).join('')
        const { text } = received(one, [unfinished.slice(0, cut % (unfinished.length + 1))])
        expect(text).not.toMatch(/"type":"(response\.completed|message_delta)"|"finish_reason":"/)
      }),
    )
  })

  it('survives anything that is no event stream', () => {
    fc.assert(
      fc.property(cases, fc.array(fc.string(), { maxLength: 5 }), (one, parts) => {
        received(one, parts)
      }),
    )
  })

  it('reads carriage returns, comments and a missing blank line at the end', () => {
    for (const kind of KINDS) {
      const one: Case = { profile: 'upstream', endpoint: 'responses', kind, faults: [], prompt: 'ping' }
      const plain = upstreamText(one)
      const odd = `: keep-alive\n\n${plain.replaceAll('\n', '\r\n')}`.replace(/\r\n\r\n$/, '')
      expect(received(one, [odd])).toEqual(received(one, [plain]))
    }
  })
})

describe('parallel tool calls told in turns', () => {
  const frame = (delta: unknown, finish: string | null = null) =>
    `data: ${JSON.stringify({ id: 'c', created: 1, model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
  const call = (index: number, fields: object) => frame({ tool_calls: [{ index, ...fields }] })
  const upstream = [
    call(0, { id: 'a', function: { name: 'one', arguments: '' } }),
    call(1, { id: 'b', function: { name: 'two', arguments: '' } }),
    call(0, { function: { arguments: '{"x":' } }),
    call(1, { function: { arguments: '{}' } }),
    call(0, { function: { arguments: '1}' } }),
    frame({}, 'tool_calls'),
    'data: [DONE]\n\n',
  ].join('')
  const one = { profile: 'upstream', kind: 'openai', faults: [], prompt: '' } as const

  it('reach a Responses client with their own arguments', () => {
    const { text } = received({ ...one, endpoint: 'responses' }, [upstream])
    const done = [
      ...text.matchAll(/"type":"response\.function_call_arguments\.done".*?"arguments":"(.*?[^\\])"/g),
    ].map(([, args]) => args)
    expect(text).toMatch(/"call_id":"a","name":"one"/)
    expect(done).toEqual(['{\\"x\\":1}', '{}'])
  })

  it('reach a Claude client one after the other', () => {
    const { text } = received({ ...one, endpoint: 'messages' }, [upstream])
    const told = [...text.matchAll(/"partial_json":"(.*?[^\\])"/g)].map(([, json]) => json)
    expect(told).toEqual(['{\\"x\\":1}', '{}'])
  })
})

describe('force-mapping', () => {
  it.each(ENDPOINTS.flatMap((endpoint) => KINDS.map((kind) => [endpoint, kind] as const)))(
    'puts the name asked for into %s answers from %s',
    (endpoint, kind) => {
      const one: Case = { profile: 'upstream', endpoint, kind, faults: [], prompt: 'ping' }
      const { text } = received(one, [upstreamText(one)], { answerModel: 'alias', requestedModel: 'alias' })
      expect(text).toContain('"model":"alias"')
      expect(text).not.toContain('"model":"named"')
    },
  )
})

describe('a request', () => {
  it.each([
    ['chat', { stream: true }, true],
    ['chat', { stream: 'true' }, false],
    ['responses', { stream: 1 }, false],
    ['messages', {}, false],
    ['messages', { stream: false }, false],
    ['messages', { stream: null }, true],
  ] as const)('to %s with %o is streamed: %s', (endpoint, body, streamed) => {
    expect(wantsStream(endpoint, body)).toBe(streamed)
  })
})
