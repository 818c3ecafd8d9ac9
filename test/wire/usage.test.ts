import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  countsSomething,
  findUsage,
  mergeUsage,
  NO_USAGE,
  readUsage,
  type TokenCount,
} from '../../src/wire/usage.ts'

const number = (value: number): TokenCount => ({ kind: 'number', value })
const missing: TokenCount = { kind: 'missing' }

describe('a usage object', () => {
  it('is read in the Responses words, with its details', () => {
    expect(
      readUsage({
        input_tokens: 8,
        input_tokens_details: { cached_tokens: 2 },
        output_tokens: 3,
        output_tokens_details: { reasoning_tokens: 1 },
        total_tokens: 11,
      }),
    ).toEqual({
      vocabulary: 'input-output',
      input: number(8),
      output: number(3),
      total: number(11),
      cached: number(2),
      cacheCreation: missing,
      reasoning: number(1),
    })
  })

  it('is read in the chat words, with its details', () => {
    expect(
      readUsage({
        prompt_tokens: 8,
        prompt_tokens_details: { cached_tokens: 2, cached_creation_tokens: 4 },
        completion_tokens: 3,
        completion_tokens_details: { reasoning_tokens: 1 },
        total_tokens: 11,
      }),
    ).toEqual({
      vocabulary: 'prompt-completion',
      input: number(8),
      output: number(3),
      total: number(11),
      cached: number(2),
      cacheCreation: number(4),
      reasoning: number(1),
    })
  })

  it('is read in the Claude words, which have no total', () => {
    const usage = {
      input_tokens: 4,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 2,
      output_tokens: 1,
    }
    expect(readUsage(usage)).toEqual({
      vocabulary: 'input-output',
      input: number(4),
      output: number(1),
      total: missing,
      cached: number(2),
      cacheCreation: number(0),
      reasoning: missing,
    })
  })

  it('keeps missing, null, zero and nonsense apart', () => {
    const usage = readUsage({ input_tokens: null, output_tokens: 0, total_tokens: 'many' })
    expect(usage.input).toEqual({ kind: 'null' })
    expect(usage.output).toEqual(number(0))
    expect(usage.total).toEqual({ kind: 'invalid', seen: '"many"' })
    expect(usage.reasoning).toEqual(missing)
  })

  it.each([
    ['12', number(12)],
    [' 12 ', number(12)],
    [12, number(12)],
    ['', { kind: 'invalid', seen: '""' }],
    [-1, { kind: 'invalid', seen: '-1' }],
    [1.5, { kind: 'invalid', seen: '1.5' }],
    [true, { kind: 'invalid', seen: 'true' }],
    [{}, { kind: 'invalid', seen: '{}' }],
    [2 ** 60, { kind: 'invalid', seen: '1152921504606847000' }],
  ] as const)('reads %j as a count', (value, count) => {
    expect(readUsage({ input_tokens: value }).input).toEqual(count)
  })

  it('names the mixture when both pairs of names occur', () => {
    const usage = readUsage({ input_tokens: null, prompt_tokens: 5, completion_tokens: 1 })
    expect(usage.vocabulary).toBe('mixed')
    expect(usage.input).toEqual(number(5))
  })

  it('that is text instead of an object is invalid, as old forks send it', () => {
    expect(findUsage({ usage: '{"input_tokens":0}' }).input).toMatchObject({ kind: 'invalid' })
  })
})

describe('the place of a usage', () => {
  it.each([
    ['a body or chunk', { usage: { input_tokens: 1 } }],
    ['a terminal Responses event', { response: { usage: { input_tokens: 1 } } }],
    ['a message_start', { message: { usage: { input_tokens: 1 } } }],
    ['an event whose nearer places are null', { response: { usage: null }, usage: { input_tokens: 1 } }],
  ])('is found in %s', (_, payload) => {
    expect(findUsage(payload).input).toEqual(number(1))
  })

  it('that is null everywhere makes every count null', () => {
    expect(findUsage({ response: { usage: null } })).toMatchObject({
      vocabulary: 'none',
      input: { kind: 'null' },
      output: { kind: 'null' },
      total: { kind: 'null' },
    })
  })

  it.each([[{}], [null], [[]], ['usage'], [{ response: {} }], [{ message: null }]])(
    'is nowhere in %j',
    (payload) => {
      expect(findUsage(payload)).toBe(NO_USAGE)
    },
  )
})

describe('the usage of several events', () => {
  it('is the last stated one, count by count', () => {
    const start = readUsage({ input_tokens: 3, output_tokens: 0 })
    const delta = readUsage({ output_tokens: 7, cache_read_input_tokens: null })
    expect(mergeUsage(mergeUsage(NO_USAGE, start), delta)).toMatchObject({
      vocabulary: 'input-output',
      input: number(3),
      output: number(7),
      cached: { kind: 'null' },
    })
  })

  it('is not undone by null or by nothing, and zero is a statement', () => {
    const stated = readUsage({ input_tokens: 3, output_tokens: 5 })
    expect(mergeUsage(stated, NO_USAGE)).toEqual(stated)
    expect(mergeUsage(stated, readUsage(null))).toEqual(stated)
    expect(mergeUsage(readUsage(null), stated)).toEqual(stated)
    expect(mergeUsage(NO_USAGE, readUsage(null))).toEqual(readUsage(null))
    expect(mergeUsage(stated, readUsage({ output_tokens: 0 })).output).toEqual(number(0))
  })

  it('tells when the names changed on the way', () => {
    const merged = mergeUsage(readUsage({ input_tokens: 1 }), readUsage({ prompt_tokens: 1 }))
    expect(merged.vocabulary).toBe('mixed')
  })

  it('is never a sum: the result states only numbers that some event stated', () => {
    const count = fc.option(fc.oneof(fc.nat(), fc.constant(null)), { nil: undefined })
    const usage = fc.record({ input_tokens: count, output_tokens: count, total_tokens: count })
    const property = fc.property(fc.array(usage, { maxLength: 6 }), (events) => {
      const merged = events.map(readUsage).reduce(mergeUsage, NO_USAGE)
      const last = events.map((event) => event.output_tokens).filter((value) => typeof value === 'number')
      const expected = last.at(-1)
      if (expected === undefined) expect(merged.output.kind).not.toBe('number')
      else expect(merged.output).toEqual(number(expected))
    })
    fc.assert(property)
  })

  it('counts something only when a count is above zero', () => {
    expect(countsSomething(readUsage({ input_tokens: 0, output_tokens: 0 }))).toBe(false)
    expect(countsSomething(NO_USAGE)).toBe(false)
    expect(countsSomething(readUsage({ input_tokens: 0, cache_read_input_tokens: 5 }))).toBe(true)
  })
})
