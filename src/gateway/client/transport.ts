import type { Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import buildConnector, { type Connector } from 'undici/lib/core/connect.js'
import Pool from 'undici/lib/dispatcher/pool.js'
import type { ConnectedEvent } from './events.ts'
import { type ProxySettings, proxyFor } from './proxy.ts'

/** PEM texts. */
export interface ClientCertificate {
  readonly cert: string
  readonly key: string
}

/** How a TLS server proves itself: by the system's roots, by one authority (PEM text) alone, or not at all. */
export type Trust =
  | { readonly kind: 'system' }
  | { readonly kind: 'ca'; readonly ca: string }
  | { readonly kind: 'insecure' }

export interface TransportOptions {
  readonly origin: URL
  readonly connections: number
  /** After this an attempt to connect is given up, whoever waits for it. */
  readonly connectTimeoutMs: number
  readonly trust: Trust
  readonly clientCertificate: ClientCertificate | null
  readonly proxy: ProxySettings
  readonly nowMs: () => number
  readonly onConnected: (event: ConnectedEvent) => void
}

/** The connections to one origin, and to no other. */
export interface Transport {
  /** Host and port of the last attempt to connect: the origin's, or a proxy's on the way there; null before any. */
  readonly lastTried: string | null
  dispatch(request: Omit<Dispatcher.DispatchOptions, 'origin'>, handler: Dispatcher.DispatchHandler): void
  /** Breaks every connection, those still being opened too. */
  close(): Promise<void>
}

/** Opens no connection: the first request does. Upstream gateways drop connections that say nothing (contract, HTTP 0). */
export async function openTransport(options: TransportOptions): Promise<Transport> {
  const sockets = new Set<Socket>()
  let lastTried: string | null = null
  const watched = (connector: Connector) =>
    watchSockets(connector, sockets, {
      ...options,
      onTry: (host) => {
        lastTried = host
      },
    })
  const proxyUrl = proxyFor(options.origin, options.proxy)
  const dispatcher =
    proxyUrl === null
      ? new Pool(options.origin, { ...poolSettings(options), connect: watched(connectorOf(options)) })
      : await proxied(proxyUrl, options, watched)
  return {
    get lastTried() {
      return lastTried
    },
    dispatch(request, handler) {
      dispatcher.dispatch({ ...request, origin: options.origin.origin }, handler)
    },
    async close() {
      // undici forgets a socket that is still connecting; it would keep the process alive until its time-out. The others
      // it would destroy with an error whose stack node writes out, for which it reads a whole script.
      for (const socket of sockets) socket.destroy()
      await dispatcher.destroy()
    },
  }
}

/** Time limits are off: undici's clock ticks twice a second, and `Watch` keeps them more exactly. */
function poolSettings(options: TransportOptions) {
  return { connections: options.connections, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 }
}

function tlsSettings({ trust, clientCertificate }: TransportOptions) {
  return {
    ...(trust.kind === 'ca' ? { ca: trust.ca } : {}),
    ...(clientCertificate ?? {}),
    rejectUnauthorized: trust.kind !== 'insecure',
  }
}

function connectorOf(options: TransportOptions): Connector {
  return buildConnector({ ...tlsSettings(options), timeout: options.connectTimeoutMs })
}

async function proxied(
  proxyUrl: string,
  options: TransportOptions,
  watched: (connector: Connector) => Connector,
): Promise<Dispatcher> {
  const [{ default: EnvHttpProxyAgent }, { default: connect }] = await Promise.all([
    import('undici/lib/dispatcher/env-http-proxy-agent.js'),
    import('undici/lib/api/api-connect.js'),
  ])
  const { origin: proxyOrigin } = new URL(proxyUrl)
  const poolOfProxy = (url: URL | string, settings: { connect?: unknown }) =>
    // ProxyAgent opens its tunnels by `connect`, which only undici's index gives to dispatchers.
    Object.assign(
      new Pool(url, { ...poolSettings(options), connect: watched(settings.connect as Connector) }),
      { connect },
    )
  return new EnvHttpProxyAgent({
    ...poolSettings(options),
    // Both are always given, and the same: for one that is missing undici would read the environment itself.
    httpProxy: proxyUrl,
    httpsProxy: proxyUrl,
    noProxy: options.proxy.noProxy ?? '',
    // Plain HTTP goes through as an ordinary proxied request: many proxies tunnel to port 443 only.
    proxyTunnel: options.origin.protocol === 'https:',
    connect: watched(connectorOf(options)),
    requestTls: { ...tlsSettings(options), timeout: options.connectTimeoutMs },
    proxyTls: { timeout: options.connectTimeoutMs },
    clientFactory: poolOfProxy,
    factory: (url: URL | string, settings: Pool.Options) =>
      new URL(url).origin === proxyOrigin ? poolOfProxy(url, settings) : new Pool(url, settings),
  })
}

/** Keeps every open socket in `sockets`, and tells how long each took to open. */
function watchSockets(
  connector: Connector,
  sockets: Set<Socket>,
  options: TransportOptions & { readonly onTry: (host: string) => void },
): Connector {
  return (target, callback) => {
    const host = target.host ?? target.hostname
    options.onTry(host)
    const startedMs = options.nowMs()
    let lookedUpMs: number | null = null
    let connectedMs: number | null = null
    const socket = connector(target, (...outcome) => {
      if (outcome[0] === null) report()
      callback(...outcome)
    })
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.once('lookup', () => {
      lookedUpMs = options.nowMs()
    })
    socket.once('connect', () => {
      connectedMs = options.nowMs()
    })
    const report = () => {
      const nowMs = options.nowMs()
      const startOfTlsMs = connectedMs ?? nowMs
      options.onConnected({
        kind: 'connected',
        host,
        lookupMs: lookedUpMs === null ? null : lookedUpMs - startedMs,
        connectMs: startOfTlsMs - (lookedUpMs ?? startedMs),
        tlsMs: target.protocol === 'https:' ? nowMs - startOfTlsMs : null,
      })
    }
    return socket
  }
}
