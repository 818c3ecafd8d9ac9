import { createBans } from './ban.ts'
import { createCooldowns } from './cooldowns.ts'
import { createCounters } from './counters.ts'
import { createErrorLogs } from './error-logs.ts'
import { createMainLog } from './logs.ts'
import { isHashed } from './management/secret.ts'
import { PROFILES } from './profile.ts'
import { createProviders } from './provider-call.ts'
import { createRandom } from './random.ts'
import { createRotation } from './routing.ts'
import type { LoadedConfig, Runtime } from './runtime.ts'
import type { EmbeddedOptions } from './start.ts'
import type { RunningUpstream } from './upstream/server.ts'
import { createUsage } from './usage.ts'
import { authDirFor, type Workspace } from './workspace.ts'

/** The gateway's state before its configuration is put to work. */
export function createRuntime(
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
    providers: createProviders(new Map(upstreams.map(({ baseUrl, provider }) => [baseUrl, provider]))),
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
    requestsAtWork: 0,
    reload: () => {},
    config,
    credentials: [],
    inventory: new Map(),
    rotation: createRotation(),
    offers: { config: config.gateway, catalogue: {}, list: [], byId: new Map(), bySuffixless: new Map() },
  }
  return runtime
}
