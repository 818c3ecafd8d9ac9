import { describe, expect, it } from 'vitest'
import { judgeParity } from '../../../src/analysis/parity/judge.ts'
import type { ParityVerdict } from '../../../src/analysis/parity/verdict.ts'
import type { Answer } from '../../../src/wire/answers.ts'
import type { Endpoint } from '../../../src/wire/routes.ts'
import { pair, plainText, type SideSpec, streamedAnswer, streamText, usageOf } from './pairs.ts'

const ENDPOINTS = ['responses', 'chat', 'messages'] as const

async function judge(
  endpoint: Endpoint,
  plain: SideSpec | Answer,
  stream: SideSpec | Answer,
): Promise<ParityVerdict> {
  return judgeParity(await pair(endpoint, plain, stream))
}

const usage = (endpoint: Endpoint, input = 8, output = 3, more: object = {}) => ({
  usage: usageOf(endpoint, input, output, more),
})
const faults = (verdict: ParityVerdict) => (verdict.kind === 'fail' ? verdict.faults : verdict.kind)
const kinds = (verdict: ParityVerdict) =>
  verdict.kind === 'fail'
    ? verdict.faults.map((fault) =>
        'field' in fault ? `${fault.kind} ${fault.field} ${fault.where}` : fault.kind,
      )
    : verdict.kind
const reasons = (verdict: ParityVerdict) =>
  verdict.kind === 'explained' ? verdict.explanations.map((why) => why.kind) : verdict.kind

