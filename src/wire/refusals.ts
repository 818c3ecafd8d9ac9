import { textOf } from './fields.ts'
import { type RefusalSource, readRefusalFacts } from './refusal-facts.ts'
import { type RefusalCause, type RefusalRuleId, type RefusedBy, ruleOf } from './refusal-rules.ts'
import { readWait, type Wait } from './waits.ts'

export interface Refusal {
  /** The rule that recognised it. */
  readonly rule: RefusalRuleId
  readonly by: RefusedBy
  readonly cause: RefusalCause
  /** The HTTP status as received: 200 for an error that came inside a reply or stream. */
  readonly status: number
  /** Foreign text, to be cleaned before it is shown; cut to some hundred characters; of a page, its title; `''` when there was none. */
  readonly message: string
  readonly type: string | null
  readonly code: string | null
  /** The model, provider and plan where the error names them. */
  readonly model: string | null
  readonly provider: string | null
  readonly plan: string | null
  /** When to come back, where it says so. */
  readonly wait: Wait | null
}

/**
 * Who refused and why, over every error shape that reaches a client (contract, HTTP 7): codes and texts before the
 * status, because the gateway stamps codes on plain text and passes foreign bodies through (contract, HTTP 14.14).
 * Always has an answer; what no rule knows is `unrecognised`.
 */
export function classifyRefusal(source: RefusalSource): Refusal {
  const facts = readRefusalFacts(source)
  const rule = ruleOf(facts)
  const { error, headers, message } = facts
  return {
    rule: rule.id,
    by: rule.by,
    cause: rule.cause,
    status: source.status,
    message,
    type: facts.type,
    code: facts.code,
    model: textOf(error.model),
    provider: textOf(error.provider),
    plan: textOf(error.plan_type) ?? textOf(headers['x-codex-plan-type']),
    wait: readWait({ error, headers, message, nowMs: source.nowMs }),
  }
}
