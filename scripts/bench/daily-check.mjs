import { dirname, join } from 'node:path'
import { startDelayProxy } from './delay-proxy.mjs'
import { missing, PROVOPS, plainEnv, ROOT } from './machine.mjs'
import { interleaved, run, timed } from './measure.mjs'
import { ratio, skipped, UNITS } from './rows.mjs'
import { startGateway } from './running-gateway.mjs'

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
  try {
    return [
      ...(await unasked(dir, gateway)),
      await compared('daily-check, loopback', dir, gateway, { atMost: 2 }),
      await compared(
        `daily-check, ${DELAY_MS} ms added`,
        dir,
        { ...gateway, url: proxy.url },
        { atMost: 0.6 },
      ),
    ]
  } finally {
    proxy.stop()
    await gateway.stop()
  }
}

async function compared(name, dir, gateway, aim) {
  const script = { cwd: dir, env: plainEnv(dir, { API_KEY: gateway.key }) }
  const check = { cwd: dir, env: plainEnv(dir, { PROVOPS_API_KEY: gateway.key }), accepts: JUDGED }
  const medians = await interleaved(ROUNDS, {
    check: () => timed(process.execPath, [PROVOPS, ...dailyCheckArgs(gateway)], check),
    script: () => timed(SCRIPT, [gateway.url, gateway.log], script),
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

/** A comparison with a run that leaves steps out would flatter; says which ones it did not answer. */
async function unasked(dir, gateway) {
  const env = plainEnv(dir, { PROVOPS_API_KEY: gateway.key })
  const { output } = await run(process.execPath, [PROVOPS, ...dailyCheckArgs(gateway), '-o', 'json'], {
    cwd: dir,
    env,
  })
  const { findings } = JSON.parse(output)
  const answered = new Set(findings.filter(({ outcome }) => outcome !== 'skip').map(({ group }) => group))
  const left = STEPS.filter((group) => !answered.has(group))
  return left.length === 0 ? [] : [skipped('daily-check, part of it', `no answer from: ${left.join(', ')}`)]
}