describe('a pair of answers', () => {
  it.each(ENDPOINTS)('on %s passes when input, output and total are equal', async (endpoint) => {
    expect(await judge(endpoint, usage(endpoint), usage(endpoint))).toEqual({ kind: 'pass', notes: [] })
  })

  it.each(ENDPOINTS)('on %s passes with other texts of the same cost', async (endpoint) => {
    const verdict = await judge(endpoint, { ...usage(endpoint), text: 'Pong!' }, usage(endpoint))
    expect(verdict.kind).toBe('pass')
  })

  it.each(ENDPOINTS)('on %s fails when both sides are empty', async (endpoint) => {
    expect((await judge(endpoint, {}, {})).kind).toBe('fail')
    expect((await judge(endpoint, { usage: null }, { usage: null })).kind).toBe('fail')
    expect((await judge(endpoint, { usage: {} }, { usage: {} })).kind).toBe('fail')
  })

  it.each(ENDPOINTS)('on %s fails when usage is missing on one side', async (endpoint) => {
    const inStream = kinds(await judge(endpoint, usage(endpoint), {}))
    expect(inStream).toContain('missing input stream')
    expect(inStream).toContain('missing output stream')
    const inPlain = kinds(await judge(endpoint, {}, usage(endpoint)))
    expect(inPlain).toContain('missing input plain')
  })

  it.each(ENDPOINTS)('on %s fails when usage is null on one side', async (endpoint) => {
    expect(kinds(await judge(endpoint, usage(endpoint), { usage: null }))).toContain('null input stream')
    expect(kinds(await judge(endpoint, { usage: null }, usage(endpoint)))).toContain('null output plain')
  })

  it('never takes a missing count for zero', async () => {
    const plain = { usage: { input_tokens: 8, output_tokens: 0, total_tokens: 8 }, text: '' }
    const stream = { usage: { input_tokens: 8, total_tokens: 8 }, text: '' }
    expect(kinds(await judge('responses', plain, stream))).toEqual(['missing output stream'])
  })

  it.each(ENDPOINTS)('on %s fails when one side counted nothing', async (endpoint) => {
    expect(kinds(await judge(endpoint, usage(endpoint), usage(endpoint, 0, 3)))).toEqual([
      'zero input stream',
    ])
    expect(kinds(await judge(endpoint, usage(endpoint, 8, 0), usage(endpoint)))).toEqual([
      'zero output plain',
    ])
  })

  it.each(ENDPOINTS)(
    'on %s fails when nobody counted, for a prompt and an answer are not nothing',
    async (endpoint) => {
      const zero = usage(endpoint, 0, 0)
      expect(kinds(await judge(endpoint, zero, zero))).toEqual(['zero input both', 'zero output both'])
    },
  )

  it('lets no output be counted as zero', async () => {
    const silent = { ...usage('chat', 8, 0), text: '' }
    expect((await judge('chat', silent, silent)).kind).toBe('pass')
    expect(reasons(await judge('chat', silent, usage('chat')))).toEqual(['answers-differ'])
  })

  it('fails on counts that are none', async () => {
    const bad = { usage: { input_tokens: 'many', output_tokens: 3, total_tokens: 11 } }
    expect(kinds(await judge('responses', bad, usage('responses')))).toEqual(['invalid input plain'])
  })

  it.each(ENDPOINTS)('on %s fails when the input differs, whatever the texts', async (endpoint) => {
    const verdict = await judge(endpoint, usage(endpoint, 8, 3), { ...usage(endpoint, 28, 5), text: 'other' })
    expect(faults(verdict)).toEqual([{ kind: 'input-differs', plain: 8, stream: 28 }])
    expect(verdict).toMatchObject({ explanations: [{ kind: 'answers-differ' }] })
  })

  it.each(ENDPOINTS)('on %s fails when the same text costs differently', async (endpoint) => {
    const verdict = await judge(endpoint, usage(endpoint, 8, 3), usage(endpoint, 8, 5))
    expect(faults(verdict)).toEqual([{ kind: 'output-differs', plain: 3, stream: 5 }])
  })

  it.each(ENDPOINTS)('on %s explains another output by another text', async (endpoint) => {
    const verdict = await judge(
      endpoint,
      { ...usage(endpoint, 8, 3), text: 'a' },
      { ...usage(endpoint, 8, 5), text: 'b' },
    )
    expect(reasons(verdict)).toEqual(['answers-differ'])
    expect(verdict).toMatchObject({
      explanations: [{ plain: { text: { head: 'a' } }, stream: { text: { head: 'b' } } }],
    })
  })

  it.each(ENDPOINTS)('on %s explains another output by a cut through length', async (endpoint) => {
    const verdict = await judge(endpoint, usage(endpoint, 8, 3), {
      ...usage(endpoint, 8, 5),
      finish: 'length',
    })
    expect(verdict).toMatchObject({
      kind: 'explained',
      explanations: [{ kind: 'incomplete', where: 'stream', reason: 'length' }],
    })
  })

  it('does not excuse the input by a cut through length', async () => {
    const cut = { finish: 'length' } as const
    const verdict = await judge('chat', { ...usage('chat', 8), ...cut }, { ...usage('chat', 9), ...cut })
    expect(kinds(verdict)).toEqual(['input-differs'])
    expect(kinds(await judge('chat', { ...usage('chat'), ...cut }, cut))).toContain('missing input stream')
  })

  it('explains another output of the same text by reasoning', async () => {
    const details = (reasoning_tokens: number) => ({ output_tokens_details: { reasoning_tokens } })
    const verdict = await judge(
      'responses',
      usage('responses', 8, 70, details(64)),
      usage('responses', 8, 134, details(128)),
    )
    expect(verdict).toMatchObject({
      kind: 'explained',
      explanations: [{ kind: 'reasoning-differs', plain: 64, stream: 128 }],
    })
    // Shown reasoning counts too: plain answers may state 0 for it.
    const shown = { ...usage('chat', 8, 9), reasoning: 'hm' }
    expect(reasons(await judge('chat', shown, { ...usage('chat', 8, 12), reasoning: 'hmm' }))).toEqual([
      'reasoning-differs',
    ])
  })

  it('explains a Claude prompt that was split differently between fresh and cached', async () => {
    const first = usage('messages', 10, 3, { cache_creation_input_tokens: 1000, cache_read_input_tokens: 0 })
    const second = usage('messages', 1010, 3)
    expect(reasons(await judge('messages', first, second))).toEqual(['cache-differs'])
    const whole = usage('messages', 0, 3, { cache_read_input_tokens: 1010 })
    expect(reasons(await judge('messages', first, whole))).toEqual(['cache-differs'])
    expect(kinds(await judge('messages', first, usage('messages', 500, 3)))).toEqual(['input-differs'])
  })

  it('counts cached tokens of the OpenAI shapes into the input, not beside it', async () => {
    const cached = usage('chat', 10, 3, { prompt_tokens_details: { cached_tokens: 1000 } })
    expect(kinds(await judge('chat', cached, usage('chat', 1010, 3)))).toEqual(['input-differs'])
  })
})

