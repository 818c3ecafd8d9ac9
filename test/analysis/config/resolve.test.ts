import { describe, expect, it } from 'vitest'
import type { Flavour } from '../../../src/analysis/config/flavour.ts'
import { loadConfig } from '../../../src/analysis/config/load.ts'
import { readTokenFile } from '../../../src/analysis/config/oauth.ts'
import { type Catalogue, type Offers, offersOf } from '../../../src/analysis/config/offers.ts'
import { resolve } from '../../../src/analysis/config/resolve.ts'

function offers(
  text: string,
  flavour: Flavour = 'upstream',
  token?: object,
  catalogue: Catalogue = { codex: ['gpt-5', 'gpt-5-mini'] },
): Offers {
  const loaded = loadConfig(text, flavour)
  if (loaded.kind === 'rejected') throw new Error(JSON.stringify(loaded.problems))
  const reading = token === undefined ? undefined : readTokenFile('t.json', token, flavour)
  return offersOf(loaded.config, {
    oauth: reading?.kind === 'credential' ? [reading.credential] : [],
    catalogue,
  })
}

/** Entry label or provider, upstream names and share of each answer, tier by tier. */
function answers(found: Offers, requested: string) {
  const resolution = resolve(found, requested)
  if (resolution.kind !== 'answered') return resolution.kind
  return resolution.tiers.map((tier) =>
    tier.answers.map(({ credential, upstreamNames, share }) => [
      credential.kind === 'config' ? credential.entry.label : credential.providerKey,
      upstreamNames.join(' '),
      Number(share.toFixed(3)),
    ]),
  )
}

const compat = (name: string, rest: string) => `  - { name: ${name}, base-url: "http://${name}", ${rest} }\n`
const keys = (count: number) =>
  `api-key-entries: [${Array.from({ length: count }, (_, i) => `{ api-key: k${i} }`).join(', ')}]`

