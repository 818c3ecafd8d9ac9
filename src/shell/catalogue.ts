import { CATALOGUE } from '../checks/catalogue.ts'
import type { CheckInfo } from '../core/check.ts'
import { checkIdOf } from '../core/finding.ts'
import { nearestIds } from '../core/plan.ts'
import { percent, span } from '../core/text.ts'
import type { RatioThreshold, ThresholdName, Thresholds } from '../core/thresholds.ts'
import { checkLines } from './catalogue-lines.ts'
import type { Invocation } from './invocation.ts'
import { type CommandResult, usageError } from './result.ts'

/** What a check is, without how it is asked. */
function infoOf({ id, title, group, asks, why, cost, fix, runbook, thresholds, needs }: CheckInfo) {
  return { id, title, group, asks, why, cost, fix, runbook, thresholds: thresholds ?? [], needs: needs ?? [] }
}

/** `provops checks`. */
export async function printCatalogue({ settings }: Invocation): Promise<CommandResult> {
  if (settings.values.output === 'json')
    return { kind: 'text', text: `${JSON.stringify(CATALOGUE.map(infoOf), null, 2)}\n` }
  return { kind: 'text', text: checkLines(CATALOGUE) }
}

/** `provops explain <id>`. */
export async function explainCheck({ args, settings }: Invocation): Promise<CommandResult> {
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
  return { kind: 'text', text: explanation(check, settings.thresholds) }
}

function explanation(check: CheckInfo, thresholds: Thresholds): string {
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
    .map(([label, text]) => `  ${label.padEnd(9)}${text.replaceAll('\n', '\n           ')}\n`)
  return `${check.id}: ${check.title}\n\n${body.join('')}`
}

function limitWords({ warnAbove, criticalAbove, windowMs, minRequests }: RatioThreshold): string {
  return `warn above ${percent(warnAbove)}, critical above ${percent(criticalAbove)}, over ${span(windowMs)}, from ${minRequests} requests`
}