describe('the total', () => {
  it.each(['responses', 'chat'] as const)('on %s has to be the sum', async (endpoint) => {
    const verdict = await judge(endpoint, usage(endpoint), usage(endpoint, 8, 3, { total_tokens: 8 }))
    expect(faults(verdict)).toEqual([{ kind: 'total-not-sum', where: 'stream', total: 8, sum: 11 }])
    const both = usage(endpoint, 8, 3, { total_tokens: 12 })
    expect(kinds(await judge(endpoint, both, both))).toEqual(['total-not-sum', 'total-not-sum'])
  })

  it('that is 0 beside counts is not the sum', async () => {
    const verdict = await judge('chat', usage('chat'), usage('chat', 8, 3, { total_tokens: 0 }))
    expect(kinds(verdict)).toEqual(['total-not-sum'])
  })

  it('may be more by exactly the stated reasoning, as Gemini counts', async () => {
    const thoughts = (reasoning_tokens: number) => ({
      total_tokens: 11 + reasoning_tokens,
      completion_tokens_details: { reasoning_tokens },
    })
    const same = usage('chat', 8, 3, thoughts(20))
    expect(await judge('chat', same, same)).toEqual({
      kind: 'pass',
      notes: [
        { kind: 'reasoning-beside-output', where: 'plain', reasoning: 20 },
        { kind: 'reasoning-beside-output', where: 'stream', reasoning: 20 },
      ],
    })
    expect(reasons(await judge('chat', same, usage('chat', 8, 3, thoughts(31))))).toEqual([
      'reasoning-differs',
    ])
    const wrong = usage('chat', 8, 3, { ...thoughts(20), total_tokens: 30 })
    expect(kinds(await judge('chat', same, wrong))).toEqual(['total-not-sum'])
  })

  it('that one side leaves out is missing there', async () => {
    const without = { usage: { input_tokens: 8, output_tokens: 3 } }
    expect(kinds(await judge('responses', usage('responses'), without))).toEqual(['missing total stream'])
    expect(await judge('responses', without, without)).toEqual({
      kind: 'pass',
      notes: [{ kind: 'total-not-stated' }],
    })
  })

  it('that nobody states is told beside the other lacks', async () => {
    const without = { usage: { input_tokens: 8, output_tokens: 3 } }
    const verdict = await judge('responses', { usage: { output_tokens: 3 } }, without)
    expect(kinds(verdict)).toEqual(['missing total both', 'missing input plain'])
  })

  it('is no part of Claude usage', async () => {
    expect(
      (await judge('messages', usage('messages', 8, 3, { total_tokens: 99 }), usage('messages'))).kind,
    ).toBe('pass')
  })
})

describe('the names of the counts', () => {
  it('have to be the same on both sides', async () => {
    const stream = { usage: { prompt_tokens: 8, completion_tokens: 3, total_tokens: 11 } }
    expect(faults(await judge('responses', usage('responses'), stream))).toEqual([
      { kind: 'names-differ', plain: 'input-output', stream: 'prompt-completion' },
    ])
  })

  it('must not be mixed on one side', async () => {
    const mixed = { usage: { input_tokens: 8, completion_tokens: 3, total_tokens: 11 } }
    expect(kinds(await judge('responses', mixed, mixed))).toEqual(['names-differ'])
  })
})

