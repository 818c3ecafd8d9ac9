import type { Clock } from '../../core/clock.ts'
import { gatewayErrorText } from '../../wire/gateway-error.ts'
import { isDebugSetting, readBan } from '../../wire/health.ts'
import { ROUTES } from '../../wire/routes.ts'
import type { Fault, Gateway, Reply, ReplyHead } from '../port.ts'
import { jsonOf } from './alive.ts'

/** What the headers of a management reply tell of the build (contract, HTTP 9). Source builds say `dev` and `none`. */
export interface Build {
  readonly version: string | null
  readonly commit: string | null
}

/** Whether the management routes can be used, found out by one request with the key (contract, HTTP 8.1 and 14.9). */
export type Management =
  | { readonly kind: 'on'; readonly build: Build; readonly reply: Reply }
  /** Not switched on, or a remote control plane has taken over. */
  | { readonly kind: 'off'; readonly reply: Reply }
  /** None was given; nothing was sent. */
  | { readonly kind: 'no-key' }
  | { readonly kind: 'refused'; readonly text: string; readonly build: Build }
  /** Too many wrong keys came from this address; `leftText` is the gateway's own word, `untilMs` null when it is unreadable. */
  | {
      readonly kind: 'banned'
      readonly leftText: string
      readonly untilMs: number | null
      readonly build: Build
    }
  /** Only callers on the gateway's own machine are let in. */
  | { readonly kind: 'remote-disabled'; readonly build: Build }
  /** The routes are there and the secret is not. */
  | { readonly kind: 'key-not-set'; readonly build: Build }
  /** An answer that is none of a gateway's. */
  | { readonly kind: 'unclear'; readonly reply: Reply }
  | { readonly kind: 'fault'; readonly fault: Fault }

export async function probeManagement(gateway: Gateway, clock: Clock): Promise<Management> {
  if (!gateway.hasManagementKey) return { kind: 'no-key' }
  const result = await gateway.get(ROUTES.debug)
  if (result.kind === 'ok') return readManagement(result.value, clock)
  const { fault } = result
  return fault.kind === 'held-back' ? { kind: 'refused', text: fault.refusal, build: NO_BUILD } : result
}

const NO_BUILD: Build = { version: null, commit: null }

function readManagement(reply: Reply, clock: Clock): Management {
  const build = buildOf(reply)
  if (reply.status === 200 && isDebugSetting(jsonOf(reply))) return { kind: 'on', build, reply }
  if (reply.status === 404) return { kind: 'off', reply }
  if (reply.status !== 401 && reply.status !== 403) return { kind: 'unclear', reply }
  const text = gatewayErrorText(jsonOf(reply)) ?? `status ${reply.status}`
  const ban = readBan(text)
  if (ban !== null) {
    const untilMs = ban.leftMs === null ? null : clock.nowMs() + ban.leftMs
    return { kind: 'banned', leftText: ban.leftText, untilMs, build }
  }
  if (/remote management disabled/i.test(text)) return { kind: 'remote-disabled', build }
  if (/management key not set/i.test(text)) return { kind: 'key-not-set', build }
  return { kind: 'refused', text, build }
}

export function buildOf({ headers }: ReplyHead): Build {
  return { version: headers['x-cpa-version'] || null, commit: headers['x-cpa-commit'] || null }
}
