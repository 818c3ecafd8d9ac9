import { Command, CommanderError, Option } from 'commander'
import { EXIT_CODES } from '../src/core/exit-codes.ts'
import { printable } from '../src/core/text.ts'
import { VERSION } from '../src/shell/version.ts'
import type { World } from '../src/shell/world.ts'
import { COMMANDS } from './commands.ts'
import { GATEWAY_FLAGS, JUDGING_FLAGS, OUTPUT_FLAGS } from './flags.ts'
import { helpTopics } from './help-topics.ts'
import { interrupted } from './interrupted.ts'
import type { CommandSpec, FlagSpec } from './spec.ts'

/**
 * Runs one command line and returns the exit code; never throws and never exits. Everything unexpected ends here as
 * `internal`, so that a defect cannot look like a verdict.
 */
export async function main(world: World): Promise<number> {
  let exitCode: number = EXIT_CODES.ok.code
  const program = buildProgram(world, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(withoutVainHelp(program, withScenario(world.argv)), { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_CODES.usage.code
    if (world.interrupted.aborted) return interrupted(world)
    world.stderr.write(`${internalError(error, world)}\n`)
    return EXIT_CODES.internal.code
  }
}

function internalError(error: unknown, world: World): string {
  const detail = error instanceof Error ? error : new Error(String(error))
  const trace = world.env.PROVOPS_TRACE ? `\n${detail.stack}` : ''
  return `provops: internal error: ${printable(detail.message)}${trace}\n  This is a defect of provops, not a finding about the gateway. PROVOPS_TRACE=1 prints where.`
}

/** A bare `--embedded` must not swallow the next word as its scenario. */
function withScenario(argv: readonly string[]): string[] {
  return argv.map((word) => (word === '--embedded' ? '--embedded=healthy' : word))
}

/** Help for something that is not there would be the general one, without a word about it. */
function withoutVainHelp(program: Command, argv: string[]): string[] {
  const [word, topic = '-'] = argv
  const isVain = !topic.startsWith('-') && !program.commands.some((command) => command.name() === topic)
  return word === 'help' && isVain ? argv.slice(1) : argv
}

function buildProgram(world: World, setExitCode: (code: number) => void): Command {
  const program = new Command('provops')
  program
    .description('The provider operations runbook of an LLM gateway as commands')
    .version(VERSION, '-V, --version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      writeErr: (text) => world.stderr.write(text),
      getOutHelpWidth: () => helpWidth(world.stdout.columns, world.env.COLUMNS),
      getErrHelpWidth: () => helpWidth(world.stderr.columns, world.env.COLUMNS),
      getOutHasColors: () => world.stdout.isTTY === true,
      getErrHasColors: () => world.stderr.isTTY === true,
    })
    .showSuggestionAfterError()
    .helpCommand('help [command|topic]', 'help for a command, or for one of: exit-codes')
    .addHelpText(
      'after',
      `\nStart here:\n  provops daily-check --embedded        every check, against the bundled gateway\n  provops daily-check                   against http://127.0.0.1:8317\n  provops explain <id>                  what a check asks, and what to do about it\n`,
    )
  for (const spec of typedOrAll(world.argv[0])) addCommand(program, spec, world, setExitCode)
  for (const topic of helpTopics()) {
    program
      .command(topic.name, { hidden: true })
      .configureHelp({ formatHelp: () => topic.text })
      .action(() => {
        world.stdout.write(topic.text)
      })
  }
  return program
}

/** The command that was typed needs none of the others; help and misspelt words want all. */
function typedOrAll(word: string | undefined): readonly CommandSpec[] {
  const typed = COMMANDS.find(({ usage }) => usage.split(' ')[0] === word)
  return typed ? [typed] : COMMANDS
}

const WIDEST_HELP = 120
const UNKNOWN_WIDTH = 100

function helpWidth(terminal: number | undefined, variable: string | undefined): number {
  return Math.min(terminal ?? (Number(variable) || UNKNOWN_WIDTH), WIDEST_HELP)
}

function addCommand(
  program: Command,
  spec: CommandSpec,
  world: World,
  setExitCode: (code: number) => void,
): void {
  const command = program.command(spec.usage)
  command.summary(spec.summary).description(`${spec.summary}.\n\n${spec.about}`)
  // What was not typed is shown by its summary at most.
  if (!world.argv.includes(command.name())) return
  addFlags(command, 'Options:', spec.flags)
  if (spec.speaksTo === 'gateway') {
    addFlags(command, 'Which gateway:', GATEWAY_FLAGS)
    addFlags(command, 'What to ask, and what it means:', JUDGING_FLAGS)
  }
  // `gateway --config` is the gateway's own file, not provops.yaml.
  const taken = new Set(spec.flags.map(({ flags }) => flags.split(' ')[0]))
  addFlags(
    command,
    'Output:',
    OUTPUT_FLAGS.filter(({ flags }) => !taken.has(flags.split(' ')[0])),
  )
  command.addHelpText('before', examplesOf(spec))
  command.action(async (...received: unknown[]) => {
    const args = received
      .slice(0, -2)
      .flat()
      .filter((arg): arg is string => typeof arg === 'string')
    const { runCommand } = await import('./run.ts')
    setExitCode(await runCommand(world, { args, flags: typedFlags(command), spec }))
  })
}

function addFlags(command: Command, heading: string, flags: readonly FlagSpec[]): void {
  for (const flag of flags) {
    const option = new Option(flag.flags, flag.about).helpGroup(heading)
    if (flag.choices) option.choices([...flag.choices])
    if (flag.repeats)
      option.argParser((text: string, before: string | undefined) =>
        before === undefined ? text : `${before}\n${text}`,
      )
    command.addOption(option)
  }
}

/** Flags by long name, as texts; those of no value are `''`. */
function typedFlags(command: Command): Record<string, string | undefined> {
  const typed: Record<string, string | undefined> = {}
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName())
    // `--no-x` and `--x` share one value, which tells which of the two was typed.
    const typedThis = option.negate ? value === false : value !== undefined && value !== false
    if (typedThis) typed[option.name()] = typeof value === 'boolean' ? '' : String(value)
  }
  return typed
}

function examplesOf(spec: CommandSpec): string {
  const width = Math.max(...spec.examples.map((example) => example.line.length))
  const lines = spec.examples.map((example) => `  ${example.line.padEnd(width)}  ${example.shows}`)
  return `Examples:\n${lines.join('\n')}\n`
}
