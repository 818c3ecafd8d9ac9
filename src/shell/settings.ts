import { EXIT_STYLES, type ExitStyle, FAIL_ON, type FailOn } from '../core/exit-codes.ts'
import {
  DEFAULT_THRESHOLDS,
  type RatioThreshold,
  type ThresholdName,
  type Thresholds,
} from '../core/thresholds.ts'
import type { ConfigFile } from './config-file.ts'
import type { ConfigValues } from './config-schema.ts'
import {
  type Parse,
  parseChoice,
  parseDurationMs,
  parseList,
  parseShare,
  parseSince,
  parseSwitch,
  parseText,
  parseTimeZone,
  type Since,
} from './values.ts'

export const OUTPUTS = ['table', 'wide', 'short', 'json', 'ndjson'] as const
export type Output = (typeof OUTPUTS)[number]

export const COLORS = ['auto', 'always', 'never'] as const
export type ColorChoice = (typeof COLORS)[number]

interface SettingSpec<T> {
  readonly parse: Parse<T>
  readonly fallback: T
  readonly env?: string
  /** Its key in `provops.yaml`: at the top, and under `gateways.<name>` for those that differ per gateway. */
  readonly file?: keyof ConfigValues
  readonly perGateway?: true
}

const setting = <T>(spec: SettingSpec<T>): SettingSpec<T> => spec
const optional = <T>(parse: Parse<T>): Parse<T | null> => parse

/**
 * Every setting that a flag, the environment or `provops.yaml` can give. The flag's name is the key; flags win over
 * the environment, that over the file, and a gateway's own entry over the file's top level.
 */
export const SETTINGS = {
  gateway: setting({
    parse: parseText,
    fallback: 'http://127.0.0.1:8317',
    env: 'PROVOPS_GATEWAY',
    file: 'gateway',
  }),
  output: setting<Output>({ parse: parseChoice(OUTPUTS), fallback: 'table', env: 'PROVOPS_OUTPUT' }),
  color: setting<ColorChoice>({ parse: parseChoice(COLORS), fallback: 'auto' }),
  timeout: setting({ parse: parseDurationMs, fallback: 10_000, env: 'PROVOPS_TIMEOUT', file: 'timeout' }),
  deadline: setting({ parse: parseDurationMs, fallback: 120_000, env: 'PROVOPS_DEADLINE', file: 'deadline' }),
  'fail-on': setting<FailOn>({
    parse: parseChoice(FAIL_ON),
    fallback: 'fail',
    env: 'PROVOPS_FAIL_ON',
    file: 'fail-on',
  }),
  'exit-style': setting<ExitStyle>({
    parse: parseChoice(EXIT_STYLES),
    fallback: 'default',
    env: 'PROVOPS_EXIT_STYLE',
  }),
  'expect-model': setting<readonly string[]>({
    parse: parseList,
    fallback: [],
    file: 'expect-models',
    perGateway: true,
  }),
  require: setting<readonly string[]>({ parse: parseList, fallback: [], file: 'required' }),
  logs: setting<string | null>({
    parse: optional(parseText),
    fallback: null,
    env: 'PROVOPS_LOGS',
    file: 'logs',
    perGateway: true,
  }),
  since: setting<Since>({ parse: parseSince, fallback: { kind: 'ago', ms: 86_400_000 }, file: 'since' }),
  tz: setting<string | null>({
    parse: optional(parseTimeZone),
    fallback: null,
    env: 'PROVOPS_TZ',
    file: 'time-zone',
    perGateway: true,
  }),
  'api-key-file': setting<string | null>({
    parse: optional(parseText),
    fallback: null,
    env: 'PROVOPS_API_KEY_FILE',
    file: 'key-file',
    perGateway: true,
  }),
  'management-key-file': setting<string | null>({
    parse: optional(parseText),
    fallback: null,
    env: 'PROVOPS_MANAGEMENT_KEY_FILE',
    file: 'management-key-file',
    perGateway: true,
  }),
  'ca-file': setting<string | null>({
    parse: optional(parseText),
    fallback: null,
    env: 'PROVOPS_CA_FILE',
    file: 'ca-file',
    perGateway: true,
  }),
  'client-cert-file': setting<string | null>({
    parse: optional(parseText),
    fallback: null,
    file: 'client-cert-file',
    perGateway: true,
  }),
  'client-key-file': setting<string | null>({
    parse: optional(parseText),
    fallback: null,
    file: 'client-key-file',
    perGateway: true,
  }),
  insecure: setting({ parse: parseSwitch, fallback: false }),
  'config-file': setting<string | null>({
    parse: optional(parseText),
    fallback: null,
    env: 'PROVOPS_CONFIG_FILE',
    file: 'config-file',
    perGateway: true,
  }),
  'auth-dir': setting<string | null>({
    parse: optional(parseText),
    fallback: null,
    env: 'PROVOPS_AUTH_DIR',
    file: 'auth-dir',
    perGateway: true,
  }),
} as const

