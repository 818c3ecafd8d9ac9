import { EXIT_CODES, styledExitCode } from '../src/core/exit-codes.ts'
import { loadConfig } from '../src/shell/config-loading.ts'
import { Flags, type Invocation } from '../src/shell/invocation.ts'
import { printReport } from '../src/shell/output.ts'
import { Redactor } from '../src/shell/redact.ts'
import { type CommandResult, type Refusal, usageError } from '../src/shell/result.ts'
import { resolveSettings, type WrongSetting } from '../src/shell/settings.ts'
import type { OutputStream, World } from '../src/shell/world.ts'
import { interrupted } from './interrupted.ts'
import type { CommandSpec } from './spec.ts'

export interface TypedCommand {
  readonly spec: CommandSpec
  readonly args: readonly string[]
  readonly flags: Readonly<Record<string, string | undefined>>
}

/** Reads configuration and settings, runs the command, prints its result, and returns the exit code. */
export async function runCommand(world: World, typed: TypedCommand): Promise<number> {
  const redactor = new Redactor()
  const guarded: World = {
    ...world,
    stdout: redacting(world.stdout, redactor),
    stderr: redacting(world.stderr, redactor),
  }
  try {
    const invocation = await prepare(guarded, typed, redactor)
    const result = 'kind' in invocation ? invocation : await typed.spec.run(invocation)
    return await conclude(result, guarded, 'kind' in invocation ? null : invocation)
  } catch (error) {
    throw withoutSecrets(error, redactor)
  }
}

/** The message of a defect may quote what it stumbled over, and is printed where the secrets are not known any more. */
function withoutSecrets(error: unknown, redactor: Redactor): Error {
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
  return Object.assign(new Error(redactor.apply(message)), { stack: redactor.apply(stack) })
}

function redacting(stream: OutputStream, redactor: Redactor): OutputStream {
  return {
    write: (text) => stream.write(redactor.apply(text)),
    ...(stream.isTTY === undefined ? {} : { isTTY: stream.isTTY }),
    ...(stream.columns === undefined ? {} : { columns: stream.columns }),
  }
}

/** Addresses may hold passwords, in the wrong place as well as in the right one. */
const ADDRESS_VARIABLES = ['PROVOPS_GATEWAY', 'http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY']

async function prepare(world: World, typed: TypedCommand, redactor: Redactor): Promise<Invocation | Refusal> {
  for (const address of [typed.flags.gateway, ...ADDRESS_VARIABLES.map((name) => world.env[name])])
    redactor.addUserInfo(address)
  const loading = await loadConfig(world, configFlag(typed))
  if (loading.kind === 'failed') return usageError(loading.message, loading.next)
  const { gateway, gateways = {} } = loading.config?.values ?? {}
  for (const address of [gateway, ...Object.values(gateways).map(({ url }) => url)])
    redactor.addUserInfo(address)
  const resolved = resolveSettings({ flags: typed.flags, env: world.env, file: loading.config })
  if (resolved.kind === 'wrong') return wrongSettings(resolved.problems)
  return {
    world,
    redactor,
    args: typed.args,
    flags: new Flags(typed.flags),
    settings: resolved.settings,
    config: loading.config,
    configPaths: loading.paths,
  }
}

/** A command with a `--config` of its own means another file by it. */
function configFlag({ spec, flags }: TypedCommand): string | undefined {
  return spec.flags.some((flag) => flag.flags.startsWith('--config ')) ? undefined : flags.config
}

function wrongSettings(problems: readonly WrongSetting[]): Refusal {
  const lines = problems.map(
    ({ origin, text, expected }) => `${origin}: ${JSON.stringify(text)} is not ${expected}`,
  )
  return usageError(lines.join('\n'), 'provops config show')
}

async function conclude(result: CommandResult, world: World, invocation: Invocation | null): Promise<number> {
  switch (result.kind) {
    case 'text':
      world.stdout.write(result.text)
      return EXIT_CODES[result.exit ?? 'ok'].code
    case 'refused':
      return refuse(result, world)
    case 'report': {
      // What was found until then is no verdict.
      if (world.interrupted.aborted) return interrupted(world)
      if (!invocation) throw new Error('a report without an invocation')
      await printReport(result.report, invocation)
      const { exit, counts } = result.report
      return styledExitCode(exit, invocation.settings.values['exit-style'], counts.warn > 0)
    }
  }
}

function refuse({ message, next, exit }: Refusal, world: World): number {
  world.stderr.write(`provops: ${message.replaceAll('\n', '\n         ')}\n  next: ${next}\n`)
  return EXIT_CODES[exit].code
}
