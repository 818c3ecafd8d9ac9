import { dirname, resolve } from 'node:path'
import type { AuthFile, ConfigSource, PastNoise, PastRequests, Scenario } from './scenario.ts'
import type { RuleEntry } from './scenario-rules.ts'
import type { ScenarioFile } from './scenario-schema.ts'
import type { Fault, Rule, RuleMatch, RulePick, UpstreamSpec } from './upstream/types.ts'

interface Problem {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** What a schema cannot see: names that point nowhere, and settings that exclude each other. */
export function referenceProblems(file: ScenarioFile): Problem[] {
  const upstreams = new Set(file.upstreams.map(({ name }) => name))
  return [
    ...(file.keys ? [] : [{ path: ['keys'], message: '"keys" is needed' }]),
    ...configProblems(file, upstreams),
    ...repeated(file.upstreams.map(({ name }) => name)).map((index) => ({
      path: ['upstreams', index, 'name'],
      message: 'this upstream name is taken',
    })),
    ...Object.entries(file.channels)
      .filter(([, { upstream }]) => !upstreams.has(upstream))
      .map(([channel, { upstream }]) => ({
        path: ['channels', channel, 'upstream'],
        message: `there is no upstream "${upstream}"`,
      })),
    ...file.upstreams.flatMap(({ rules }, upstream) =>
      rules.flatMap((rule, index) => pickProblems(rule, ['upstreams', upstream, 'rules', index])),
    ),
    ...file.history.requests.flatMap((entry, index) => {
      const failed = entry.failed.reduce((sum, { count }) => sum + count, 0)
      const path = ['history', 'requests', index, 'failed']
      return failed > entry.requests ? [{ path, message: `more failures (${failed}) than requests` }] : []
    }),
  ]
}

function configProblems(file: ScenarioFile, upstreams: ReadonlySet<string>): Problem[] {
  if ((file.config === undefined) === (file.configFile === undefined))
    return [{ path: ['config'], message: 'exactly one of "config" and "configFile" is needed' }]
  return [...(file.config ?? '').matchAll(UPSTREAM_PLACEHOLDER)]
    .map(([, name = '']) => name)
    .filter((name) => !upstreams.has(name))
    .map((name) => ({ path: ['config'], message: `there is no upstream "${name}"` }))
}

function pickProblems(rule: RuleEntry, path: readonly (string | number)[]): Problem[] {
  const picks = [rule.first, rule.every, rule.share].filter((pick) => pick !== undefined)
  return picks.length > 1 ? [{ path, message: 'only one of "first", "every" and "share" can be given' }] : []
}

function repeated(values: readonly string[]): number[] {
  return values.flatMap((value, index) => (values.indexOf(value) < index ? [index] : []))
}

const UPSTREAM_PLACEHOLDER = /\{\{upstream:([^}]+)\}\}/g

export interface ConfigValues {
  /** Base URL without a path, by upstream name. */
  readonly upstreams: Readonly<Record<string, string>>
  readonly authDir: string
}

/**
 * Fills a scenario's config text: `{{upstream:NAME}}` with that upstream's base URL (no path, no trailing slash),
 * `{{auth-dir}}` with the auth directory. A name that is not given stays as it is.
 */
export function renderConfig(text: string, values: ConfigValues): string {
  return text
    .replace(UPSTREAM_PLACEHOLDER, (whole, name: string) => values.upstreams[name] ?? whole)
    .replaceAll('{{auth-dir}}', values.authDir)
}

export function toScenario(file: ScenarioFile, fileName: string): Scenario {
  return {
    name: file.name,
    title: file.title,
    description: file.description.trim(),
    profile: file.profile,
    config: configSource(file, fileName),
    keys: file.keys ?? { client: [], management: null },
    authFiles: file.authFiles.map(toAuthFile),
    channels: file.channels,
    upstreams: file.upstreams.map(toUpstream),
    history: {
      spanMs: file.history.span,
      requests: file.history.requests.map((entry) => toPastRequests(entry, file.history.span)),
      noise: file.history.noise.map((entry) => toPastNoise(entry, file.history.span)),
    },
    cooldowns: file.cooldowns.map(({ remaining, ...rest }) => ({ ...rest, remainingMs: remaining })),
    bans: file.bans.map(({ address, remaining }) => ({ address, remainingMs: remaining })),
    traffic: file.traffic,
  }
}

