import { homedir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import envPaths from 'env-paths'
import { main } from '../commands/main.ts'

const interrupt = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupt.abort(signal)
    // The second one does not wait for anything to be put away.
    process.once(signal, () => process.exit(signal === 'SIGINT' ? 130 : 143))
  })
}
// A reader that left early (`| head`) is no error; the exit code still tells the verdict.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
}

const paths = envPaths('provops', { suffix: '' })
void main({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  home: homedir(),
  clock: {
    nowMs: () => Date.now(),
    sleep: (durationMs, signal) => sleep(durationMs, undefined, signal ? { signal } : {}),
  },
  random: Math.random,
  // Opening it takes time at every start, so that waits for a command that reads it.
  stdin: {
    get isTTY() {
      return process.stdin.isTTY
    },
    [Symbol.asyncIterator]: () => process.stdin[Symbol.asyncIterator](),
    destroy: () => process.stdin.destroy(),
  },
  stdout: process.stdout,
  stderr: process.stderr,
  interrupted: interrupt.signal,
  stateDir: process.env.PROVOPS_STATE_DIR || paths.log,
  scenariosDir: fileURLToPath(new URL('../fixtures/scenarios/', import.meta.url)),
  configDir: paths.config,
}).then((exitCode) => {
  process.exitCode = exitCode
})
