import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { judgeParity } from '../../../src/analysis/parity/judge.ts'
import type { ParityPair } from '../../../src/analysis/parity/verdict.ts'
import { readPlainAnswer } from '../../../src/wire/answer-plain.ts'
import { readStreamedAnswer } from '../../../src/wire/answer-stream.ts'
import {
  anyEndpoint,
  anySaid,
  anyWire,
  frames,
  PLAIN_WIRE,
  plainBody,
  type Said,
  written,
} from '../../wire/answer-streams.ts'
import { anyChunking, encode, inChunks } from '../../wire/streams.ts'
import { pair, type SideSpec, usageOf } from './pairs.ts'

/** Two samples of one prompt: the same input, another text, and as many tokens as the text has characters. */
const samples = fc
  .tuple(anySaid, anySaid)
  .map(([one, other]): readonly [Said, Said] => [
    counted(one),
    counted({ ...other, input: one.input, model: one.model }),
  ])

function counted(said: Said): Said {
  return { ...said, output: said.words.join('').length }
}

async function pairOf(
  endpoint: ParityPair['endpoint'],
  plain: Said,
  stream: string,
  sizes?: readonly number[],
): Promise<ParityPair> {
  const head = { endpoint, status: 200, headers: {}, nowMs: 0 }
  return {
    endpoint,
    model: plain.model,
    plain: readPlainAnswer(head, JSON.stringify(plainBody(endpoint, plain))),
    stream: await readStreamedAnswer(head, inChunks(encode(stream), sizes)),
  }
}

describe('a model that samples', () => {
  it('is never a mismatch in 1,000 pairs', () => {
    const property = fc.asyncProperty(
      anyEndpoint,
      samples,
      anyWire,
      anyChunking,
      async (endpoint, [one, other], wire, sizes) => {
        const verdict = judgeParity(
          await pairOf(endpoint, one, written(frames(endpoint, other), wire), sizes),
        )
        expect(verdict.kind).toBe(one.output === other.output ? 'pass' : 'explained')
      },
    )
    return fc.assert(property, { numRuns: 1000 })
  })

  it('and reasons is never a mismatch either, whether the reasoning is inside the output or beside it', () => {
    const thoughts = fc.integer({ min: 1, max: 5000 })
    const property = fc.asyncProperty(
      fc.constantFrom('responses' as const, 'chat' as const),
      fc.constantFrom('inside', 'beside'),
      thoughts,
      thoughts,
      async (endpoint, where, one, other) => {
        const side = (reasoning: number): SideSpec => {
          const details = {
            [`${endpoint === 'chat' ? 'completion' : 'output'}_tokens_details`]: {
              reasoning_tokens: reasoning,
            },
          }
          const usage =
            where === 'inside'
              ? usageOf(endpoint, 8, 3 + reasoning, details)
              : usageOf(endpoint, 8, 3, { ...details, total_tokens: 11 + reasoning })
          return { usage }
        }
        const verdict = judgeParity(await pair(endpoint, side(one), side(other)))
        expect(verdict.kind).toBe(one === other ? 'pass' : 'explained')
      },
    )
    return fc.assert(property, { numRuns: 200 })
  })

  it('never hides another input, a lost count or a lost usage', () => {
    const spoiled = fc.constantFrom<(usage: Record<string, unknown>) => unknown>(
      (usage) => ({ ...usage, ...renamed(usage, 'input', (count) => count + 1), ...oneMore(usage) }),
      (usage) => ({ ...usage, ...renamed(usage, 'input', () => 0) }),
      (usage) => ({ ...usage, ...renamed(usage, 'output', () => undefined) }),
      (usage) => ({ ...usage, ...renamed(usage, 'output', () => null) }),
      () => null,
      () => undefined,
    )
    const property = fc.asyncProperty(
      anyEndpoint,
      fc.constantFrom('plain' as const, 'stream' as const),
      fc.string({ minLength: 1 }),
      spoiled,
      async (endpoint, where, text, spoil) => {
        const sound = usageOf(endpoint, 8, 3) as Record<string, unknown>
        const good: SideSpec = { usage: sound, text: 'pong' }
        const bad: SideSpec = { usage: spoil(sound), text }
        const sides = where === 'plain' ? ([bad, good] as const) : ([good, bad] as const)
        expect(judgeParity(await pair(endpoint, ...sides)).kind).toBe('fail')
      },
    )
    return fc.assert(property, { numRuns: 300 })
  })

  it('whose stream is cut at any byte is explained or judged by the whole, and never fails', () => {
    const property = fc.asyncProperty(
      anyEndpoint,
      samples,
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (endpoint, [one, other], share) => {
        const text = written(frames(endpoint, other), PLAIN_WIRE)
        const verdict = judgeParity(
          await pairOf(endpoint, one, text.slice(0, Math.floor(text.length * share))),
        )
        expect(['pass', 'explained', 'unknown']).toContain(verdict.kind)
        if (verdict.kind === 'pass') expect(other.output).toBe(one.output)
      },
    )
    return fc.assert(property, { numRuns: 300 })
  })
})

function oneMore({ total_tokens }: Record<string, unknown>): object {
  return total_tokens === undefined ? {} : { total_tokens: Number(total_tokens) + 1 }
}

function renamed(
  usage: Record<string, unknown>,
  which: 'input' | 'output',
  change: (count: number) => number | null | undefined,
): Record<string, unknown> {
  const names = which === 'input' ? ['input_tokens', 'prompt_tokens'] : ['output_tokens', 'completion_tokens']
  const name = names.find((key) => key in usage) ?? ''
  return { [name]: change(Number(usage[name])) }
}
