import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Flavour } from '../../../src/analysis/config/flavour.ts'
import {
  LINT_RULES,
  type LintFinding,
  type LintInput,
  lintConfig,
  type RuleId,
} from '../../../src/analysis/config/lint.ts'
import type { Severity, WorkloadClass } from '../../../src/analysis/config/lint-types.ts'
import { readTokenFile } from '../../../src/analysis/config/oauth.ts'
import { dice, randomFile } from './random-config.ts'

const CATALOGUE = { codex: ['gpt-5.3-codex', 'gpt-5-mini'], claude: ['claude-opus-4-6'] }
/** A file without any finding, to which each case adds its fault. */
const CLEAN = `port: 8317
api-keys: [one-of-our-own]
request-retry: 3
usage-statistics-enabled: true
logging-to-file: true
`

function lint(text: string, input: Partial<LintInput> = {}): LintFinding[] {
  return lintConfig({ text, flavour: 'upstream', catalogue: CATALOGUE, ...input })
}

function compat(name: string, rest = '', keys = '[{api-key: k1}, {api-key: k2}]'): string {
  return `  - {name: ${name}, base-url: "https://${name}.example/v1", api-key-entries: ${keys}, ${rest || 'models: [{name: m}]'}}\n`
}

const CRITICAL: WorkloadClass = { name: 'chat', models: ['glm'], priority: 'critical', latency: 'critical' }
const BATCH: WorkloadClass = { name: 'batch', models: ['glm'], priority: 'best-effort' }

interface Case {
  readonly rule: RuleId
  readonly severity: Severity
  /** Added to the clean file, whose last line is 5. */
  readonly text: string
  readonly line?: number
  readonly says?: string
  readonly input?: Partial<LintInput>
  /** Stands in place of the clean file. */
  readonly alone?: true
}

const fork = { flavour: 'fork' } satisfies { flavour: Flavour }
const old = { flavour: 'fork-old' } satisfies { flavour: Flavour }

