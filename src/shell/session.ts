import { setImmediate as nextTurn } from 'node:timers/promises'
import { errorCode } from '../core/error-code.ts'
import type { GatewayIdentity } from '../core/report.ts'
import { printable } from '../core/text.ts'
import type { ClientEvent } from '../gateway/client/events.ts'
import { type ProxySettings, proxyFor } from '../gateway/client/proxy.ts'
import type { ClientCertificate, Trust } from '../gateway/client/transport.ts'
import type { Gateway } from '../gateway/port.ts'
import type { Capabilities } from '../gateway/probe.ts'
import type { Secret } from '../wire/secret.ts'
import type { EmbeddedHandle } from './embedded.ts'
import type { Invocation } from './invocation.ts'
import { type ClientKeyGiven, findKeys } from './keys.ts'
import { isKnown } from './memory.ts'
import { expandPath } from './paths.ts'
import { readText } from './read-text.ts'
import { type Refusal, usageError } from './result.ts'
import { gatewayAddress } from './settings.ts'
import type { State } from './state.ts'
import { VERSION } from './version.ts'

/** A gateway that a command may ask, with what the run knows about it. */
export interface Session {
  readonly kind: 'session'
  readonly gateway: Gateway
  readonly capabilities: Capabilities
  readonly keys: readonly ClientKeyGiven[]
  readonly state: State
  /** The bundled gateway, when that is what is asked. */
  readonly embedded: EmbeddedHandle | null
  /** What the report calls this gateway; asks nothing that was not asked already. */
  identity(): Promise<GatewayIdentity>
  close(): Promise<void>
}

/** Called with a gateway that may be shown keys at once, since an earlier run has learned that it is one. */
type AskAhead = (gateway: Gateway) => void

/**
 * Finds the gateway and its keys, live or embedded, and prepares to ask it. Nothing but what `askAhead` asks is sent to
 * a live one yet.
 */
export async function openSession(invocation: Invocation, askAhead?: AskAhead): Promise<Session | Refusal> {
  const { flags } = invocation
  if (flags.has('embedded')) {
    return flags.has('gateway')
      ? usageError('--embedded and --gateway name two gateways', 'give one of them')
      : openEmbedded(invocation)
  }
  return flags.has('profile')
    ? usageError('--profile is a version of the bundled gateway', 'give --embedded with it')
    : openLive(invocation, askAhead)
}

async function openLive(invocation: Invocation, askAhead?: AskAhead): Promise<Session | Refusal> {
  const target = targetUrl(invocation)
  if (target instanceof URL === false) return target
  const proxy = proxySettings(invocation.world.env)
  const problem = proxyProblem(target, proxy)
  if (problem) return problem
  const keys = await findKeys(invocation)
  if (keys.kind === 'refused') return keys
  const tls = await tlsOptions(invocation)
  if ('kind' in tls && tls.kind === 'refused') return tls
  if (invocation.settings.values.insecure) invocation.world.stderr.write(INSECURE_WARNING)
  const reach: Reach = {
    baseUrl: target,
    client: keys.client,
    management: keys.management,
    ...(tls as TlsOptions),
    proxy,
  }
  const gateway = await clientOf(invocation, reach)
  if (askAhead && isKnown(invocation.world.stateDir, gateway.url, reach.client)) {
    askAhead(gateway)
    await letOut()
  }
  return sessionOn(gateway, invocation, reach.client, null)
}

/** Until requests have left: to load more keeps the process busy, and answers could not be under way meanwhile. */
async function letOut(): Promise<void> {
  // In one turn the first connection opens, in the next its request leaves and others open, in the last theirs leave.
  for (let turn = 0; turn < 3; turn++) await nextTurn()
}

const INSECURE_WARNING =
  'provops: --insecure: the certificate is not checked; anybody on the way can read the keys\n'

async function openEmbedded(invocation: Invocation): Promise<Session | Refusal> {
  const { startForRun } = await import('./embedded.ts')
  const started = await startForRun(invocation)
  if (started.kind === 'refused') return started
  const { handle, client, management } = started
  const reach: Reach = {
    baseUrl: new URL(handle.url),
    client,
    management,
    trust: { kind: 'system' },
    clientCertificate: null,
    // It is on loopback; a proxy would not reach it.
    proxy: NO_PROXY,
  }
  return sessionOn(await clientOf(invocation, reach), invocation, client, handle)
}

interface TlsOptions {
  readonly trust: Trust
  readonly clientCertificate: ClientCertificate | null
}

interface Reach extends TlsOptions {
  readonly baseUrl: URL
  readonly client: readonly ClientKeyGiven[]
  readonly management: Secret | null
  readonly proxy: ProxySettings
}

async function clientOf({ world, settings, flags }: Invocation, reach: Reach): Promise<Gateway> {
  const { createClient } = await import('../gateway/client.ts')
  return createClient({
    baseUrl: reach.baseUrl,
    clientKeys: reach.client.map((key) => key.secret),
    managementKey: reach.management,
    timeoutMs: settings.values.timeout,
    signal: world.interrupted,
    clock: world.clock,
    random: world.random,
    userAgent: `provops/${VERSION}`,
    proxy: reach.proxy,
    trust: reach.trust,
    clientCertificate: reach.clientCertificate,
    ...(flags.has('debug')
      ? { onEvent: (event: ClientEvent) => world.stderr.write(`${debugLine(event)}\n`) }
      : {}),
  })
}

