import * as z from 'zod/mini'
import { ENDPOINTS, type Endpoint } from '../../wire/routes.ts'
import { PROFILES, type Profile } from './profile.ts'
import { ruleEntry } from './scenario-rules.ts'
import { count, described, duration, names, positive, relativeTime, status, text } from './scenario-values.ts'

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
const credential = described(
  z._default(z.nullable(text), null),
  'API key or auth file; the first of the provider when not given',
)
const address = z._default(text, '127.0.0.1')

const upstream = z.strictObject({
  name: text,
  kind: z.enum(['openai', 'codex', 'claude']),
  models: z.array(text),
  keys: described(
    z._default(z.nullable(z.array(text)), null),
    'credentials that are accepted; every one when not given',
  ),
  latency: z.prefault(duration, '0ms'),
  latencySpread: described(z.prefault(duration, '0ms'), 'added on top, between nothing and this'),
  rules: described(
    z._default(z.array(ruleEntry), []),
    'the first that refuses wins; what only changes the answer adds up',
  ),
})

const authFile = z.strictObject({
  file: z.string().check(z.regex(/^[^/\\]+\.json$/, 'must be a plain file name that ends in .json')),
  type: text,
  expires: described(z.optional(relativeTime), 'e.g. in 2h, or 3h ago'),
  refreshed: z.optional(relativeTime),
  accessToken: described(z.optional(text), 'access-<file without .json> when not given'),
  refreshToken: described(z.optional(z.nullable(text)), 'null: the file has none'),
  mode: z._default(
    z.string().check(z.regex(/^0[0-7]{3}$/, 'must be permission bits such as "0600"')),
    '0600',
  ),
  fields: described(
    z._default(z.record(z.string(), z.unknown()), {}),
    'further fields, as they stand in the file',
  ),
  quota: z.optional(z.strictObject({ limit: z.number(), used: z.number(), resetsIn: duration })),
})

const pastSpan = {
  from: described(z.optional(duration), 'before the start; the whole span when not given'),
  until: described(z.prefault(duration, '0s'), 'before the start'),
}

const pastRequests = z.strictObject({
  name: text,
  ...pastSpan,
  every: described(z.prefault(duration, '10m'), 'the counts hold for each step of this length'),
  provider: described(text, 'name of an openai-compatibility entry, or channel'),
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
        by: described(
          z._default(z.enum(['upstream', 'local', 'hidden']), 'upstream'),
          'who refused: the provider; the gateway by itself; the provider, behind a 200 for the client',
        ),
        text: z._default(z.nullable(text), null),
        answeredBy: described(
          z._default(z.nullable(z.strictObject({ provider: text, credential })), null),
          'for hidden: the credential that answered instead',
        ),
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
  extends: described(
    z.optional(text),
    'a bundled scenario; upstreams, authFiles and history are merged by name, all else replaces',
  ),
  profile: z._default(z.enum(names<Profile>(PROFILES)), 'runbook'),
  config: described(
    z.optional(text),
    'a whole config.yaml; {{upstream:NAME}} and {{auth-dir}} are filled in',
  ),
  configFile: described(z.optional(text), 'the same in a file of its own, beside this one'),
  keys: z.optional(z.strictObject({ client: z.array(text), management: z.nullable(text) })),
  authFiles: described(z._default(z.array(authFile), []), 'token files in the auth directory'),
  channels: described(
    z._default(z.record(z.string(), z.strictObject({ upstream: text, models: z.array(text) })), {}),
    'what credentials of auth files call and offer, by their type',
  ),
  upstreams: z._default(z.array(upstream), []),
  history: z.prefault(
    z.strictObject({
      span: z.prefault(duration, '1h'),
      requests: z._default(z.array(pastRequests), []),
      noise: z._default(z.array(pastNoise), []),
    }),
    {},
  ),
  cooldowns: described(z._default(z.array(cooldown), []), 'credentials that are benched at the start'),
  bans: described(
    z._default(z.array(z.strictObject({ address, remaining: z.prefault(duration, '30m') })), []),
    'addresses that are banned from management at the start',
  ),
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
