import { describe, expect, it } from 'vitest'
import type { Flavour } from '../../../src/analysis/config/flavour.ts'
import { loadConfig } from '../../../src/analysis/config/load.ts'
import { readTokenFile } from '../../../src/analysis/config/oauth.ts'
import { type Catalogue, type Offers, offersOf } from '../../../src/analysis/config/offers.ts'

const CATALOGUE: Catalogue = {
  claude: ['claude-sonnet-4-5', 'claude-opus-4-6', 'claude-haiku-4-5'],
  codex: ['gpt-5.3-codex', 'gpt-5.3-codex-spark', 'gpt-5-mini'],
  'codex-free': ['gpt-5-mini'],
}

function offers(
  text: string,
  flavour: Flavour = 'upstream',
  tokens: Readonly<Record<string, unknown>>[] = [],
): Offers {
  const loaded = loadConfig(text, flavour)
  if (loaded.kind === 'rejected') throw new Error(JSON.stringify(loaded.problems))
  const oauth = tokens.flatMap((token, index) => {
    const reading = readTokenFile(`t${index}.json`, token, flavour, String(token.plan ?? ''))
    return reading.kind === 'credential' ? [reading.credential] : []
  })
  return offersOf(loaded.config, { oauth, catalogue: CATALOGUE })
}

function idsOf(found: Offers, index = 0): string[] | undefined {
  return found.list[index]?.ids.map(({ id }) => id)
}

describe('A config credential offers', () => {
  it('its aliases, or names without alias; a models list replaces the built-in one', () => {
    expect(idsOf(offers('claude-api-key: [{api-key: k, models: [{name: a, alias: b}, {name: c}]}]'))).toEqual(
      ['b', 'c'],
    )
    expect(idsOf(offers('claude-api-key: [{api-key: k}]'))).toEqual(CATALOGUE.claude)
  })

  it('no id twice in another case, but in openai-compatibility, where equal ids make a pool', () => {
    const models = 'models: [{name: a, alias: Glm}, {name: b, alias: glm}, {name: c, alias: Glm}]'
    expect(idsOf(offers(`claude-api-key: [{api-key: k, ${models}}]`))).toEqual(['Glm'])
    const compat = offers(`openai-compatibility: [{name: x, base-url: u, ${models}}]`)
    expect(idsOf(compat)).toEqual(['Glm', 'glm'])
    expect(compat.byId.get('Glm')?.[0]?.offered).toMatchObject({
      registrations: 2,
      items: [{ name: 'a' }, { name: 'c' }],
    })
  })

  it('not what its patterns exclude: on the alias, without prefix, case ignored', () => {
    const found = offers(
      'claude-api-key: [{api-key: k, prefix: p, models: [{name: UP, alias: Glm-5}, {name: x}], excluded-models: ["GLM-*", up, "p/x"]}]',
    )
    expect(idsOf(found)).toEqual(['x', 'p/x'])
  })

  it.each([
    ['*', []],
    ['claude-*-4-5', ['claude-opus-4-6']],
    ['*opus*6', ['claude-sonnet-4-5', 'claude-haiku-4-5']],
    ['claude-sonnet', CATALOGUE.claude],
    ['claude-sonnet-4-5*5', CATALOGUE.claude],
  ])('what the pattern %s leaves', (pattern, left) => {
    expect(idsOf(offers(`claude-api-key: [{api-key: k, excluded-models: ["${pattern}"]}]`))).toEqual(left)
  })

  it('each id bare and behind its prefix, or only behind it when that is forced', () => {
    const entry =
      'claude-api-key: [{api-key: k, prefix: p, models: [{name: m}, {name: p}]}, {api-key: l, models: [{name: m}]}]'
    expect(idsOf(offers(entry))).toEqual(['m', 'p/m', 'p', 'p/p'])
    const forced = offers(`force-model-prefix: true\n${entry}`)
    expect(idsOf(forced)).toEqual(['p/m', 'p', 'p/p'])
    expect(idsOf(forced, 1)).toEqual(['m'])
  })

  it('nothing in openai-compatibility without models, and the built-in list in vertex when all items are unusable', () => {
    expect(idsOf(offers('openai-compatibility: [{name: x, base-url: u}]'))).toEqual([])
    const vertex = offers('vertex-api-key: [{api-key: k, models: [{name: only}]}]')
    expect(vertex.list[0]).toMatchObject({ base: 'unknown', ids: [] })
  })

  it('what is not known here when the built-in list is not given', () => {
    expect(offers('gemini-api-key: [{api-key: k}]').list[0]).toMatchObject({ base: 'unknown', ids: [] })
  })

  it('in the fork the models of the first entry with its name, or with its key and base-url', () => {
    const compat =
      'openai-compatibility: [{name: x, base-url: u, models: [{name: a}]}, {name: X, base-url: v, models: [{name: b}]}]'
    expect([idsOf(offers(compat)), idsOf(offers(compat), 1)]).toEqual([['a'], ['b']])
    expect([idsOf(offers(compat, 'fork')), idsOf(offers(compat, 'fork'), 1)]).toEqual([['a'], ['a']])
    const keys =
      'claude-api-key: [{api-key: k, models: [{name: a}]}, {api-key: K, prefix: p, models: [{name: b}]}]'
    expect(idsOf(offers(keys, 'fork'), 1)).toEqual(['a', 'p/a'])
  })

  it('nothing in the fork when an openai-compatibility entry has no name', () => {
    const text = 'openai-compatibility: [{base-url: u, models: [{name: a}]}]'
    expect(idsOf(offers(text))).toEqual(['a'])
    expect(idsOf(offers(text, 'fork'))).toEqual([])
  })

  it('in the fork two image models more in a codex entry with models', () => {
    const text = 'codex-api-key: [{api-key: k, base-url: u, models: [{name: a}]}]'
    expect(idsOf(offers(text, 'fork'))).toEqual(['a', 'gpt-image-1.5', 'gpt-image-2'])
    expect(idsOf(offers(text, 'fork-old'))).toEqual(['a'])
  })
})

