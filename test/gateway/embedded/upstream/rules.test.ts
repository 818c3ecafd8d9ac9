import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPicked, type RequestFacts, ruleBook } from '../../../../src/gateway/embedded/upstream/rules.ts'
import type { Rule } from '../../../../src/gateway/embedded/upstream/types.ts'

const facts: RequestFacts = { type: 'completion', model: 'm', key: 'k', stream: false, image: 'none' }
const rule = (changes: Partial<Rule>): Rule => ({
  when: {},
  afterMs: 0,
  forMs: null,
  pick: { kind: 'all' },
  fault: { kind: 'drop' },
  ...changes,
})
const hits = (rules: readonly Rule[], changes: Partial<RequestFacts> = {}, elapsedMs = 0) =>
  ruleBook(rules).faultsFor({ ...facts, ...changes }, elapsedMs).length

describe('a rule', () => {
  it.each([19, 21, 51])('that hits %i of 1000 does so, evenly', (count) => {
    const book = ruleBook([rule({ pick: { kind: 'share', count, of: 1000 } })])
    const hit = Array.from({ length: 3000 }, () => book.faultsFor(facts, 0).length)
    const in1000 = (from: number) => hit.slice(from, from + 1000).reduce((sum, each) => sum + each, 0)
    expect([in1000(0), in1000(1000), in1000(2000)]).toEqual([count, count, count])
    const half = hit.slice(0, 500).reduce((sum, each) => sum + each, 0)
    expect(Math.abs(half - count / 2)).toBeLessThanOrEqual(1)
  })

  it('keeps any share in any run that is a multiple of its whole', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.nat(60),
        fc.integer({ min: 1, max: 5 }),
        (of, raw, times) => {
          const count = Math.min(raw, of)
          const numbers = Array.from({ length: of * times }, (_, index) => index + 1)
          const hit = numbers.filter((nth) => isPicked({ kind: 'share', count, of }, nth))
          expect(hit).toHaveLength(count * times)
        },
      ),
    )
  })

  it('can hit the first requests or every so many', () => {
    const numbers = [1, 2, 3, 4, 5, 6]
    expect(numbers.filter((nth) => isPicked({ kind: 'first', count: 2 }, nth))).toEqual([1, 2])
    expect(numbers.filter((nth) => isPicked({ kind: 'every', nth: 3 }, nth))).toEqual([3, 6])
  })

  it('counts only the requests it matches', () => {
    const book = ruleBook([rule({ when: { models: ['m'] }, pick: { kind: 'first', count: 1 } })])
    book.faultsFor({ ...facts, model: 'other' }, 0)
    expect(book.faultsFor(facts, 0)).toHaveLength(1)
    expect(book.faultsFor(facts, 0)).toHaveLength(0)
  })

  it('holds for its time', () => {
    const timed = [rule({ afterMs: 100, forMs: 50 })]
    expect([99, 100, 149, 150].map((elapsedMs) => hits(timed, {}, elapsedMs))).toEqual([0, 1, 1, 0])
  })

  it.each([
    [{ models: ['gpt-*'] }, { model: 'gpt-5.3-codex' }, 1],
    [{ models: ['gpt-*'] }, { model: 'my-gpt-5' }, 0],
    [{ models: ['a.b'] }, { model: 'aXb' }, 0],
    [{ keys: ['k', 'l'] }, { key: 'l' }, 1],
    [{ keys: ['l'] }, { key: 'k' }, 0],
    [{ stream: true }, { stream: true }, 1],
    [{ stream: true }, { stream: false }, 0],
    [{ image: 'any' as const }, { image: 'elsewhere' as const }, 1],
    [{ image: 'tool-result' as const }, { image: 'elsewhere' as const }, 0],
    [{ image: 'none' as const }, { image: 'none' as const }, 1],
    [{}, { type: 'models' as const }, 0],
    [{ requests: ['models' as const] }, { type: 'models' as const }, 1],
  ])('with %o meets %o: %i', (when, request, expected) => {
    expect(hits([rule({ when })], request)).toBe(expected)
  })
})
