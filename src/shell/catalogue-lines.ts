import type { CheckInfo } from '../core/check.ts'

/** One line per check: id, what it costs, its good state. */
export function checkLines(checks: readonly CheckInfo[]): string {
  const idWidth = Math.max(...checks.map(({ id }) => id.length))
  return checks.map(({ id, cost, title }) => `${id.padEnd(idWidth)}  ${cost.padEnd(7)}  ${title}\n`).join('')
}
