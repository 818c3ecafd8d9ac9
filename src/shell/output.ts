import type { Report } from '../core/report.ts'
import { FORMATS, render } from '../render/formats.ts'
import type { Detail, Look } from '../render/look.ts'
import type { Invocation } from './invocation.ts'
import type { World } from './world.ts'

/** Prints a report on stdout in the chosen format. */
export async function printReport(report: Report, invocation: Invocation): Promise<void> {
  invocation.world.stdout.write(await render(report, invocation.settings.values.output, lookOf(invocation)))
}

/** Loads what `printReport` needs. */
export async function loadFormat({ settings }: Invocation): Promise<void> {
  await FORMATS[settings.values.output]()
}

/** How this terminal, the environment and the flags want a report drawn. */
export function lookOf({ world, settings, flags }: Invocation): Look {
  const detail: Detail = flags.has('quiet') ? 'quiet' : flags.has('verbose') ? 'verbose' : 'normal'
  return {
    color: wantsColor(settings.values.color, world),
    unicode: speaksUnicode(world.env),
    columns: columnsOf(world),
    detail,
    exitStyle: settings.values['exit-style'],
  }
}

/** `--color` first, then the conventions of no-color.org and force-color.org, then whether it is a terminal. */
function wantsColor(choice: 'auto' | 'always' | 'never', { env, stdout }: World): boolean {
  if (choice !== 'auto') return choice === 'always'
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false'
  return stdout.isTTY === true && env.TERM !== 'dumb'
}

/** ASCII where the locale says so; a locale that says nothing is common in containers and means nothing. */
function speaksUnicode(env: World['env']): boolean {
  if (env.TERM === 'dumb' || env.TERM === 'linux') return false
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG
  return !locale || /utf-?8/i.test(locale)
}

const NARROWEST = 40
/** For pipes and files, where nobody says how wide it may be. */
const UNKNOWN_COLUMNS = 100

function columnsOf({ stdout, env }: World): number {
  const columns = stdout.columns ?? Number(env.COLUMNS || UNKNOWN_COLUMNS)
  return Number.isInteger(columns) && columns > 0 ? Math.max(NARROWEST, columns) : UNKNOWN_COLUMNS
}
