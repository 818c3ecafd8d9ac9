import type { Flavour } from '../analysis/config/flavour.ts'
import { loadConfig } from '../analysis/config/load.ts'
import type { GatewayConfig } from '../analysis/config/model.ts'
import { offersOf } from '../analysis/config/offers.ts'
import type { EffectCheck, Verification } from '../changes/effect.ts'
import type { ReloadClues } from '../changes/stall.ts'
import { askModels } from '../checks/models.ts'
import { faultWords } from '../checks/replies.ts'
import type { Clock } from '../core/clock.ts'
import { counted, listed } from '../core/text.ts'
import type { ClientKey, Gateway } from '../gateway/port.ts'
import type { Capabilities } from '../gateway/probe.ts'
import { fieldsOf } from '../wire/fields.ts'
import { readLogPage } from '../wire/management.ts'
import { ROUTES } from '../wire/routes.ts'

/** Whose rules the configuration behind a gateway is read by; those of upstream, the strictest, where nothing tells. */
export async function flavourOf(capabilities: Capabilities): Promise<Flavour> {
  const { family } = await capabilities.lineage()
  if (family === 'fork') return 'fork'
  return family === 'fork-old' || family === 'old' ? 'fork-old' : 'upstream'
}

export interface Texts {
  readonly before: string
  readonly after: string
  readonly flavour: Flavour
  /** Ids that were listed before and must still be; none when not given. */
  readonly keep?: readonly string[]
}

/** Ids that the config's own credentials offer after an edit and not before, and the other way round; both sorted. */
export interface IdChange {
  readonly appear: readonly string[]
  readonly vanish: readonly string[]
}

/** What an edit makes of a configuration; null for a text that the gateway would refuse, which offers nothing. */
interface Configs {
  readonly old: GatewayConfig | null
  readonly now: GatewayConfig | null
}

function configsOf({ before, after, flavour }: Texts): Configs {
  return { old: configOf(before, flavour), now: configOf(after, flavour) }
}

function configOf(text: string, flavour: Flavour): GatewayConfig | null {
  const loaded = loadConfig(text, flavour)
  return loaded.kind === 'loaded' ? loaded.config : null
}

function idChangeOf({ old, now }: Configs): IdChange {
  const [before, after] = [offeredIds(old), offeredIds(now)]
  return {
    appear: [...after].filter((id) => !before.has(id)).sort(),
    vanish: [...before].filter((id) => !after.has(id)).sort(),
  }
}

function offeredIds(config: GatewayConfig | null): ReadonlySet<string> {
  return new Set(config === null ? [] : offersOf(config).byId.keys())
}

/** The gateway in which an effect is looked for. */
export interface Watched {
  readonly gateway: Gateway
  readonly key: ClientKey
  readonly clock: Clock
}

/** Tells besides whether the gateway ever gave a readable answer. */
export interface WatchedEffect extends EffectCheck {
  hasAnswered(): boolean
}

/**
 * How to see that a gateway took an edit: by the ids that come and go in its model list, or, where an edit changes no
 * id, by the providers it shows on its management routes.
 */
export function effectOf(watched: Watched, texts: Texts): WatchedEffect {
  const configs = configsOf(texts)
  const ids = idChangeOf(configs)
  if (ids.appear.length + ids.vanish.length > 0) return idsEffect(watched, { ...ids, keep: texts.keep ?? [] })
  const look = looksAt(watched)
  return {
    describe: 'GET /v0/management/config shows providers and switches as the file has them',
    ...look((signal) => verifyProviders(watched.gateway, configs, texts.flavour, signal)),
  }
}

/** Ids that are to come, to go, and to stay. */
export function idsEffect(
  watched: Watched,
  ids: IdChange & { readonly keep: readonly string[] },
): WatchedEffect {
  const look = looksAt(watched)
  return {
    describe: describeIds(ids),
    ...look((signal) => verifyIds(watched, ids, ids.keep, signal)),
  }
}

