import type { AuthFile, Scenario } from '../../../../src/gateway/embedded/scenario.ts'

/** One run of a gateway in which requests were recorded: its configuration, and what was asked in which order. */
export interface Phase {
  readonly name: string
  /** Edits of the configuration it was started with. */
  readonly edit: (config: string) => string
  /** Names in the order asked; a pattern stands for all that fit it, by name. */
  readonly names: readonly (string | RegExp)[]
  /** Token files and their catalogues; none by default. */
  readonly accounts?: Pick<Scenario, 'authFiles' | 'channels'>
  /** Intervals of seconds pass in milliseconds; else time stands still but for whoever sleeps. */
  readonly clock?: 'scaled'
}

const KIND = '(-claude|-codex)?'
const pairs = (...names: readonly string[]): string[] =>
  names.flatMap((name) => [`${name}-upstream`, `${name}-then`])

const CHAT_REFUSALS = [
  '401',
  '401-openai-body',
  '401-text',
  '402',
  '403',
  '403-html',
  '403-text',
  '404',
  '404-plain',
  '404-html',
  '413',
  '400',
  'context-length',
  '500',
  '502-html',
  '503',
  '503-html',
  'spark-sentence',
]

const MATRIX =
  '(usage-(missing|null|zero|diff|cached)|wrong-model|finish-length|reasoning|html|badjson|cut(-reset|-empty)?|no-finish|no-done|error-in-stream|close|401|403-html|404|429|500|503-html|529|spark|slow)'

const token = (claims: Record<string, unknown>): string =>
  `e30.${Buffer.from(JSON.stringify({ 'https://api.openai.com/auth': claims })).toString('base64url')}.fixture`

/** A token file with the fields of the recorded ones. */
function account(file: string, plan: string | null, fields: Record<string, unknown>): AuthFile {
  const [type = '', email = ''] = file.replace(/\.json$/, '').split('-')
  const claims = {
    chatgpt_account_id: `acct-${plan}`,
    chatgpt_plan_type: plan,
    chatgpt_subscription_active_until: '2027-06-01T00:00:00Z',
  }
  return {
    file,
    type,
    expiresInMs: 86_400_000,
    refreshedInMs: -3_600_000,
    accessToken: 'fixture-access-token',
    refreshToken: 'fixture-refresh-token',
    mode: 0o600,
    fields: {
      email,
      ...(plan === null ? {} : { id_token: token(claims), account_id: `acct-${plan}` }),
      ...fields,
    },
    quota: null,
  }
}

const CHANNELS: Scenario['channels'] = {
  codex: {
    upstream: 'codex',
    models: ['gpt-5.2', 'gpt-5.3-codex-spark', 'gpt-5.4', 'gpt-5.4-mini', 'gpt-5.5'],
  },
  claude: { upstream: 'claude', models: ['claude-sonnet-4-5-20250929', 'claude-sonnet-4-6'] },
}

const OAUTH = {
  channels: CHANNELS,
  authFiles: [
    account('codex-person@example.com.json', 'plus', {}),
    account('codex-other@example.com-pro.json', 'pro', { prefix: 'pro', priority: 5 }),
    account('claude-person@example.com.json', null, { disabled: true }),
  ],
}

const ACCOUNTS = {
  channels: CHANNELS,
  authFiles: [
    account('claude-off@example.com.json', null, { disabled: true }),
    account('claude-person@example.com.json', null, {}),
    account('codex-dead@example.com.json', 'free', { access_token: 'fixture-codex-up-401', priority: 4 }),
    account('codex-limited@example.com.json', 'team', {
      access_token: 'fixture-codex-up-429-usage',
      priority: 3,
    }),
    account('codex-plus@example.com.json', 'plus', {}),
    account('codex-pro@example.com-pro.json', 'pro', { access_token: 'fixture-codex-pro' }),
  ],
}

const same = (config: string): string => config

