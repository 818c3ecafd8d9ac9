import * as z from 'zod/mini'
import type { Parse } from './values.ts'
import { parseDurationMs, parseShare, parseSince, parseTimeZone } from './values.ts'

/** Text fields keep their text; `settings.ts` turns them into values together with flags and environment. */
function textLike(parse: Parse<unknown>, description: string) {
  const refine = z.refine<string | number>((raw) => parse(String(raw)).kind === 'value', {
    error: `expected ${description}`,
  })
  return z.pipe(
    z.union([z.string(), z.number()]).check(refine, z.describe(description)),
    z.transform((raw: string | number) => String(raw)),
  )
}

const Duration = textLike(parseDurationMs, 'a duration with a unit, such as 250ms, 30s, 10m, 24h')
const Since = textLike(parseSince, 'a duration such as 24h, or an instant with its zone')
const Share = textLike(parseShare, 'a percentage such as 2%, or a share from 0 to 1')
const TimeZone = textLike(parseTimeZone, 'a time zone such as Asia/Shanghai, UTC or +08:00')
const Text = z.string().check(z.minLength(1, { error: 'expected a text' }))
const Path = z
  .string()
  .check(
    z.minLength(1, { error: 'expected a path' }),
    z.describe('a path; ~ is the home directory, relative to this file'),
  )
const Command = z
  .array(Text)
  .check(
    z.minLength(1, { error: 'expected a program and its arguments' }),
    z.describe('a program and its arguments; it prints the key'),
  )

const NamedKey = z.strictObject({
  name: Text,
  'key-file': z.optional(Path),
  'key-command': z.optional(Command),
})

const Ratio = z.strictObject({
  'warn-above': z.optional(Share),
  'critical-above': z.optional(Share),
  window: z.optional(Duration),
  'min-requests': z.optional(z.int().check(z.minimum(1))),
})

/** What can be said once for all gateways or again for one of them. */
const perGateway = {
  'key-file': z.optional(Path),
  'key-command': z.optional(Command),
  keys: z.optional(
    z.array(NamedKey).check(z.describe('client keys checked one by one, such as one per team')),
  ),
  'management-key-file': z.optional(Path),
  'management-key-command': z.optional(Command),
  'ca-file': z.optional(Path),
  'client-cert-file': z.optional(Path),
  'client-key-file': z.optional(Path),
  'config-file': z.optional(
    Path.check(z.describe("the gateway's own config.yaml, if it is on this machine")),
  ),
  'auth-dir': z.optional(
    Path.check(z.describe("the gateway's directory of token files, if it is on this machine")),
  ),
  logs: z.optional(Path.check(z.describe('log file or directory of the gateway'))),
  'time-zone': z.optional(TimeZone),
  'expect-models': z.optional(z.array(Text)),
}

const Workload = z.strictObject({
  name: Text,
  models: z.array(Text).check(z.minLength(1)),
  priority: z._default(z.enum(['critical', 'best-effort']), 'best-effort'),
  latency: z.optional(z.enum(['critical', 'relaxed'])),
})

/** The whole of `provops.yaml`. Strict: an unknown key is refused with its line and the nearest known one. */
export const ConfigSchema = z.strictObject({
  gateway: z.optional(
    Text.check(z.describe('the gateway used when --gateway is not given: a URL or a name from `gateways`')),
  ),
  gateways: z.optional(z.record(Text, z.strictObject({ url: Text, ...perGateway }))),
  ...perGateway,
  timeout: z.optional(Duration),
  deadline: z.optional(Duration),
  since: z.optional(Since),
  'fail-on': z.optional(z.enum(['fail', 'warn', 'never'])),
  required: z.optional(z.array(Text).check(z.describe('ids of checks whose skip counts as unknown'))),
  thresholds: z.optional(
    z.strictObject({
      'error-ratio': z.optional(Ratio),
      'rate-limit-share': z.optional(Ratio),
      'spark-error-ratio': z.optional(Ratio),
    }),
  ),
  spark: z.optional(z.strictObject({ model: z.optional(Text), fallback: z.optional(Text) })),
  workloads: z.optional(z.array(Workload)),
  owners: z.optional(z.record(Text, Text).check(z.describe('who to call: playbook name to a line of text'))),
})

export type ConfigValues = z.output<typeof ConfigSchema>
