import type { Fault, Rule, UpstreamSpec } from '../../../../src/gateway/embedded/upstream/types.ts'

const PLAN_LIMIT: Fault = { kind: 'rate-limited', hint: 'plan-limit', resetsInMs: 4_000_000, plan: 'plus' }

/** What the provider behind the recorded gateways did for a model called `fx-<behaviour>`. */
const BEHAVIOURS: Readonly<Record<string, Fault>> = {
  '400': { kind: 'bad-request' },
  '401': { kind: 'unauthorized', reason: 'invalid-key' },
  '401-openai': { kind: 'unauthorized', reason: 'openai' },
  '401-text': { kind: 'unauthorized', reason: 'text' },
  '402': { kind: 'payment-required' },
  '403': { kind: 'forbidden', reason: 'region' },
  '403-html': { kind: 'forbidden', reason: 'edge-page' },
  '403-text': { kind: 'forbidden', reason: 'text' },
  '404': { kind: 'not-found', reason: 'model' },
  '404-plain': { kind: 'not-found', reason: 'path' },
  '404-html': { kind: 'not-found', reason: 'page' },
  '413': { kind: 'too-large' },
  context: { kind: 'context-length' },
  '429': { kind: 'rate-limited', hint: 'none', resetsInMs: 0, plan: 'plus' },
  '429-ra': { kind: 'rate-limited', hint: 'retry-after', resetsInMs: 7_000, plan: 'plus' },
  '429-usage': PLAN_LIMIT,
  '500': { kind: 'server-error', status: 500, page: 'json' },
  '502-html': { kind: 'server-error', status: 502, page: 'html' },
  '503': { kind: 'server-error', status: 503, page: 'json' },
  '503-html': { kind: 'server-error', status: 503, page: 'html' },
  '529': { kind: 'server-error', status: 529, page: 'json' },
  spark: { kind: 'model-not-supported', status: 400 },
  'slow-stream': { kind: 'slow-stream', gapMs: 1 },
  cut: { kind: 'cut', how: 'close', at: 'middle' },
  'cut-reset': { kind: 'cut', how: 'reset', at: 'middle' },
  'cut-empty': { kind: 'cut', how: 'close', at: 'start' },
  'no-finish': { kind: 'cut', how: 'close', at: 'before-terminal' },
  'no-done': { kind: 'no-done' },
  'error-in-stream': { kind: 'error-in-stream', reason: 'overloaded' },
  'usage-missing': { kind: 'usage', how: 'missing' },
  'usage-null': { kind: 'usage', how: 'null' },
  'usage-zero': { kind: 'usage', how: 'zero' },
  'usage-diff': { kind: 'usage', how: 'different' },
  'usage-cached': { kind: 'usage', how: 'cached' },
  'wrong-model': { kind: 'wrong-model', model: 'some-other-model-1' },
  html: { kind: 'html-page' },
  badjson: { kind: 'half-json' },
  tool: { kind: 'tool-call' },
  'img-refuse': { kind: 'images', how: 'refused' },
  'img-drop': { kind: 'images', how: 'dropped' },
  reasoning: { kind: 'reasoning' },
  'finish-length': { kind: 'length' },
  close: { kind: 'drop' },
}

const rule = (when: Rule['when'], fault: Fault): Rule => ({
  when,
  afterMs: 0,
  forMs: null,
  pick: { kind: 'all' },
  fault,
})

const RULES: readonly Rule[] = [
  ...Object.entries(BEHAVIOURS).map(([name, fault]) =>
    rule({ models: [`fx-${name}`], ...(name === 'no-finish' ? { stream: true } : {}) }, fault),
  ),
  rule(
    { keys: ['sk-fixture-mixed-up-401', 'fixture-codex-up-401'] },
    { kind: 'unauthorized', reason: 'invalid-key' },
  ),
  rule({ keys: ['fixture-codex-up-429-usage'] }, PLAN_LIMIT),
]

const SPARK = 'gpt-5.3-codex-spark'

/** Only a pro account may use it. */
const NOT_ENTITLED = ['sk-fixture-codex-plus', 'fixture-access-token']
const SPARK_REFUSED: Fault = { kind: 'model-not-supported', status: 400 }

/** Everything the configurations ask for; `''` is what half a JSON body leaves of a name. */
const MODELS: readonly string[] = [
  ...Object.keys(BEHAVIOURS).map((name) => `fx-${name}`),
  'fx-ok',
  'fx-img-accept',
  'glm-4.7',
  'z-ai/glm-5',
  'gpt-4.1-mini',
  'kimi-k2',
  'qwen3-coder',
  'mixed-1',
  'claude-sonnet-4-5-20250929',
  'claude-haiku-4-5-20251001',
  'gpt-5.3-codex',
  'gpt-5.1-codex',
  SPARK,
  'gpt-5.2',
  'gpt-5.4',
  'claude-sonnet-4-6',
  '',
]

/** The provider of the recordings, as three simulated upstreams: one for each format it spoke. */
export const PROVIDERS: readonly UpstreamSpec[] = (['openai', 'codex', 'claude'] as const).map((kind) => ({
  name: kind,
  kind,
  models: MODELS,
  keys: null,
  latency: { baseMs: 0, spreadMs: 0 },
  rules: kind === 'codex' ? [...RULES, rule({ models: [SPARK], keys: NOT_ENTITLED }, SPARK_REFUSED)] : RULES,
}))
