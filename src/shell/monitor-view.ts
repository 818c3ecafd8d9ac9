import { figuresOf, type Watch } from '../analysis/onboarding/watch.ts'
import { percent, span } from '../core/text.ts'
import type { Invocation } from './invocation.ts'
import { lookOf } from './output.ts'

export interface MonitorView {
  look(watch: Watch): void
  stop(): void
}

const CLEAR_LINE = '\r\u001b[K'
const BARS = { unicode: '▁▂▃▄▅▆▇█', ascii: '.:-=+*#@' } as const
const BAR_WIDTH = 10
const SPARK_WIDTH = 12

/** One line on a terminal that follows the watching: how far, error share, 429 share, latency and its course. */
export function startMonitorView(invocation: Invocation, monitorMs: number): MonitorView {
  const { stderr, env } = invocation.world
  if (stderr.isTTY !== true || env.TERM === 'dumb' || env.CI || invocation.flags.has('quiet'))
    return { look: () => {}, stop: () => {} }
  const { unicode } = lookOf(invocation)
  const columns = stderr.columns ?? 80
  return {
    look: (watch) =>
      stderr.write(
        CLEAR_LINE + monitorLine(watch, monitorMs, unicode ? 'unicode' : 'ascii').slice(0, columns - 1),
      ),
    stop: () => stderr.write(CLEAR_LINE),
  }
}

export function monitorLine(watch: Watch, monitorMs: number, marks: keyof typeof BARS): string {
  const { requests, failures, rateLimited, latencyP50Ms } = figuresOf(watch)
  const done = Math.min(1, watch.elapsedMs / monitorMs)
  const filled = Math.round(done * BAR_WIDTH)
  const [full, empty] = marks === 'unicode' ? ['█', '░'] : ['#', '.']
  return [
    `${full.repeat(filled)}${empty.repeat(BAR_WIDTH - filled)} ${span(watch.elapsedMs)} of ${span(monitorMs)}`,
    requests === 0 ? 'no requests yet' : `errors ${percent(failures / requests)} of ${requests}`,
    requests === 0 ? '' : `429 ${percent(rateLimited / requests)}`,
    latencyP50Ms === null ? '' : `p50 ${span(latencyP50Ms)}`,
    sparkline(
      watch.canaries.slice(-SPARK_WIDTH).map(({ headMs }) => headMs),
      BARS[marks],
    ),
  ]
    .filter((part) => part !== '')
    .join('  ')
}

/** From the lowest mark for zero to the highest for the largest value. */
function sparkline(values: readonly number[], marks: string): string {
  const top = Math.max(...values, 1)
  return values
    .map((value) => marks[Math.min(marks.length - 1, Math.floor((value / top) * marks.length))])
    .join('')
}
