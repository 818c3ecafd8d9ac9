import type { Clock } from '../../core/clock.ts'
import { listed } from '../../core/text.ts'
import { judgeManagement } from '../gateway.ts'
import type { Facts } from './incident-context.ts'

/** Where facts come from, in the words of an operator. */
export const FACT_SOURCES = {
  models: 'models',
  accounts: 'accounts',
  keys: 'keys',
  log: 'log',
  config: 'configuration',
  refusals: 'error logs',
} as const satisfies Partial<Record<keyof Facts, string>>
export type FactSource = keyof typeof FACT_SOURCES

/** What of these could not be read, and why: `accounts, keys (no management key was given); log (…)`. Null when all were. */
export function unreadWords(facts: Facts, sources: readonly FactSource[]): string | null {
  const byReason = new Map<string, string[]>()
  for (const source of sources) {
    // The route is of no use here, and would keep equal reasons apart.
    const reason = unreadReason(facts, source)?.replace(/^GET \S+: /, '')
    if (reason === undefined) continue
    const names = byReason.get(reason) ?? []
    byReason.set(reason, [...names, FACT_SOURCES[source]])
  }
  if (byReason.size === 0) return null
  return [...byReason].map(([reason, names]) => `${listed(names, names.length)} (${reason})`).join('; ')
}

/**
 * Why no evidence of failing providers is no sign of health: the log hides them behind fail-over, and no counter tells of
 * them. Null where one of the two does.
 */
export function hiddenWords({ failuresInLog, windows }: Facts): string | null {
  return failuresInLog === 'hidden' && windows.every(({ requests }) => requests === 0)
    ? 'the log of this version does not show failures of providers, and nothing counts them'
    : null
}

function unreadReason(facts: Facts, source: FactSource): string | undefined {
  if (source !== 'models') {
    const fact = facts[source]
    return fact.kind === 'untold' ? fact.reason : undefined
  }
  const { models } = facts
  if (models.kind === 'unknown') return models.judgement.saw
  return models.list.hasMore ? 'the list has more pages' : undefined
}

/** What makes more of it readable, a line per step. */
export function unreadNext(facts: Facts, clock: Clock): string {
  const management = judgeManagement(facts.management, clock)
  const steps = [
    ...(facts.models.kind === 'unknown' ? [facts.models.judgement.next] : []),
    ...(management.outcome === 'pass' ? [] : [management.next]),
    ...(facts.log.kind === 'untold' ? ['give the log with --logs'] : []),
  ]
  return [...new Set(steps)].join('\n') || 'see what each source answers: provops daily-check -v'
}
