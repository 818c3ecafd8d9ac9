import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PROVOPS, plainEnv, startGateway } from '../running.mjs'

const RECORDER = fileURLToPath(new URL('record-code.cjs', import.meta.url))

/**
 * Runs provops for its help, for the daily checks of a gateway that it knows and for those of the bundled one, so that
 * what these need lies compiled beside the scripts. Without that it works, and starts slower.
 */
export async function keepCompiledCode() {
  const dir = mkdtempSync(join(tmpdir(), 'provops-build-'))
  try {
    record('cli.js', ['--help'], plainEnv(dir))
    await recordChecks(dir)
    for (const script of ['config.js', 'embedded.js'])
      record(script, ['daily-check', '--embedded'], plainEnv(dir))
  } catch (error) {
    console.warn(`build: provops will start slower, since its code could not be compiled: ${error.message}`)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function recordChecks(dir) {
  const gateway = await startGateway(dir)
  const check = ['daily-check', '--gateway', gateway.url, '--logs', gateway.log]
  const env = plainEnv(dir, { PROVOPS_API_KEY: gateway.key })
  try {
    // The first run makes the gateway known.
    spawnSync(process.execPath, [PROVOPS, ...check], { env })
    for (const script of ['first.js', 'late.js']) record(script, check, env)
  } finally {
    await gateway.stop()
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
