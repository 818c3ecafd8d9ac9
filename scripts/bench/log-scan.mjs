import { closeSync, openSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROVOPS, plainEnv } from '../running.mjs'
import { writeLog } from './generated-log.mjs'
import { missing, ROOT } from './machine.mjs'
import { interleaved, peakBytes, run, timed } from './measure.mjs'
import { limit, ratio, skipped, UNITS } from './rows.mjs'

const ROUNDS = 5
const SIZE_BYTES = 250_000_000
const SPAN_MS = 20 * 24 * 3_600_000
const TAIL_MS = 10 * 60_000
const REFUSALS = '\\] (401|403|429) \\|'
const JUDGED = [0, 1, 3]

/** The log scan beside `rg -c` and awk over the same 250 MB, and its last ten minutes beside a log of no more than these. */
export async function logScanRows(dir) {
  const options = { cwd: dir, env: plainEnv(dir) }
  const log = join(dir, 'main.log')
  const tail = join(dir, 'tail.log')
  const scan = (file, since) => [PROVOPS, ...scanArgs(file, since)]
  if (
    (await run(process.execPath, [PROVOPS, 'daily-check', '--list', '--only', 'logs'], options)).exitCode !==
    0
  )
    return [skipped('log scan', 'daily-check has no checks of the group logs')]
  try {
    writeLog(log, { sizeBytes: SIZE_BYTES, spanMs: SPAN_MS, endMs: Date.now() })
    writeFileSync(tail, lastPart(log, TAIL_MS / SPAN_MS))
    return [...(await wholeLog(dir, log, scan, options)), await lastMinutes(log, tail, scan, options)]
  } finally {
    rmSync(log, { force: true })
  }
}

function scanArgs(file, since) {
  return ['daily-check', '--only', 'logs', '--logs', file, '--since', since, '--tz', 'UTC']
}

async function wholeLog(dir, log, scan, options) {
  const awk = ['-f', join(ROOT, 'scripts/bench/bursts.awk'), log]
  const others = {
    'rg -c': { command: 'rg', args: ['-c', REFUSALS, log], aim: { atMost: 3 } },
    awk: { command: 'awk', args: awk, aim: { atMost: 0.25 } },
    // Several times faster with some awks, and not what one types.
    'awk, LC_ALL=C': { command: 'awk', args: awk, env: { LC_ALL: 'C' } },
  }
  const absent = Object.keys(others).filter((name) => missing(others[name].command).length > 0)
  for (const name of absent) delete others[name]
  const own = { command: process.execPath, args: scan(log, '30d') }
  const medians = await interleaved(ROUNDS, {
    own: () => timed(own.command, own.args, { ...options, accepts: JUDGED }),
    ...Object.fromEntries(
      Object.entries(others).map(([name, { command, args, env }]) => [
        name,
        () => timed(command, args, { ...options, env: { ...options.env, ...env } }),
      ]),
    ),
  })
  return [
    ...Object.entries(others).map(([against, { aim }]) =>
      ratio({
        name: 'log scan, 250 MB',
        value: medians.own,
        against,
        than: medians[against],
        unit: UNITS.ms,
        aim,
      }),
    ),
    ...absent.map((name) => skipped('log scan, 250 MB', `${name} is missing`)),
    ...(await memory(dir, { 'provops daily-check': own, ...others }, options)),
  ]
}

async function memory(dir, commands, options) {
  const rows = []
  for (const [name, { command, args }] of Object.entries(commands)) {
    const value = await peakBytes(dir, command, args, options)
    if (value === null) return [skipped('log scan, peak memory', 'GNU time is missing at /usr/bin/time')]
    const aim = command === process.execPath ? { atMost: 150 * 2 ** 20 } : {}
    rows.push(limit({ name: `log scan, peak memory of ${name}`, value, unit: UNITS.bytes, aim }))
  }
  return rows
}

/** `--since 10m` should cost what these ten minutes cost, not what lies before them. */
async function lastMinutes(log, tail, scan, options) {
  const since = (file) => () => timed(process.execPath, scan(file, '10m'), { ...options, accepts: JUDGED })
  const medians = await interleaved(ROUNDS * 3, { log: since(log), tail: since(tail) })
  return ratio({
    name: 'log scan, --since 10m of 250 MB',
    value: medians.log,
    against: 'a log of that length',
    than: medians.tail,
    unit: UNITS.ms,
    aim: { atMost: 1.2 },
  })
}

/** The end of a file, about this share of its bytes. */
function lastPart(path, share) {
  const { size } = statSync(path)
  const bytes = Buffer.alloc(Math.ceil(size * share))
  const file = openSync(path, 'r')
  readSync(file, bytes, 0, bytes.length, size - bytes.length)
  closeSync(file)
  return bytes.subarray(bytes.indexOf('\n') + 1)
}
