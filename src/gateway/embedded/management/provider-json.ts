import type { ModelItem, ProviderEntry } from '../../../analysis/config/model.ts'
import type { Section } from '../../../analysis/config/schema-providers.ts'
import type { Credential } from '../credentials.ts'
import type { Runtime } from '../runtime.ts'

type Json = Record<string, unknown>

/** The entries of a section that take part, in the order in which the management routes number them. */
export function entriesOf({ config }: Pick<Runtime, 'config'>, section: Section): readonly ProviderEntry[] {
  return config.gateway.entries.filter((entry) => entry.section === section && entry.fate.kind !== 'dropped')
}

/** A section as the management routes show it, in plain text (contract, HTTP 8.5). */
export function sectionJson(runtime: Runtime, section: Section, indexes: 'shown' | 'left-out'): Json[] {
  return entriesOf(runtime, section).map((entry) => {
    const own = runtime.credentials.filter(
      ({ source }) => source.kind === 'config' && source.credential.entry === entry,
    )
    return section === 'openai-compatibility' ? compatJson(entry, own, indexes) : keyJson(entry, own, indexes)
  })
}

function compatJson(entry: ProviderEntry, own: readonly Credential[], indexes: 'shown' | 'left-out'): Json {
  const index = (i: number): Json => (indexes === 'shown' && own[i] ? { 'auth-index': own[i].authIndex } : {})
  const keys = entry.keys.map(({ apiKey, proxyUrl, weight }, i) => ({
    'api-key': apiKey,
    ...(weight === null ? {} : { weight }),
    ...(proxyUrl === '' ? {} : { 'proxy-url': proxyUrl }),
    ...index(i),
  }))
  return {
    name: entry.name,
    ...(entry.priority === 0 ? {} : { priority: entry.priority }),
    ...(indexes === 'shown' || entry.disabled ? { disabled: entry.disabled } : {}),
    ...(entry.prefix === '' ? {} : { prefix: entry.prefix }),
    'base-url': entry.baseUrl,
    ...(keys.length === 0 ? index(0) : { 'api-key-entries': keys }),
    ...(entry.models.length === 0 ? {} : { models: entry.models.map(modelJson) }),
    ...(Object.keys(entry.headers).length === 0 ? {} : { headers: entry.headers }),
    ...switchesJson(entry),
  }
}

function keyJson(entry: ProviderEntry, own: readonly Credential[], indexes: 'shown' | 'left-out'): Json {
  const [key] = entry.keys
  const [credential] = own
  return {
    'api-key': key?.apiKey ?? '',
    ...(entry.priority === 0 ? {} : { priority: entry.priority }),
    ...(key?.weight == null ? {} : { weight: key.weight }),
    ...(entry.prefix === '' ? {} : { prefix: entry.prefix }),
    'base-url': entry.baseUrl,
    'proxy-url': entry.proxyUrl,
    models: entry.models.length === 0 ? null : entry.models.map(modelJson),
    ...(Object.keys(entry.headers).length === 0 ? {} : { headers: entry.headers }),
    ...(entry.excludedModels.length === 0
      ? {}
      : { 'excluded-models': entry.excludedModels.map(({ text }) => text) }),
    ...(entry.websockets ? { websockets: true } : {}),
    ...switchesJson(entry),
    ...(indexes === 'shown' && credential ? { 'auth-index': credential.authIndex } : {}),
  }
}

function switchesJson({ disableCooling, requestRetry }: ProviderEntry): Json {
  return {
    ...(disableCooling === null ? {} : { 'disable-cooling': disableCooling }),
    ...(requestRetry === null ? {} : { 'request-retry': requestRetry }),
  }
}

function modelJson({ name, alias, displayName, forceMapping, image }: ModelItem): Json {
  return {
    name,
    alias,
    ...(displayName === '' ? {} : { 'display-name': displayName }),
    ...(forceMapping ? { 'force-mapping': true } : {}),
    ...(image ? { image: true } : {}),
  }
}
