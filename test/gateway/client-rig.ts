import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../../src/core/clock.ts'
import type { ClientEvent } from '../../src/gateway/client/events.ts'
import { type ClientOptions, createClient } from '../../src/gateway/client.ts'
import type { Gateway, Reply, Result } from '../../src/gateway/port.ts'
import { Secret } from '../../src/wire/secret.ts'
import type { GoodReply } from './mutating-server.ts'

export const CLIENT_KEY = 'sk-canary-client-5f0e'
export const SECOND_KEY = 'sk-canary-second-77aa'
export const MANAGEMENT_KEY = 'canary-management-9c1b'

export function secret(text: string): Secret {
  const reading = Secret.read(text)
  if (reading.kind !== 'secret') throw new Error(`not a secret: ${reading.kind}`)
  return reading.secret
}

export const systemClock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  sleep: (durationMs, signal) => sleep(durationMs, undefined, signal ? { signal } : {}),
}

export interface Rig {
  readonly gateway: Gateway
  readonly events: readonly ClientEvent[]
}

/** A client with two client keys, a management key and no retries, unless told otherwise. */
export function clientOf(baseUrl: string, changes: Partial<ClientOptions> = {}): Rig {
  const events: ClientEvent[] = []
  const gateway = createClient({
    baseUrl: new URL(baseUrl),
    clientKeys: [secret(CLIENT_KEY), secret(SECOND_KEY)],
    managementKey: secret(MANAGEMENT_KEY),
    timeoutMs: 5000,
    signal: new AbortController().signal,
    clock: systemClock,
    random: () => 0.5,
    userAgent: 'provops/0.0',
    proxy: { httpProxy: null, httpsProxy: null, noProxy: null },
    trust: { kind: 'system' },
    clientCertificate: null,
    retries: 0,
    onEvent: (event) => events.push(event),
    ...changes,
  })
  return { gateway, events }
}

export function jsonReply(value: unknown, status = 200): GoodReply {
  return {
    status,
    contentType: 'application/json; charset=utf-8',
    body: Buffer.from(JSON.stringify(value)),
  }
}

/** A result in the words of `Mutation.sees`. */
export function seen(result: Result<Reply>): string {
  if (result.kind === 'fault') return `fault ${result.fault.kind}`
  return result.value.status === 200 ? result.value.body.kind : `status ${result.value.status}`
}
