import { statSync } from 'node:fs'
import { join } from 'node:path'
import { errorCode } from '../core/error-code.ts'
import { counted, printable } from '../core/text.ts'
import type { ConfigFile, ConfigReading } from './config-file.ts'
import { expandPath } from './paths.ts'
import { readText } from './read-text.ts'
import type { World } from './world.ts'

export type ConfigLoading =
  | { readonly kind: 'loaded'; readonly config: ConfigFile | null; readonly paths: readonly string[] }
  | { readonly kind: 'failed'; readonly message: string; readonly next: string }

/** Where `provops.yaml` is looked for when `--config` does not name one; the first that exists is used alone. */
export function configPaths(world: World): string[] {
  const named = world.env.PROVOPS_CONFIG
  if (named) return [expandPath(named, world.home, world.cwd)]
  return [join(world.cwd, 'provops.yaml'), join(world.configDir, 'provops.yaml')]
}

/**
 * Reads `provops.yaml`. None is fine unless one was named. A broken one fails with every problem and its line: to run
 * on with half a configuration could mean the wrong gateway.
 */
export async function loadConfig(world: World, flag: string | undefined): Promise<ConfigLoading> {
  const named = flag ?? world.env.PROVOPS_CONFIG
  const paths = flag === undefined ? configPaths(world) : [expandPath(flag, world.home, world.cwd)]
  for (const path of paths) {
    const text = await readIfThere(path)
    if (text.kind === 'missing' && !named) continue
    if (text.kind !== 'text')
      return { kind: 'failed', message: `cannot read ${path}: ${text.why}`, next: 'provops config show' }
    // The YAML reader is loaded only by those who have a file.
    const { parseConfig } = await import('./config-file.ts')
    return fromReading(parseConfig(text.text, path), paths)
  }
  return { kind: 'loaded', config: null, paths }
}

/** The rest of a file that is no YAML follows from what comes first. */
const MOST_PROBLEMS = 10

/** The YAML reader quotes what it does not know, be it the whole of another file. */
const LONGEST_WORDS = 160

function fromReading(reading: ConfigReading, paths: readonly string[]): ConfigLoading {
  if (reading.kind === 'config') return { kind: 'loaded', config: reading.file, paths }
  const lines = reading.problems.slice(0, MOST_PROBLEMS).map(({ line, column, path, message }) => {
    const where = path === '' ? '' : `${printable(path, LONGEST_WORDS)}: `
    return `${reading.path}:${line}:${column}: ${where}${printable(message, LONGEST_WORDS)}`
  })
  const more = reading.problems.length - lines.length
  if (more > 0) lines.push(`and ${counted(more, 'more problem')}`)
  return {
    kind: 'failed',
    message: lines.join('\n'),
    next: 'mend the file; `provops config schema` prints what it may hold',
  }
}

type FileText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing'; readonly why: string }
  | { readonly kind: 'unreadable'; readonly why: string }

async function readIfThere(path: string): Promise<FileText> {
  try {
    // Most runs have no such file, and end here without loading what reads one.
    statSync(path)
    return { kind: 'text', text: await readText(path) }
  } catch (error) {
    const code = errorCode(error) ?? 'error'
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? { kind: 'missing', why: 'there is no such file' }
      : { kind: 'unreadable', why: code }
  }
}
