import { dirname } from 'node:path'
import { errorCode } from '../core/error-code.ts'
import { isLoopback } from '../gateway/client/loopback.ts'
import { Secret } from '../wire/secret.ts'
import type { Invocation } from './invocation.ts'
import { expandPath } from './paths.ts'
import { readText } from './read-text.ts'
import { type Refusal, usageError } from './result.ts'
import { gatewayAddress } from './settings.ts'
import type { World } from './world.ts'

export interface ClientKeyGiven {
  /** What the operator calls it; never any part of the key. */
  readonly name: string
  readonly secret: Secret
}

export interface KeysGiven {
  readonly kind: 'keys'
  readonly client: readonly ClientKeyGiven[]
  readonly management: Secret | null
}

export type SecretGiven =
  | { readonly kind: 'secret'; readonly secret: Secret }
  | { readonly kind: 'none' }
  | Refusal

const STDIN_READERS = ['api-key-file', 'management-key-file', 'logs'] as const

/**
 * Finds the keys of this run and tells the redactor about them. Order for each: flag, variable, variable naming a
 * file, `provops.yaml` (file, then command). No flag takes a key itself: argv is visible to every process.
 */
export async function findKeys(invocation: Invocation): Promise<KeysGiven | Refusal> {
  const fromStdin = STDIN_READERS.flatMap((name) =>
    invocation.flags.list(name).flatMap((path) => (path === '-' ? [`--${name} -`] : [])),
  )
  if (fromStdin.length > 1)
    return usageError(
      `standard input can be read once, and is given for ${fromStdin.join(' and ')}`,
      'put the key into a file',
    )
  const client = await clientKeys(invocation)
  if (!Array.isArray(client)) return client as Refusal
  const management = await managementKey(invocation)
  if (management.kind === 'refused') return management
  const keys = {
    client: client as ClientKeyGiven[],
    management: management.kind === 'secret' ? management.secret : null,
  }
  const astray = keysGoAstray(invocation)
  if (astray && (keys.client.length > 0 || keys.management)) return astray
  for (const secret of [
    ...keys.client.map((key) => key.secret),
    ...(keys.management ? [keys.management] : []),
  ]) {
    invocation.redactor.add(secret.reveal())
  }
  return { kind: 'keys', ...keys }
}

async function clientKeys(invocation: Invocation): Promise<ClientKeyGiven[] | Refusal> {
  const files = invocation.flags.has('api-key-file') ? invocation.flags.list('api-key-file') : []
  if (files.length > 0)
    return named(files.map((file) => ({ name: file, secret: () => secretFromFile(file, invocation) })))
  const direct = fromVariable('PROVOPS_API_KEY', invocation)
  if (direct.kind === 'refused') return direct
  if (direct.kind === 'secret') return [{ name: 'PROVOPS_API_KEY', secret: direct.secret }]
  const configured = configuredKeys(invocation)
  if (configured.length > 0)
    return named(configured.map((key) => ({ name: key.name, secret: () => fromConfigured(key, invocation) })))
  const file = invocation.settings.values['api-key-file']
  if (file !== null) return named([{ name: file, secret: () => secretFromFile(file, invocation) }])
  const command = section(invocation, 'key-command')
  return command ? named([{ name: 'key-command', secret: () => fromCommand(command, invocation) }]) : []
}

async function managementKey(invocation: Invocation): Promise<SecretGiven> {
  const flag = invocation.flags.text('management-key-file')
  if (flag !== undefined) return secretFromFile(flag, invocation)
  const direct = fromVariable('PROVOPS_MANAGEMENT_KEY', invocation)
  if (direct.kind !== 'none') return direct
  const file = invocation.settings.values['management-key-file']
  if (file !== null) return secretFromFile(file, invocation)
  const command = section(invocation, 'management-key-command')
  return command ? fromCommand(command, invocation) : { kind: 'none' }
}

interface Source {
  readonly name: string
  readonly secret: () => Promise<SecretGiven>
}

async function named(sources: readonly Source[]): Promise<ClientKeyGiven[] | Refusal> {
  const keys: ClientKeyGiven[] = []
  for (const source of sources) {
    const given = await source.secret()
    if (given.kind === 'refused') return given
    if (given.kind === 'secret') keys.push({ name: source.name, secret: given.secret })
  }
  return keys
}

interface ConfiguredKey {
  readonly name: string
  readonly 'key-file'?: string | undefined
  readonly 'key-command'?: readonly string[] | undefined
}

