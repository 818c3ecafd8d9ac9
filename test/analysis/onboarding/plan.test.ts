import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planOnboarding } from '../../../src/analysis/onboarding/plan.ts'
import type { Newcomer } from '../../../src/analysis/onboarding/spec.ts'

const TEXT = `api-keys: [sk-client-1] # who may call
openai-compatibility:
  - name: main
    prefix: m
    base-url: https://main.example.com/v1
    api-key-entries:
      - api-key: sk-main-1
    models:
      - name: z-ai/glm-5
        alias: glm
# the end
`
const NEWCOMER: Newcomer = {
  name: 'nv',
  baseUrl: 'https://nv.example.com/v1',
  prefix: 'nv',
  priority: null,
  models: [{ name: 'kimi-k2', alias: 'k2' }],
}

function plan(newcomer: Partial<Newcomer> = {}, text = TEXT) {
  return planOnboarding({
    text,
    flavour: 'upstream',
    newcomer: { ...NEWCOMER, ...newcomer },
    apiKey: 'sk-new-1',
  })
}

function problems(newcomer: Partial<Newcomer>, text = TEXT): string {
  const planning = plan(newcomer, text)
  return planning.kind === 'refused' ? planning.problems.map(({ saw }) => saw).join('; ') : 'planned'
}

describe('planOnboarding', () => {
  it('adds the entry, keeps every other line, and names the new ids', () => {
    const planning = plan()
    expect(planning).toMatchObject({
      kind: 'plan',
      standing: 'new',
      ids: ['k2', 'nv/k2'],
      canaryIds: ['nv/k2'],
    })
    const after = planning.kind === 'plan' ? planning.after : ''
    for (const line of TEXT.split('\n')) expect(after).toContain(line)
  })

  it('knows its own work again', () => {
    const planning = plan()
    const again = plan({}, planning.kind === 'plan' ? planning.after : '')
    expect(again).toMatchObject({ kind: 'plan', standing: 'there', ids: ['k2', 'nv/k2'] })
  })

  it('takes a model without an alias by its name', () => {
    expect(plan({ prefix: null, models: [{ name: 'kimi-k2', alias: null }] })).toMatchObject({
      canaryIds: ['kimi-k2'],
    })
  })

  it('does not mind a shared alias where prefixes are forced, since it is not offered without', () => {
    expect(problems({ models: [{ name: 'x', alias: 'glm' }] }, `${TEXT}force-model-prefix: true\n`)).toBe(
      'planned',
    )
  })

  it.each<[string, Partial<Newcomer>]>([
    ['prefix m belongs to', { prefix: 'm' }],
    ['glm is answered by openai-compatible-main already', { models: [{ name: 'x', alias: 'glm' }] }],
    ['with another base-url, prefix, key, list of models', { name: 'MAIN' }],
    ['is not a plain word', { prefix: 'a/b' }],
    ['is not a plain word', { prefix: 'nv-' }],
    ['other characters than', { name: 'n v' }],
    ['no plain http or https address', { baseUrl: 'https://u:p@nv.example.com/v1' }],
    ['no plain http or https address', { baseUrl: 'nv.example.com' }],
    [
      'two models have the id k2',
      {
        models: [
          { name: 'a', alias: 'k2' },
          { name: 'K2', alias: null },
        ],
      },
    ],
  ])('refuses: %s', (words, newcomer) => {
    expect(problems(newcomer)).toContain(words)
  })

  it('refuses a file that the gateway would refuse', () => {
    expect(problems({}, 'port: [\n')).toMatch(/^line \d+: /)
  })

  it('is planned again as done, for any plain name, prefix and model', () => {
    const word = fc
      .stringMatching(/^[a-z][a-z0-9]{0,8}$/)
      .filter((text) => !['m', 'main', 'glm'].includes(text))
    fc.assert(
      fc.property(word, word, word, (name, prefix, model) => {
        const newcomer = { name, prefix, models: [{ name: `up/${model}`, alias: model }] }
        const first = plan(newcomer)
        if (first.kind !== 'plan') throw new Error(JSON.stringify(first))
        expect(plan(newcomer, first.after)).toMatchObject({ standing: 'there', ids: first.ids })
      }),
      { numRuns: 50 },
    )
  })
})
