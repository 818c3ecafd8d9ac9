import { readFileSync } from 'node:fs'
import { readConfig } from './config-state.ts'
import { PROFILES } from './profile.ts'
import type { LoadedConfig } from './runtime.ts'
import type { Scenario } from './scenario.ts'
import { renderConfig } from './scenario-build.ts'
import type { EmbeddedOptions } from './start.ts'
import { codeOf, refused, type StartProblem } from './start-problem.ts'
import type { RunningUpstream } from './upstream/server.ts'
import type { Workspace } from './workspace.ts'

export type Prepared =
  | { readonly kind: 'prepared'; readonly config: LoadedConfig }
  | { readonly kind: 'refused'; readonly problem: StartProblem }

/** Writes the scenario's configuration where none was given, and reads what the gateway will run with. */
export function prepareConfig(
  { scenario, profile, configFile, clock }: EmbeddedOptions,
  workspace: Workspace,
  upstreams: readonly RunningUpstream[],
): Prepared {
  try {
    if (configFile === null) workspace.writeConfig(configText(scenario, workspace.ownAuthDir, upstreams))
  } catch (error) {
    return refused(
      `the scenario's configuration cannot be read: ${codeOf(error)}`,
      'check `configFile` in the scenario, or write the configuration into the scenario itself',
    )
  }
  let text: string
  try {
    text = readFileSync(workspace.configFile, 'utf8')
  } catch (error) {
    return refused(
      `${workspace.configFile} cannot be read: ${codeOf(error)}`,
      'check the path and its permissions',
    )
  }
  const reading = readConfig(text, PROFILES[profile].flavour, clock.nowMs())
  if (reading.kind === 'loaded') return { kind: 'prepared', config: reading.config }
  return refused(
    `the gateway refuses ${workspace.configFile}: ${reading.reason}`,
    `run \`provops lint ${workspace.configFile}\` for every problem of the file`,
  )
}

function configText(scenario: Scenario, authDir: string, upstreams: readonly RunningUpstream[]): string {
  const { config } = scenario
  const text = config.kind === 'text' ? config.text : readFileSync(config.path, 'utf8')
  return renderConfig(text, {
    upstreams: Object.fromEntries(upstreams.map(({ name, baseUrl }) => [name, baseUrl])),
    authDir,
  })
}