export type SettingName = keyof typeof SETTINGS
type ValueOf<S> = S extends SettingSpec<infer T> ? T : never
export type SettingValues = { readonly [Name in SettingName]: ValueOf<(typeof SETTINGS)[Name]> }

/** Where a value came from, as `config show` prints it: `--flag`, `$VARIABLE`, `provops.yaml:12`, `default`. */
export type Origin = string

export interface Settings {
  readonly values: SettingValues
  readonly origins: Readonly<Record<SettingName, Origin>>
  readonly thresholds: Thresholds
  /** The name in `gateways` that `gateway` chose, or null when it is a URL. */
  readonly gatewayName: string | null
}

export interface WrongSetting {
  readonly origin: Origin
  readonly text: string
  readonly expected: string
}

export type SettingsResult =
  | { readonly kind: 'settings'; readonly settings: Settings }
  | { readonly kind: 'wrong'; readonly problems: readonly WrongSetting[] }

export interface SettingSources {
  /** Flags as typed, by setting name; absent means not given. */
  readonly flags: Readonly<Record<string, string | undefined>>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly file: ConfigFile | null
}

interface Given {
  readonly text: string
  readonly origin: Origin
}

/** The URL that `gateway` stands for, by itself or by its name in the file; not checked yet. */
export function gatewayAddress({ gatewayName, values }: Settings, file: ConfigFile | null): string {
  return gatewayName === null ? values.gateway : (file?.values.gateways?.[gatewayName]?.url ?? '')
}

/** Resolves every setting once. All wrong values are reported together, each with where it stands. */
export function resolveSettings(sources: SettingSources): SettingsResult {
  const problems: WrongSetting[] = []
  const gatewayName = chosenGateway(sources)
  const values: Record<string, unknown> = {}
  const origins: Record<string, Origin> = {}
  for (const [name, spec] of Object.entries(SETTINGS) as [SettingName, SettingSpec<unknown>][]) {
    const given = findGiven(name, spec, gatewayName, sources)
    const parsed = given ? spec.parse(given.text) : ({ kind: 'value', value: spec.fallback } as const)
    if (parsed.kind === 'value') values[name] = parsed.value
    else if (given) problems.push({ ...given, expected: parsed.expected })
    origins[name] = given?.origin ?? 'default'
  }
  if (problems.length > 0) return { kind: 'wrong', problems }
  const thresholds = thresholdsOf(sources.file)
  return {
    kind: 'settings',
    settings: {
      values: values as SettingValues,
      origins: origins as Settings['origins'],
      thresholds,
      gatewayName,
    },
  }
}

function chosenGateway(sources: SettingSources): string | null {
  const wanted = findGiven('gateway', SETTINGS.gateway, null, sources)?.text
  return wanted !== undefined && sources.file?.values.gateways?.[wanted] ? wanted : null
}

function findGiven(
  name: SettingName,
  spec: SettingSpec<unknown>,
  gatewayName: string | null,
  { flags, env, file }: SettingSources,
): Given | null {
  const flag = flags[name]
  if (flag !== undefined) return { text: flag, origin: `--${name}` }
  // Set to nothing counts as not set, as in a shell's `${VAR:-default}`.
  const variable = spec.env === undefined ? undefined : env[spec.env]
  if (variable) return { text: variable, origin: `$${spec.env}` }
  return file && spec.file ? fromFile(file, spec, gatewayName) : null
}

function fromFile(file: ConfigFile, spec: SettingSpec<unknown>, gatewayName: string | null): Given | null {
  const key = spec.file
  if (!key) return null
  const own = gatewayName === null || !spec.perGateway ? undefined : file.values.gateways?.[gatewayName]
  const ownValue = own?.[key as keyof typeof own]
  const path = ownValue === undefined ? [key] : ['gateways', gatewayName ?? '', key]
  const value = ownValue ?? file.values[key]
  if (value === undefined) return null
  return {
    text: Array.isArray(value) ? value.join(',') : String(value),
    origin: `${file.path}:${file.lineOf(path)}`,
  }
}

function thresholdsOf(file: ConfigFile | null): Thresholds {
  const given = file?.values.thresholds ?? {}
  const merged = Object.entries(DEFAULT_THRESHOLDS).map(([name, defaults]) => {
    const own = given[name as ThresholdName]
    return [
      name,
      {
        warnAbove: number(parseShare, own?.['warn-above'], defaults.warnAbove),
        criticalAbove: number(parseShare, own?.['critical-above'], defaults.criticalAbove),
        windowMs: number(parseDurationMs, own?.window, defaults.windowMs),
        minRequests: own?.['min-requests'] ?? defaults.minRequests,
      } satisfies RatioThreshold,
    ]
  })
  return Object.fromEntries(merged) as Thresholds
}

/** The schema has already refused texts that do not parse. */
function number(parse: Parse<number>, text: string | undefined, fallback: number): number {
  const parsed = text === undefined ? null : parse(text)
  return parsed?.kind === 'value' ? parsed.value : fallback
}