export const PHASES: readonly Phase[] = [
  {
    name: 'cooling',
    edit: same,
    names: [
      'root',
      'root-head',
      /^health/,
      'unknown-path-404',
      'wrong-method-404',
      /^trailing-slash-/,
      'options-chat',
      'metrics-providers',
      'models-openai',
      /^models-(no-key|wrong-key|bare-key|x-|query-|wrong-bearer|claude-|codex-shape|grok-agent|gemini-shape|one-id)/,
      /^(chat|messages|responses)-(no-key|wrong-key)$/,
      ...['chat', 'responses', 'messages'].flatMap((endpoint) =>
        ['', '-claude', '-codex'].flatMap((kind) =>
          ['plain', 'stream'].flatMap((mode) => [
            `${endpoint}${kind}-${mode}`,
            `${endpoint}${kind}-tool-call-${mode}`,
          ]),
        ),
      ),
      'metrics-providers-ordinary-key',
      'chat-stream-include-usage',
      /^chat-prefix/,
      'chat-slash-id',
      'chat-upstream-name-behind-alias',
      'completions-plain',
      'responses-compact-stream',
      /^count-tokens/,
      'messages-cloaked-id',
      'messages-stream-null',
      'chat-stream-string',
      /-model-unknown(-stream)?$/,
      /^chat-(no-model|malformed-json|empty-body|gzip-encoding|auto-model|thinking-suffix)$/,
      'chat-429-upstream',
      'chat-429-cooldown',
      'responses-429-cooldown',
      'messages-429-cooldown',
      'models-openai-after-429',
      'chat-429-retry-after-upstream',
      'chat-429-retry-after-cooldown',
      'responses-codex-429-usage-upstream',
      'responses-codex-429-usage-cooldown',
      'messages-codex-429-usage-cooldown',
      'messages-claude-429-upstream',
      'messages-claude-429-cooldown',
      ...pairs(...CHAT_REFUSALS.map((name) => `chat-${name}`)),
      ...pairs(...['401', '403', '404', '500', '529'].map((name) => `messages-claude-${name}`)),
      ...pairs(
        ...['401', '401-openai-body', '403', '404', '500', '503'].map((name) => `responses-codex-${name}`),
      ),
      'responses-spark-400-upstream',
      'responses-spark-then',
      'chat-spark-then',
      'messages-spark-then',
      'responses-spark-stream-then',
      'models-openai-after-refusals',
      'chat-failover-1',
      'chat-failover-2',
      'chat-failover-3',
      'management-debug',
      'management-auth-files',
      'management-api-key-usage',
      'management-usage',
      'management-config',
      'management-config-yaml-get',
      'management-api-keys',
      'management-openai-compatibility',
      /^management-(claude|codex|gemini)-api-key$/,
      /^management-oauth-(model-alias|excluded-models)$/,
      /^management-(routing-strategy|request-retry|max-retry-interval|logging-to-file|usage-statistics-enabled|request-log)$/,
      /^management-model-definitions-/,
      'management-kiro-quota',
      'management-request-error-logs',
      'management-unknown',
      /^management-logs-(limit-5|limit-0|limit-text|lines-ignored)$/,
      'management-auth-files-models-unknown',
      'management-get-auth-status',
      'management-request-log-by-id-unknown',
      'management-request-error-log-bad-name',
      /^management-logs-after/,
      'management-logs-cursor-bad',
      'management-raw-authorization',
      'management-x-management-key',
      'management-no-key',
      'management-debug-after-no-key',
      'management-wrong-key',
      'management-x-management-secret',
      'management-query-key',
      'management-debug',
      'management-unknown-no-key',
      'management-usage-queue',
      'management-usage-queue-again',
      'management-usage-queue-bad',
      'management-latest-version-unreachable',
      'metrics-providers-after-traffic',
      'routing-select',
      'management-reset-quota-missing',
      'management-reset-quota-unknown',
      'management-auth-files-after-traffic',
    ],
  },
  {
    name: 'no-cooling',
    edit: (config) => config.replace('disable-cooling: false', 'disable-cooling: true'),
    names: [
      'chat-codex-spark-stream',
      new RegExp(`^(chat|responses|messages)${KIND}-${MATRIX}-(plain|stream)$`),
      /^responses(-claude|-codex)?-slow-stream$/,
      /^tool-image-/,
      'responses-cut-codex-client-stream',
    ],
  },
  {
    name: 'writes',
    edit: same,
    names: [
      'management-debug-put',
      'management-debug-put-bad',
      'management-debug-put-missing',
      'management-debug-patch',
      'management-routing-strategy-bad',
      'management-routing-strategy-put',
      'management-openai-compatibility-put',
      'models-openai-after-put',
      'management-openai-compatibility-patch',
      'management-openai-compatibility-patch-disable',
      'management-openai-compatibility-patch-unknown',
      'management-openai-compatibility-put-bad',
      'management-openai-compatibility-after-patch',
      'management-openai-compatibility-delete',
      'management-openai-compatibility-delete-unknown',
      'management-openai-compatibility-delete-missing',
      'management-oauth-model-alias-patch',
      'management-oauth-model-alias-after-patch',
      'management-oauth-model-alias-delete',
      'management-oauth-model-alias-delete-unknown',
      'management-oauth-model-alias-delete-missing',
      'management-oauth-model-alias-put',
      'management-oauth-excluded-models-patch',
      'management-oauth-excluded-models-after',
      'management-api-keys-patch',
      'management-api-keys-patch-missing',
      'management-api-keys-delete-missing',
      'management-api-keys-delete',
      'management-api-keys-after',
      'management-claude-api-key-patch',
      'management-claude-api-key-patch-unknown',
      'management-claude-api-key-delete-unknown',
      'management-claude-api-key-delete-missing',
      'management-logs-delete',
      'management-logs-after-delete',
      'management-logging-to-file-off',
      'management-logs-disabled',
    ],
  },
  {
    name: 'management-off',
    edit: (config) => config.replace(/secret-key: .*/, 'secret-key: ""'),
    names: [/^management-off-/],
  },
  {
    name: 'template-key',
    edit: (config) => config.replaceAll('sk-fixture-client-', 'your-api-key-'),
    names: [/^template-key-(?!models-after)/],
  },
  {
    name: 'open',
    edit: (config) => config.replace(/api-keys:\n( {2}- .*\n)+/, 'api-keys: []\n'),
    names: [/^open-/],
  },
  {
    name: 'keep-alive',
    edit: (config) => `${config}\nnonstream-keepalive-interval: 1\nstreaming:\n  keepalive-seconds: 1\n`,
    clock: 'scaled',
    names: [
      'keepalive-chat-plain',
      'keepalive-chat-stream',
      'keepalive-chat-error-plain',
      'keepalive-responses-error-plain',
      'keepalive-messages-error-plain',
      'keepalive-responses-slow-stream',
    ],
  },
  {
    name: 'passed-headers',
    edit: (config) => `${config}\npassthrough-headers: true\n`,
    names: ['passthrough-429-retry-after-upstream', 'passthrough-429-cooldown', 'passthrough-chat-plain'],
  },
  {
    name: 'put-config',
    edit: same,
    names: [
      'management-config-yaml-put',
      'management-config-yaml-get-after-put',
      'management-request-retry-after-put',
      'management-config-yaml-put-invalid',
      'management-config-yaml-put-duplicate-key',
      'management-config-yaml-put-wrong-type',
      'management-config-yaml-put-list-document',
      'management-config-yaml-put-bad-value',
    ],
  },
  {
    name: 'emptied',
    edit: same,
    names: ['management-config-yaml-put-empty', 'management-after-put-empty', 'models-after-put-empty'],
  },
  {
    name: 'token-files',
    edit: same,
    accounts: OAUTH,
    names: [
      'management-auth-files-oauth',
      'management-auth-files-filter-name',
      'management-auth-files-models',
      'management-auth-files-models-pro',
      'management-auth-files-download',
      'management-auth-files-download-missing',
      'management-auth-files-download-bad',
      'management-auth-files-status',
      'management-auth-files-status-unknown',
      'management-auth-files-fields',
      'management-auth-files-oauth-after-status',
      'models-openai-with-oauth',
      'management-oauth-alias-rename',
      'models-openai-after-oauth-alias',
      'management-auth-files-delete',
      'management-auth-files-delete-unknown',
    ],
  },
  {
    name: 'accounts',
    edit: same,
    accounts: ACCOUNTS,
    names: [
      'management-latest-version',
      'management-auth-files-fresh',
      'models-openai-with-accounts',
      'responses-account-plain',
      'responses-account-stream',
      'chat-account-plain',
      'messages-account-plain',
      'responses-account-spark-1',
      'responses-account-spark-2',
      'responses-account-spark-3',
      'responses-account-spark-4',
      'management-auth-files-after-use',
      'management-api-key-usage-after-use',
    ],
  },
  {
    name: 'provider-keys',
    edit: (config) => config.replace('sk-fixture-client-1', 'claude-fixture-client-1'),
    names: ['metrics-providers-post'],
  },
  {
    name: 'ban',
    edit: same,
    names: ['ban-1', 'ban-2', 'ban-3', 'ban-4', 'ban-5', 'ban-6-wrong-key', /^ban-/],
  },
]
