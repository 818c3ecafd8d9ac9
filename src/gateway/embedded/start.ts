import type { Clock } from '../../core/clock.ts'
import { createRuntime } from './create-runtime.ts'
import { listen } from './listen.ts'
import { prepareConfig } from './prepare.ts'
import type { Profile } from './profile.ts'
import { routesFor } from './routes.ts'
import { openGateway } from './running.ts'
import type { Scenario } from './scenario.ts'
import { createGatewayServer } from './server.ts'
import { codeOf, refused, type StartProblem } from './start-problem.ts'
import { startUpstream } from './upstream/server.ts'
import { makeWorkspace } from './workspace.ts'

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
  /** Addresses of the simulated providers, by their names in the scenario. */
  readonly upstreams: ReadonlyMap<string, string>
  /** Ends every connection at once, leaves no timer, removes the temporary directory. */
  close(): Promise<void>
}

export type StartResult =
  | { readonly kind: 'started'; readonly gateway: EmbeddedGateway }
  | { readonly kind: 'refused'; readonly problem: StartProblem }

/** Starts the bundled gateway on loopback, with the scenario's upstreams behind it and its history written. */
export async function startEmbedded(options: EmbeddedOptions): Promise<StartResult> {
  const { scenario, clock, trafficPerSecond } = options
  const made = makeWorkspace(options)
  if (made.kind === 'refused') return made
  const { workspace } = made
  const upstreams = await Promise.all(scenario.upstreams.map((spec) => startUpstream(spec, { clock })))
  const undo = async (): Promise<void> => {
    await Promise.all(upstreams.map((upstream) => upstream.close()))
    workspace.remove()
  }
  const prepared = prepareConfig(options, workspace, upstreams)
  if (prepared.kind === 'refused') {
    await undo()
    return prepared
  }
  const runtime = createRuntime(options, workspace, upstreams, prepared.config)
  const server = createGatewayServer(runtime, routesFor(runtime))
  const listening = await listen(server, options.port)
  if (listening.kind === 'refused') {
    await undo()
    return listening
  }
  const { port } = listening
  try {
    return { kind: 'started', gateway: await openGateway(runtime, { server, port, trafficPerSecond, undo }) }
  } catch (error) {
    server.close()
    await undo()
    return refused(
      `the gateway's files cannot be written: ${codeOf(error)}`,
      'make room on the disk, or choose another log directory',
    )
  }
}
