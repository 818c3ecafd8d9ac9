import { readFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { errorCode } from '../core/error-code.ts'
import { nearest } from '../core/near.ts'
import type { Profile } from '../gateway/embedded/profile.ts'
import { parseScenario, type Scenario } from '../gateway/embedded/scenario.ts'
import { type EmbeddedGateway, startEmbedded } from '../gateway/embedded/start.ts'
import { Secret } from '../wire/secret.ts'
import type { Invocation } from './invocation.ts'
import type { ClientKeyGiven } from './keys.ts'
import { expandPath } from './paths.ts'
import { type Refusal, usageError } from './result.ts'
import type { World } from './world.ts'

/** The bundled gateway of one run. */
export interface EmbeddedHandle extends EmbeddedGateway {
  readonly scenario: string
}

export interface StartedForRun {
  readonly kind: 'started'
  readonly handle: EmbeddedHandle
  readonly client: readonly ClientKeyGiven[]
  readonly management: Secret | null
}

/** Starts the gateway of `--embedded[=<scenario>]` on a free port, with the keys its scenario gives to clients. */
export async function startForRun(invocation: Invocation): Promise<StartedForRun | Refusal> {
  const { world, flags } = invocation
  const scenario = await loadScenario(flags.text('embedded') || 'healthy', world)
  if (scenario.kind === 'refused') return scenario
  const started = await startEmbedded({
    scenario: scenario.scenario,
    profile: (flags.text('profile') as Profile | undefined) ?? scenario.scenario.profile,
    port: 0,
    configFile: null,
    logDir: null,
    authDir: null,
    clock: world.clock,
    seed: Number(flags.text('seed') ?? 1),
    trafficPerSecond: 0,
  })
  if (started.kind === 'refused')
    return usageError(`the embedded gateway did not start: ${started.problem.what}`, started.problem.next)
  const handle: EmbeddedHandle = Object.assign(started.gateway, { scenario: scenario.scenario.name })
  const client = scenario.scenario.keys.client.flatMap((text, index) =>
    namedSecret(`client ${index + 1}`, text),
  )
  const [management] =
    scenario.scenario.keys.management === null
      ? []
      : namedSecret('management', scenario.scenario.keys.management)
  return { kind: 'started', handle, client, management: management?.secret ?? null }
}

function namedSecret(name: string, text: string): ClientKeyGiven[] {
  const reading = Secret.read(text)
  return reading.kind === 'secret' ? [{ name, secret: reading.secret }] : []
}

export type ScenarioLoading = { readonly kind: 'scenario'; readonly scenario: Scenario } | Refusal

/** A bundled scenario by name, or one of the user's own by its path. */
export async function loadScenario(wanted: string, world: World): Promise<ScenarioLoading> {
  const path = /[/\\]|\.ya?ml$/.test(wanted)
    ? expandPath(wanted, world.home, world.cwd)
    : join(world.scenariosDir, `${wanted}.yaml`)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    return unknownScenario(wanted, path, errorCode(error) ?? 'error', world)
  }
  const parsed = parseScenario(text, path, (base) => bundledText(base, world))
  if (parsed.kind === 'scenario') return parsed
  const lines = parsed.problems.map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`)
  return usageError(
    lines.join('\n'),
    'mend the scenario, or see the bundled ones: provops gateway --list-scenarios',
  )
}

/** The text of a bundled scenario that another one extends; null when there is none of that name. */
function bundledText(name: string, world: World): string | null {
  try {
    return readFileSync(join(world.scenariosDir, `${basename(name)}.yaml`), 'utf8')
  } catch {
    return null
  }
}

async function unknownScenario(wanted: string, path: string, code: string, world: World): Promise<Refusal> {
  if (code !== 'ENOENT')
    return usageError(`cannot read the scenario ${path}: ${code}`, 'check the path and its permissions')
  const near = nearest(wanted, await scenarioNames(world))
  return usageError(
    `there is no scenario ${wanted}${near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''}`,
    'provops gateway --list-scenarios',
  )
}

/** The bundled scenarios' names, sorted. */
export async function scenarioNames(world: World): Promise<string[]> {
  const files = await readdir(world.scenariosDir)
  return files
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => basename(file, '.yaml'))
    .sort()
}
