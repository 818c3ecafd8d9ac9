import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { loadConfig } from '../../../src/analysis/config/load.ts'
import { parseScenario, type Scenario } from '../../../src/gateway/embedded/scenario.ts'
import { renderConfig } from '../../../src/gateway/embedded/scenario-build.ts'
import { scenarioJsonSchema } from '../../../src/gateway/embedded/scenario-schema.ts'

const DIRECTORY = fileURLToPath(new URL('../../../fixtures/scenarios/', import.meta.url))
const SCHEMA = fileURLToPath(new URL('../../../schemas/scenario.schema.json', import.meta.url))
const NAMES = readdirSync(DIRECTORY)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.replace('.yaml', ''))

const textOf = (name: string): string | null => {
  const file = `${DIRECTORY}${name}.yaml`
  return existsSync(file) ? readFileSync(file, 'utf8') : null
}

const read = new Map<string, Scenario>()

function bundled(name: string): Scenario {
  const known = read.get(name)
  if (known) return known
  const reading = parseScenario(textOf(name) ?? '', `${DIRECTORY}${name}.yaml`, textOf)
  if (reading.kind === 'refused') throw new Error(JSON.stringify(reading.problems))
  read.set(name, reading.scenario)
  return reading.scenario
}

const MINIMAL = `name: small
title: A small one
description: Nothing much
config: |
  port: 0
keys: { client: [sk-a], management: null }
`

const problemsOf = (text: string) => {
  const reading = parseScenario(text, 'own.yaml')
  return reading.kind === 'refused' ? reading.problems : []
}

