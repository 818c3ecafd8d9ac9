import { describe, expect, it } from 'vitest'
import type { Flavour } from '../../../src/analysis/config/flavour.ts'
import { loadConfig } from '../../../src/analysis/config/load.ts'
import { readTokenFile } from '../../../src/analysis/config/oauth.ts'
import { offersOf } from '../../../src/analysis/config/offers.ts'
import { CAUSE_CODES, type CauseCode, whyMissing } from '../../../src/analysis/config/why-missing.ts'

const CATALOGUE = { codex: ['gpt-5.3-codex', 'gpt-5-mini'], claude: ['claude-opus-4-6'] }

function why(
  text: string,
  id: string,
  { token, flavour = 'upstream' }: { token?: object; flavour?: Flavour } = {},
) {
  const loaded = loadConfig(text, flavour)
  if (loaded.kind === 'rejected') throw new Error(JSON.stringify(loaded.problems))
  const reading = token === undefined ? undefined : readTokenFile('t.json', token, flavour)
  const oauth = reading?.kind === 'credential' ? [reading.credential] : []
  return whyMissing(offersOf(loaded.config, { oauth, catalogue: CATALOGUE }), id)
}

const entry = (rest: string) => `openai-compatibility:\n  - name: a\n    base-url: http://a/v1\n    ${rest}\n`
const codex = { type: 'codex' }

interface Case {
  readonly code: CauseCode
  readonly text: string
  readonly id: string
  readonly line: number | null
  readonly fix?: string
  readonly token?: object
  readonly flavour?: Flavour
}

const CASES: readonly Case[] = [
  { code: 'case-differs', text: entry('models: [{name: Glm}]'), id: 'glm', line: null, fix: 'ask for `Glm`' },
  {
    code: 'forced-prefix',
    text: `force-model-prefix: true\n${entry('prefix: p\n    models: [{name: glm}]')}`,
    id: 'glm',
    line: 1,
    fix: 'ask for `p/glm`',
  },
  {
    code: 'forced-prefix',
    text: 'force-model-prefix: true\n',
    id: 'gpt-5-mini',
    line: 1,
    fix: 'ask for `me/gpt-5-mini`',
    token: { type: 'codex', prefix: 'me' },
  },
  { code: 'bad-prefix', text: entry('prefix: team/a\n    models: [{name: glm}]'), id: 'team/a/glm', line: 4 },
  {
    code: 'excluded',
    text: 'claude-api-key:\n  - api-key: k\n    excluded-models:\n      - claude-3*\n      - "*opus*"\n',
    id: 'claude-opus-4-6',
    line: 5,
  },
  {
    code: 'entry-disabled',
    text: entry('disabled: true\n    models: [{name: glm}]'),
    id: 'glm',
    line: 4,
    fix: 'set `disabled: false`',
  },
  {
    code: 'entry-dropped',
    text: 'openai-compatibility:\n  - name: a\n    models: [{name: glm}]\n',
    id: 'glm',
    line: 2,
    fix: 'add `base-url`',
  },
  {
    code: 'overruled-entry',
    text: `${entry('models: [{name: m}]')}  - name: A\n    base-url: u\n    models: [{name: glm}]\n`,
    id: 'glm',
    line: 7,
    flavour: 'fork',
  },
  {
    code: 'oauth-renamed',
    text: 'oauth-model-alias:\n  codex:\n    - {name: gpt-5-mini, alias: tiny}\n',
    id: 'gpt-5-mini',
    line: 3,
    token: codex,
    fix: 'set `fork: true` on the alias, or ask for `tiny`',
  },
  {
    code: 'oauth-excluded',
    text: 'oauth-excluded-models:\n  codex: [gpt-5.3*]\n',
    id: 'gpt-5.3-codex',
    line: 2,
    token: codex,
  },
  {
    code: 'oauth-excluded',
    text: '',
    id: 'gpt-5.3-codex',
    line: null,
    token: { type: 'codex', excluded_models: ['*codex'] },
  },
  {
    code: 'oauth-disabled',
    text: '',
    id: 'gpt-5-mini',
    line: null,
    token: { type: 'codex', disabled: true },
  },
  {
    code: 'aliased',
    text: entry('models:\n      - name: z-ai/glm-5\n        alias: glm-5'),
    id: 'z-ai/glm-5',
    line: 5,
    fix: 'ask for `glm-5`, or add an item without alias',
  },
  {
    code: 'oauth-alias-lost',
    text: 'oauth-model-alias:\n  codex:\n    - {name: gpt-9, alias: nine}\n',
    id: 'nine',
    line: 3,
    token: codex,
  },
  {
    code: 'not-in-models',
    text: 'claude-api-key:\n  - api-key: k\n    models: [{name: m}]\n',
    id: 'claude-opus-4-6',
    line: 3,
  },
  {
    code: 'no-credential',
    text: 'oauth-model-alias:\n  codex:\n    - {name: gpt-5-mini, alias: tiny}\n',
    id: 'tiny',
    line: 3,
  },
  { code: 'no-credential', text: '', id: 'gpt-5-mini', line: null },
  { code: 'other-prefix', text: entry('prefix: p\n    models: [{name: glm}]'), id: 'q/glm', line: null },
  { code: 'unknown-catalogue', text: 'gemini-api-key: [{api-key: k}]', id: 'gemini-3', line: null },
  { code: 'unknown-id', text: entry('models: [{name: glm}]'), id: 'nothing-like-it', line: null },
]

describe('Why an id is missing', () => {
  it.each(CASES.map((example) => [example.code, example.id, example] as const))(
    '%s explains %s',
    (code, id, { text, line, fix, token, flavour }) => {
      const explanation = why(text, id, { ...(token && { token }), ...(flavour && { flavour }) })
      const [first] = explanation.kind === 'missing' ? explanation.causes : []
      expect(first?.code).toBe(code)
      expect(first?.at?.line ?? null).toBe(line)
      if (fix !== undefined) expect(first?.fix).toBe(fix)
    },
  )

  it('has a case for every cause', () => {
    expect(CAUSE_CODES.filter((code) => !CASES.some((example) => example.code === code))).toEqual([])
  })

  it('is no question for an id that is on offer, with a suffix or not', () => {
    for (const id of ['glm', 'glm(high)'])
      expect(why(entry('models: [{name: glm}]'), id)).toMatchObject({
        kind: 'offered',
        by: [{ offered: { id: 'glm' } }],
      })
  })

  it('is told with near names', () => {
    expect(why(entry('models: [{name: glm-4.7}, {name: kimi}]'), 'glm-4.6')).toMatchObject({
      kind: 'missing',
      near: ['glm-4.7'],
    })
  })

  it('is told with every cause, the most telling one first', () => {
    const text = `${entry('disabled: true\n    models: [{name: glm}]')}  - name: b\n    base-url: u\n    models: [{name: glm, alias: other}]\n`
    const explanation = why(text, 'glm')
    expect(explanation.kind === 'missing' && explanation.causes.map(({ code }) => code)).toEqual([
      'entry-disabled',
      'aliased',
    ])
  })
})