function describeIds({ appear, vanish }: IdChange): string {
  const parts = [
    appear.length > 0 ? `lists ${listed(appear)}` : '',
    vanish.length > 0 ? `no longer lists ${listed(vanish)}` : '',
  ]
  return `GET /v1/models ${parts.filter((part) => part !== '').join(' and ')}`
}

async function verifyIds(
  { gateway, key }: Watched,
  { appear, vanish }: IdChange,
  keep: readonly string[],
  signal: AbortSignal,
): ReturnType<Look> {
  gateway.forget()
  const answer = await askModels(gateway, key, signal)
  if (answer.kind === 'unknown')
    return { kind: 'not-yet', answered: false, saw: `${gateway.url}/v1/models: ${answer.judgement.saw}` }
  const seen = new Set(answer.list.models.map(({ id }) => id))
  const missing = appear.filter((id) => !seen.has(id))
  const lost = keep.filter((id) => !seen.has(id) && !vanish.includes(id))
  const left = vanish.filter((id) => seen.has(id))
  if (missing.length > 0) return { kind: 'not-yet', saw: `/v1/models does not list ${listed(missing)}` }
  if (left.length > 0) return { kind: 'not-yet', saw: `/v1/models still lists ${listed(left)}` }
  if (lost.length > 0) return { kind: 'not-yet', saw: `/v1/models no longer lists ${listed(lost)}` }
  const parts = [
    appear.length > 0 ? `${counted(appear.length, 'new id')} listed (${listed(appear)})` : '',
    vanish.length > 0 ? `${counted(vanish.length, 'id')} gone (${listed(vanish)})` : '',
  ]
  return { kind: 'effective', evidence: parts.filter((part) => part !== '').join(', ') }
}

async function verifyProviders(
  gateway: Gateway,
  configs: Configs,
  flavour: Flavour,
  signal: AbortSignal,
): ReturnType<Look> {
  gateway.forget()
  if (!gateway.hasManagementKey) {
    return {
      kind: 'wrong',
      answered: false,
      saw: 'no id changes, and without a management key nothing else shows the effect',
    }
  }
  const result = await gateway.get(ROUTES.config, { signal })
  if (result.kind === 'fault')
    return {
      kind: 'not-yet',
      answered: false,
      saw: `${gateway.url}/v0/management/config: ${faultWords(result.fault).saw}`,
    }
  const { status, body } = result.value
  if (status !== 200 || body.kind !== 'json')
    return { kind: 'not-yet', answered: false, saw: `/v0/management/config answered ${status}` }
  const shown = configOf(JSON.stringify(routingOf(body.value)), flavour)
  if (shown === null || configs.now === null)
    return {
      kind: 'not-yet',
      answered: false,
      saw: '/v0/management/config cannot be read as a configuration',
    }
  const builtIn = builtInChannels(configs.now)
  if (fingerprint(shown, builtIn) !== fingerprint(configs.now, builtIn))
    return { kind: 'not-yet', saw: '/v0/management/config shows other providers than the file' }
  const switched = switchedIn(configs)
  const stale = switched.find(({ key, value }) => shownSetting(body.value, key) !== value)
  if (stale)
    return {
      kind: 'not-yet',
      saw: `/v0/management/config shows ${stale.key} ${shownSetting(body.value, stale.key) ?? 'not at all'}`,
    }
  return {
    kind: 'effective',
    evidence:
      switched.length === 0
        ? '/v0/management/config shows the providers of the file'
        : `/v0/management/config shows ${switched.map(({ key, value }) => `${key} ${value}`).join(', ')}`,
  }
}

/** Switches of routing, with their values as text, by their place in the file. */
const SWITCHES = {
  'request-retry': ({ requestRetry }) => String(requestRetry),
  'routing.strategy': ({ strategy }) => strategy,
} as const satisfies Record<string, (settings: GatewayConfig['settings']) => string>
type Switch = keyof typeof SWITCHES

