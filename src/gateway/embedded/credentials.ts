import { createHash } from 'node:crypto'
import type { ConfigCredential } from '../../analysis/config/model.ts'
import type { Credential as OfferingCredential } from '../../analysis/config/offers.ts'
import { integerField, type TokenFile, textField } from './auth-dir.ts'
import type { UpstreamAddresses } from './config-state.ts'
import { maskKey } from './log-line.ts'
import type { Channel } from './scenario.ts'
import type { UpstreamKind } from './translation/types.ts'

/** Where requests of a credential go. */
export type Target =
  | {
      readonly kind: 'upstream'
      readonly speaks: UpstreamKind
      /** Without a slash at its end. */
      readonly baseUrl: string
      /** Lower-case names; with the secret. */
      readonly headers: Readonly<Record<string, string>>
      /** Headers whose values the client sends, by the client's name for them (`$Name` in the configuration). */
      readonly copied: readonly (readonly [name: string, from: string])[]
    }
  /** A provider the embedded gateway cannot or must not call. */
  | { readonly kind: 'none'; readonly reason: string }

/** What the gateway rotates over: a key of the configuration or a token file. */
export interface Credential {
  readonly id: string
  /** 16 hex characters, the same in all management routes and in trace ids (contract, HTTP 8.6). */
  readonly authIndex: string
  readonly source:
    | { readonly kind: 'config'; readonly credential: ConfigCredential }
    | { readonly kind: 'file'; readonly file: TokenFile }
  /** For display and metrics: the entry's name, or the channel. */
  readonly provider: string
  /** Internal name, e.g. `openai-compatible-nvidia`. */
  readonly providerKey: string
  readonly secret: string
  readonly prefix: string
  /** Higher is tried first. */
  readonly priority: number
  readonly weight: number
  readonly state: 'active' | 'disabled'
  readonly cooling: 'on' | 'off' | 'inherited'
  readonly requestRetry: number | 'inherited'
  readonly target: Target
  /** As log lines name it (contract, files 4.5). */
  readonly logName: string
}

export interface CredentialSources {
  readonly tokenFiles: readonly TokenFile[]
  readonly channels: Readonly<Record<string, Channel>>
  readonly upstreams: UpstreamAddresses
}

/** What the running gateway adds to a credential of the configuration or of a token file. */
export function credentialFrom(
  credential: OfferingCredential,
  sources: CredentialSources,
): Credential | null {
  if (credential.kind === 'config') return fromConfig(credential, sources)
  const file = sources.tokenFiles.find(({ name }) => name === credential.id)
  return file ? fromFile(file, sources) : null
}

/** What each section's providers speak; the others are of no use to an OpenAI or Claude client without translation. */
const SPEAKS: Readonly<Record<string, UpstreamKind>> = {
  'openai-compatibility': 'openai',
  'claude-api-key': 'claude',
  'codex-api-key': 'codex',
  'xai-api-key': 'codex',
}
const DEFAULT_BASE_URLS: Readonly<Record<string, string>> = { 'claude-api-key': 'https://api.anthropic.com' }

function fromConfig(credential: ConfigCredential, { upstreams }: CredentialSources): Credential {
  const { entry, apiKey } = credential
  return {
    id: credential.id,
    authIndex: authIndexOf(credential.id),
    source: { kind: 'config', credential },
    provider: entry.section === 'openai-compatibility' ? entry.name || entry.providerKey : entry.providerKey,
    providerKey: credential.providerKey,
    secret: apiKey,
    prefix: credential.prefix,
    priority: credential.priority,
    weight: credential.weight,
    state: 'active',
    cooling: entry.disableCooling === null ? 'inherited' : entry.disableCooling ? 'off' : 'on',
    requestRetry: entry.requestRetry ?? 'inherited',
    target: targetOf(credential, upstreams),
    logName: apiKey === '' ? 'unknown' : `api_key=${maskKey(apiKey)}`,
  }
}

function targetOf({ entry, apiKey }: ConfigCredential, upstreams: UpstreamAddresses): Target {
  const ownUrl = (entry.baseUrl || (DEFAULT_BASE_URLS[entry.section] ?? '')).replace(/\/+$/, '')
  const target = (speaks: UpstreamKind, baseUrl: string): Target => ({
    kind: 'upstream',
    speaks,
    baseUrl,
    ...headersOf(baseUrl, apiKey, entry.headers),
  })
  const speaks = SPEAKS[entry.section]
  if (speaks) return target(speaks, ownUrl)
  // A simulated provider is asked in the format it understands.
  const simulated = [...upstreams.values()].find(({ url }) => `${ownUrl}/`.startsWith(`${url}/`))
  if (simulated) return target(simulated.speaks, baseUrlOf(simulated))
  return { kind: 'none', reason: `the embedded gateway does not speak ${entry.section}` }
}

function fromFile(file: TokenFile, { channels, upstreams }: CredentialSources): Credential {
  const { credential } = file
  const { providerKey } = credential
  const upstream = upstreams.get(channels[providerKey]?.upstream ?? '')
  const secret = textField(file, 'access_token', 'api_key', 'kilocodeToken')
  return {
    id: credential.id,
    authIndex: authIndexOf(credential.id),
    source: { kind: 'file', file },
    provider: providerKey,
    providerKey,
    secret,
    prefix: credential.prefix,
    priority: credential.priority,
    weight: credential.weight,
    state: credential.disabled ? 'disabled' : 'active',
    cooling: file.fields.disable_cooling === true ? 'off' : 'inherited',
    requestRetry: integerField(file, 'request_retry') ?? 'inherited',
    target: upstream
      ? {
          kind: 'upstream',
          speaks: upstream.speaks,
          baseUrl: baseUrlOf(upstream),
          ...headersOf(upstream.url, secret, {}),
        }
      : { kind: 'none', reason: `the embedded gateway sends no tokens to the real ${providerKey}` },
    logName: `provider=${providerKey} auth_file=${file.name}`,
  }
}

/** What every request to the provider carries beside the headers of its format; the entry's own headers win. */
function headersOf(
  baseUrl: string,
  secret: string,
  own: Readonly<Record<string, string>>,
): Pick<Extract<Target, { kind: 'upstream' }>, 'headers' | 'copied'> {
  const key: readonly [string, string] = baseUrl.startsWith('https://api.anthropic.com')
    ? ['x-api-key', secret]
    : ['authorization', `Bearer ${secret}`]
  const named = Object.entries(own).map(([name, value]) => [name.toLowerCase(), value] as const)
  const fixed = named.filter(([, value]) => value !== '' && !value.startsWith('$'))
  return {
    headers: Object.fromEntries([
      ['content-type', 'application/json'],
      ...(secret === '' ? [] : [key]),
      ...fixed,
    ]),
    copied: named.flatMap(([name, value]) =>
      value.startsWith('$') ? [[name, value.slice(1).toLowerCase()] as const] : [],
    ),
  }
}

/** An openai-compatibility base URL holds the version path (contract, files 1.3). */
function baseUrlOf({ url, speaks }: { url: string; speaks: UpstreamKind }): string {
  return speaks === 'openai' ? `${url}/v1` : url
}

function authIndexOf(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 16)
}
