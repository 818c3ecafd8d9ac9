import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { main } from '../../commands/main.ts'
import type { FileSystem } from '../../src/changes/file-system.ts'
import type { Clock } from '../../src/core/clock.ts'
import type { Report } from '../../src/core/report.ts'
import { parseScenario } from '../../src/gateway/embedded/scenario.ts'
import { startEmbedded } from '../../src/gateway/embedded/start.ts'
import type { World } from '../../src/shell/world.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const SCENARIOS = join(ROOT, 'fixtures/scenarios')
export const NEWCOMER_KEY = 'sk-newcomer-demo-1'

/** Time passes ten times as fast as outside, where files are watched and sockets answer. */
const SPEED = 10

function fastClock(): Clock {
  const [startMs, realMs] = [Date.UTC(2026, 10, 23, 12, 0, 0), Date.now()]
  return {
    nowMs: () => startMs + (Date.now() - realMs) * SPEED,
    sleep: (durationMs, signal) => sleep(durationMs / SPEED, undefined, signal ? { signal } : {}),
  }
}

export interface ChangeOptions {
  readonly fileSystem?: FileSystem
  readonly interrupted?: AbortSignal
  /** What is typed on a terminal; none is there when not given. */
  readonly typed?: string
  /** Instead of the address and keys of the rig's gateway. */
  readonly reach?: string
}

export interface ChangeRig {
  readonly home: string
  readonly configFile: string
  /** The configuration as it was at the start. */
  readonly before: string
  /** The address of the newcomer, as it belongs into `base-url`. */
  readonly newcomerUrl: string
  config(): string
  run(line: string, options?: ChangeOptions): Promise<{ code: number; stdout: string; stderr: string }>
  /** The same with `-o json`, read. */
  report(line: string, options?: ChangeOptions): Promise<Report & { stderr: string }>
}

/**
 * A gateway with the scenario `onboarding`, whose newcomer misbehaves by `rules` (as the scenario writes them), and a
 * home with key files and `spec.yaml`. All of it is gone when the test ends.
 */
export async function startRig(rules = '[]'): Promise<ChangeRig> {
  const home = mkdtempSync(join(tmpdir(), 'provops-change-'))
  const clock = fastClock()
  const text = readFileSync(join(SCENARIOS, 'onboarding.yaml'), 'utf8').replace(
    'latency: 20ms',
    `latency: 1ms\n    rules: ${rules}`,
  )
  const parsed = parseScenario(text, join(SCENARIOS, 'onboarding.yaml'), (name) =>
    readFileSync(join(SCENARIOS, `${name}.yaml`), 'utf8'),
  )
  if (parsed.kind !== 'scenario') throw new Error(JSON.stringify(parsed))
  const started = await startEmbedded({
    scenario: parsed.scenario,
    profile: 'runbook',
    port: 0,
    configFile: null,
    logDir: null,
    authDir: null,
    clock,
    seed: 1,
    trafficPerSecond: 0,
  })
  if (started.kind !== 'started') throw new Error(JSON.stringify(started))
  const { gateway } = started
  onTestFinished(async () => {
    await gateway.close()
    rmSync(home, { recursive: true, force: true })
  })
  const before = readFileSync(gateway.configFile, 'utf8')
  const newcomerUrl = /ready to be added: base-url "([^"]+)"/.exec(before)?.[1] ?? ''
  writeFileSync(join(home, 'client.key'), 'sk-demo-app-1')
  writeFileSync(join(home, 'management.key'), 'demo-management-key')
  writeFileSync(join(home, 'newcomer.key'), NEWCOMER_KEY)
  writeFileSync(join(home, 'spec.yaml'), specOf(newcomerUrl))
  const reach = `-g ${gateway.url} --api-key-file client.key --management-key-file management.key`
  const run: ChangeRig['run'] = (line, options = {}) =>
    runIn(home, clock, `${line} ${options.reach ?? reach}`.split(' '), options)
  return {
    home,
    configFile: gateway.configFile,
    before,
    newcomerUrl,
    config: () => readFileSync(gateway.configFile, 'utf8'),
    run,
    report: async (line, options) => {
      const { stdout, stderr } = await run(`${line} -o json`, options)
      return { ...(JSON.parse(stdout) as Report), stderr }
    },
  }
}

export function specOf(baseUrl: string): string {
  return `name: newcomer
base-url: ${baseUrl}
prefix: nc
key-file: newcomer.key
models:
  - name: minimax/m3
    alias: m3
`
}

async function runIn(home: string, clock: Clock, argv: readonly string[], options: ChangeOptions) {
  const out: string[] = []
  const err: string[] = []
  const isTTY = options.typed !== undefined
  const world: World = {
    argv,
    env: { TZ: 'UTC', TERM: 'dumb' },
    cwd: home,
    home,
    clock,
    random: Math.random,
    stdin: Object.assign(typed(options.typed ?? ''), { isTTY }),
    stdout: { write: (text) => out.push(text), columns: 100 },
    stderr: { write: (text) => err.push(text), columns: 100, isTTY },
    interrupted: options.interrupted ?? new AbortController().signal,
    stateDir: join(home, 'state'),
    scenariosDir: SCENARIOS,
    configDir: join(home, 'config'),
    ...(options.fileSystem === undefined ? {} : { fileSystem: options.fileSystem }),
  }
  const code = await main(world)
  return { code, stdout: out.join(''), stderr: err.join('') }
}

async function* typed(text: string): AsyncGenerator<Uint8Array> {
  if (text !== '') yield Buffer.from(text)
}

export function outcomesOf({ findings }: Report): Record<string, string> {
  return Object.fromEntries(findings.map(({ id, outcome }) => [id, outcome]))
}
