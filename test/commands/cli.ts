import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { main } from '../../commands/main.ts'
import type { World } from '../../src/shell/world.ts'

const ROOT = resolve(import.meta.dirname, '../..')

/** The moment at which every golden test takes place. */
export const NOON_MS = Date.UTC(2026, 10, 23, 12, 0, 0)

export interface CliOptions {
  readonly env?: Record<string, string>
  readonly stdin?: string
  /** The working directory, home, state and configuration directories lie in it; a fresh one when not given. */
  readonly home?: string
  readonly columns?: number
  readonly tty?: boolean
  /** Time stands still at this moment, so that outputs are the same every time; `null` for the real clock. */
  readonly nowMs?: number | null
  readonly interrupted?: AbortSignal
}

export interface CliResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs one command line in this process, in a world of its own. */
export async function provops(
  line: string | readonly string[],
  options: CliOptions = {},
): Promise<CliResult> {
  const home = options.home ?? mkdtempSync(join(tmpdir(), 'provops-cli-'))
  const out: string[] = []
  const err: string[] = []
  const world: World = {
    argv: typeof line === 'string' ? wordsOf(line) : line,
    env: { TZ: 'UTC', ...options.env },
    cwd: home,
    home,
    clock: {
      nowMs: options.nowMs === null ? () => Date.now() : () => options.nowMs ?? NOON_MS,
      sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
    },
    random: () => 0.5,
    stdin: bytes(options.stdin ?? ''),
    stdout: stream(out, options),
    stderr: stream(err, { ...options, tty: false }),
    interrupted: options.interrupted ?? new AbortController().signal,
    stateDir: join(home, 'state'),
    scenariosDir: join(ROOT, 'fixtures/scenarios'),
    configDir: join(home, 'config'),
  }
  try {
    const code = await main(world)
    return { code, stdout: out.join(''), stderr: err.join('') }
  } finally {
    if (!options.home) rmSync(home, { recursive: true, force: true })
  }
}

/** Words of a command line; quotes keep blanks together. */
function wordsOf(line: string): string[] {
  const words = line.match(/'[^']*'|"[^"]*"|\S+/g) ?? []
  return words.map((word) => word.replace(/^(['"])(.*)\1$/, '$2')).slice(words[0] === 'provops' ? 1 : 0)
}

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  if (text !== '') yield Buffer.from(text)
}

function stream(into: string[], { columns = 100, tty = false }: CliOptions) {
  return {
    write: (text: string) => into.push(text),
    columns,
    isTTY: tty,
  }
}

/** What a golden file holds: the command line, what it printed, and how it ended; ports and folders made equal. */
export function transcript(line: string, result: CliResult): string {
  const stderr = result.stderr === '' ? '' : `--- stderr\n${result.stderr}`
  return `$ ${line}\n${result.stdout}${stderr}--- exit ${result.code}\n`
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replaceAll(/\/[\w./-]*provops-cli-\w+/g, 'HOME')
    .replaceAll(/\/[\w./-]*provops-gateway-\w+/g, 'GATEWAY')
    .replaceAll(ROOT, 'ROOT')
}
