import { bearer, notFound } from '../access.ts'
import type { Exchange, Replied } from '../exchange.ts'
import type { Runtime } from '../runtime.ts'
import { matchesSecret } from './secret.ts'

const LOCAL_ADDRESSES: ReadonlySet<string> = new Set(['127.0.0.1', '::1'])

/** The checks before every management route, in the gateway's order; answers by itself when one fails (contract, HTTP 8.1). */
export function checkManagementAccess(exchange: Exchange, runtime: Runtime): 'granted' | Replied {
  const { remoteManagement } = runtime.config.gateway.settings
  const nowMs = runtime.clock.nowMs()
  if (remoteManagement.secretKey === '' && !runtime.managementWasOn) return notFound(exchange, runtime)
  addVersionHeaders(exchange, runtime)
  const refusal = refusalOf(exchange, runtime, nowMs)
  if (!refusal) {
    runtime.bans.succeeded(exchange.address)
    return 'granted'
  }
  const isExempt = runtime.traits.localBans === 'exempt' && LOCAL_ADDRESSES.has(exchange.address)
  if (refusal.status === 401 && !isExempt) runtime.bans.failed(exchange.address, nowMs)
  return exchange.json(refusal.status, { error: refusal.error })
}

function refusalOf(
  exchange: Exchange,
  runtime: Runtime,
  nowMs: number,
): { status: 401 | 403; error: string } | null {
  const { remoteManagement } = runtime.config.gateway.settings
  const remaining = runtime.bans.remaining(exchange.address, nowMs)
  if (remaining !== null)
    return { status: 403, error: `IP banned due to too many failed attempts. Try again in ${remaining}` }
  if (!remoteManagement.allowRemote && !LOCAL_ADDRESSES.has(exchange.address))
    return { status: 403, error: 'remote management disabled' }
  if (remoteManagement.secretKey === '') return { status: 403, error: 'remote management key not set' }
  const offered = bearer(exchange.header('authorization')) || exchange.header('x-management-key').trim()
  if (offered === '') return { status: 401, error: 'missing management key' }
  const isRight = matchesSecret(offered, remoteManagement.secretKey) || offered === runtime.localPassword
  return isRight ? null : { status: 401, error: 'invalid management key' }
}

/** Contract, HTTP 9. */
function addVersionHeaders(exchange: Exchange, { traits }: Runtime): void {
  exchange.addHeader('X-CPA-VERSION', traits.version)
  exchange.addHeader('X-CPA-COMMIT', traits.commit)
  exchange.addHeader('X-CPA-BUILD-DATE', traits.buildDate)
  if (traits.plugins === 'supported') exchange.addHeader('X-CPA-SUPPORT-PLUGIN', '1')
}
