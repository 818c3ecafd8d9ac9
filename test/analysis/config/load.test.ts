import { describe, expect, it } from 'vitest'
import type { Flavour } from '../../../src/analysis/config/flavour.ts'
import { loadConfig } from '../../../src/analysis/config/load.ts'
import type { GatewayConfig } from '../../../src/analysis/config/model.ts'

function loaded(text: string, flavour: Flavour = 'upstream'): GatewayConfig {
  const result = loadConfig(text, flavour)
  if (result.kind === 'rejected') throw new Error(JSON.stringify(result.problems))
  return result.config
}

function problemsOf(text: string, flavour: Flavour = 'upstream') {
  const result = loadConfig(text, flavour)
  return result.kind === 'rejected' ? result.problems : []
}

describe('Loading a config', () => {
  it('takes an empty file for all defaults', () => {
    const { settings, entries } = loaded('')
    expect(entries).toEqual([])
    expect(settings).toMatchObject({
      port: 0,
      host: '',
      authDir: '~/.cli-proxy-api',
      apiKeys: [],
      requestRetry: 0,
      errorLogsMaxFiles: 10,
      redisUsageQueueRetentionSeconds: 60,
      strategy: 'round-robin',
      wsAuth: true,
      disableImageGeneration: 'false',
    })
    expect(loaded('', 'fork').settings.wsAuth).toBe(false)
  })

  it('reads the switches, with the clamps of the gateway', () => {
    const { settings } = loaded(`
port: 0x10
request-retry: -1
error-logs-max-files: -1
max-retry-interval: 30.9
force-model-prefix: on
redis-usage-queue-retention-seconds: 9999
disable-image-generation: "chat"
routing: { strategy: " FillFirst " }
api-keys: [a, " a ", 123, "", ~]
`)
    expect(settings).toMatchObject({
      port: 16,
      requestRetry: 0,
      errorLogsMaxFiles: 10,
      maxRetryIntervalSeconds: 30,
      forceModelPrefix: true,
      redisUsageQueueRetentionSeconds: 3600,
      disableImageGeneration: 'chat',
      strategy: 'fill-first',
    })
    expect(settings.apiKeys.map(({ text }) => text)).toEqual(['a', '123'])
    expect(settings.at.get('routing.strategy')).toEqual({ line: 9, column: 22 })
  })

  it('reads the first document only, and not even the faults of the others', () => {
    const result = loadConfig('port: 1\n---\nport: [broken\n', 'upstream')
    expect(result).toMatchObject({
      kind: 'loaded',
      config: { settings: { port: 1 } },
      secondDocument: { line: 2, column: 1 },
    })
  })

  it('ignores unknown keys, whatever stands below them, and says where they are', () => {
    const result = loadConfig(
      'port: 1\nfoo: {a: 1, a: 2}\nopenai-compatibility:\n  - nam: x\n    base-url: http://x\n',
      'upstream',
    )
    expect(result.kind).toBe('loaded')
    expect(result.unknownKeys).toMatchObject([
      { key: 'foo', path: '', at: { line: 2, column: 1 } },
      { key: 'nam', path: 'openai-compatibility[0]', at: { line: 4, column: 5 } },
    ])
  })

  it('works with a byte order mark, CRLF line ends and tabs where the gateway allows them', () => {
    const config = loaded(
      '\ufeffport: 1\t# said\r\nopenai-compatibility:\r\n  - name: x\r\n    base-url: "a\tb"\r\n',
    )
    expect(config.settings.port).toBe(1)
    expect(config.entries[0]?.at.entry).toEqual({ line: 3, column: 5 })
  })

  it('follows anchors and fills in merge keys, whose pairs never win', () => {
    const config = loaded(`
base: &base { base-url: http://x/v1, priority: 3, prefix: a }
openai-compatibility:
  - <<: *base
    name: one
    prefix: own
    models: &m [{ name: glm }]
  - name: two
    <<: [{ base-url: http://y }, *base]
    models: *m
`)
    expect(config.entries).toMatchObject([
      { name: 'one', baseUrl: 'http://x/v1', priority: 3, prefix: 'own', models: [{ id: 'glm' }] },
      { name: 'two', baseUrl: 'http://y', priority: 3, prefix: 'a', models: [{ id: 'glm' }] },
    ])
  })

  it('takes null for "not said": defaults stay and null items vanish', () => {
    const config = loaded(
      'port:\nerror-logs-max-files: ~\nopenai-compatibility:\n  -\n  - name: x\n    base-url: http://x\n    models: null\n',
    )
    expect(config.settings.errorLogsMaxFiles).toBe(10)
    expect(config.entries).toMatchObject([{ name: 'x', fileIndex: 1, models: [] }])
  })
})

