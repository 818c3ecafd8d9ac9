import { readStrictYaml, type YamlProblem } from '../../analysis/strict-yaml.ts'
import type { Endpoint } from '../../wire/routes.ts'
import type { Profile } from './profile.ts'
import { referenceProblems, toScenario } from './scenario-build.ts'
import { type ReadBase, withBase } from './scenario-merge.ts'
import { type CooldownReason, ScenarioFile } from './scenario-schema.ts'
import type { UpstreamSpec } from './upstream/types.ts'

export type { CooldownReason }

/** Data that says what stands behind the embedded gateway and what happened before it started. */
export interface Scenario {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly profile: Profile
  /** A complete config.yaml with `{{…}}` placeholders, to be filled by `renderConfig`. */
  readonly config: ConfigSource
  readonly keys: {
    /** Client keys as the config names them; the first is what `--embedded` uses. Empty: none is sent. */
    readonly client: readonly string[]
    /** In plain text; `null`: management is off. */
    readonly management: string | null
  }
  readonly authFiles: readonly AuthFile[]
  /** What the gateway's own registry knows for file credentials, by channel (`codex`, `claude`, `kiro` …). */
  readonly channels: Readonly<Record<string, Channel>>
  readonly upstreams: readonly UpstreamSpec[]
  readonly history: History
  readonly cooldowns: readonly StartCooldown[]
  readonly bans: readonly StartBan[]
  readonly traffic: Traffic
}

export type ConfigSource =
  | { readonly kind: 'text'; readonly text: string }
  /** Beside the scenario file. */
  | { readonly kind: 'file'; readonly path: string }

export interface Channel {
  /** Name of the upstream that credentials of this channel call. */
  readonly upstream: string
  /** The channel's catalogue, before exclusions, aliases and prefixes. */
  readonly models: readonly string[]
}

/** A token file in the auth directory; `authFileText` writes it the way the gateways do. */
export interface AuthFile {
  readonly file: string
  readonly type: string
  /** Relative to the start, negative in the past; `null`: the file does not say. */
  readonly expiresInMs: number | null
  readonly refreshedInMs: number | null
  /** What the upstream gets as the credential. */
  readonly accessToken: string
  /** `null`: the file has none, so the credential dies at expiry. */
  readonly refreshToken: string | null
  /** Permission bits. */
  readonly mode: number
  /** Further fields, as they stand in the file (email, prefix, disabled, excluded_models …). */
  readonly fields: Readonly<Record<string, unknown>>
  /** What `kiro-quota` answers for this credential. */
  readonly quota: KiroQuota | null
}

export interface KiroQuota {
  readonly limit: number
  readonly used: number
  readonly resetsInMs: number
}

/** Traffic before the start, so that a check right after it finds buckets, metrics and a log. */
export interface History {
  readonly spanMs: number
  readonly requests: readonly PastRequests[]
  readonly noise: readonly PastNoise[]
}

/** Times count backwards from the start: `fromMs` 600000 is ten minutes before it. */
export interface PastSpan {
  readonly fromMs: number
  readonly untilMs: number
  /** The counts hold for each step of this length. */
  readonly everyMs: number
}

/** Client requests that reached a credential. */
export interface PastRequests extends PastSpan {
  /** `openai-compatibility` name, or channel (`codex`, `claude`, `kiro` …). */
  readonly provider: string
  /** API key or auth file; `null`: the provider's first. */
  readonly credential: string | null
  readonly model: string
  readonly endpoint: Endpoint
  readonly stream: boolean
  readonly requests: number
  readonly failed: readonly PastFailures[]
  readonly latencyMs: number
}

export interface PastFailures {
  readonly status: number
  /** Of the `requests` of each step. */
  readonly count: number
  /**
   * `upstream`: the client got this status from the provider. `local`: the gateway refused by itself, within
   * milliseconds and without asking (cooldown, no credential). `hidden`: the provider refused, another credential
   * answered, the client saw 200.
   */
  readonly by: 'upstream' | 'local' | 'hidden'
  /** The error text, where a log line or an error log shows one. */
  readonly text: string | null
  /** For `hidden`: who answered instead; `null`: nobody that is counted. */
  readonly answeredBy: { readonly provider: string; readonly credential: string | null } | null
}

/** Requests that reached no credential: wrong client keys, health probes, panels, scanners. */
export interface PastNoise extends PastSpan {
  readonly method: string
  readonly path: string
  readonly status: number
  readonly count: number
  readonly address: string
  readonly latencyMs: number
}

/** A credential that is benched for a model when the gateway starts. */
export interface StartCooldown {
  readonly provider: string
  readonly credential: string | null
  /** As the credential offers it. */
  readonly model: string
  readonly reason: CooldownReason
  readonly remainingMs: number
  readonly message: string | null
}

/** An address that is banned from management when the gateway starts. */
export interface StartBan {
  readonly address: string
  readonly remainingMs: number
}

/** Synthetic clients for `--traffic`. */
export interface Traffic {
  /** Without `--traffic <rps>`; 0: none. */
  readonly requestsPerSecond: number
  readonly clients: readonly TrafficClient[]
}

export interface TrafficClient {
  readonly model: string
  readonly endpoint: Endpoint
  readonly stream: boolean
  /** Weight among the clients. */
  readonly weight: number
  /** Client key; `null`: the scenario's first. */
  readonly key: string | null
  readonly prompt: string
}

export type ScenarioReading =
  | { readonly kind: 'scenario'; readonly scenario: Scenario }
  | { readonly kind: 'refused'; readonly problems: readonly YamlProblem[] }

/**
 * Reads a scenario file's text. `fileName` only resolves `configFile`; `readBase` gives the text of the scenario that
 * this one extends. Refused are unknown keys, wrong types, and what points nowhere, each with its place in the text.
 */
export function parseScenario(
  text: string,
  fileName: string,
  readBase: ReadBase = () => null,
): ScenarioReading {
  const reading = readStrictYaml(text, ScenarioFile, withBase(readBase))
  if (reading.kind === 'refused') return reading
  const { value, placeOf } = reading
  const problems = referenceProblems(value).map(({ path, message }) => ({
    message,
    ...placeOf(path),
    path: path.join('.'),
  }))
  return problems.length > 0
    ? { kind: 'refused', problems }
    : { kind: 'scenario', scenario: toScenario(value, fileName) }
}
