import type { Profile } from '../gateway/embedded/profile.ts'
import { startEmbedded } from '../gateway/embedded/start.ts'
import { wrapped } from '../render/paint.ts'
import { loadScenario, scenarioNames } from './embedded.ts'
import { readOrNull } from './files.ts'
import type { Invocation } from './invocation.ts'
import { expandPath } from './paths.ts'
import { type CommandResult, type Refusal, usageError } from './result.ts'
import { parseCount } from './values.ts'

const DEFAULT_PORT = 8317
const HIGHEST_PORT = 65_535

/** `provops gateway`: runs until Ctrl-C or SIGTERM, and says how to reach it. */
export async function runGateway(invocation: Invocation): Promise<CommandResult> {
  if (invocation.flags.has('list-scenarios')) return listScenarios(invocation)
  const options = await readOptions(invocation)
  if (options.kind === 'refused') return options
  const started = await startEmbedded(options.options)
  if (started.kind === 'refused') return usageError(started.problem.what, started.problem.next)
  const { gateway } = started
  const { world } = invocation
  const ownConfig =
    options.options.configFile === null ? null : ((await readOrNull(gateway.configFile)) ?? '')
  world.stdout.write(welcome(options.options.scenario.name, gateway, ownConfig))
  await aborted(world.interrupted)
  await gateway.close()
  return { kind: 'text', text: 'stopped\n' }
}

type Options = { readonly kind: 'options'; readonly options: Parameters<typeof startEmbedded>[0] } | Refusal

async function readOptions({ world, flags, settings }: Invocation): Promise<Options> {
  const port = wholeNumber(flags.text('port') ?? String(DEFAULT_PORT), '--port', HIGHEST_PORT)
  if (typeof port !== 'number') return port
  const traffic = rate(flags.text('traffic') ?? '0')
  if (typeof traffic !== 'number') return traffic
  const loaded = await loadScenario(flags.text('scenario') ?? 'healthy', world)
  if (loaded.kind === 'refused') return loaded
  const path = (text: string | null | undefined) => (text ? expandPath(text, world.home, world.cwd) : null)
  return {
    kind: 'options',
    options: {
      scenario: loaded.scenario,
      profile: (flags.text('profile') as Profile | undefined) ?? loaded.scenario.profile,
      port,
      // The settings of the same names are about the live gateway's files, so only the flags count here.
      configFile: path(flags.text('config')),
      authDir: path(flags.has('auth-dir') ? settings.values['auth-dir'] : null),
      logDir: path(flags.text('log-dir')),
      clock: world.clock,
      seed: 1,
      trafficPerSecond: traffic,
    },
  }
}

function wholeNumber(text: string, flag: string, highest: number): number | Refusal {
  const parsed = parseCount(text)
  if (parsed.kind === 'value' && parsed.value <= highest) return parsed.value
  return usageError(
    `${flag}: ${JSON.stringify(text)} is not a number from 0 to ${highest}`,
    'provops gateway --help',
  )
}

const MOST_TRAFFIC = 1000

function rate(text: string): number | Refusal {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0 && value <= MOST_TRAFFIC) return value
  return usageError(
    `--traffic: ${JSON.stringify(text)} is not a number of requests per second from 0 to ${MOST_TRAFFIC}`,
    'provops gateway --help',
  )
}

interface Running {
  readonly url: string
  readonly profile: string
  readonly clientKeys: readonly string[]
  readonly managementKey: string | null
  readonly configFile: string
  readonly logDir: string
}

/**
 * The keys shown are the simulation's own, public in its scenario file; there is no other way to use it. Keys of the
 * user's own configuration are not shown; a management key that only its hash stands for is replaced by one that is.
 */
function welcome(scenario: string, gateway: Running, ownConfig: string | null): string {
  const { url, profile, clientKeys, managementKey, configFile, logDir } = gateway
  const isOwn = (key: string) => ownConfig?.includes(key) ?? false
  const shown = (keys: readonly string[]) =>
    keys.some(isOwn) ? 'those of the configuration' : keys.join(', ')
  return `EMBEDDED gateway, scenario ${scenario}, profile ${profile}
  address         ${url}
  client keys     ${clientKeys.length > 0 ? shown(clientKeys) : 'none needed'}
  management key  ${managementKey === null ? 'management is off' : shown([managementKey])}
  configuration   ${configFile}
  logs            ${logDir}
Ctrl-C stops it.
`
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

async function listScenarios({ world, settings }: Invocation): Promise<CommandResult> {
  const scenarios: { name: string; title: string; profile: string; description: string }[] = []
  for (const name of await scenarioNames(world)) {
    const loaded = await loadScenario(name, world)
    if (loaded.kind === 'refused') return loaded
    const { title, profile, description } = loaded.scenario
    scenarios.push({ name, title, profile, description })
  }
  if (settings.values.output === 'json')
    return { kind: 'text', text: `${JSON.stringify(scenarios, null, 2)}\n` }
  const blocks = scenarios.map(
    ({ name, title, description }) =>
      `${name}: ${title}\n${wrapped(description, Math.min(world.stdout.columns ?? 100, 100) - 2)
        .map((line) => `  ${line}`)
        .join('\n')}\n`,
  )
  return { kind: 'text', text: blocks.join('\n') }
}
