import type { Finding } from '../core/finding.ts'
import { shellWord } from '../core/text.ts'
import type { Invocation } from './invocation.ts'

/** Flags that say which gateway is asked and how it is reached, in the order they are printed. Keys are never among them. */
const REACH = [
  'gateway',
  'embedded',
  'profile',
  'config',
  'api-key-file',
  'management-key-file',
  'ca-file',
  'client-cert-file',
  'client-key-file',
  'insecure',
] as const

const OF_BUNDLED: ReadonlySet<string> = new Set(['embedded', 'profile'])

const LOG = ['logs', 'tz'] as const

/** What each command that next steps name takes of the flags of this run, beside `REACH`. */
const SOURCES = {
  incident: [...LOG, 'config-file', 'auth-dir', 'via'],
  quota: [...LOG, 'auth-dir'],
  'daily-check': LOG,
  'spark-check': [...LOG, 'config-file'],
  'parity-check': [],
  lint: ['config-file', 'auth-dir'],
} as const satisfies Record<string, readonly string[]>

/** What narrows a playbook down: without it the same playbook could find another cause, and change something else. */
const SCOPE = ['provider', 'model', 'prefix', 'expect-model', 'since'] as const

/** Of a certain run, perhaps with its gateway. */
const UNDO = '(?<undo>undo) [a-z-]+-\\d{8}-[\\w-]+(?: -g \\S+)?'
const COMMAND = new RegExp(
  `provops (?:${UNDO}|(?<command>${Object.keys(SOURCES).join('|')})(?![\\w-])(?: (?<playbook>[a-z]+(?:-[a-z]+)+)(?![\\w/.:]))?)`,
  'g',
)

/**
 * A next step whose commands ask the gateway of this run, with the flags as they were typed: copied without them,
 * `--apply` would change the default gateway. A command is broken with a backslash where it grows too long, and then
 * stands on lines of its own.
 */
export function nextHere(text: string, invocation: Invocation): string {
  return text
    .split('\n')
    .map((line) => (line.includes('provops ') ? lineHere(line, invocation, LONGEST_LINE) : line))
    .join('\n')
}

/** One command on one line. */
export function commandHere(text: string, invocation: Invocation): string {
  return lineHere(text, invocation, Number.POSITIVE_INFINITY)
}

/** Findings whose next steps ask the gateway of this run. */
export function findingsHere(findings: readonly Finding[], invocation: Invocation): readonly Finding[] {
  return findings.map((finding) =>
    finding.next === null ? finding : { ...finding, next: nextHere(finding.next, invocation) },
  )
}

/** Fits with its backslash behind the labels of a report at 80 columns. */
const LONGEST_LINE = 64

function lineHere(line: string, invocation: Invocation, longest: number): string {
  const lines = ['']
  /** Appends where there is room; else `goesOn` ends the line before. */
  const add = (text: string, goesOn: '' | ' \\') => {
    const last = lines.at(-1) ?? ''
    const fits = last === '' || last.length + text.trimEnd().length <= longest
    if (fits) lines[lines.length - 1] = last + text
    else lines.splice(-1, 1, last.trimEnd() + goesOn, text.trimStart())
  }
  /** Behind a broken command it stands apart: a shell takes a semicolon, and not a comma, for the end of one. */
  const addProse = (text: string) => {
    const last = lines.at(-1) ?? ''
    const [, apart] = /^[,;] (.*)/.exec(text) ?? []
    if (text.startsWith(' ')) add(text, ' \\')
    else if (apart === undefined || lines.length === 1) lines[lines.length - 1] = last + text
    else lines.splice(-1, 1, `${last};`, apart)
  }
  let done = 0
  for (const { 0: command, index, groups } of line.matchAll(COMMAND)) {
    const flags = flagsFor(groups, line.slice(index), invocation)
    addProse(line.slice(done, index))
    const last = lines.at(-1) ?? ''
    // What it is for, ending in a colon, can stand above it.
    if (last.endsWith(': ') && last.length + [command, ...flags].join(' ').length > longest)
      lines.splice(-1, 1, last.trimEnd(), '')
    add(command, '')
    for (const flag of flags) add(` ${flag}`, ' \\')
    done = index + command.length
  }
  addProse(line.slice(done))
  return lines.join('\n')
}

/** Standard input, and what a shell makes of `<(…)`. */
const READ_ONCE = /^(?:-|\/dev\/stdin|\/(?:dev|proc\/self)\/fd\/\d+)$/

function flagsFor(
  groups: Record<string, string | undefined> = {},
  printed: string,
  { flags, args }: Invocation,
): readonly string[] {
  const { command = '', playbook, undo } = groups
  const sources: readonly string[] = SOURCES[command as keyof typeof SOURCES] ?? []
  const isSame = command === 'incident' && (args[0] === undefined || args[0] === playbook)
  const asksGateway = command !== 'lint'
  // The bundled gateway of a run is gone with it.
  const reach = undo ? REACH.filter((name) => !OF_BUNDLED.has(name)) : REACH
  const names = [...(asksGateway ? reach : []), ...sources, ...(isSame ? SCOPE : [])]
  // It reads a file, and the one in the working directory may be of another gateway.
  const file = asksGateway || flags.has('config-file') ? [] : ['<config.yaml>']
  const repeated = names.flatMap((name) => {
    const typed = flags.text(name)
    // What is printed already counts.
    const flag = name === 'gateway' ? ' -g ' : `--${name}`
    if (typed === undefined || printed.includes(flag)) return []
    return typed
      .split('\n')
      .filter((value) => !READ_ONCE.test(value))
      .map((value) => flagWord(name, value))
  })
  return [...file, ...repeated]
}

function flagWord(name: string, value: string): string {
  if (value === '') return `--${name}`
  if (name === 'gateway') return `-g ${shellWord(value)}`
  // Its value is optional, so that a blank would end the flag.
  return name === 'embedded' ? `--embedded=${shellWord(value)}` : `--${name} ${shellWord(value)}`
}
