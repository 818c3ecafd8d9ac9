import type { Clock } from '../../../src/core/clock.ts'
import type { Profile } from '../../../src/gateway/embedded/profile.ts'
import type { Scenario } from '../../../src/gateway/embedded/scenario.ts'
import {
  type EmbeddedGateway,
  type EmbeddedOptions,
  startEmbedded,
} from '../../../src/gateway/embedded/start.ts'
import type { UpstreamSpec } from '../../../src/gateway/embedded/upstream/types.ts'

export const CLIENT_KEY = 'sk-client-1'
export const MANAGEMENT_KEY = 'management-key-1'

export const UPSTREAM: UpstreamSpec = {
  name: 'main',
  kind: 'openai',
  models: ['glm-4.7', 'kimi-k2'],
  keys: null,
  latency: { baseMs: 0, spreadMs: 0 },
  rules: [],
}

/** The top of a configuration, as the scenarios have it; sections follow it. */
export const CONFIG_HEAD = `remote-management:
  # only from here
  secret-key: ${MANAGEMENT_KEY}
api-keys:
  - ${CLIENT_KEY}
logging-to-file: true
usage-statistics-enabled: true
`

export const CONFIG = `${CONFIG_HEAD}openai-compatibility:
  - name: main
    base-url: "{{upstream:main}}/v1"
    api-key-entries:
      - api-key: sk-upstream-1
    models:
      - name: glm-4.7
        alias: glm
      - name: kimi-k2
`

export const SCENARIO: Scenario = {
  name: 'test',
  title: 'test',
  description: 'test',
  profile: 'runbook',
  config: { kind: 'text', text: CONFIG },
  keys: { client: [CLIENT_KEY], management: MANAGEMENT_KEY },
  authFiles: [],
  channels: {},
  upstreams: [UPSTREAM],
  history: { spanMs: 0, requests: [], noise: [] },
  cooldowns: [],
  bans: [],
  traffic: { requestsPerSecond: 0, clients: [] },
}

/** 2026-08-22 10:04:30 UTC. */
export const START_MS = Date.UTC(2026, 7, 22, 10, 4, 30)

export interface MovedClock extends Clock {
  advance(durationMs: number): void
}

/** Time that stands still until it is moved; what sleeps until then wakes up. */
export function movedClock(startMs = START_MS): MovedClock {
  let nowMs = startMs
  const sleepers = new Set<{ untilMs: number; wake: () => void }>()
  return {
    nowMs: () => nowMs,
    sleep(durationMs, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason)
        if (durationMs <= 0) return resolve()
        const leave = (): void => {
          sleepers.delete(sleeper)
          reject(signal?.reason)
        }
        const wake = (): void => {
          signal?.removeEventListener('abort', leave)
          resolve()
        }
        const sleeper = { untilMs: nowMs + durationMs, wake }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', leave)
      })
    },
    advance(durationMs) {
      nowMs += durationMs
      for (const sleeper of [...sleepers]) {
        if (sleeper.untilMs > nowMs) continue
        sleepers.delete(sleeper)
        sleeper.wake()
      }
    },
  }
}

export interface Started {
  readonly gateway: EmbeddedGateway
  readonly clock: MovedClock
  /** Asks as the first client, unless `key` says another (null: none). */
  client(path: string, init?: RequestInit & { readonly key?: string | null }): Promise<Response>
  /** Asks below `/v0/management`. */
  manage(path: string, init?: RequestInit & { readonly key?: string | null }): Promise<Response>
}

const running: EmbeddedGateway[] = []

/** Ends every gateway a test has started; to be called after each. */
export async function closeAll(): Promise<void> {
  await Promise.all(running.splice(0).map((gateway) => gateway.close()))
}

export interface TestOptions extends Partial<Omit<EmbeddedOptions, 'scenario' | 'clock'>> {
  readonly scenario?: Partial<Scenario>
  readonly config?: string
  readonly profile?: Profile
  readonly clock?: MovedClock
}

export async function start(options: TestOptions = {}): Promise<Started> {
  const { scenario, config, clock = movedClock(), ...rest } = options
  const started = await startEmbedded({
    profile: 'runbook',
    port: 0,
    configFile: null,
    logDir: null,
    authDir: null,
    seed: 1,
    trafficPerSecond: 0,
    ...rest,
    clock,
    scenario: {
      ...SCENARIO,
      ...scenario,
      ...(config === undefined ? {} : { config: { kind: 'text', text: config } }),
    },
  })
  if (started.kind === 'refused') throw new Error(`${started.problem.what} (${started.problem.next})`)
  const { gateway } = started
  running.push(gateway)
  const ask =
    (base: string, ownKey: string) =>
    (path: string, { key = ownKey, ...init }: RequestInit & { readonly key?: string | null } = {}) =>
      fetch(`${gateway.url}${base}${path}`, {
        redirect: 'manual',
        ...init,
        headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...init.headers },
      })
  return { gateway, clock, client: ask('', CLIENT_KEY), manage: ask('/v0/management', MANAGEMENT_KEY) }
}

/** Posts JSON. */
export function post(body: unknown): RequestInit {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}