describe('the model of the answers', () => {
  it('that is not the asked one is told, and no fault', async () => {
    const other = { ...usage('chat'), model: 'glm-4.7' }
    expect(await judge('chat', other, other)).toEqual({
      kind: 'pass',
      notes: [{ kind: 'other-model', where: 'both', asked: 'glm', named: 'glm-4.7' }],
    })
  })

  it.each(ENDPOINTS)('on %s has to be one', async (endpoint) => {
    const verdict = await judge(
      endpoint,
      { ...usage(endpoint), model: 'glm-4.7' },
      { ...usage(endpoint), model: 'glm-4.6' },
    )
    expect(faults(verdict)).toEqual([{ kind: 'model-differs', plain: 'glm-4.7', stream: 'glm-4.6' }])
  })

  it('may be the asked name on one side of /v1/responses, where gateways repeat it', async () => {
    const upstreams = { model: 'glm-4.7' }
    expect(await judge('responses', { ...usage('responses'), ...upstreams }, usage('responses'))).toEqual({
      kind: 'pass',
      notes: [{ kind: 'models-disagree', plain: 'glm-4.7', stream: 'glm' }],
    })
    expect(kinds(await judge('chat', { ...usage('chat'), ...upstreams }, usage('chat')))).toEqual([
      'model-differs',
    ])
  })

  it('may be left out', async () => {
    const nameless = { ...usage('chat'), model: '' }
    expect(await judge('chat', nameless, usage('chat'))).toEqual({
      kind: 'pass',
      notes: [{ kind: 'model-unnamed', where: 'plain' }],
    })
    expect(await judge('chat', nameless, nameless)).toEqual({
      kind: 'pass',
      notes: [{ kind: 'model-unnamed', where: 'both' }],
    })
  })
})

describe('a stream without its end', () => {
  const cut = {
    responses: [{ type: 'response.output_text.delta', delta: 'po' }],
    chat: [{ model: 'glm', choices: [{ delta: { content: 'pong' } }], usage: usageOf('chat', 8, 3) }],
    messages: [
      { type: 'message_start', message: { model: 'glm', usage: usageOf('messages', 8, 3) } },
      { type: 'content_block_delta', delta: { text: 'pong' } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
    ],
  }

  it.each(ENDPOINTS)('on %s is explained, and not equal even with equal numbers', async (endpoint) => {
    const verdict = await judge(endpoint, usage(endpoint), await streamText(endpoint, cut[endpoint]))
    expect(verdict).toMatchObject({
      kind: 'explained',
      explanations: [{ kind: 'interrupted', interruption: { kind: 'no-terminal' } }],
    })
  })

  it.each(ENDPOINTS)('on %s does not excuse the plain answer', async (endpoint) => {
    const stream = await streamText(endpoint, cut[endpoint])
    expect(kinds(await judge(endpoint, {}, stream))).toContain('missing input plain')
    expect(kinds(await judge(endpoint, usage(endpoint, 0, 3), stream))).toEqual(['zero input plain'])
  })

  it('keeps the error that ended it', async () => {
    const stream = await streamText('chat', [
      ...cut.chat,
      { error: { message: 'Overloaded', type: 'overloaded_error' } },
    ])
    expect(await judge('chat', usage('chat'), stream)).toMatchObject({
      kind: 'explained',
      explanations: [{ interruption: { kind: 'error-frame', refusal: { rule: 'capacity' } } }],
    })
  })

  it('because reading was given up says nothing', async () => {
    const answer = await streamText('chat', cut.chat)
    const stopped = { ...answer, interruption: { kind: 'stopped', reason: 'timeout' } } as Answer
    expect(await judge('chat', usage('chat'), stopped)).toEqual({
      kind: 'unknown',
      unjudged: [{ kind: 'stopped', where: 'stream', reason: 'timeout' }],
    })
  })
})

describe('a side that is no answer', () => {
  const refusal = '{"error":{"message":"auth_unavailable: no auth available"}}'

  it('makes the verdict unknown', async () => {
    const refused = plainText('chat', refusal, 503)
    const unreadable = plainText('chat', '<html></html>')
    expect(await judge('chat', refused, usage('chat'))).toMatchObject({
      kind: 'unknown',
      unjudged: [{ kind: 'refused', where: 'plain', refusal: { rule: 'auth-unavailable' } }],
    })
    expect(await judge('chat', refused, unreadable)).toMatchObject({
      kind: 'unknown',
      unjudged: [{ where: 'plain' }, { kind: 'unreadable', where: 'stream', why: 'html' }],
    })
    expect(await judge('chat', usage('chat'), await streamText('chat', ['[DONE]']))).toMatchObject({
      kind: 'unknown',
      unjudged: [{ kind: 'refused', where: 'stream', refusal: { rule: 'no-answer' } }],
    })
  })

  it('is also a stream in the place of a plain answer', async () => {
    const cut = await streamText('chat', [{ choices: [{ delta: { content: 'po' } }] }])
    expect((await judge('chat', cut, await streamedAnswer('chat', usage('chat')))).kind).toBe('unknown')
  })
})
