import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { offersOf } from '../../analysis/config/offers.ts'
import type { Clock } from '../../core/clock.ts'
import { createBans } from './ban.ts'
import { applyConfig, logApp } from './config-state.ts'
import { createCooldowns } from './cooldowns.ts'
import { createCounters } from './counters.ts'
import { createErrorLogs } from './error-logs.ts'
import { credentialNamed, replayHistory, writePastFailures, writePastLines } from './history.ts'
import { createMainLog } from './logs.ts'
import { rewriteSecret } from './management/rewrite.ts'
import { isHashed } from './management/secret.ts'
import { prepareConfig } from './prepare.ts'
import { PROFILES, type Profile } from './profile.ts'
import { createProviders } from './provider-call.ts'
import { createRandom } from './random.ts'
import { watchConfiguration } from './reload.ts'
import { routesFor } from './routes.ts'
import { createRotation } from './routing.ts'
import type { LoadedConfig, Runtime } from './runtime.ts'
import type { Scenario } from './scenario.ts'
import { createGatewayServer } from './server.ts'
import { codeOf, refused, type StartProblem } from './start-problem.ts'
import { startTraffic } from './traffic.ts'
import { type RunningUpstream, startUpstream } from './upstream/server.ts'
import { createUsage } from './usage.ts'
import { authDirFor, makeWorkspace, type Workspace } from './workspace.ts'

export interface EmbeddedOptions {
  readonly scenario: Scenario
  readonly profile: Profile
  /** 0 takes any free port. */
  readonly port: number
  /** A real configuration, read and watched where it stands; null makes one from the scenario. */
  readonly configFile: string | null
  /** Null: a temporary directory. */
  readonly logDir: string | null
  /** Null: the configuration's own, or a temporary one with the scenario's token files. */
  readonly authDir: string | null
  readonly clock: Clock
  /** The same seed gives the same order of answers, ids and failures. */
  readonly seed: number
  /** Synthetic client requests per second; 0: none. */
  readonly trafficPerSecond: number
}

export interface EmbeddedGateway {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  readonly port: number
  readonly clientKeys: readonly string[]
  /** In plain text, always one that works; null when management is off. */
  readonly managementKey: string | null
  readonly configFile: string
  readonly logDir: string
  readonly authDir: string
  readonly profile: Profile
  readonly version: string
  /** Ends every connection at once, leaves no timer, removes the temporary directory. */
  close(): Promise<void>
}

export type StartResult =
  | { readonly kind: 'started'; readonly gateway: EmbeddedGateway }
  | { readonly kind: 'refused'; readonly problem: StartProblem }

/** Starts the bundled gateway on loopback, with the scenario's upstreams behind it and its history written. */
export async function startEmbedded(options: EmbeddedOptions): Promise<StartResult> {
  const workspace = makeWorkspace(options)
  if (workspace.kind === 'refused') return workspace
  const upstreams = await Promise.all(
    options.scenario.upstreams.map((spec) => startUpstream(spec, { clock: options.clock })),
  )
  const undo = async (): Promise<void> => {
    await Promise.all(upstreams.map((upstream) => upstream.close()))
    workspace.workspace.remove()
  }
  const prepared = prepareConfig(options, workspace.workspace, upstreams)
  if (prepared.kind === 'refused') {
    await undo()
    return prepared
  }
  const runtime = createRuntime(options, workspace.workspace, upstreams, prepared.config)
  const server = createGatewayServer(runtime, routesFor(runtime))
  const listening = await listen(server, options.port)
  if (listening.kind === 'refused') {
    await undo()
    return listening
  }
  return {
    kind: 'started',
    gateway: open(
      runtime,
      server,
      { port: listening.port, trafficPerSecond: options.trafficPerSecond },
      undo,
    ),
  }
}

