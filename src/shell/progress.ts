import type { Finding } from '../core/finding.ts'
import type { Invocation } from './invocation.ts'

export interface Progress {
  answered(findings: readonly Finding[]): void
  stop(): void
}

const SILENT: Progress = { answered: () => {}, stop: () => {} }
const CLEAR_LINE = '\r\u001b[K'

/** How many checks have answered, on one line of stderr that is gone at the end, and only on a terminal. */
export function startProgress({ world, flags }: Invocation, checks: number): Progress {
  const { stderr, env } = world
  const silent = ['quiet', 'debug', 'watch'].some((flag) => flags.has(flag))
  if (stderr.isTTY !== true || env.TERM === 'dumb' || env.CI || silent) return SILENT
  let answered = 0
  const draw = () => stderr.write(`${CLEAR_LINE}${answered} of ${checks} checks answered`)
  draw()
  return {
    answered: () => {
      answered++
      draw()
    },
    stop: () => stderr.write(CLEAR_LINE),
  }
}
