import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { platform } from 'node:os'
import { dirname, join } from 'node:path'
import { type CooldownFile, readCooldownText } from '../analysis/tokens/cooldown-file.ts'
import type { AuthDirectory, FileReading, TokenFile } from '../analysis/tokens/directory.ts'
import { readTokenText } from '../analysis/tokens/token-file.ts'
import type { DirectoryReading } from '../checks/quota-context.ts'
import type { Clock } from '../core/clock.ts'
import { systemCodeOf } from './files.ts'

/** Token files are a few KiB; cooldown files grow with the models of a credential (contract, files 3). */
const MOST_TOKEN_BYTES = 1_048_576
const MOST_COOLDOWN_BYTES = 8_388_608
/** Pools of thousands of accounts exist (contract, files 5); beyond this it is some other directory. */
const MOST_FILES = 20_000
const OPEN_AT_ONCE = 32
/** The gateway writes in place, in well under this time (contract, files 3.8). */
const RETRY_AFTER_MS = 250

/**
 * Reads the top of a gateway's directory of token files, and nothing else of it. What cannot be read, or read by half,
 * is told file by file; no secret of a file leaves its reading.
 */
export async function readAuthDir(path: string, clock: Clock): Promise<DirectoryReading> {
  try {
    const names = (await readdir(path)).sort()
    const directories = await modesUpwards(await realpath(path))
    const wanted = names.filter((name) => /\.json$/i.test(name))
    const files = await tokenFiles(path, wanted.slice(0, MOST_FILES), directories, clock)
    const cooldowns = await cooldownFiles(
      path,
      names.filter((name) => /\.cds$/i.test(name)).slice(0, MOST_FILES),
    )
    const directory: AuthDirectory = {
      path,
      readMs: clock.nowMs(),
      files,
      cooldowns: cooldowns.files,
      brokenCooldowns: cooldowns.broken,
      unopened: Math.max(0, wanted.length - MOST_FILES),
    }
    return { kind: 'read', directory }
  } catch (error) {
    return unreadable(path, systemCodeOf(error))
  }
}

function unreadable(path: string, code: string): DirectoryReading {
  const saw =
    code === 'ENOENT'
      ? `there is no ${path}`
      : code === 'ENOTDIR'
        ? `${path} is no directory`
        : `${path} cannot be read: ${code}`
  return {
    kind: 'unreadable',
    saw,
    source: path,
    next: 'give the auth-dir of config.yaml with --auth-dir, as a user who may read it',
  }
}

/** Permission bits of a directory and all above it; null where the system has none. */
async function modesUpwards(path: string): Promise<readonly number[] | null> {
  if (platform() === 'win32') return null
  const modes: number[] = []
  for (let at = path; ; at = dirname(at)) {
    modes.push((await stat(at)).mode)
    if (dirname(at) === at) return modes
  }
}

async function tokenFiles(
  path: string,
  names: readonly string[],
  directories: readonly number[] | null,
  clock: Clock,
): Promise<TokenFile[]> {
  const read = (some: readonly string[]) =>
    inTurns(some, (name) => tokenFile(join(path, name), name, directories))
  const first = await read(names)
  const halves = first.flatMap((file) => (file?.reading.kind === 'unreadable' ? [file.name] : []))
  if (halves.length === 0) return first.filter((file) => file !== null)
  await clock.sleep(RETRY_AFTER_MS)
  const again = new Map((await read(halves)).map((file, index) => [halves[index], file]))
  return first.flatMap((file) =>
    file === null ? [] : ((again.has(file.name) ? again.get(file.name) : file) ?? []),
  )
}

/** Null when the file is gone again, which is no finding. */
async function tokenFile(
  path: string,
  name: string,
  directories: readonly number[] | null,
): Promise<TokenFile | null> {
  try {
    const { mode, mtimeMs, size } = await regular(path)
    const modes = directories === null ? null : { file: mode, directories }
    const reading: FileReading =
      size > MOST_TOKEN_BYTES
        ? { kind: 'too-large', sizeBytes: size }
        : readTokenText(await readFile(path, 'utf8'))
    return { name, modifiedMs: mtimeMs, modes, reading }
  } catch (error) {
    const code = systemCodeOf(error)
    if (code === 'ENOENT') return null
    return { name, modifiedMs: 0, modes: null, reading: { kind: 'closed', code } }
  }
}

/** The file's facts; a pipe or device is never opened, since that may wait for ever. */
async function regular(path: string) {
  const stats = await stat(path)
  if (stats.isFile()) return stats
  throw Object.assign(new Error('not a file'), { code: stats.isDirectory() ? 'EISDIR' : 'ENOTREG' })
}

async function cooldownFiles(
  path: string,
  names: readonly string[],
): Promise<{ files: CooldownFile[]; broken: string[] }> {
  const read = await inTurns(names, async (name) => ({ name, reading: await cooldownFile(join(path, name)) }))
  return {
    files: read.flatMap(({ reading }) => (reading?.kind === 'cooldowns' ? [reading.file] : [])),
    broken: read.flatMap(({ name, reading }) => (reading?.kind === 'unreadable' ? [name] : [])),
  }
}

async function cooldownFile(path: string) {
  try {
    const { size } = await regular(path)
    if (size > MOST_COOLDOWN_BYTES) return { kind: 'unreadable' } as const
    return readCooldownText(await readFile(path, 'utf8'))
  } catch (error) {
    // Deleted as soon as nothing cools down any more (contract, files 3.6).
    return systemCodeOf(error) === 'ENOENT' ? null : ({ kind: 'unreadable' } as const)
  }
}

/** Runs `work` on every item, a bounded number at a time, and gives the results in order. */
async function inTurns<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let start = 0; start < items.length; start += OPEN_AT_ONCE) {
    results.push(...(await Promise.all(items.slice(start, start + OPEN_AT_ONCE).map(work))))
  }
  return results
}
