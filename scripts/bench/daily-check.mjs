import { copyFileSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PROVOPS, plainEnv, startGateway } from '../running.mjs'
import { startDelayProxy } from './delay-proxy.mjs'
import { missing, ROOT } from './machine.mjs'
import { interleaved, run, timed } from './measure.mjs'
import { ratio, skipped, UNITS } from './rows.mjs'

const ROUNDS = 15
const DELAY_MS = 50
const SCRIPT = join(ROOT, 'scripts/bench/runbook-daily.sh')
/** A verdict of any kind, as long as there is one: passed, failed, warned. */
const JUDGED = [0, 1, 3]

/** `provops daily-check` beside the runbook's own commands, against one gateway: as it is, and further away. */
export async function dailyCheckRows(dir) {
  const absent = missing('curl', 'jq', 'rg', 'grep', 'awk')
  if (absent.length > 0) return [skipped('daily-check', `the runbook's script needs ${absent.join(', ')}`)]
  const gateway = await startGateway(dir)
  const proxy = await startDelayProxy(gateway.url, DELAY_MS)
  // The log grows by every measurement; both are to read the same.
  const log = join(dir, 'daily-log', 'main.log')
  mkdirSync(dirname(log))
  copyFileSync(gateway.log, log)
  const near = { url: gateway.url, key: gateway.key, log }
  const far = { ...near, url: proxy.url }
  try {
    return [
      ...(await stepsLeftOut(dir, near)),
      await compared('daily-check, loopback', dir, near, { atMost: 2 }),
      await compared(`daily-check, ${DELAY_MS} ms added`, dir, far, { atMost: 0.6 }),
    ]
  } finally {
    proxy.stop()
    await gateway.stop()
  }
}

async function compared(name, dir, target, aim) {
  const script = { cwd: dir, env: plainEnv(dir, { API_KEY: target.key }) }
  const check = { cwd: dir, env: plainEnv(dir, { PROVOPS_API_KEY: target.key }), accepts: JUDGED }
  const medians = await interleaved(ROUNDS, {
    check: () => timed(process.execPath, [PROVOPS, ...dailyCheckArgs(target)], check),
    script: () => timed(SCRIPT, [target.url, target.log], script),
  })
  return ratio({
    name,
    value: medians.check,
    against: 'curl, jq, grep, awk',
    than: medians.script,
    unit: UNITS.ms,
    aim,
  })
}

function dailyCheckArgs({ url, log }) {
  return ['daily-check', '--gateway', url, '--logs', dirname(log)]
}

/** The five steps of the runbook by the groups of their checks. */
const STEPS = ['gateway', 'models', 'providers', 'logs', 'spark']

/** To compare a run that leaves steps out would flatter it, so those that looked at nothing are named. */
async function stepsLeftOut(dir, target) {
  const options = { cwd: dir, env: plainEnv(dir, { PROVOPS_API_KEY: target.key }) }
  const { output } = await run(process.execPath, [PROVOPS, ...dailyCheckArgs(target), '-o', 'json'], options)
  const looked = new Set(
    JSON.parse(output)
      .findings.filter(({ source }) => source !== null)
      .map(({ group }) => group),
  )
  const left = STEPS.filter((group) => !looked.has(group))
  return left.length === 0 ? [] : [skipped('daily-check, part of it', left.join(', '))]
}
