import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PROVOPS, plainEnv } from '../running.mjs'

const RECORDER = fileURLToPath(new URL('record-code.cjs', import.meta.url))

/**
 * Runs provops for its help and for the daily checks of the bundled gateway, so that what these need lies compiled beside
 * the scripts. Without that it works, and starts slower.
 */
export function keepCompiledCode() {
  const dir = mkdtempSync(join(tmpdir(), 'provops-build-'))
  try {
    record('cli.js', ['--help'], plainEnv(dir))
    record('late.js', ['daily-check', '--embedded'], plainEnv(dir))
  } catch (error) {
    console.warn(`build: provops will start slower, since its code could not be compiled: ${error.message}`)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

function record(script, args, env) {
  const { stderr } = spawnSync(process.execPath, ['--require', RECORDER, PROVOPS, ...args], {
    env: { ...env, RECORD_CODE_OF: script },
    encoding: 'utf8',
  })
  const code = join(dirname(PROVOPS), `${script}.${process.version}-${process.arch}`)
  if (!existsSync(code)) throw new Error(stderr)
}