describe('A file is refused', () => {
  it('for a key that stands twice, also in quotes, with both places', () => {
    expect(problemsOf('port: 1\ndebug: true\n"port": 2\n')).toEqual([
      {
        code: 'yaml-dup-key',
        line: 3,
        column: 1,
        message: 'the key `port` stands twice, first on line 1',
        expected: 'the key once',
      },
    ])
  })

  it.each([
    ['port: "8317"', 'the gateway wants a whole number'],
    ['debug: "true"', 'the gateway wants true or false'],
    ['api-keys: sk-secret', 'the gateway wants a list'],
    ['api-keys: [{key: sk-secret}]', 'the gateway wants text'],
    ['routing: sk-secret', 'the gateway wants a map'],
    ['openai-compatibility: {name: sk-secret}', 'the gateway wants a list'],
    ['claude-api-key: [{excluded-models: "sk-secret"}]', 'the gateway wants a list'],
    ['disable-image-generation: sk-secret', 'the gateway wants true, false, chat or passthrough'],
    ['codex: {live-media-relay: {udp-port-min: 70000}}', 'the gateway wants a port number'],
  ])('for a value of the wrong type: %s', (text, wanted) => {
    const [problem] = problemsOf(text)
    expect(problem).toMatchObject({ code: 'yaml-type', line: 1 })
    expect(problem?.message).toContain(wanted)
    expect(JSON.stringify(problem)).not.toContain('sk-secret')
  })

  it('with every reason at once, in the order of the file', () => {
    expect(problemsOf('port: a\nhost: [b]\ndebug: 3\n').map(({ line }) => line)).toEqual([1, 2, 3])
  })

  it.each([
    ['host: "x', 'a closing quote, bracket, comma or colon is missing'],
    ['a: b: c', 'two keys stand on one line'],
    ['host: x\n\tport: 1', 'a tab is used as indentation'],
    ['host: "x"\n\t\nport: 1', 'a tab is used as indentation'],
    ['port: *nobody', '`port` refers to an anchor that is not defined before it'],
    ['- a\n- b', 'the file is a list; the gateway wants a map'],
  ])('for broken YAML: %j', (text, message) => {
    expect(problemsOf(text).map((problem) => problem.message)).toContain(message)
  })

  it('for an alias that contains itself, and for aliases that multiply', () => {
    expect(problemsOf('payload: &p { default: [{ params: { a: *p } }] }')[0]?.message).toContain(
      'contains itself',
    )
    const bomb = ['payload:', '  default:', '    - params:', '        a: &a0 [x, x, x, x, x, x, x, x, x, x]']
    for (let level = 1; level < 8; level++)
      bomb.push(
        `        k${level}: &a${level} [${Array(10)
          .fill(`*a${level - 1}`)
          .join(', ')}]`,
      )
    expect(problemsOf(bomb.join('\n'))[0]?.message).toContain('repeats aliases excessively')
  })

  it('by upstream for a weight that is no YAML integer or too large, by the fork never', () => {
    const weights = ['"5"', '5.0', '1000001', '~', 'x']
    for (const weight of weights) {
      const text = `claude-api-key:\n  - api-key: k\n    weight: ${weight}\n`
      expect(problemsOf(text), weight).toMatchObject([{ code: 'weight-range', line: 3 }])
      expect(problemsOf(text, 'fork'), weight).toEqual([])
    }
    const compat =
      'openai-compatibility:\n  - name: x\n    base-url: u\n    api-key-entries: [{ api-key: k, weight: "1" }]\n'
    expect(problemsOf(compat)).toMatchObject([{ code: 'weight-range', line: 4 }])
    expect(problemsOf('claude-api-key:\n  - api-key: k\n    weight: -3\n')).toEqual([])
  })

  it('by upstream for relay ports and observation bounds that make no sense', () => {
    expect(problemsOf('codex: {live-media-relay: {enabled: true, udp-port-min: 5}}')).toMatchObject([
      { code: 'bad-value' },
      { code: 'bad-value' },
    ])
    expect(problemsOf('credential-in-flight: {snapshot-interval: 2}')).toMatchObject([{ code: 'bad-value' }])
    expect(problemsOf('credential-in-flight: {snapshot-interval: 2s, stale-after: 6s}')).toEqual([])
    expect(problemsOf('codex: {live-media-relay: {udp-port-min: 5}}')).toEqual([])
  })

  it.each([
    'host: "x"# a comment without a space',
    '# a\n\t# b\n# c\nport: 1',
    'debug: "yes"',
    'max-retry-interval: 1_000',
    'port: 8317 # \t tab',
  ])('but not for what the gateway tolerates: %j', (text) => {
    expect(problemsOf(text)).toEqual([])
  })
})