describe('a scenario file', () => {
  it('needs little', () => {
    const reading = parseScenario(MINIMAL, 'own.yaml')
    expect(reading).toMatchObject({
      kind: 'scenario',
      scenario: { name: 'small', profile: 'runbook', upstreams: [], history: { spanMs: 3_600_000 } },
    })
  })

  it('is refused for an unknown key, with its place and the nearest name', () => {
    const text = `${MINIMAL}upstreams:\n  - name: a\n    kind: openai\n    models: [m]\n    rules:\n      - fault: rate-limited\n        resetIn: 5s\n`
    expect(problemsOf(text)).toEqual([
      {
        message: 'unknown key "resetIn"; did you mean "resetsIn"?',
        line: 13,
        column: 9,
        path: 'upstreams.0.rules.0.resetIn',
      },
    ])
  })

  it('is refused for a key that another fault has', () => {
    const text = `${MINIMAL}upstreams:\n  - { name: a, kind: openai, models: [m], rules: [{ fault: drop, delay: 5s }] }\n`
    expect(problemsOf(text)[0]?.message).toMatch(/^unknown key "delay"/)
  })

  it.each([
    ['a fault that does not exist', 'rules: [{ fault: tired }]', /Expected 'unauthorized'/],
    ['a length of time without a unit', 'latency: "5"', /length of time/],
    ['a share of nothing', 'rules: [{ fault: drop, share: 1/0 }]', /share/],
    ['two ways to pick', 'rules: [{ fault: drop, first: 1, every: 2 }]', /only one of/],
    ['a wrong type', 'keys: 5', /expected a list/],
  ])('is refused for %s', (_, line, message) => {
    const text = `${MINIMAL}upstreams:\n  - name: a\n    kind: openai\n    models: [m]\n    ${line}\n`
    const [problem] = problemsOf(text)
    expect(problem?.message).toMatch(message)
    expect(problem?.line).toBe(11)
  })

  it('is refused for YAML that is none, with the line', () => {
    expect(problemsOf('name: [\n')).toMatchObject([{ line: 2 }])
    expect(problemsOf('just words')).toMatchObject([{ message: 'expected a map', line: 1 }])
    expect(problemsOf('').length).toBeGreaterThan(0)
  })

  it('is refused when its aliases grow without bounds', () => {
    const grown = ['a: &a [x, x, x, x, x, x, x, x, x]']
    for (const [before, name] of ['ab', 'bc', 'cd', 'de', 'ef'].map((pair) => [...pair]))
      grown.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(', ')}]`)
    expect(problemsOf(grown.join('\n'))).toMatchObject([{ line: 1 }])
  })

  it('is refused when names point nowhere', () => {
    expect(problemsOf(`${MINIMAL}channels:\n  codex: { upstream: nobody, models: [] }\n`)).toMatchObject([
      { path: 'channels.codex.upstream', line: 8 },
    ])
    expect(problemsOf(MINIMAL.replace('port: 0', 'x: "{{upstream:nobody}}"'))).toMatchObject([
      { path: 'config', line: 4 },
    ])
  })

  it('is refused with more failures than requests', () => {
    const text = `${MINIMAL}history:\n  requests:\n    - { name: a, provider: p, model: m, requests: 1, failed: [{ status: 500, count: 2 }] }\n`
    expect(problemsOf(text)).toMatchObject([{ message: 'more failures (2) than requests' }])
  })

  it('reads times, shares and defaults', () => {
    const text = `${MINIMAL}authFiles:
  - { file: a.json, type: claude, expires: 3h ago, refreshed: 1d2h ago }
upstreams:
  - name: a
    kind: claude
    models: [m]
    latency: 120ms
    rules:
      - { fault: rate-limited, hint: plan-limit, resetsIn: 1h30m, after: 5m, for: 10m, share: 19/1000 }
`
    const reading = parseScenario(text, 'own.yaml')
    expect(reading).toMatchObject({
      scenario: {
        authFiles: [
          { expiresInMs: -10_800_000, refreshedInMs: -93_600_000, mode: 0o600, accessToken: 'access-a' },
        ],
        upstreams: [
          {
            keys: null,
            latency: { baseMs: 120, spreadMs: 0 },
            rules: [
              {
                afterMs: 300_000,
                forMs: 600_000,
                pick: { kind: 'share', count: 19, of: 1000 },
                fault: { kind: 'rate-limited', hint: 'plan-limit', resetsInMs: 5_400_000, plan: 'plus' },
              },
            ],
          },
        ],
      },
    })
  })
})

describe('a scenario that extends another', () => {
  const extending = (rest: string) =>
    parseScenario(`name: b\ntitle: b\ndescription: b\nextends: small\n${rest}`, 'b.yaml', (name) =>
      name === 'small'
        ? `${MINIMAL}upstreams:\n  - { name: one, kind: openai, models: [m] }\n  - { name: two, kind: claude, models: [n] }\n`
        : null,
    )

  it('merges named entries and replaces everything else', () => {
    const reading = extending(
      'upstreams:\n  - { name: two, latency: 5ms }\n  - { name: three, kind: codex, models: [] }\n',
    )
    expect(reading).toMatchObject({
      scenario: {
        name: 'b',
        keys: { client: ['sk-a'] },
        upstreams: [
          { name: 'one', kind: 'openai' },
          { name: 'two', kind: 'claude', models: ['n'], latency: { baseMs: 5 } },
          { name: 'three', kind: 'codex' },
        ],
      },
    })
  })

  it('is judged as the whole that comes out, with places in its own text', () => {
    expect(extending('upstreams:\n  - { name: two, latencyMs: 5 }\n')).toMatchObject({
      problems: [{ message: 'unknown key "latencyMs"; did you mean "latency"?', line: 5 }],
    })
  })

  it('is refused when there is no such scenario', () => {
    const reading = parseScenario('name: b\ntitle: b\ndescription: b\nextends: gone\n', 'b.yaml')
    expect(reading).toMatchObject({
      problems: [{ message: 'there is no scenario "gone" to extend', line: 4 }],
    })
  })
})

describe('the bundled scenarios', () => {
  it.each(NAMES)('%s is read, named like its file and described in one paragraph', (name) => {
    const { name: own, description } = bundled(name)
    expect(own).toBe(name)
    expect(description).not.toContain('\n')
    expect(description.length).toBeGreaterThan(100)
  })

  it.each(NAMES)('%s has a configuration that the gateway accepts', (name) => {
    const { config, upstreams, profile } = bundled(name)
    const text = config.kind === 'text' ? config.text : readFileSync(config.path, 'utf8')
    const baseUrls = Object.fromEntries(upstreams.map((each) => [each.name, 'http://127.0.0.1:1']))
    const rendered = renderConfig(text, { upstreams: baseUrls, authDir: '/auth' })
    expect(rendered).not.toContain('{{')
    expect(loadConfig(rendered, profile === 'runbook' ? 'upstream' : profile).kind).toBe('loaded')
  })

  it.each(NAMES)('%s names only credentials and models that exist', (name) => {
    const { history, upstreams, channels, authFiles } = bundled(name)
    for (const { provider, credential } of history.requests)
      if (credential?.endsWith('.json')) {
        expect(authFiles.map(({ file }) => file)).toContain(credential)
        expect(Object.keys(channels)).toContain(provider)
      }
    for (const { upstream, models } of Object.values(channels))
      expect(upstreams.find((each) => each.name === upstream)?.models).toEqual(
        expect.arrayContaining([...models]),
      )
  })

  it.each([
    ['spark-1.9', 19],
    ['spark-2.1', 21],
    ['spark-5.1', 51],
  ])('%s refuses that share of a thousand Spark requests, before the start and after', (name, refused) => {
    const { history, upstreams } = bundled(name)
    const spark = history.requests.find(({ model }) => model === 'gpt-5.3-codex-spark')
    expect(spark?.everyMs).toBe(600_000)
    expect(spark?.requests).toBe(1000)
    expect(spark?.failed.reduce((sum, { count }) => sum + count, 0)).toBe(refused)
    const codex = upstreams.find((each) => each.name === 'codex')
    expect(codex?.rules[0]?.pick).toEqual({ kind: 'share', count: refused, of: 1000 })
  })

  it('follow the schema for editors', () => {
    const validate = new Ajv2020({ allowUnionTypes: true }).compile(scenarioJsonSchema())
    for (const name of NAMES) {
      validate(parse(textOf(name) ?? ''))
      expect({ name, errors: validate.errors }).toEqual({ name, errors: null })
    }
  })

  // `vitest run test/gateway/embedded/scenario.test.ts --update` writes it anew.
  it('have a schema that is written down', async () => {
    await expect(`${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`).toMatchFileSnapshot(SCHEMA)
  })
})
