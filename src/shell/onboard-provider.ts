import { createClient } from '../gateway/client.ts'
import type { Gateway } from '../gateway/port.ts'
import type { Invocation } from './invocation.ts'
import type { Order } from './onboard-spec.ts'
import { proxySettings, type Session } from './session.ts'
import { VERSION } from './version.ts'

const NO_PROXY = { httpProxy: null, httpsProxy: null, noProxy: null }

/** The provider itself as a client sees it, with its new key; no key of the gateway goes there. */
export function openProvider(
  { world, settings }: Invocation,
  { embedded }: Session,
  { newcomer, key }: Order,
  signal: AbortSignal,
): Gateway {
  return createClient({
    baseUrl: new URL(newcomer.baseUrl),
    clientKeys: key === null ? [] : [key],
    managementKey: null,
    timeoutMs: settings.values.timeout,
    signal,
    clock: world.clock,
    random: world.random,
    userAgent: `provops/${VERSION}`,
    // The simulated providers of the embedded gateway are on loopback.
    proxy: embedded ? NO_PROXY : proxySettings(world.env),
    trust: { kind: 'system' },
    clientCertificate: null,
  })
}