describe('Entries', () => {
  it('come out normalised', () => {
    const [entry] = loaded(`
openai-compatibility:
  - name: " NVidia "
    base-url: " http://x/v1 "
    prefix: " /team/ "
    headers: { " X-A ": " b ", Empty: "", Number: 5 }
    request-retry: -1
    models:
      - { name: " glm ", alias: " G " }
`).entries
    expect(entry).toMatchObject({
      label: 'openai-compatibility "NVidia"',
      name: 'NVidia',
      providerKey: 'openai-compatible-nvidia',
      baseUrl: 'http://x/v1',
      prefix: 'team',
      headers: { 'X-A': 'b', Number: '5' },
      requestRetry: null,
      models: [{ name: 'glm', alias: 'G', id: 'G' }],
      fate: { kind: 'live' },
    })
  })

  it.each([
    ['team/a', ''],
    ['//x//', 'x'],
    [' / ', ''],
    ['p-', 'p-'],
  ])('have the prefix %j cut to %j', (written, used) => {
    expect(
      loaded(`claude-api-key: [{api-key: k, prefix: ${JSON.stringify(written)}}]`).entries[0]?.prefix,
    ).toBe(used)
  })

  it.each<[string, string, Flavour, object]>([
    [
      'an openai-compatibility entry without base-url',
      'openai-compatibility: [{name: x}]',
      'upstream',
      { reason: 'no-base-url' },
    ],
    ['a codex entry without base-url', 'codex-api-key: [{api-key: k}]', 'fork', { reason: 'no-base-url' }],
    [
      'a gemini entry without anything, upstream',
      'gemini-api-key: [{prefix: p}]',
      'upstream',
      { reason: 'no-key-or-base-url' },
    ],
    [
      'a gemini entry without key, in the fork',
      'gemini-api-key: [{base-url: b}]',
      'fork',
      { reason: 'no-key' },
    ],
    [
      'a claude entry without key, in the fork',
      'claude-api-key: [{base-url: b}]',
      'fork-old',
      { reason: 'no-key' },
    ],
    ['a vertex entry without key', 'vertex-api-key: [{base-url: b}]', 'upstream', { reason: 'no-key' }],
  ])('are dropped: %s', (_what, text, flavour, fate) => {
    expect(loaded(text, flavour).entries[0]?.fate).toMatchObject({ kind: 'dropped', ...fate })
  })

  it('of gemini are dropped as duplicates by what each gateway compares', () => {
    const text =
      'gemini-api-key:\n  - {api-key: k, base-url: b, prefix: p}\n  - {api-key: k, base-url: b, prefix: q}\n  - {api-key: k, base-url: c}\n'
    const live = (flavour: Flavour) => loaded(text, flavour).entries.map(({ fate }) => fate.kind)
    expect(live('upstream')).toEqual(['live', 'live', 'live'])
    expect(live('fork')).toEqual(['live', 'dropped', 'live'])
    expect(live('fork-old')).toEqual(['live', 'dropped', 'dropped'])
  })

  it('are disabled only where the gateway knows the switch', () => {
    const text = 'openai-compatibility: [{name: x, base-url: b, disabled: true}]'
    expect(loaded(text).entries[0]?.fate).toEqual({ kind: 'disabled' })
    expect(loaded(text, 'fork-old').entries[0]?.fate).toEqual({ kind: 'live' })
  })
})