function createRuntime(
  options: EmbeddedOptions,
  workspace: Workspace,
  upstreams: readonly RunningUpstream[],
  config: LoadedConfig,
): Runtime {
  const { scenario, profile, clock, seed } = options
  const traits = PROFILES[profile]
  const random = createRandom(seed)
  const { secretKey } = config.gateway.settings.remoteManagement
  const runtime: Runtime = {
    profile,
    traits,
    scenario,
    clock,
    startedMs: clock.nowMs(),
    random,
    log: createMainLog(workspace.logDir, clock),
    errorLogs: createErrorLogs(workspace.logDir, traits, clock),
    bans: createBans(),
    counters: createCounters(),
    cooldowns: createCooldowns(),
    usage: createUsage(traits.usage, () => {
      const { usageStatisticsEnabled, redisUsageQueueRetentionSeconds } = runtime.config.gateway.settings
      return {
        recording: usageStatisticsEnabled ? 'on' : 'off',
        retentionSeconds: redisUsageQueueRetentionSeconds,
      }
    }),
    providers: createProviders(),
    upstreams: new Map(
      scenario.upstreams.map(({ name, kind }) => [
        name,
        { url: upstreams.find((each) => each.name === name)?.baseUrl ?? '', speaks: kind },
      ]),
    ),
    configOwner: workspace.configOwner,
    paths: {
      config: workspace.configFile,
      auth: authDirFor(options, workspace, config),
      logs: workspace.logDir,
    },
    localPassword: isHashed(secretKey) ? `embedded-${random.hex(32)}` : null,
    managementWasOn: false,
    reload: () => {},
    config,
    credentials: [],
    inventory: new Map(),
    rotation: createRotation(),
    offers: offersOf(config.gateway),
  }
  return runtime
}

type Listening =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'refused'; readonly problem: StartProblem }

function listen(server: Server, port: number): Promise<Listening> {
  return new Promise((resolve) => {
    server.once('error', (error) => resolve(refusedPort(port, codeOf(error))))
    server.listen(port, '127.0.0.1', () => {
      resolve({ kind: 'listening', port: (server.address() as AddressInfo).port })
    })
  })
}

function refusedPort(port: number, code: string): Listening {
  if (code === 'EADDRINUSE')
    return refused(
      `port ${port} is taken`,
      'stop what listens there, or choose another port (0 takes a free one)',
    )
  if (code === 'EACCES') return refused(`port ${port} may not be opened`, 'choose a port above 1023')
  return refused(`port ${port} cannot be opened: ${code}`, 'choose another port (0 takes a free one)')
}

interface Opening {
  readonly port: number
  readonly trafficPerSecond: number
}

function open(
  runtime: Runtime,
  server: Server,
  { port, trafficPerSecond }: Opening,
  undo: () => Promise<void>,
): EmbeddedGateway {
  const managementKey =
    runtime.localPassword ?? (runtime.config.gateway.settings.remoteManagement.secretKey || null)
  applyConfig(runtime, rewriteSecret(runtime, runtime.config))
  prepareState(runtime)
  const reloader = watchConfiguration(runtime)
  runtime.reload = reloader.reload
  const traffic = startTraffic(runtime, port, trafficPerSecond)
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    clientKeys: runtime.config.clientKeys,
    managementKey,
    configFile: runtime.paths.config,
    logDir: runtime.paths.logs,
    authDir: runtime.paths.auth,
    profile: runtime.profile,
    version: runtime.traits.version,
    async close() {
      traffic.stop()
      reloader.close()
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await runtime.providers.close()
      await closed
      await runtime.log.close()
      await runtime.errorLogs.flush()
      await undo()
    },
  }
}

/** What the scenario says happened before: traffic, benches, bans; then the lines of a start. */
function prepareState(runtime: Runtime): void {
  const { scenario, credentials, clock, cooldowns, bans, traits } = runtime
  const nowMs = clock.nowMs()
  const past = replayHistory({ ...runtime, startMs: nowMs })
  const { settings } = runtime.config.gateway
  const { logs } = runtime.paths
  // A directory with a log of its own has a history of its own.
  if (!existsSync(join(logs, 'main.log'))) {
    if (runtime.log.state === 'file') writePastLines(logs, past.lines)
    if (!settings.requestLog && !settings.commercialMode)
      writePastFailures(logs, past.failures, {
        version: traits.version,
        maxFiles: settings.errorLogsMaxFiles,
      })
  }
  for (const { provider, credential, model, reason, remainingMs, message } of scenario.cooldowns) {
    const benched = credentialNamed(credentials, provider, credential)
    if (benched) cooldowns.bench(benched.id, model, reason, nowMs + remainingMs, message ?? '')
  }
  for (const { address, remainingMs } of scenario.bans) bans.ban(address, nowMs + remainingMs)
  const built = `Commit: ${traits.commit}, BuiltAt: ${traits.buildDate}`
  logApp(runtime, 'info', 'main.go:572', `CLIProxyAPI Version: ${traits.version}, ${built}`)
  if (runtime.managementWasOn) {
    const message = 'management routes registered after secret key configuration'
    logApp(runtime, 'info', 'server_management.go:22', message)
  }
  logApp(runtime, 'info', 'clients.go:152', `full client load complete - ${credentials.length} clients`)
  const message = 'file watcher started for config and auth directory changes'
  logApp(runtime, 'info', 'service_lifecycle.go:196', message)
}
