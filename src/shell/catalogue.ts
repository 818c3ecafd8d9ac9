import { CATALOGUE } from '../checks/catalogue.ts'
import type { CheckInfo } from '../core/check.ts'
import { checkIdOf } from '../core/finding.ts'
import { nearestIds } from '../core/plan.ts'
import { percent, span } from '../core/text.ts'
import type { RatioThreshold, ThresholdName, Thresholds } from '../core/thresholds.ts'
import { wrapped } from '../render/paint.ts'
import { checkListing, infoOf } from './check-listing.ts'
import type { Invocation } from './invocation.ts'
import { lookOf } from './output.ts'
import { type CommandResult, usageError } from './result.ts'

/** `provops checks`. */
export async function printCatalogue({ settings }: Invocation): Promise<CommandResult> {
  return { kind: 'text', text: checkListing(CATALOGUE, settings.values.output) }
}

/** `provops explain <id>`. */
export async function explainCheck(invocation: Invocation): Promise<CommandResult> {
  const { args, settings } = invocation
  const id = checkIdOf(args[0] ?? '')
  const check = CATALOGUE.find((candidate) => candidate.id === id)
  if (!check) {
    const near = nearestIds(id, CATALOGUE)
    return usageError(
      `there is no check ${id}`,
      near.length > 0 ? near.map((it) => `provops explain ${it}`).join(', or ') : 'provops checks',
    )
  }
  if (settings.values.output === 'json')
    return { kind: 'text', text: `${JSON.stringify(infoOf(check), null, 2)}\n` }
  return { kind: 'text', text: explanation(check, settings.thresholds, lookOf(invocation).columns) }
}

const LABEL_WIDTH = 11

function explanation(check: CheckInfo, thresholds: Thresholds, columns: number): string {
  const limits = (check.thresholds ?? []).map(
    (name) => `${name}: ${limitWords(thresholds[name as ThresholdName])}`,
  )
  const rows: [string, string][] = [
    ['asks', check.asks],
    ['why', check.why],
    ['limits', limits.join('\n')],
    ['costs', check.cost],
    ['needs', (check.needs ?? []).join(', ')],
    ['fix', check.fix],
    ['runbook', check.runbook],
  ]
  const body = rows
    .filter(([, text]) => text !== '')
    .map(([label, text]) => {
      const lines = text.split('\n').flatMap((line) => wrapped(line, columns - LABEL_WIDTH))
      return `${`  ${label}`.padEnd(LABEL_WIDTH)}${lines.join(`\n${' '.repeat(LABEL_WIDTH)}`)}\n`
    })
  return `${check.id}: ${check.title}\n\n${body.join('')}`
}

function limitWords({ warnAbove, criticalAbove, windowMs, minRequests }: RatioThreshold): string {
  return `warn above ${percent(warnAbove)}, critical above ${percent(criticalAbove)}, over ${span(windowMs)}, from ${minRequests} requests`
}