const CASES: readonly Case[] = [
  { rule: 'yaml-syntax', severity: 'error', text: 'host: "x\n', line: 7 },
  { rule: 'yaml-dup-key', severity: 'error', text: 'port: 1\n', line: 6, says: 'first on line 1' },
  { rule: 'yaml-type', severity: 'error', text: 'debug: "true"\n', line: 6 },
  {
    rule: 'bad-value',
    severity: 'error',
    text: 'codex: {live-media-relay: {enabled: true, public-ip: here}}\n',
    line: 6,
  },
  {
    rule: 'unknown-key',
    severity: 'warn',
    text: 'force_model_prefix: true\n',
    line: 6,
    says: 'write `force-model-prefix`',
  },
  {
    rule: 'unknown-key',
    severity: 'warn',
    text: 'claude-api-key: [{api-key: k, exclude-models: []}]\n',
    line: 6,
    says: 'write `excluded-models`',
  },
  {
    rule: 'unknown-key',
    severity: 'warn',
    text: 'claude-api-key: [{api-key: k, disabled: true}]\n',
    line: 6,
    says: 'excluded-models: ["*"]',
  },
  {
    rule: 'unknown-key',
    severity: 'warn',
    text: `openai-compatibility:\n${compat('a', 'api-key: sk-hidden, models: [{name: m}]')}`,
    line: 7,
    says: '`api-key-entries`',
  },
  {
    rule: 'unknown-key',
    severity: 'warn',
    text: `openai-compatibility:\n${compat('a', 'excluded-models: [x], models: [{name: m}]')}`,
    line: 7,
    says: 'this section has no exclusions',
  },
  {
    rule: 'unknown-key',
    severity: 'warn',
    text: `openai-compatibility:\n${compat('a', 'disabled: true, models: [{name: m}]')}`,
    line: 7,
    says: 'stays in service',
    input: old,
  },
  {
    rule: 'unknown-key',
    severity: 'warn',
    text: 'claude-code: {}\n',
    line: 6,
    says: 'only CLIProxyAPI knows it',
    input: fork,
  },
  {
    rule: 'legacy-key',
    severity: 'warn',
    text: 'generative-language-api-key: [sk-hidden]\n',
    line: 6,
    says: 'ignored: this key does nothing',
  },
  {
    rule: 'legacy-key',
    severity: 'warn',
    text: `openai-compatibility:\n${compat('a', 'api-keys: [sk-hidden], models: [{name: m}]')}`,
    line: 7,
    says: '`api-key-entries`',
  },
  {
    rule: 'key-too-new',
    severity: 'warn',
    text: 'save-cooldown-status: true\n',
    line: 6,
    says: 'v7.2.19',
    input: { version: 'v7.2.9' },
  },
  {
    rule: 'dead-block',
    severity: 'warn',
    text: 'deepseek: [{api-key: sk-hidden}]\n',
    line: 6,
    says: '`openai-compatibility`',
    input: fork,
  },
  { rule: 'second-document', severity: 'warn', text: '---\nport: 1\n', line: 6 },
  {
    rule: 'template-client-key',
    severity: 'error',
    text: 'port: 1\nrequest-retry: 1\napi-keys: [your-api-key-2]\n',
    line: 3,
    says: 'safe mode',
    alone: true,
  },
  {
    rule: 'template-client-key',
    severity: 'error',
    text: 'api-keys: [your-api-key-2]\n',
    line: 1,
    says: 'the key works',
    alone: true,
    input: fork,
  },
  {
    rule: 'no-client-key',
    severity: 'error',
    text: 'port: 1\napi-keys: ["", ~]\n',
    line: 2,
    says: 'everybody who reaches the port',
    alone: true,
  },
  {
    rule: 'no-client-key',
    severity: 'error',
    text: 'host: 127.0.0.1\n',
    line: 1,
    says: 'everybody on this machine',
    alone: true,
  },
  {
    rule: 'mgmt-plaintext',
    severity: 'warn',
    text: 'remote-management:\n  secret-key: sk-hidden\n',
    line: 7,
  },
  {
    rule: 'port-missing',
    severity: 'warn',
    text: 'host: x\n',
    line: 1,
    says: 'random free port',
    alone: true,
  },
  { rule: 'tls-incomplete', severity: 'error', text: 'tls: {enable: true, cert: c.pem}\n', line: 6 },
  {
    rule: 'unknown-strategy',
    severity: 'warn',
    text: 'routing: {strategy: wrr}\n',
    line: 6,
    says: 'uses round-robin',
    input: fork,
  },
  {
    rule: 'unknown-strategy',
    severity: 'warn',
    text: 'routing: {strategy: sticky-round-robin}\n',
    line: 6,
    input: old,
  },
  { rule: 'retry-zero', severity: 'info', text: 'port: 1\n', line: 1, alone: true },
  { rule: 'request-log-on', severity: 'warn', text: 'request-log: true\n', line: 6 },
  { rule: 'force-prefix-no-prefix', severity: 'info', text: 'force-model-prefix: true\n', line: 6 },
  { rule: 'missing-base-url', severity: 'error', text: 'codex-api-key:\n  - api-key: sk-hidden\n', line: 7 },
  { rule: 'entry-dropped', severity: 'error', text: 'vertex-api-key:\n  - base-url: http://x/v1\n', line: 7 },
  {
    rule: 'entry-dropped',
    severity: 'warn',
    text: 'gemini-api-key:\n  - api-key: k\n  - api-key: k\n',
    line: 8,
    says: 'line 7',
  },
  {
    rule: 'compat-no-models',
    severity: 'warn',
    text: `openai-compatibility:\n${compat('a', 'models: []')}`,
    line: 7,
    says: 'offers nothing',
  },
  {
    rule: 'compat-no-keys',
    severity: 'warn',
    text: `openai-compatibility:\n${compat('a', '', '[]')}`,
    line: 7,
    says: 'without a key',
  },
  {
    rule: 'keyless-alias',
    severity: 'warn',
    text: `openai-compatibility:\n${compat('a', 'models: [{name: up, alias: glm}]', '[]')}`,
    line: 7,
    says: 'sends `glm` to the upstream instead of `up`',
    input: fork,
  },
  {
    rule: 'compat-dup-name',
    severity: 'error',
    text: `openai-compatibility:\n${compat('a')}${compat('A', 'models: [{name: n}]')}`,
    line: 8,
    says: 'first on line 7',
  },
  {
    rule: 'compat-dup-name',
    severity: 'error',
    text: `openai-compatibility:\n${compat('a')}${compat('A', 'models: [{name: n}]')}`,
    line: 8,
    says: 'used with the models of the first',
    input: fork,
  },
  {
    rule: 'bad-prefix',
    severity: 'error',
    text: `openai-compatibility:\n${compat('a', 'prefix: team/a, models: [{name: m}]')}`,
    line: 7,
    says: 'answers everybody',
  },
  {
    rule: 'bad-prefix',
    severity: 'info',
    text: `openai-compatibility:\n${compat('a', 'prefix: /team/, models: [{name: m}]')}`,
    line: 7,
    says: '`team`',
  },
  { rule: 'weight-range', severity: 'error', text: 'claude-api-key: [{api-key: k, weight: "5"}]\n', line: 6 },
  {
    rule: 'weight-range',
    severity: 'warn',
    text: 'claude-api-key: [{api-key: k, weight: 5}]\n',
    line: 6,
    says: 'only under weighted-round-robin',
  },
  {
    rule: 'weight-range',
    severity: 'warn',
    text: 'routing: {strategy: wrr}\nclaude-api-key: [{api-key: k, weight: 0}]\n',
    line: 7,
    says: 'takes no part',
  },
  {
    rule: 'model-item',
    severity: 'warn',
    text: `openai-compatibility:\n${compat('a', 'models: [{name: m}, {image: true}]')}`,
    line: 7,
    says: 'skips it',
  },
  {
    rule: 'model-item',
    severity: 'warn',
    text: 'vertex-api-key: [{api-key: k, models: [{name: only}]}]\n',
    line: 6,
    says: 'drops it',
  },
  {
    rule: 'model-item',
    severity: 'warn',
    text: `openai-compatibility:\n${compat('a', 'models: [{name: "glm-*"}]')}`,
    line: 7,
    says: 'literally',
  },
  {
    rule: 'all-excluded',
    severity: 'info',
    text: 'claude-api-key: [{api-key: k, excluded-models: ["*"]}]\n',
    line: 6,
  },
  {
    rule: 'base-url-path',
    severity: 'info',
    text: 'openai-compatibility: [{name: a, base-url: "https://a.example/", api-key-entries: [{api-key: k}], models: [{name: m}]}]\n',
    line: 6,
  },
  {
    rule: 'alias-collision',
    severity: 'warn',
    text: `openai-compatibility:\n${compat('a', 'models: [{name: x, alias: glm}]')}${compat('b', 'models: [{name: y, alias: glm}]')}`,
    line: 8,
    says: 'different models under one name',
  },
  {
    rule: 'alias-collision',
    severity: 'info',
    text: `openai-compatibility:\n${compat('a', 'models: [{name: glm}]')}${compat('b', 'models: [{name: glm}]')}`,
    line: 8,
    says: 'stands in for the others',
  },
  {
    rule: 'alias-collision',
    severity: 'info',
    text: `openai-compatibility:\n${compat('a', 'priority: 1, models: [{name: x, alias: glm}]')}${compat('b', 'models: [{name: y, alias: glm}]')}`,
    line: 8,
    says: 'higher priority',
  },
  {
    rule: 'alias-shadow',
    severity: 'warn',
    text: `openai-compatibility:\n${compat('a', 'prefix: team, models: [{name: glm}]')}${compat('b', 'models: [{name: y, alias: team/glm}]')}`,
    line: 8,
    says: 'can land here',
  },
  {
    rule: 'alias-shadow',
    severity: 'warn',
    text: `openai-compatibility:\n${compat('a', 'models: [{name: glm, alias: a-glm}]')}${compat('b', 'models: [{name: other, alias: glm}]')}`,
    line: 8,
    says: 'gets `other` from here',
  },
  {
    rule: 'alias-shadow',
    severity: 'warn',
    text: `openai-compatibility:\n${compat('a', 'prefix: p, models: [{name: up, alias: p/x}]')}`,
    line: 7,
    says: 'asks the upstream for `x`',
  },
  {
    rule: 'case-collision',
    severity: 'warn',
    text: `openai-compatibility:\n${compat('a', 'models: [{name: Glm}]')}${compat('b', 'models: [{name: glm}]')}`,
    line: 8,
  },
  {
    rule: 'dead-exclude',
    severity: 'warn',
    text: 'claude-api-key: [{api-key: k, models: [{name: up, alias: glm}], excluded-models: [up]}]\n',
    line: 6,
    says: '`glm` stays on offer',
  },
  {
    rule: 'dead-exclude',
    severity: 'warn',
    text: 'claude-api-key: [{api-key: k, excluded-models: [gpt-*]}]\n',
    line: 6,
    says: 'does nothing',
  },
  {
    rule: 'dead-exclude',
    severity: 'warn',
    text: 'oauth-model-alias: {codex: [{name: gpt-5-mini, alias: tiny, fork: true}]}\noauth-excluded-models: {codex: [tiny]}\n',
    line: 7,
    says: 'before aliases',
  },
  {
    rule: 'redundant-entry',
    severity: 'info',
    text: `openai-compatibility:\n${compat('a', '', '[{api-key: k}, {api-key: k}]')}`,
    line: 7,
    says: 'two accounts',
  },
  {
    rule: 'redundant-entry',
    severity: 'info',
    text: `openai-compatibility:\n${compat('a', 'models: [{name: m, alias: m}]')}`,
    line: 7,
    says: 'without alias',
  },
  {
    rule: 'redundant-entry',
    severity: 'info',
    text: 'claude-api-key: [{api-key: k, excluded-models: [claude-opus-4-6, claude-*]}]\n',
    line: 6,
    says: 'covers it',
  },
  {
    rule: 'oauth-alias-dropped',
    severity: 'warn',
    text: 'oauth-model-alias:\n  codex:\n    - {name: gpt-5-mini, alias: a, fork: true}\n    - {name: gpt-5.3-codex, alias: A, fork: true}\n',
    line: 9,
    says: 'earlier item wins',
  },
  {
    rule: 'oauth-alias-effect',
    severity: 'info',
    text: 'oauth-model-alias: {codex: [{name: gpt-5-mini, alias: tiny}]}\n',
    line: 6,
    says: 'gone for everybody',
  },
  {
    rule: 'oauth-alias-effect',
    severity: 'warn',
    text: 'oauth-model-alias: {codex: [{name: gpt-9, alias: tiny, fork: true}]}\n',
    line: 6,
    says: 'has no `gpt-9`',
  },
  {
    rule: 'oauth-alias-effect',
    severity: 'warn',
    text: 'oauth-excluded-models: {codex: [gpt-5*]}\noauth-model-alias: {codex: [{name: gpt-5-mini, alias: tiny, fork: true}]}\n',
    line: 7,
    says: 'excluded before aliases',
  },
  {
    rule: 'workload-unserved',
    severity: 'error',
    text: '',
    line: 1,
    says: 'unknown provider for model',
    input: { workloads: [CRITICAL] },
  },
  {
    rule: 'workload-unserved',
    severity: 'info',
    text: 'gemini-api-key: [{api-key: k}]\n',
    line: 1,
    says: 'not known here',
    input: { workloads: [CRITICAL] },
  },
  {
    rule: 'single-credential',
    severity: 'info',
    text: `openai-compatibility:\n${compat('a', '', '[{api-key: k}]')}`,
    line: 7,
  },
  {
    rule: 'single-credential',
    severity: 'warn',
    text: `openai-compatibility:\n${compat('a', 'models: [{name: glm}]', '[{api-key: k}]')}`,
    line: 7,
    says: 'second key',
    input: { workloads: [CRITICAL] },
  },
  {
    rule: 'no-alternate',
    severity: 'warn',
    text: `openai-compatibility:\n${compat('a', 'models: [{name: glm}]')}${compat('b', 'disabled: true, models: [{name: glm}]')}`,
    line: 7,
    says: 'but is disabled',
    input: { workloads: [CRITICAL] },
  },
  {
    rule: 'shared-credential',
    severity: 'warn',
    text: `openai-compatibility:\n${compat('a', 'models: [{name: glm}]')}`,
    line: 7,
    says: 'best-effort traffic uses up',
    input: { workloads: [CRITICAL, BATCH] },
  },
  {
    rule: 'no-direct-primary',
    severity: 'warn',
    text: 'openai-compatibility: [{name: or, base-url: "https://openrouter.ai/api/v1", api-key-entries: [{api-key: k}], models: [{name: glm}]}]\n',
    line: 6,
    says: 'detour',
    input: { workloads: [CRITICAL] },
  },
  {
    rule: 'no-aggregator-fallback',
    severity: 'info',
    text: `openai-compatibility:\n${compat('a', 'models: [{name: glm}]')}`,
    line: 1,
    input: { workloads: [CRITICAL] },
  },
  {
    rule: 'bare-workload-id',
    severity: 'info',
    text: `openai-compatibility:\n${compat('a', 'models: [{name: glm}]')}`,
    line: 1,
    says: 'without a prefix',
    input: { workloads: [CRITICAL] },
  },
  {
    rule: 'no-metrics',
    severity: 'info',
    text: 'port: 1\nlogging-to-file: false\n',
    line: 2,
    says: 'main.log',
    alone: true,
  },
]