describe('Credentials', () => {
  const text = `
gemini-api-key:
  - api-key: AIza-example
    prefix: /g/
    headers: { X-B: two, x-a: one }
  - api-key: AIza-example
    prefix: g
    headers: { x-a: one, X-B: two }
claude-api-key:
  - api-key: " sk-ant-example "
    base-url: https://c.example
  - api-key: sk-ant-example
    base-url: https://c.example
openai-compatibility:
  - name: Local
    base-url: http://127.0.0.1:1234/v1
  - name: nvidia
    base-url: https://n.example/v1
    prefix: n
    api-key-entries:
      - api-key: nv-1
      - api-key: nv-2
        proxy-url: direct
vertex-api-key:
  - api-key: vk
`

  it('have the ids that the gateways give them', () => {
    // Answers of both gateways' own code to this file.
    const shared = [
      'openai-compatibility:local:41e61eb0381c',
      'openai-compatibility:nvidia:e66d3acbc177',
      'openai-compatibility:nvidia:0230f7039950',
      'vertex:apikey:6871013a98e6',
    ]
    const idsOf = (flavour: Flavour) => loaded(text, flavour).credentials.map(({ id }) => id)
    expect(idsOf('upstream')).toEqual([
      'gemini:apikey:b924093999b0',
      'claude:apikey:b6cbdbb01931',
      'claude:apikey:b6cbdbb01931-1',
      ...shared,
    ])
    expect(idsOf('fork')).toEqual([
      'gemini:apikey:6546d6ad3918',
      'claude:apikey:04e9d8820df7',
      'claude:apikey:04e9d8820df7-1',
      ...shared,
    ])
  })

  it('are one per key, one without key where there is none, and none for entries that are off', () => {
    const config = loaded(`
openai-compatibility:
  - { name: a, base-url: u, disabled: true }
  - { name: b }
  - { name: c, base-url: u, priority: 2, api-key-entries: [{ api-key: k, weight: -1 }, { api-key: l }] }
  - { name: d, base-url: u }
`)
    expect(config.credentials).toMatchObject([
      { providerKey: 'openai-compatible-c', apiKey: 'k', weight: 0, priority: 2 },
      { providerKey: 'openai-compatible-c', apiKey: 'l', weight: 1, priority: 2 },
      { providerKey: 'openai-compatible-d', apiKey: '' },
    ])
  })

  it('bear the bare name as provider in the old fork', () => {
    expect(
      loaded('openai-compatibility: [{name: X, base-url: u}]', 'fork-old').credentials[0]?.providerKey,
    ).toBe('x')
  })
})

describe('OAuth maps', () => {
  const text = `
oauth-excluded-models:
  " Codex ": ["GPT-5*", "gpt-5*", ""]
  claude: []
oauth-model-alias:
  codex:
    - { name: gpt-5, alias: g5 }
    - { name: gpt-5.1, alias: G5, fork: true }
    - { name: gpt-5, alias: "GPT-5" }
    - { name: gpt-5 }
  kiro: []
`

  it('are normalised, and what is left out is told with its reason', () => {
    const config = loaded(text)
    expect([...config.oauthExcludedModels]).toEqual([
      ['codex', [{ text: 'gpt-5*', at: { line: 3, column: 15 } }]],
    ])
    expect(config.oauthModelAliases.get('codex')).toMatchObject([{ name: 'gpt-5', alias: 'g5', fork: false }])
    expect(config.droppedAliases.map(({ reason }) => reason)).toEqual(['taken', 'same', 'incomplete'])
  })

  it('keep one alias of two names in the fork, which also has aliases of its own', () => {
    const config = loaded(text, 'fork')
    expect(config.oauthModelAliases.get('codex')).toHaveLength(2)
    expect(config.oauthModelAliases.get('kiro')).toEqual([])
    expect(config.oauthModelAliases.get('github-copilot')).toContainEqual(
      expect.objectContaining({ name: 'claude-opus-4.6', alias: 'claude-opus-4-6', fork: true, at: null }),
    )
  })
})
