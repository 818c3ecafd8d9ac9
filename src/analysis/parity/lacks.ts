import type { AnswerBody } from '../../wire/answers.ts'
import type { Endpoint } from '../../wire/routes.ts'
import { stated, type Usage } from '../../wire/usage.ts'
import type { CountName, ParityFault, ParityNote, Side } from './verdict.ts'

/** What one side's usage lacks, whatever the other side says. */
export interface Lacks {
  readonly faults: readonly ParityFault[]
  readonly notes: readonly ParityNote[]
}

/** The counts an endpoint has to state: Claude usage has no total (contract, HTTP 6). */
export function countsOf(endpoint: Endpoint): readonly CountName[] {
  return endpoint === 'messages' ? ['input', 'output'] : ['input', 'output', 'total']
}

/** The whole prompt. Claude counts what came from or went into a cache beside `input`, the others inside it. */
export function promptOf(endpoint: Endpoint, usage: Usage): number | null {
  const input = stated(usage.input)
  if (input === null || endpoint !== 'messages') return input
  return input + (stated(usage.cached) ?? 0) + (stated(usage.cacheCreation) ?? 0)
}

/** Whether something was said, and counted as nothing. */
export function hasUncountedOutput({ usage, content }: AnswerBody): boolean {
  const { text, reasoning, toolCalls } = content
  return stated(usage.output) === 0 && text.chars + reasoning.chars + toolCalls.chars > 0
}

export function lacksOf(endpoint: Endpoint, where: Side, body: AnswerBody): Lacks {
  const { usage } = body
  const faults = countsOf(endpoint).flatMap((field): ParityFault[] => {
    const { kind } = usage[field]
    return kind === 'number' ? [] : [{ kind, field, where }]
  })
  if (promptOf(endpoint, usage) === 0) faults.push({ kind: 'zero', field: 'input', where })
  if (hasUncountedOutput(body)) faults.push({ kind: 'zero', field: 'output', where })

  const stating = totalOf(endpoint, usage)
  if (stating === null || stating.total === stating.sum) return { faults, notes: [] }
  const reasoning = reasoningBesideOutput(stating, usage)
  if (reasoning === null)
    return { faults: [...faults, { kind: 'total-not-sum', where, ...stating }], notes: [] }
  return { faults, notes: [{ kind: 'reasoning-beside-output', where, reasoning }] }
}

interface Total {
  readonly total: number
  readonly sum: number
}

/** The stated total beside the sum it has to be; null when one of them is not to be had. */
function totalOf(endpoint: Endpoint, usage: Usage): Total | null {
  const [input, output, total] = [stated(usage.input), stated(usage.output), stated(usage.total)]
  if (!countsOf(endpoint).includes('total') || input === null || output === null || total === null)
    return null
  return { total, sum: input + output }
}

/**
 * More than the sum is right only when it is exactly the reasoning that the same usage states: answers from Gemini
 * count thoughts in the total alone (contract, HTTP 5).
 */
function reasoningBesideOutput({ total, sum }: Total, usage: Usage): number | null {
  const reasoning = stated(usage.reasoning)
  return reasoning !== null && total - sum === reasoning ? reasoning : null
}

/** The total and its sum, unless the total is wrong by itself. */
export function soundTotal(endpoint: Endpoint, { usage }: AnswerBody): Total | null {
  const stating = totalOf(endpoint, usage)
  if (stating === null) return null
  const sound = stating.total === stating.sum || reasoningBesideOutput(stating, usage) !== null
  return sound ? stating : null
}