function configSource(file: ScenarioFile, fileName: string): ConfigSource {
  return file.configFile === undefined
    ? { kind: 'text', text: file.config ?? '' }
    : { kind: 'file', path: resolve(dirname(fileName), file.configFile) }
}

function toAuthFile(entry: ScenarioFile['authFiles'][number]): AuthFile {
  const base = entry.file.replace(/\.json$/, '')
  const { quota } = entry
  return {
    file: entry.file,
    type: entry.type,
    expiresInMs: entry.expires ?? null,
    refreshedInMs: entry.refreshed ?? null,
    accessToken: entry.accessToken ?? `access-${base}`,
    refreshToken: entry.refreshToken === undefined ? `refresh-${base}` : entry.refreshToken,
    mode: Number.parseInt(entry.mode, 8),
    fields: entry.fields,
    quota: quota ? { limit: quota.limit, used: quota.used, resetsInMs: quota.resetsIn } : null,
  }
}

type PastSpanEntry = { from?: number | undefined; until: number; every: number }

const toSpan = ({ from, until, every }: PastSpanEntry, spanMs: number) => ({
  fromMs: from ?? spanMs,
  untilMs: until,
  everyMs: every,
})

function toPastRequests(entry: ScenarioFile['history']['requests'][number], spanMs: number): PastRequests {
  const { provider, credential, model, endpoint, stream, requests, failed, latency } = entry
  return {
    ...toSpan(entry, spanMs),
    provider,
    credential,
    model,
    endpoint,
    stream,
    requests,
    failed,
    latencyMs: latency,
  }
}

function toPastNoise(entry: ScenarioFile['history']['noise'][number], spanMs: number): PastNoise {
  const { method, path, status, count, address, latency } = entry
  return { ...toSpan(entry, spanMs), method, path, status, count, address, latencyMs: latency }
}

function toUpstream(entry: ScenarioFile['upstreams'][number]): UpstreamSpec {
  const { name, kind, models, keys, latency, latencySpread, rules } = entry
  return {
    name,
    kind,
    models,
    keys,
    latency: { baseMs: latency, spreadMs: latencySpread },
    rules: rules.map(toRule),
  }
}

function toRule(entry: RuleEntry): Rule {
  return {
    when: toMatch(entry.when),
    afterMs: entry.after,
    forMs: entry.for ?? null,
    pick: toPick(entry),
    fault: toFault(entry),
  }
}

const toMatch = (when: RuleEntry['when']): RuleMatch =>
  Object.fromEntries(Object.entries(when).filter(([, value]) => value !== undefined))

function toPick({ first, every, share }: RuleEntry): RulePick {
  if (first !== undefined) return { kind: 'first', count: first }
  if (every !== undefined) return { kind: 'every', nth: every }
  return share ? { kind: 'share', ...share } : { kind: 'all' }
}

function toFault(entry: RuleEntry): Fault {
  switch (entry.fault) {
    case 'unauthorized':
      return { kind: entry.fault, reason: entry.reason }
    case 'forbidden':
      return { kind: entry.fault, reason: entry.reason }
    case 'not-found':
      return { kind: entry.fault, reason: entry.reason }
    case 'model-not-supported':
      return { kind: entry.fault, status: entry.status }
    case 'rate-limited':
      return { kind: entry.fault, hint: entry.hint, resetsInMs: entry.resetsIn, plan: entry.plan }
    case 'server-error':
      return { kind: entry.fault, status: entry.status, page: entry.page }
    case 'slow':
      return { kind: entry.fault, delayMs: entry.delay }
    case 'slow-stream':
      return { kind: entry.fault, gapMs: entry.gap }
    case 'cut':
      return { kind: entry.fault, how: entry.how, at: entry.at }
    case 'error-in-stream':
      return { kind: entry.fault, reason: entry.reason }
    case 'usage':
      return { kind: entry.fault, how: entry.how }
    case 'wrong-model':
      return { kind: entry.fault, model: entry.model }
    case 'images':
      return { kind: entry.fault, how: entry.how }
    default:
      return { kind: entry.fault }
  }
}
