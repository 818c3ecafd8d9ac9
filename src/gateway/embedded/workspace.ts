import { accessSync, chmodSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { makeDirectory } from '../../core/make-directory.ts'
import { authFileText } from './auth-file-text.ts'
import type { LoadedConfig } from './runtime.ts'
import type { EmbeddedOptions } from './start.ts'
import { codeOf, refused, type StartProblem } from './start-problem.ts'

/** Where one run of the embedded gateway keeps its files. */
export interface Workspace {
  readonly configFile: string
  readonly configOwner: 'gateway' | 'user'
  readonly logDir: string
  /** The auth directory of a configuration that is made here. */
  readonly ownAuthDir: string
  writeConfig(text: string): void
  /** Removes what was made here; files and directories that were given stay. */
  remove(): void
}

export type WorkspaceResult =
  | { readonly kind: 'made'; readonly workspace: Workspace }
  | { readonly kind: 'refused'; readonly problem: StartProblem }

/** Makes a temporary directory for everything that was not given, with the scenario's token files in it. */
export function makeWorkspace(options: EmbeddedOptions): WorkspaceResult {
  let root: string
  try {
    root = mkdtempSync(join(tmpdir(), 'provops-gateway-'))
  } catch (error) {
    return refused(
      `no temporary directory can be made in ${tmpdir()}: ${codeOf(error)}`,
      'make room there, or name another place in TMPDIR',
    )
  }
  const configFile = options.configFile === null ? join(root, 'config.yaml') : resolve(options.configFile)
  const logDir = options.logDir === null ? join(root, 'logs') : resolve(options.logDir)
  const ownAuthDir = options.authDir === null ? join(root, 'auth') : resolve(options.authDir)
  const remove = (): void => rmSync(root, { recursive: true, force: true })
  try {
    makeDirectory(logDir, 0o755)
    accessSync(logDir, constants.W_OK)
  } catch (error) {
    remove()
    return refused(
      `the log directory ${logDir} cannot be used: ${codeOf(error)}`,
      'choose another log directory',
    )
  }
  if (options.authDir === null) writeTokenFiles(options, ownAuthDir)
  return {
    kind: 'made',
    workspace: {
      configFile,
      configOwner: options.configFile === null ? 'gateway' : 'user',
      logDir,
      ownAuthDir,
      writeConfig: (text) => writeFileSync(configFile, text, { mode: 0o600 }),
      remove,
    },
  }
}

function writeTokenFiles({ scenario, clock }: EmbeddedOptions, directory: string): void {
  makeDirectory(directory, 0o700)
  for (const file of scenario.authFiles) {
    const path = join(directory, file.file)
    writeFileSync(path, authFileText(file, clock.nowMs()))
    // The mode given on creation is narrowed by the umask.
    chmodSync(path, file.mode)
  }
}

/** The auth directory in use: the one given, the temporary one, or the one a given configuration names. */
export function authDirFor(options: EmbeddedOptions, workspace: Workspace, config: LoadedConfig): string {
  if (options.authDir !== null || workspace.configOwner === 'gateway') return workspace.ownAuthDir
  const { authDir } = config.gateway.settings
  const expanded = authDir.startsWith('~') ? join(homedir(), authDir.slice(1)) : authDir
  return resolve(dirname(workspace.configFile), expanded)
}
