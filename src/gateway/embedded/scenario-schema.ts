import * as z from 'zod/mini'
import { ENDPOINTS, type Endpoint } from '../../wire/routes.ts'
import { PROFILES, type Profile } from './profile.ts'
import { ruleEntry } from './scenario-rules.ts'
import { count, duration, names, positive, relativeTime, status, text } from './scenario-values.ts'

/** Why a credential is benched, in the gateway's words (contract, files 3.6). */
export const COOLDOWN_REASONS = [
  'quota',
  'unauthorized',
  'payment_required',
  'not_found',
  'model_not_supported',
] as const
export type CooldownReason = (typeof COOLDOWN_REASONS)[number]

const endpoint = z._default(z.enum(names<Endpoint>(ENDPOINTS)), 'responses')
const credential = z._default(z.nullable(text), null)
const address = z._default(text, '127.0.0.1')

const upstream = z.strictObject({
  name: text,
  kind: z.enum(['openai', 'codex', 'claude']),
  models: z.array(text),
  keys: z._default(z.nullable(z.array(text)), null),
  latency: z.prefault(duration, '0ms'),
  latencySpread: z.prefault(duration, '0ms'),
  rules: z._default(z.array(ruleEntry), []),
})

const authFile = z.strictObject({
  file: z.string().check(z.regex(/^[^/\\]+\.json$/, 'must be a plain file name that ends in .json')),
  type: text,
  expires: z.optional(relativeTime),
  refreshed: z.optional(relativeTime),
  accessToken: z.optional(text),
  refreshToken: z.optional(z.nullable(text)),
  mode: z._default(
    z.string().check(z.regex(/^0[0-7]{3}$/, 'must be permission bits such as "0600"')),
    '0600',
  ),
  fields: z._default(z.record(z.string(), z.unknown()), {}),
  quota: z.optional(z.strictObject({ limit: z.number(), used: z.number(), resetsIn: duration })),
})

const pastSpan = { from: z.optional(duration), until: z.prefault(duration, '0s') }

const pastRequests = z.strictObject({
  name: text,
  ...pastSpan,
  every: z.prefault(duration, '10m'),
  provider: text,
  credential,
  model: text,
  endpoint,
  stream: z._default(z.boolean(), false),
  requests: count,
  failed: z._default(
    z.array(
      z.strictObject({
        status,
        count,
        by: z._default(z.enum(['upstream', 'local', 'hidden']), 'upstream'),
        text: z._default(z.nullable(text), null),
        answeredBy: z._default(z.nullable(z.strictObject({ provider: text, credential })), null),
      }),
    ),
    [],
  ),
  latency: z.prefault(duration, '800ms'),
})

const pastNoise = z.strictObject({
  name: text,
  ...pastSpan,
  every: z.prefault(duration, '1m'),
  method: z._default(z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']), 'GET'),
  path: z.string().check(z.regex(/^\//, 'must begin with a slash')),
  status,
  count: z._default(count, 1),
  address,
  latency: z.prefault(duration, '0ms'),
})

const cooldown = z.strictObject({
  provider: text,
  credential,
  model: text,
  reason: z.enum(COOLDOWN_REASONS),
  remaining: duration,
  message: z._default(z.nullable(text), null),
})

const trafficClient = z.strictObject({
  model: text,
  endpoint,
  stream: z._default(z.boolean(), false),
  weight: z._default(positive, 1),
  key: z._default(z.nullable(text), null),
  prompt: z._default(text, 'ping'),
})

/** A scenario file as it is written; `parseScenario` turns it into a `Scenario`. */
export const ScenarioFile = z.strictObject({
  name: z
    .string()
    .check(z.regex(/^[a-z0-9][a-z0-9.-]*$/, 'must be lower-case letters, digits, dots and dashes')),
  title: text,
  description: text,
  extends: z.optional(text),
  profile: z._default(z.enum(names<Profile>(PROFILES)), 'runbook'),
  config: z.optional(text),
  configFile: z.optional(text),
  keys: z.optional(z.strictObject({ client: z.array(text), management: z.nullable(text) })),
  authFiles: z._default(z.array(authFile), []),
  channels: z._default(z.record(z.string(), z.strictObject({ upstream: text, models: z.array(text) })), {}),
  upstreams: z._default(z.array(upstream), []),
  history: z.prefault(
    z.strictObject({
      span: z.prefault(duration, '1h'),
      requests: z._default(z.array(pastRequests), []),
      noise: z._default(z.array(pastNoise), []),
    }),
    {},
  ),
  cooldowns: z._default(z.array(cooldown), []),
  bans: z._default(z.array(z.strictObject({ address, remaining: z.prefault(duration, '30m') })), []),
  traffic: z.prefault(
    z.strictObject({
      requestsPerSecond: z._default(z.number().check(z.nonnegative()), 0),
      clients: z._default(z.array(trafficClient), []),
    }),
    {},
  ),
})

export type ScenarioFile = z.output<typeof ScenarioFile>

/** A JSON Schema as far as it is changed here. */
interface SchemaNode {
  required?: string[]
  properties?: Record<string, SchemaNode>
  items?: SchemaNode
}

/**
 * The format as JSON Schema, for editors: the content of `schemas/scenario.schema.json`. What a scenario that extends
 * another may leave out is not required here.
 */
export function scenarioJsonSchema(): object {
  const schema = z.toJSONSchema(ScenarioFile, { io: 'input' }) as SchemaNode
  const { upstreams, authFiles, history } = schema.properties ?? {}
  schema.required = ['name', 'title', 'description']
  const lists = [upstreams, authFiles, history?.properties?.requests, history?.properties?.noise]
  for (const list of lists) if (list?.items?.required) list.items.required = list.items.required.slice(0, 1)
  return {
    ...schema,
    title: 'provops scenario',
    description: 'What stands behind the embedded gateway and what happened before it started',
  }
}
