import { existsSync } from 'node:fs'
import type { Server } from 'node:http'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { applyConfig, logApp } from './config-state.ts'
import { credentialNamed, replayHistory } from './history.ts'
import { writePastFailures, writePastLines } from './history-files.ts'
import { rewriteSecret } from './management/rewrite.ts'
import { watchConfiguration } from './reload.ts'
import type { Runtime } from './runtime.ts'
import type { EmbeddedGateway } from './start.ts'
import { startTraffic } from './traffic.ts'

export interface Opening {
  readonly server: Server
  readonly port: number
  readonly trafficPerSecond: number
  /** Takes down what stands around the gateway; the last step of its end. */
  readonly undo: () => Promise<void>
}

/** Puts the configuration to work, fills in what happened before, and hands the running gateway out. */
export async function openGateway(runtime: Runtime, opening: Opening): Promise<EmbeddedGateway> {
  const { port } = opening
  const managementKey =
    runtime.localPassword ?? (runtime.config.gateway.settings.remoteManagement.secretKey || null)
  applyConfig(runtime, rewriteSecret(runtime, runtime.config))
  prepareState(runtime)
  const reloader = watchConfiguration(runtime)
  runtime.reload = reloader.reload
  const traffic = startTraffic(runtime, port, opening.trafficPerSecond)
  // Whoever looks for the log finds it from the first moment on.
  await runtime.log.flush()
  let closed: Promise<void> | null = null
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    clientKeys: runtime.config.clientKeys,
    managementKey,
    configFile: runtime.paths.config,
    logDir: runtime.paths.logs,
    authDir: runtime.paths.auth,
    profile: runtime.profile,
    upstreams: new Map([...runtime.upstreams].map(([name, { url }]) => [name, url])),
    version: runtime.traits.version,
    close() {
      closed ??= shutDown(runtime, opening, [traffic.stop, reloader.close])
      return closed
    },
  }
}

async function shutDown(
  runtime: Runtime,
  { server, undo }: Opening,
  stops: readonly (() => void)[],
): Promise<void> {
  for (const stop of stops) stop()
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeAllConnections()
  await closed
  await lastRequests(runtime)
  await runtime.providers.close()
  await runtime.log.close()
  await runtime.errorLogs.flush()
  await undo()
}

/** A request sees in two turns of the event loop that its client is gone; some wait for a file just then. */
const MOST_TURNS = 20

/** Waits until what was asked before the end is in the log, too. */
async function lastRequests(runtime: Runtime): Promise<void> {
  for (let turn = 0; turn < MOST_TURNS && runtime.requestsAtWork > 0; turn++) await setImmediate()
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
