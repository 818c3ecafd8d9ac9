// Prints how fast provops is beside what an operator would use instead. Slowness is printed and is never an error.
// `node scripts/bench/bench.mjs [help] [daily] [logs] [gateway] [stream]` measures only the parts named.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dailyCheckRows } from './daily-check.mjs'
import { gatewayRows } from './gateway.mjs'
import { helpRows } from './help.mjs'
import { logScanRows } from './log-scan.mjs'
import { machineFacts } from './machine.mjs'
import { skipped } from './rows.mjs'
import { streamRows } from './stream.mjs'
import { printTable } from './table.mjs'

const PARTS = {
  help: helpRows,
  daily: dailyCheckRows,
  logs: logScanRows,
  gateway: gatewayRows,
  stream: streamRows,
}

const asked = process.argv.slice(2)
const unknown = asked.filter((name) => !Object.hasOwn(PARTS, name))
if (unknown.length > 0) {
  console.error(`bench: there is no part ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`)
  process.exit(2)
}

const dir = mkdtempSync(join(tmpdir(), 'provops-bench-'))
process.once('exit', () => rmSync(dir, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130))

const rows = []
for (const [name, measure] of Object.entries(PARTS)) {
  if (asked.length > 0 && !asked.includes(name)) continue
  console.error(`bench: measuring ${name} …`)
  try {
    rows.push(...(await measure(dir)))
  } catch (error) {
    rows.push(skipped(name, error.message))
  }
}
console.log(machineFacts())
printTable(rows)
