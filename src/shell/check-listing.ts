import type { CheckInfo } from '../core/check.ts'
import type { Format } from '../render/formats.ts'

/** What a check is, without how it is asked. */
export function infoOf({ id, title, group, asks, why, cost, fix, runbook, thresholds, needs }: CheckInfo) {
  return { id, title, group, asks, why, cost, fix, runbook, thresholds: thresholds ?? [], needs: needs ?? [] }
}

/** Checks as `provops checks` and `--list` print them. */
export function checkListing(checks: readonly CheckInfo[], format: Format): string {
  return LISTINGS[format](checks)
}

const LISTINGS: Readonly<Record<Format, (checks: readonly CheckInfo[]) => string>> = {
  table: linePerCheck,
  wide: linePerCheck,
  short: (checks) => checks.map(({ id }) => `${id}\n`).join(''),
  json: (checks) => `${JSON.stringify(checks.map(infoOf), null, 2)}\n`,
  ndjson: (checks) => checks.map((check) => `${JSON.stringify(infoOf(check))}\n`).join(''),
}

/** Id, what it costs, its good state. */
function linePerCheck(checks: readonly CheckInfo[]): string {
  const idWidth = Math.max(...checks.map(({ id }) => id.length))
  return checks.map(({ id, cost, title }) => `${id.padEnd(idWidth)}  ${cost.padEnd(7)}  ${title}\n`).join('')
}
