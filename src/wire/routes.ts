/**
 * Every route of a gateway that provops knows, as data shared by the client and the embedded gateway.
 * `key` is the key it wants. A 404 on any but `models` means "this version does not offer it",
 * never "broken" (contract, HTTP 11). `usage-queue` is left out on purpose: reading it deletes (contract, HTTP 8.7).
 */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  readonly key: 'none' | 'client' | 'management'
  readonly costsTokens?: true
}

export const ROUTES = {
  healthz: { method: 'GET', path: '/healthz', key: 'none' },
  health: { method: 'GET', path: '/health', key: 'none' },
  banner: { method: 'GET', path: '/', key: 'none' },
  models: { method: 'GET', path: '/v1/models', key: 'client' },
  metrics: { method: 'GET', path: '/v1/metrics/providers', key: 'client' },
  responses: { method: 'POST', path: '/v1/responses', key: 'client', costsTokens: true },
  chat: { method: 'POST', path: '/v1/chat/completions', key: 'client', costsTokens: true },
  messages: { method: 'POST', path: '/v1/messages', key: 'client', costsTokens: true },
  countTokens: { method: 'POST', path: '/v1/messages/count_tokens', key: 'client' },
  debug: { method: 'GET', path: '/v0/management/debug', key: 'management' },
  authFiles: { method: 'GET', path: '/v0/management/auth-files', key: 'management' },
  authFileModels: { method: 'GET', path: '/v0/management/auth-files/models', key: 'management' },
  openaiCompatibility: { method: 'GET', path: '/v0/management/openai-compatibility', key: 'management' },
  apiKeyUsage: { method: 'GET', path: '/v0/management/api-key-usage', key: 'management' },
  usage: { method: 'GET', path: '/v0/management/usage', key: 'management' },
  logs: { method: 'GET', path: '/v0/management/logs', key: 'management' },
  errorLogs: { method: 'GET', path: '/v0/management/request-error-logs', key: 'management' },
  config: { method: 'GET', path: '/v0/management/config', key: 'management' },
  configYaml: { method: 'GET', path: '/v0/management/config.yaml', key: 'management' },
  putConfigYaml: { method: 'PUT', path: '/v0/management/config.yaml', key: 'management' },
  latestVersion: { method: 'GET', path: '/v0/management/latest-version', key: 'management' },
  resetQuota: { method: 'POST', path: '/v0/management/reset-quota', key: 'management' },
  kiroQuota: { method: 'GET', path: '/v0/management/kiro-quota', key: 'management' },
} as const satisfies Record<string, Route>

export type RouteName = keyof typeof ROUTES

/** The three completion endpoints a client may call, by the name used in flags and reports. */
export const ENDPOINTS = {
  responses: ROUTES.responses,
  chat: ROUTES.chat,
  messages: ROUTES.messages,
} as const
export type Endpoint = keyof typeof ENDPOINTS