describe('A lint rule', () => {
  it.each(CASES.map((example) => [example.rule, example.severity, example] as const))(
    '%s finds its fault (%s)',
    (rule, severity, { text, line, says, input, alone }) => {
      const findings = lint(alone === true ? text : CLEAN + text, input).filter(
        (finding) => finding.rule === rule,
      )
      const told = findings.map(({ saw, effect, fix }) => `${saw} | ${effect} | ${fix}`)
      expect(
        findings.filter(
          (finding) => finding.severity === severity && finding.line === (line ?? finding.line),
        ),
        JSON.stringify(findings),
      ).not.toEqual([])
      if (says !== undefined) expect(told.join('\n')).toContain(says)
      expect(told.join('\n')).not.toContain('sk-hidden')
    },
  )

  it('is in the table only with a fault that it finds', () => {
    expect(Object.keys(LINT_RULES).filter((rule) => !CASES.some((example) => example.rule === rule))).toEqual(
      [],
    )
  })

  it('says where it comes from', () => {
    for (const { title, source } of Object.values(LINT_RULES)) {
      expect(title).not.toBe('')
      expect(source).toMatch(/^(?:contract, files \d|runbook, )/)
    }
  })
})

describe('Lint', () => {
  it('has nothing to say about a clean file', () => {
    const text = `${CLEAN}openai-compatibility:
  - name: nvidia
    base-url: https://nv.example/v1
    prefix: nv
    api-key-entries:
      - api-key: one
      - api-key: two
    models:
      - name: z-ai/glm-5
        alias: glm-5
      # a pool: the same alias twice in one entry is meant
      - name: deepseek-v3
        alias: big
      - name: kimi-k2
        alias: big
`
    expect(lint(text)).toEqual([])
    expect(lint(text, { version: 'v7.2.140' })).toEqual([])
  })

  it('does not hold keys against a gateway that is new enough, or whose version is no number', () => {
    const text = `${CLEAN}save-cooldown-status: true\n`
    for (const version of ['v7.2.19', '7.3', 'dev']) expect(lint(text, { version })).toEqual([])
  })

  it('tells of a refused file only why it is refused', () => {
    expect(lint('port: x\nfoo: 1\n').map(({ rule }) => rule)).toEqual(['yaml-type'])
  })

  it('puts the findings in the order of the file', () => {
    const lines = lint('foo: 1\nbar: 2\nremote-management:\n  secret-key: plain\n').map(({ line }) => line)
    expect(lines).toEqual([...lines].sort((a, b) => a - b))
  })

  it('tells collisions of many ids between the same entries as one', () => {
    const models = (prefix: string) =>
      `models: [${Array.from({ length: 30 }, (_, i) => `{name: ${prefix}${i}, alias: m${i}}`).join(', ')}]`
    const text = `${CLEAN}openai-compatibility:\n${compat('a', models('a'))}${compat('b', models('b'))}`
    expect(lint(text).filter(({ rule }) => rule === 'alias-collision')).toHaveLength(1)
  })

  it('shows foreign text without control characters', () => {
    const text = `${CLEAN}"\\e[31mred\\nline": 1\n`
    expect(JSON.stringify(lint(text))).not.toMatch(/\\u001b|\\n/)
  })

  it('sees token files as alternates of config entries', () => {
    const reading = readTokenFile('me@example.com.json', { type: 'codex' }, 'upstream')
    const oauth = reading.kind === 'credential' ? [reading.credential] : []
    const text = `${CLEAN}openai-compatibility:\n${compat('a', 'models: [{name: gpt-5-mini}]')}`
    const workloads: WorkloadClass[] = [{ name: 'w', models: ['gpt-5-mini'], priority: 'critical' }]
    expect(lint(text, { workloads }).map(({ rule }) => rule)).toContain('no-alternate')
    const findings = lint(text, { workloads, oauth })
    expect(findings.map(({ rule }) => rule)).not.toContain('no-alternate')
    expect(JSON.stringify(findings)).not.toContain('example.com.json')
  })

  it('never tells a secret of a random file', () => {
    fc.assert(
      fc.property(dice, fc.constantFrom<Flavour>('upstream', 'fork', 'fork-old'), (numbers, flavour) => {
        const { text } = randomFile(numbers)
        expect(JSON.stringify(lint(text, { flavour, workloads: [CRITICAL, BATCH] }))).not.toMatch(
          /sk-(?:ant-)?secret/,
        )
      }),
      { numRuns: 200 },
    )
  })
})
