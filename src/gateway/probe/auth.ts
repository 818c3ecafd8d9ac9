import { gatewayErrorText } from '../../wire/gateway-error.ts'
import { SAFE_MODE_MESSAGE } from '../../wire/health.ts'
import { readModelList } from '../../wire/models.ts'
import { ROUTES } from '../../wire/routes.ts'
import type { Fault, Gateway, Reply, Result } from '../port.ts'
import { jsonOf } from './alive.ts'
import { isSafeModePage, safeModeMessage } from './safe-mode.ts'

/** How a gateway takes a client key. `reply` is what it answered when asked for its models. */
export type Auth =
  /** The key opens the door, and `withoutKey` says whether it is shut to others: `not-known` when that could not be asked. */
  | { readonly kind: 'accepted'; readonly withoutKey: 'refused' | 'not-known'; readonly reply: Reply }
  /** Everybody gets in, so a key says nothing: any would be taken (contract, HTTP 2.1). */
  | { readonly kind: 'open'; readonly reply: Reply }
  /** Every call is refused until a sample key is out of the configuration; old versions serve only a page that says so. */
  | { readonly kind: 'safe-mode'; readonly message: string; readonly reply: Reply }
  /** A key is wanted and none was given. */
  | { readonly kind: 'no-key'; readonly reply: Reply }
  /** By the gateway itself, or by somebody else: a provider or a proxy before it (contract, HTTP 14.3). */
  | {
      readonly kind: 'refused'
      readonly by: 'gateway' | 'other'
      readonly text: string
      readonly reply: Reply
    }
  /** An answer that is neither yes nor no. */
  | { readonly kind: 'unclear'; readonly reply: Reply }
  | { readonly kind: 'fault'; readonly fault: Fault }

/**
 * Asks for the models with and without the key; `keyIndex` counts from 0, and beyond the keys given there is none.
 * `door` is what an earlier look at the same gateway found: one that was shut is not tried again.
 */
export async function probeAuth(gateway: Gateway, keyIndex: number, door: 'shut' | 'unseen'): Promise<Auth> {
  const hasKey = keyIndex < gateway.clientKeys
  const [withKey, withoutKey] = await Promise.all([
    gateway.get(ROUTES.models, { as: hasKey ? keyIndex : 'none' }),
    door === 'shut' ? null : gateway.get(ROUTES.models, { as: 'none' }),
  ])
  if (withKey.kind === 'fault') return withKey
  const reply = withKey.value
  const message = await safeMode(gateway, reply)
  if (message !== null) return { kind: 'safe-mode', message, reply }
  if (listsModels(withKey)) {
    if (withoutKey !== null && listsModels(withoutKey)) return { kind: 'open', reply }
    const isShut = withoutKey === null || isRefused(withoutKey)
    return { kind: 'accepted', withoutKey: isShut ? 'refused' : 'not-known', reply }
  }
  if (reply.status !== 401 && reply.status !== 403) return { kind: 'unclear', reply }
  const text = gatewayErrorText(jsonOf(reply))
  if (!hasKey && text !== null) return { kind: 'no-key', reply }
  return {
    kind: 'refused',
    by: text === null ? 'other' : 'gateway',
    text: text ?? `status ${reply.status}`,
    reply,
  }
}

async function safeMode(gateway: Gateway, reply: Reply): Promise<string | null> {
  const message = safeModeMessage(reply)
  if (message !== null || reply.status !== 404) return message
  const front = await gateway.get(ROUTES.banner)
  return front.kind === 'ok' && isSafeModePage(front.value) ? SAFE_MODE_MESSAGE : null
}

function listsModels(result: Result<Reply>): boolean {
  return (
    result.kind === 'ok' && result.value.status === 200 && readModelList(jsonOf(result.value)).kind === 'list'
  )
}

function isRefused(result: Result<Reply>): boolean {
  return result.kind === 'ok' && (result.value.status === 401 || result.value.status === 403)
}