async function sessionOn(
  gateway: Gateway,
  { world, settings, redactor }: Invocation,
  keys: readonly ClientKeyGiven[],
  embedded: EmbeddedHandle | null,
): Promise<Session> {
  const [{ probeCapabilities }, { State }] = await Promise.all([
    import('../gateway/probe.ts'),
    import('./state.ts'),
  ])
  const capabilities = probeCapabilities(gateway, world.clock)
  return {
    kind: 'session',
    gateway,
    capabilities,
    keys,
    state: new State(world.stateDir, (text) => redactor.apply(text)),
    embedded,
    identity: async () => ({
      kind: embedded ? 'embedded' : 'live',
      url: gateway.url,
      name: embedded ? embedded.scenario : settings.gatewayName,
      profile: embedded ? embedded.profile : null,
      version: capabilities.knownVersion(),
    }),
    close: async () => {
      await gateway.close()
      await embedded?.close()
    },
  }
}

/** The URL behind `--gateway`, refused where it cannot be one or holds a password. */
function targetUrl({ settings, config }: Invocation): URL | Refusal {
  const { gatewayName, origins } = settings
  const text = gatewayAddress(settings, config)
  const from = gatewayName === null ? origins.gateway : `gateways.${gatewayName}.url`
  const names = Object.keys(config?.values.gateways ?? {})
  const url = URL.canParse(text) ? new URL(text) : null
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    const known =
      names.length > 0 ? `, or one of ${names.join(', ')}` : ', or name it under `gateways` in provops.yaml'
    return usageError(
      `${from}: ${JSON.stringify(printable(text, 80))} is no gateway`,
      `give a URL such as http://127.0.0.1:8317${known}`,
    )
  }
  if (url.username !== '' || url.password !== '') {
    return usageError(
      `${from}: the address holds a user name or password`,
      'give keys with --api-key-file or PROVOPS_API_KEY, never inside the address',
    )
  }
  return url
}

async function tlsOptions(invocation: Invocation): Promise<TlsOptions | Refusal> {
  const { values } = invocation.settings
  const [ca, cert, key] = await Promise.all(
    (['ca-file', 'client-cert-file', 'client-key-file'] as const).map((name) =>
      pemFile(values[name], name, invocation),
    ),
  )
  for (const file of [ca, cert, key]) if (file && typeof file === 'object') return file
  if ((cert === null) !== (key === null)) {
    return usageError(
      'a client certificate needs both its certificate and its key',
      'give --client-cert-file and --client-key-file',
    )
  }
  const trust: Trust = values.insecure
    ? { kind: 'insecure' }
    : typeof ca === 'string'
      ? { kind: 'ca', ca }
      : { kind: 'system' }
  const clientCertificate = typeof cert === 'string' && typeof key === 'string' ? { cert, key } : null
  return { trust, clientCertificate }
}

const CERTIFICATE = { begins: /^-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/m, holds: 'certificate' }
const PEM = {
  'ca-file': CERTIFICATE,
  'client-cert-file': CERTIFICATE,
  'client-key-file': { begins: /^-----BEGIN (?:\w+ )*PRIVATE KEY-----/m, holds: 'private key' },
} as const

async function pemFile(
  path: string | null,
  flag: keyof typeof PEM,
  { world }: Invocation,
): Promise<string | null | Refusal> {
  if (path === null) return null
  const full = expandPath(path, world.home, world.cwd)
  try {
    const text = await readText(full)
    const { begins, holds } = PEM[flag]
    if (begins.test(text)) return text
    return usageError(
      `--${flag}: ${full} holds no ${holds} in PEM`,
      `one begins with a line -----BEGIN ${holds.toUpperCase()}-----`,
    )
  } catch (error) {
    return usageError(
      `--${flag}: cannot read ${full}: ${errorCode(error) ?? 'error'}`,
      'check the path and its permissions',
    )
  }
}

const NO_PROXY = { httpProxy: null, httpsProxy: null, noProxy: null }

/** The usual variables. As in curl, lower case wins, and an address without a scheme is one of HTTP. */
export function proxySettings(env: Readonly<Record<string, string | undefined>>): ProxySettings {
  const withScheme = (address = '') => (/^$|:\/\//.test(address) ? address : `http://${address}`)
  return {
    httpProxy: withScheme(env.http_proxy || env.HTTP_PROXY) || null,
    httpsProxy: withScheme(env.https_proxy || env.HTTPS_PROXY) || null,
    noProxy: env.no_proxy || env.NO_PROXY || null,
  }
}

/** An address may hold a password, so that a wrong one is not shown. */
function proxyProblem(target: URL, settings: ProxySettings): Refusal | null {
  const address = proxyFor(target, settings)
  if (address === null || URL.canParse(address)) return null
  return usageError(
    `${target.protocol.replace(':', '_proxy')} is no address of a proxy`,
    `give one such as http://proxy:3128, or name ${target.hostname} in no_proxy`,
  )
}

function debugLine(event: ClientEvent): string {
  if (event.kind === 'connected') {
    const steps = [
      ['lookup', event.lookupMs],
      ['connect', event.connectMs],
      ['tls', event.tlsMs],
    ] as const
    return `debug: connected to ${event.host}${steps.map(([name, ms]) => (ms === null ? '' : ` ${name}=${ms.toFixed(1)}ms`)).join('')}`
  }
  const end =
    event.kind === 'answered'
      ? String(event.status)
      : `${event.fault.kind} after status ${event.status ?? '-'}`
  const head = event.headMs === null ? '-' : `${event.headMs.toFixed(1)}ms`
  return `debug: ${event.method} ${event.path} -> ${end} attempt=${event.attempt} head=${head} total=${event.totalMs.toFixed(1)}ms bytes=${event.receivedBytes}`
}
