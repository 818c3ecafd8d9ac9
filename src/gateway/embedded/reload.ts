import { createHash } from 'node:crypto'
import { closeSync, type FSWatcher, fstatSync, openSync, readFileSync, statSync, watch } from 'node:fs'
import { applyConfig, changesBetween, logApp, readConfig, registerCredentials } from './config-state.ts'
import { rewriteSecret } from './management/rewrite.ts'
import type { Runtime } from './runtime.ts'

/** After the last event; the file system's time, not the lent one (contract, HTTP 10). */
const DEBOUNCE_MS = 150

export interface Reloader {
  /** Reads the configuration again now, if its content changed. */
  reload(): void
  close(): void
}

/**
 * Watches the configuration and the auth directory as the gateway does: the file by its inode, so that a file renamed
 * over it is never seen again, the directory as a directory (contract, HTTP 10).
 */
export function watchConfiguration(runtime: Runtime): Reloader {
  let hash = hashOf(runtime.config.text)
  const config = debounced(() => reload())
  const tokens = debounced(() => {
    registerCredentials(runtime)
    logApp(
      runtime,
      'info',
      'clients.go:152',
      `full client load complete - ${runtime.credentials.length} clients`,
    )
  })

  const reload = (): void => {
    const text = readText(runtime.paths.config)
    if (text === null || text === '' || hashOf(text) === hash) return
    hash = hashOf(text)
    logApp(runtime, 'info', 'config_reload.go:60', `config file changed, reloading: ${runtime.paths.config}`)
    const reading = readConfig(text, runtime.traits.flavour, runtime.clock.nowMs())
    if (reading.kind === 'rejected') {
      logApp(runtime, 'error', 'config_reload.go:74', `failed to reload config: ${reading.reason}`)
      return
    }
    const changes = changesBetween(runtime.config.gateway, reading.config.gateway)
    const config = rewriteSecret(runtime, reading.config)
    hash = hashOf(config.text)
    applyConfig(runtime, config)
    for (const message of changes.length > 0 ? ['config changes detected:', ...changes] : [])
      logApp(runtime, 'info', 'config_reload.go:95', message)
    const done = 'config successfully reloaded, triggering client reload'
    logApp(runtime, 'info', 'config_reload.go:110', done)
  }

  // The system hands out only so many watches; without one the gateway runs on with what it has read.
  const unwatched = (path: string): void =>
    logApp(runtime, 'error', 'watcher.go:96', `failed to watch ${path}`)
  const stopFile = watchInode(runtime.paths.config, config.call, unwatched)
  const stopDirectory = watchTokenFiles(runtime.paths.auth, tokens.call, unwatched)
  return {
    reload,
    close() {
      stopFile()
      stopDirectory()
      config.cancel()
      tokens.cancel()
    },
  }
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

function debounced(run: () => void): { call: () => void; cancel: () => void } {
  let timer: NodeJS.Timeout | undefined
  return {
    call() {
      clearTimeout(timer)
      timer = setTimeout(run, DEBOUNCE_MS)
    },
    cancel: () => clearTimeout(timer),
  }
}

/**
 * Calls back for writes to the file that stands at `path` now. When another file takes its place the watch is lost; a
 * file that was moved away, as editors with backups do, gives one last call.
 */
function watchInode(path: string, changed: () => void, unwatched: (path: string) => void): () => void {
  let handle: number
  try {
    handle = openSync(path, 'r')
  } catch {
    unwatched(path)
    return () => {}
  }
  // The open handle keeps the inode's number from being given to another file.
  const { ino } = fstatSync(handle)
  let watcher: FSWatcher | null = null
  const stop = (): void => {
    if (!watcher) return
    watcher.close()
    watcher = null
    closeSync(handle)
  }
  const look = (): void => {
    if (!watcher) return
    const isThere = inodeAt(path) === ino
    const isMoved = !isThere && fstatSync(handle).nlink > 0
    if (!isThere) stop()
    if (isThere || isMoved) changed()
  }
  try {
    watcher = watch(path, look)
    watcher.on('error', stop)
  } catch {
    closeSync(handle)
    unwatched(path)
  }
  return stop
}

function inodeAt(path: string): number | null {
  try {
    return statSync(path).ino
  } catch {
    return null
  }
}

function watchTokenFiles(
  directory: string,
  changed: () => void,
  unwatched: (path: string) => void,
): () => void {
  try {
    const watcher = watch(directory, (_event, name) => {
      if (name === null || name.toLowerCase().endsWith('.json')) changed()
    })
    watcher.on('error', () => watcher.close())
    return () => watcher.close()
  } catch {
    unwatched(directory)
    return () => {}
  }
}
