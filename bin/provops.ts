import './home.ts'
import { homedir } from 'node:os'
import { join } from 'node:path'
import envPaths from 'env-paths'
import { main } from '../commands/main.ts'
import { EXIT_CODES } from '../src/core/exit-codes.ts'
import { once } from '../src/shell/once.ts'
import { outputStream } from './output-stream.ts'

// Help does without these, and node needs time to make them.
const interrupt = once(() => new AbortController())
const stderr = once(() =>
  outputStream(
    2,
    () => process.stderr,
    () => {},
  ),
)
let unwritable = false
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupt().abort(signal)
    // The second one does not wait for anything to be put away.
    process.once(signal, () => process.exit(signal === 'SIGINT' ? 130 : 143))
  })
}
const stdout = outputStream(
  1,
  () => process.stdout,
  ({ code }) => {
    // A reader that left early (`| head`) is no error; the exit code still tells the verdict.
    if (code === 'EPIPE') return
    // A verdict that nobody could read, e.g. on a full disk, is none.
    unwritable = true
    process.exitCode = EXIT_CODES.usage.code
    stderr().write(`provops: cannot write the output: ${code}\n`)
  },
)
// Node would end with 1, which is a verdict. The text may hold anything, so that only the kind of error is shown.
process.on('uncaughtException', ({ name }) => {
  stderr().write(`provops: internal error: ${name}\n`)
  process.exit(EXIT_CODES.internal.code)
})

/** A directory that is gone has no name any more but the shell's. */
function workingDirectory(): string {
  try {
    return process.cwd()
  } catch {
    return process.env.PWD || '/'
  }
}

const paths = envPaths('provops', { suffix: '' })
void main({
  argv: process.argv.slice(2),
  env: process.env,
  cwd: workingDirectory(),
  home: homedir(),
  clock: {
    nowMs: () => Date.now(),
    sleep: async (durationMs, signal) => {
      const { setTimeout: sleep } = await import('node:timers/promises')
      return sleep(durationMs, undefined, signal ? { signal } : {})
    },
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
  stdout,
  get stderr() {
    return stderr()
  },
  get interrupted() {
    return interrupt().signal
  },
  stateDir: process.env.PROVOPS_STATE_DIR || paths.log,
  scenariosDir: join(import.meta.dirname, '../fixtures/scenarios'),
  configDir: paths.config,
}).then((exitCode) => {
  if (!unwritable) process.exitCode = exitCode
})
