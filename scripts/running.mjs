import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What `npm run build` makes. */
export const PROVOPS = fileURLToPath(new URL('../dist/provops.js', import.meta.url))

/**
 * The environment for programs that are measured or compiled: no proxy, which loopback would go through, UTC, which
 * the logs are written in, and nothing of the user's own provops or node.
 */
export function plainEnv(dir, more = {}) {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/_proxy$/i.test(name) && !name.startsWith('PROVOPS_') && !name.startsWith('NODE_'),
  )
  return {
    ...Object.fromEntries(kept),
    TZ: 'UTC',
    HOME: dir,
    XDG_CONFIG_HOME: dir,
    PROVOPS_STATE_DIR: join(dir, 'state'),
    ...more,
  }
}

const START_LIMIT_MS = 10_000

/** `provops gateway` in the healthy scenario on a free port; logs to files in a directory of its own. */
export async function startGateway(dir) {
  const logDir = join(dir, 'gateway-logs')
  mkdirSync(logDir, { recursive: true })
  const child = spawn(process.execPath, [PROVOPS, 'gateway', '--port', '0', '--log-dir', logDir], {
    cwd: dir,
    env: plainEnv(dir),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const stop = () =>
    new Promise((resolve) => {
      if (child.exitCode !== null) return resolve()
      child.once('exit', resolve)
      child.kill('SIGTERM')
    })
  try {
    const welcome = await welcomeOf(child)
    return {
      url: /address\s+(\S+)/.exec(welcome)[1],
      key: /client keys\s+([^\s,]+)/.exec(welcome)[1],
      log: join(logDir, 'main.log'),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** What it prints once it can be reached; rejects when it ends or stays silent instead. */
function welcomeOf(child) {
  return new Promise((resolve, reject) => {
    let text = ''
    const give = (why) => reject(new Error(`provops gateway ${why}: ${text.trim()}`))
    const timer = setTimeout(() => give('did not start in time'), START_LIMIT_MS)
    const read = (chunk) => {
      text += chunk
      if (!text.includes('Ctrl-C')) return
      clearTimeout(timer)
      resolve(text)
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    child.once('error', (error) => give(error.message))
    child.once('exit', () => {
      clearTimeout(timer)
      give('ended')
    })
  })
}
