import { PROVOPS, plainEnv } from '../running.mjs'
import { interleaved, timed } from './measure.mjs'
import { ratio, UNITS } from './rows.mjs'

const ROUNDS = 25

/** What starting provops costs, beside starting node. */
export async function helpRows(dir) {
  const options = { cwd: dir, env: plainEnv(dir) }
  const { help, bare } = await interleaved(ROUNDS, {
    help: () => timed(process.execPath, [PROVOPS, '--help'], options),
    bare: () => timed(process.execPath, ['-e', '0'], options),
  })
  return [
    ratio({
      name: 'provops --help',
      value: help,
      against: 'node -e 0',
      than: bare,
      unit: UNITS.ms,
      aim: { atMost: 1.3 },
    }),
  ]
}