describe('Who answers a name', () => {
  it('is found by exact case; near names are told', () => {
    const found = offers(
      `openai-compatibility:\n${compat('a', `${keys(1)}, models: [{ name: up, alias: Glm-5 }]`)}`,
    )
    expect(answers(found, 'Glm-5')).toEqual([[['openai-compatibility "a"', 'up', 1]]])
    expect(resolve(found, 'glm-5')).toMatchObject({ kind: 'unanswered', id: 'glm-5', near: ['Glm-5'] })
  })

  it('does not depend on a suffix in parentheses, unless the whole text is an id', () => {
    const models = 'models: [{ name: up, alias: glm }, { name: deep, alias: "kimi(high)" }]'
    const found = offers(`openai-compatibility:\n${compat('a', `${keys(1)}, ${models}`)}`)
    expect(resolve(found, 'glm(8192)')).toMatchObject({ id: 'glm', suffix: '8192' })
    expect(answers(found, 'glm(8192)')).toEqual([[['openai-compatibility "a"', 'up', 1]]])
    expect(answers(found, 'kimi(high)')).toEqual([[['openai-compatibility "a"', 'deep', 1]]])
    expect(resolve(found, 'kimi').kind).toBe('unanswered')
  })

  it('is left to the gateway for "auto"', () => {
    expect(resolve(offers(''), 'auto(high)')).toEqual({
      kind: 'automatic',
      requested: 'auto(high)',
      suffix: 'high',
    })
  })

  it('falls into tiers by priority across providers, and within a tier by number of keys', () => {
    const found = offers(
      `openai-compatibility:\n${compat('few', `${keys(1)}, models: [{ name: f, alias: glm }]`)}${compat('many', `${keys(3)}, models: [{ name: m, alias: glm }]`)}${compat('top', `${keys(1)}, priority: 5, models: [{ name: glm }]`)}`,
    )
    expect(answers(found, 'glm')).toEqual([
      [['openai-compatibility "top"', 'glm', 1]],
      [
        ['openai-compatibility "many"', 'm', 0.25],
        ['openai-compatibility "many"', 'm', 0.25],
        ['openai-compatibility "many"', 'm', 0.25],
        ['openai-compatibility "few"', 'f', 0.25],
      ],
    ])
    expect(resolve(found, 'glm')).toMatchObject({
      providers: ['openai-compatible-many', 'openai-compatible-few', 'openai-compatible-top'],
    })
  })

  it('is the first of the order alone under fill-first', () => {
    const two = `openai-compatibility:\n${compat('b', `${keys(1)}, models: [{ name: glm }]`)}${compat('a', `${keys(1)}, models: [{ name: glm }]`)}`
    expect(answers(offers(`routing: { strategy: ff }\n${two}`), 'glm')).toEqual([
      [
        ['openai-compatibility "a"', 'glm', 1],
        ['openai-compatibility "b"', 'glm', 0],
      ],
    ])
  })

  it('goes by weight under weighted-round-robin, which only upstream has', () => {
    const text = `routing: { strategy: wrr }\nclaude-api-key:\n  - { api-key: a, weight: 3, models: [{ name: m }] }\n  - { api-key: b, models: [{ name: m }] }\n  - { api-key: c, weight: 0, models: [{ name: m }] }\n`
    const shares = (flavour: Flavour) => {
      const resolution = resolve(offers(text, flavour), 'm')
      return resolution.kind === 'answered'
        ? resolution.tiers[0]?.answers.map(({ share }) => Number(share.toFixed(2))).sort()
        : []
    }
    expect(shares('upstream')).toEqual([0, 0.25, 0.75])
    expect(shares('fork')).toEqual([0.33, 0.33, 0.33])
  })

  it('has the prefix cut before the alias is looked up, also where the alias itself begins with it', () => {
    const found = offers(
      `openai-compatibility:\n${compat('a', `${keys(1)}, prefix: p, models: [{ name: up, alias: glm }, { name: trap, alias: p/x }]`)}`,
    )
    expect(answers(found, 'p/glm')).toEqual([[['openai-compatibility "a"', 'up', 1]]])
    expect(answers(found, 'p/x')).toEqual([[['openai-compatibility "a"', 'x', 1]]])
    expect(answers(found, 'p/p/x')).toEqual([[['openai-compatibility "a"', 'trap', 1]]])
  })

  it('is a pool where one alias has several names, but in the old fork', () => {
    const text = `openai-compatibility:\n${compat('a', `${keys(1)}, models: [{ name: x, alias: glm }, { name: y, alias: glm }]`)}`
    expect(answers(offers(text), 'glm')).toEqual([[['openai-compatibility "a"', 'x y', 1]]])
    expect(answers(offers(text, 'fork-old'), 'glm')).toEqual([[['openai-compatibility "a"', 'x', 1]]])
  })

  it('gets the alias as it is where no key is given: in the fork always, upstream without a name too', () => {
    const named = `openai-compatibility:\n${compat('a', 'models: [{ name: up, alias: glm }]')}`
    expect(answers(offers(named), 'glm')).toEqual([[['openai-compatibility "a"', 'up', 1]]])
    expect(answers(offers(named, 'fork'), 'glm')).toEqual([[['openai-compatibility "a"', 'glm', 1]]])
    const unnamed = 'openai-compatibility: [{ base-url: u, models: [{ name: up, alias: glm }] }]'
    expect(answers(offers(unnamed), 'glm')).toEqual([[['openai-compatibility[0]', 'glm', 1]]])
  })

  it('is a key section whose items claim alias and name in turn', () => {
    const text = 'claude-api-key: [{ api-key: k, models: [{ name: A, alias: x }, { name: B, alias: A }] }]'
    expect(answers(offers(text), 'A')).toEqual([[['claude-api-key[0]', 'A', 1]]])
  })

  it('includes token files, with their aliases', () => {
    const found = offers(
      'oauth-model-alias: { codex: [{ name: gpt-5, alias: best, fork: true }] }',
      'upstream',
      { type: 'codex', prefix: 'me' },
    )
    expect(answers(found, 'me/best')).toEqual([[['codex', 'gpt-5', 1]]])
    expect(answers(found, 'gpt-5')).toEqual([[['codex', 'gpt-5', 1]]])
  })

  it('may also be a credential whose built-in list is not known', () => {
    const found = offers('gemini-api-key: [{ api-key: k }]')
    expect(resolve(found, 'gemini-3')).toMatchObject({
      kind: 'unanswered',
      unsure: [{ credential: { providerKey: 'gemini' } }],
    })
  })
})