function configuredKeys({ config, settings }: Invocation): readonly ConfiguredKey[] {
  const own =
    settings.gatewayName === null ? undefined : config?.values.gateways?.[settings.gatewayName]?.keys
  return own ?? config?.values.keys ?? []
}

function section(
  { config, settings }: Invocation,
  key: 'key-command' | 'management-key-command',
): readonly string[] | undefined {
  const own =
    settings.gatewayName === null ? undefined : config?.values.gateways?.[settings.gatewayName]?.[key]
  return own ?? config?.values[key]
}

function fromConfigured(key: ConfiguredKey, invocation: Invocation): Promise<SecretGiven> {
  if (key['key-file'] !== undefined) return secretFromFile(key['key-file'], invocation)
  if (key['key-command'] !== undefined) return fromCommand(key['key-command'], invocation)
  return Promise.resolve(
    usageError(`keys: ${key.name} has neither key-file nor key-command`, 'add one of them in provops.yaml'),
  )
}

function fromVariable(name: string, { world }: Invocation): SecretGiven {
  const text = world.env[name]
  return text ? read(text, `$${name}`) : { kind: 'none' }
}

/** Reads a key from a file, or from standard input for `-`. */
export async function secretFromFile(path: string, { world }: Invocation): Promise<SecretGiven> {
  if (path === '-') return read(await readAll(world.stdin), 'standard input')
  const full = expandPath(path, world.home, world.cwd)
  try {
    return read(await readText(full), full)
  } catch (error) {
    const code = errorCode(error) ?? 'error'
    return usageError(`cannot read the key file ${full}: ${code}`, 'check the path and its permissions')
  }
}

async function readAll(stdin: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of stdin) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

const KEY_COMMAND_TIMEOUT_MS = 30_000

/**
 * The path of a `provops.yaml` that merely lies in the working directory, and so could be anybody's; null for one that
 * the operator chose, and without any.
 */
function foundConfig({ world, config, flags }: Invocation): string | null {
  if (!config || flags.has('config') || world.env.PROVOPS_CONFIG) return null
  return dirname(config.path) === world.configDir ? null : config.path
}

/** A file that was only found must not say where keys are sent, unless that is this machine. */
function keysGoAstray(invocation: Invocation): Refusal | null {
  const { settings, config } = invocation
  const found = foundConfig(invocation)
  const { gatewayName, origins } = settings
  const isFromFile = gatewayName !== null || origins.gateway.startsWith(`${config?.path}:`)
  if (found === null || !isFromFile) return null
  const url = gatewayAddress(settings, config)
  if (!URL.canParse(url) || isLoopback(new URL(url).hostname)) return null
  return usageError(
    `${found} says which gateway gets your key, ${new URL(url).origin}, and was only found here, not chosen`,
    `provops … --config ${found}, or PROVOPS_CONFIG=${found}`,
  )
}

/** Runs a program that prints the key. */
async function fromCommand(command: readonly string[], invocation: Invocation): Promise<SecretGiven> {
  const found = foundConfig(invocation)
  if (found !== null) {
    return usageError(
      `${found} names a key command, and was only found here, not chosen`,
      `provops … --config ${found}, or PROVOPS_CONFIG=${found}`,
    )
  }
  return secretFromCommand(command, invocation.world)
}

/** Runs a program that prints a key; the caller has made sure that the operator chose it. */
export async function secretFromCommand(command: readonly string[], world: World): Promise<SecretGiven> {
  const [program = '', ...args] = command
  const { execa } = await import('execa')
  const run = await execa(program, args, {
    timeout: KEY_COMMAND_TIMEOUT_MS,
    reject: false,
    stdin: 'ignore',
    cancelSignal: world.interrupted,
  })
  if (run.failed) {
    const how = run.timedOut
      ? 'took longer than 30 s'
      : run.exitCode === undefined
        ? `could not be started${run.code === undefined ? '' : `: ${run.code}`}`
        : `ended with ${run.exitCode}`
    // Its output may hold the key or parts of it, so it is not shown.
    return usageError(`the key command ${program} ${how}`, `run it by hand: ${program} …`)
  }
  return read(run.stdout, `the output of ${program}`)
}

function read(text: string, from: string): SecretGiven {
  const reading = Secret.read(text)
  switch (reading.kind) {
    case 'secret':
      return reading
    case 'empty':
      return usageError(`${from} holds no key`, 'put the key there, alone on one line')
    case 'unsendable':
      return usageError(
        `${from} holds something that is no key`,
        'the key must stand alone on one line, in plain ASCII',
      )
  }
}
