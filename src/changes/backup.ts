import { dirname } from 'node:path'
import type { Target } from './change.ts'
import { type FileFault, type Tried, tried } from './file-fault.ts'
import { note, runFile } from './journal.ts'
import { writeNewFile } from './small-file.ts'
import type { Note } from './store.ts'
import type { ChangeWorld } from './world.ts'

/** Copies of a text before its change, on the disk and readable by the owner alone. */
export interface Backup {
  readonly path: string
  readonly notes: readonly Note[]
}

/** Reasons that concern the folder alone: a file in it may still be written, e.g. one mounted into a container. */
const FOLDER_REFUSES: ReadonlySet<FileFault['kind']> = new Set(['no-permission', 'read-only'])

/**
 * Writes the text beside the file as `config.yaml.bak-<UTC>-<run id>`, a name no gateway looks at (contract, files
 * 2.4); into the state directory when the folder takes no new file, or when the gateway owns the file.
 */
export async function backUp(
  world: ChangeWorld,
  target: Target,
  runId: string,
  text: string,
): Promise<Tried<Backup>> {
  const inState = runFile(world, runId, 'before.yaml')
  if (target.kind === 'management') return copyTo(world, inState, runId, text, [])
  const stamp = new Date(world.clock.nowMs()).toISOString().replace(/[-:]|\.\d+/g, '')
  const beside = await copyTo(world, `${target.realPath}.bak-${stamp}-${runId}`, runId, text, [])
  if (beside.kind === 'ok' || !FOLDER_REFUSES.has(beside.fault.kind)) return beside
  return copyTo(world, inState, runId, text, [{ kind: 'backup-elsewhere', because: beside.fault }])
}

async function copyTo(
  world: ChangeWorld,
  path: string,
  runId: string,
  text: string,
  notes: readonly Note[],
): Promise<Tried<Backup>> {
  const noted = await note(world, runId, { step: 'backing-up', path })
  if (noted.kind === 'fault') return noted
  const copied = await writeNewFile(world.fs, path, text)
  if (copied.kind === 'fault') return copied
  const synced = await tried(dirname(path), () => world.fs.syncDirectory(dirname(path)))
  return synced.kind === 'fault' ? synced : { kind: 'ok', value: { path, notes } }
}
