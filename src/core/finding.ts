import type { Cause, CheckInfo, Judgement } from './check.ts'
import type { JsonObject } from './json.ts'
import type { Outcome } from './outcome.ts'

/**
 * A check and its answer, ready to be shown, recorded and judged. Every field is always there, so that a reader of
 * the JSON form never has to tell "absent" from "null".
 */
export interface Finding {
  /** The check's id, or `check:subject` where the check answered for several subjects. */
  readonly id: string
  readonly title: string
  readonly group: string
  readonly outcome: Outcome
  readonly saw: string
  readonly expected: string | null
  readonly why: string | null
  /** The next command or step; null only for a pass. */
  readonly next: string | null
  readonly source: string | null
  readonly data: JsonObject | null
  readonly cause: Cause | null
  readonly durationMs: number
  readonly attempts: number
}

export function findingOf(check: CheckInfo, judgement: Judgement, durationMs: number): Finding {
  const advised = judgement.outcome === 'pass' || judgement.outcome === 'skip' ? null : judgement
  return {
    id: judgement.subject === undefined ? check.id : `${check.id}:${judgement.subject}`,
    title: check.title,
    group: check.group,
    outcome: judgement.outcome,
    saw: judgement.saw,
    expected: advised?.expected ?? null,
    why: advised?.why ?? null,
    next: judgement.outcome === 'pass' ? null : judgement.next,
    source: judgement.source ?? null,
    data: judgement.data ?? null,
    cause: 'cause' in judgement ? (judgement.cause ?? null) : null,
    durationMs,
    attempts: judgement.attempts ?? 1,
  }
}

/** The finding of a check that was not asked because `blocker` (a finding's id) is not answered well. */
export function blockedBy(check: CheckInfo, blocker: Finding): Finding {
  return {
    id: check.id,
    title: check.title,
    group: check.group,
    outcome: 'blocked',
    saw: `not asked: ${blocker.id} is ${blocker.outcome}`,
    expected: null,
    why: null,
    next: `provops explain ${checkIdOf(blocker.id)}`,
    source: null,
    data: { blockedBy: blocker.id },
    cause: blocker.cause,
    durationMs: 0,
    attempts: 0,
  }
}

/** The check's part of a finding's id: `providers.errors` of `providers.errors:codex`. */
export function checkIdOf(findingId: string): string {
  const colon = findingId.indexOf(':')
  return colon < 0 ? findingId : findingId.slice(0, colon)
}
