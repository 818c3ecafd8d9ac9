import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import picomatch from 'picomatch'
import { afterEach, describe, expect, it } from 'vitest'
import type { Profile } from '../../../src/gateway/embedded/profile.ts'
import type { EmbeddedGateway } from '../../../src/gateway/embedded/start.ts'
import type { Rule } from '../../../src/gateway/embedded/upstream/types.ts'
import { compare } from './conformance/compare.ts'
import { PHASES, type Phase } from './conformance/phases.ts'
import { PROVIDERS } from './conformance/provider.ts'
import {
  type Answer,
  CONFIG_DIR,
  type Recording,
  readDifferences,
  recordingsOf,
} from './conformance/recordings.ts'
import { closeAll, type MovedClock, movedClock, START_MS, start } from './harness.ts'

/** The recorded gateways, and which profile imitates each. */
const GATEWAYS: Readonly<Record<string, Profile>> = {
  upstream: 'upstream',
  fork: 'fork',
  forkold: 'fork-old',
  forkmetrics: 'fork-old',
}
/** The configuration of `forkmetrics` is that of `forkold`. */
const CONFIGS: Readonly<Record<string, string>> = { forkmetrics: 'forkold' }

const differences = readDifferences().map((row) => ({
  ...row,
  matches: picomatch(row.recordings),
  used: false,
}))

afterEach(closeAll)

/** Time moves only when somebody sleeps, and then at once. */
function eagerClock(): MovedClock {
  const clock = movedClock()
  return {
    ...clock,
    sleep: async (durationMs, signal) => {
      await new Promise((resolve) => setImmediate(resolve))
      signal?.throwIfAborted()
      clock.advance(Math.min(durationMs, 1))
    },
  }
}

/** Seconds pass in tens of milliseconds. */
function scaledClock(): MovedClock {
  const realMs = performance.now()
  const scale = 50
  return {
    ...movedClock(),
    nowMs: () => START_MS + Math.floor((performance.now() - realMs) * scale),
    sleep: (durationMs, signal) => setTimeout(Math.max(1, durationMs / scale), undefined, { signal }),
  }
}

/** For `fx-ok` the recorded provider was told to take its time, and later to fail. */
const SLOW_PROVIDERS = PROVIDERS.map((spec) => ({
  ...spec,
  rules: [...slowRules(spec.kind === 'openai' ? 3 : 1), ...spec.rules],
}))

/** Slow always; every `nth` request fails as well. */
function slowRules(nth: number): Rule[] {
  const own = { when: { models: ['fx-ok'] }, afterMs: 0, forMs: null } as const
  return [
    { ...own, pick: { kind: 'all' }, fault: { kind: 'slow', delayMs: 2_500 } },
    { ...own, pick: { kind: 'every', nth }, fault: { kind: 'server-error', status: 500, page: 'json' } },
  ]
}

function configFor(gateway: string, phase: Phase): string {
  const recorded = readFileSync(
    join(CONFIG_DIR, `${CONFIGS[gateway] ?? gateway}-config-written.yaml`),
    'utf8',
  )
  const local = recorded
    .replaceAll('http://127.0.0.1:18080/v1', '{{upstream:openai}}/v1')
    .replaceAll('http://127.0.0.1:18080/codex', '{{upstream:codex}}/codex')
    .replaceAll('http://127.0.0.1:18080', '{{upstream:claude}}')
    .replaceAll('/srv/gateway/auth', '{{auth-dir}}')
  return phase.edit(local)
}

function inOrder(phase: Phase, recordings: ReadonlyMap<string, Recording>): Recording[] {
  const names = phase.names.flatMap((name) =>
    typeof name === 'string' ? [name] : [...recordings.keys()].filter((each) => name.test(each)).sort(),
  )
  return [...new Set(names)].flatMap((name) => recordings.get(name) ?? [])
}

/** What stands for the hash of the management key in recorded configurations. */
const RECORDED_HASH = '$2a$10$fixturefixturefixturefixturefixturefixturefixturefixt'

/** A recorded body with this gateway's own hash, or the request would lock its sender out. */
function bodyFor({ configFile }: EmbeddedGateway, { request }: Recording): string | undefined {
  if (!request.body?.includes(RECORDED_HASH)) return request.body ?? undefined
  const own = /\$2a\$10\$[./A-Za-z0-9]{53}/.exec(readFileSync(configFile, 'utf8'))?.[0] ?? ''
  return request.body.replaceAll(RECORDED_HASH, () => own)
}

function replay(embedded: EmbeddedGateway, recording: Recording): Promise<Answer> {
  const { request } = recording
  const { port } = embedded
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      host: '127.0.0.1',
      port,
      method: request.method,
      path: request.path,
      headers: {
        ...(request.body === null ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
      },
    })
    outgoing.on('response', async (reply) => {
      const chunks: Buffer[] = []
      try {
        for await (const chunk of reply) chunks.push(chunk as Buffer)
      } catch {
        // Cut replies are compared as far as they came.
      }
      const headers = reply.headers as Record<string, string>
      resolve({ status: reply.statusCode ?? 0, headers, body: Buffer.concat(chunks).toString('utf8') })
    })
    outgoing.on('error', reject)
    outgoing.end(bodyFor(embedded, recording))
  })
}

function isExplained(id: string, aspect: string): boolean {
  const rows = differences.filter((row) => row.matches(id) && (row.aspect === 'all' || row.aspect === aspect))
  for (const row of rows) row.used = true
  return rows.length > 0
}

describe.each(Object.entries(GATEWAYS))('against recordings of %s', (gateway, profile) => {
  const recordings = recordingsOf(gateway)

  const phases = PHASES.filter((phase) => inOrder(phase, recordings).length > 0)

  it.each(phases)('the $name recordings are answered alike', async (phase) => {
    const { gateway: embedded } = await start({
      profile,
      clock: phase.clock === 'scaled' ? scaledClock() : eagerClock(),
      config: configFor(gateway, phase),
      scenario: {
        ...phase.accounts,
        upstreams: phase.clock === 'scaled' ? SLOW_PROVIDERS : PROVIDERS,
        keys: { client: ['sk-fixture-client-1'], management: 'fixture-management-key' },
      },
    })
    const unexplained: string[] = []
    for (const recording of inOrder(phase, recordings)) {
      const answered = await replay(embedded, recording)
      for (const { aspect, where, recorded, answered: got } of compare(recording.response, answered))
        if (!isExplained(recording.id, aspect))
          unexplained.push(`${recording.id} ${aspect} ${where}: recorded ${recorded}, answered ${got}`)
    }
    expect(unexplained).toEqual([])
  })

  it('every recording is replayed, or stands in the list of differences', () => {
    const replayed = new Set(PHASES.flatMap((phase) => inOrder(phase, recordings)).map(({ name }) => name))
    const left = [...recordings.values()].filter(
      ({ name, id }) => !replayed.has(name) && !isExplained(id, 'all'),
    )
    expect(left.map(({ id }) => id)).toEqual([])
  })
})

it('no row of the list of differences is without a difference', () => {
  expect(
    differences.filter(({ used }) => !used).map(({ recordings, aspect }) => `${recordings} ${aspect}`),
  ).toEqual([])
})
