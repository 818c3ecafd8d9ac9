import * as z from 'zod/mini'
import { described, duration, positive, share, text } from './scenario-values.ts'
import { REQUEST_TYPES } from './upstream/types.ts'

const when = z.strictObject({
  models: described(z.optional(z.array(text)), 'upstream names; * stands for any characters'),
  keys: described(z.optional(z.array(text)), 'API keys, or access tokens of auth files'),
  requests: described(z.optional(z.array(z.enum(REQUEST_TYPES))), 'all but models when not given'),
  stream: z.optional(z.boolean()),
  image: z.optional(z.enum(['any', 'tool-result', 'none'])),
})

const anyRule = {
  when: described(z._default(when, {}), 'which requests; all that is given must hold'),
  after: described(z.prefault(duration, '0s'), 'since the start'),
  for: described(z.optional(duration), 'until the end when not given'),
  first: described(z.optional(positive), 'hits only so many of the first matching requests'),
  every: described(z.optional(positive), 'hits every second, third ... matching request'),
  share: described(z.optional(share), 'hits that many of every so many matching requests, e.g. 19/1000'),
}

/** One failure rule of a simulated upstream, as it is written. */
export const ruleEntry = z.discriminatedUnion('fault', [
  z.strictObject({
    ...anyRule,
    fault: z.literal('unauthorized'),
    reason: z._default(
      z.enum(['invalid-key', 'openai', 'token-expired', 'token-invalidated', 'text']),
      'invalid-key',
    ),
  }),
  z.strictObject({
    ...anyRule,
    fault: z.literal('forbidden'),
    reason: z._default(z.enum(['region', 'edge-page', 'text', 'policy']), 'region'),
  }),
  z.strictObject({
    ...anyRule,
    fault: z.literal('not-found'),
    reason: z._default(z.enum(['model', 'path', 'page']), 'model'),
  }),
  z.strictObject({
    ...anyRule,
    fault: z.literal('model-not-supported'),
    status: z._default(z.literal([400, 404]), 400),
  }),
  z.strictObject({
    ...anyRule,
    fault: z.literal('rate-limited'),
    hint: z._default(z.enum(['none', 'retry-after', 'plan-limit']), 'none'),
    resetsIn: z.prefault(duration, '60s'),
    plan: z._default(text, 'plus'),
  }),
  z.strictObject({
    ...anyRule,
    fault: z.literal('server-error'),
    status: z._default(z.literal([500, 502, 503, 504, 529]), 500),
    page: z._default(z.enum(['json', 'html']), 'json'),
  }),
  z.strictObject({ ...anyRule, fault: z.literal('slow'), delay: duration }),
  z.strictObject({ ...anyRule, fault: z.literal('slow-stream'), gap: duration }),
  z.strictObject({
    ...anyRule,
    fault: z.literal('cut'),
    how: z._default(z.enum(['close', 'reset']), 'close'),
    at: z._default(z.enum(['start', 'middle', 'before-terminal']), 'middle'),
  }),
  z.strictObject({
    ...anyRule,
    fault: z.literal('error-in-stream'),
    reason: z._default(z.enum(['overloaded', 'usage-limit']), 'overloaded'),
  }),
  z.strictObject({
    ...anyRule,
    fault: z.literal('usage'),
    how: z.enum(['missing', 'null', 'zero', 'different', 'cached']),
  }),
  z.strictObject({ ...anyRule, fault: z.literal('wrong-model'), model: text }),
  z.strictObject({ ...anyRule, fault: z.literal('images'), how: z.enum(['dropped', 'refused']) }),
  z.strictObject({
    ...anyRule,
    fault: z.enum([
      'payment-required',
      'bad-request',
      'too-large',
      'context-length',
      'html-page',
      'half-json',
      'drop',
      'hang',
      'no-done',
      'no-finish',
      'length',
      'reasoning',
      'tool-call',
    ]),
  }),
])

export type RuleEntry = z.output<typeof ruleEntry>