describe('An OAuth credential offers', () => {
  const codex = { type: 'codex' }

  it('the list of its channel, or of its plan where that is known', () => {
    expect(idsOf(offers('', 'upstream', [codex]))).toEqual(CATALOGUE.codex)
    expect(idsOf(offers('', 'upstream', [{ ...codex, plan: 'Free' }]))).toEqual(['gpt-5-mini'])
  })

  it('not what its file or its channel excludes', () => {
    const found = offers('oauth-excluded-models: {codex: ["*-spark"]}', 'upstream', [
      { ...codex, excluded_models: ['GPT-5-*'] },
    ])
    expect(idsOf(found)).toEqual(['gpt-5.3-codex'])
  })

  it('an alias in place of the name, or beside it with fork, or nothing new when the alias is taken', () => {
    const alias = (fork: boolean) =>
      `oauth-model-alias: {codex: [{name: gpt-5.3-codex, alias: spark, fork: ${fork}}]}`
    expect(idsOf(offers(alias(false), 'upstream', [codex]))).toEqual([
      'spark',
      'gpt-5.3-codex-spark',
      'gpt-5-mini',
    ])
    expect(idsOf(offers(alias(true), 'upstream', [codex]))).toEqual([
      'gpt-5.3-codex',
      'spark',
      'gpt-5.3-codex-spark',
      'gpt-5-mini',
    ])
    const taken = 'oauth-model-alias: {codex: [{name: gpt-5-mini, alias: gpt-5.3-codex}]}'
    expect(idsOf(offers(taken, 'upstream', [codex]))).toEqual(CATALOGUE.codex)
  })

  it('no alias of an excluded model: exclusions come first', () => {
    const text =
      'oauth-excluded-models: {codex: [gpt-5-mini]}\noauth-model-alias: {codex: [{name: gpt-5-mini, alias: mini}]}'
    expect(idsOf(offers(text, 'upstream', [codex]))).toEqual(['gpt-5.3-codex', 'gpt-5.3-codex-spark'])
  })

  it('by the aliases of its file before those of the channel', () => {
    const text = 'oauth-model-alias: {codex: [{name: gpt-5.3-codex, alias: mine}]}'
    const found = offers(text, 'upstream', [
      { ...codex, 'model-aliases': [{ name: 'gpt-5-mini', alias: 'mine' }] },
    ])
    expect(idsOf(found)).toEqual(['gpt-5.3-codex', 'gpt-5.3-codex-spark', 'mine'])
  })

  it('with its prefix; nothing when disabled', () => {
    const found = offers('force-model-prefix: true', 'upstream', [
      { ...codex, prefix: '/me/' },
      { ...codex, disabled: true },
    ])
    expect(idsOf(found)?.[0]).toBe('me/gpt-5.3-codex')
    expect(idsOf(found, 1)).toEqual([])
  })
})

describe('A token file', () => {
  it.each<[string, unknown, Flavour, object]>([
    ['a list', [], 'upstream', { kind: 'skipped', reason: 'not-an-object' }],
    ['no type', { type: ' ' }, 'upstream', { kind: 'skipped', reason: 'no-type' }],
    ['gemini', { type: 'gemini' }, 'fork', { kind: 'skipped', reason: 'gemini' }],
    ['gemini in the old fork', { type: 'gemini' }, 'fork-old', { credential: { providerKey: 'gemini-cli' } }],
    ['a bad weight', { type: 'codex', weight: 1.5 }, 'upstream', { kind: 'skipped', reason: 'bad-weight' }],
    [
      'a weight the fork does not know',
      { type: 'codex', weight: 1.5 },
      'fork',
      { credential: { weight: 1 } },
    ],
    [
      'numbers as text',
      { type: 'Codex', weight: '3', priority: ' 2 ' },
      'upstream',
      { credential: { providerKey: 'codex', weight: 3, priority: 2 } },
    ],
    ['a prefix with a slash', { type: 'kimi', prefix: 'a/b' }, 'upstream', { credential: { prefix: '' } }],
  ])('is read as the gateway reads it: %s', (_what, data, flavour, expected) => {
    expect(readTokenFile('f.json', data, flavour)).toMatchObject(expected)
  })
})