/** Those that an edit changes, with the value it wants. */
function switchedIn({ old, now }: Configs): { readonly key: Switch; readonly value: string }[] {
  if (old === null || now === null) return []
  return (Object.keys(SWITCHES) as Switch[])
    .map((key) => ({
      key,
      was: SWITCHES[key](old.settings),
      value: SWITCHES[key](now.settings),
    }))
    .filter(({ was, value }) => was !== value)
}

/** As the gateway shows it; null where it does not. */
function shownSetting(shown: unknown, key: Switch): string | null {
  const value = key.split('.').reduce<unknown>((at, name) => fieldsOf(at)[name], shown)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null
}

const ROUTING_KEY = /^(?:[a-z-]+-api-key|openai-compatibility|oauth-[a-z-]+)$/

/** The provider sections and OAuth maps alone: the rest is shown in other types than a file has, such as durations in nanoseconds. */
function routingOf(shown: unknown): object {
  return Object.fromEntries(Object.entries(fieldsOf(shown)).filter(([key]) => ROUTING_KEY.test(key)))
}

/** Channels whose aliases are not the file's but those of the gateway's version, whatever that has (contract, files 1.5). */
function builtInChannels({ oauthModelAliases }: GatewayConfig): ReadonlySet<string> {
  const builtIn = [...oauthModelAliases].filter(
    ([, aliases]) => aliases.length > 0 && aliases.every(({ at }) => at === null),
  )
  return new Set(builtIn.map(([channel]) => channel))
}

/** Everything of the provider entries and OAuth maps that routing depends on, but for aliases of these channels. */
function fingerprint(
  { entries, oauthExcludedModels, oauthModelAliases }: GatewayConfig,
  builtIn: ReadonlySet<string>,
): string {
  const live = entries.filter(({ fate }) => fate.kind === 'live')
  return JSON.stringify([
    live.map(({ section, name, baseUrl, prefix, priority, models, excludedModels, keys }) => [
      section,
      name,
      baseUrl,
      prefix,
      priority,
      models.map((model) => [model.name, model.id]),
      excludedModels.map(({ text }) => text),
      keys.length,
    ]),
    byChannel(oauthExcludedModels).map(([channel, patterns]) => [channel, patterns.map(({ text }) => text)]),
    byChannel(oauthModelAliases)
      .filter(([channel]) => !builtIn.has(channel))
      .map(([channel, aliases]) => [channel, aliases.map(({ name, alias, fork }) => [name, alias, fork])]),
  ])
}

/** `answered` is false when nothing readable came. */
type Look = (signal: AbortSignal) => Promise<Verification & { readonly answered?: false }>

/** Clues are of the time since the first look, which comes right after the write. */
function looksAt({ gateway, clock }: Watched) {
  let writtenMs: number | null = null
  let hasAnswered = false
  return (look: Look) => ({
    verify: async (signal: AbortSignal): Promise<Verification> => {
      writtenMs ??= clock.nowMs()
      const { answered, ...seen } = await look(signal)
      hasAnswered ||= answered !== false
      return seen
    },
    clues: (signal: AbortSignal) => reloadClues(gateway, writtenMs ?? clock.nowMs(), signal),
    hasAnswered: () => hasAnswered,
  })
}

/** A gateway shows its maps in an order of its own. */
function byChannel<T>(map: ReadonlyMap<string, T>): readonly (readonly [string, T])[] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1))
}

async function reloadClues(gateway: Gateway, writtenMs: number, signal: AbortSignal): Promise<ReloadClues> {
  if (!gateway.hasManagementKey) return { servedText: null, logLines: null }
  const served = await gateway.send(ROUTES.configYaml, { signal })
  // The write came just before the first look, at most a second.
  const query = { after: String(Math.floor(writtenMs / 1000) - 1) }
  const log = await gateway.send(ROUTES.logs, { query, signal })
  const page =
    log.kind === 'ok' && log.value.status === 200 && log.value.body.kind === 'json'
      ? readLogPage(log.value.body.value)
      : null
  return {
    servedText:
      served.kind === 'ok' && served.value.status === 200 && 'text' in served.value.body
        ? served.value.body.text
        : null,
    logLines: page?.kind === 'lines' ? page.lines : null,
  }
}
