import type { LogRecord } from '../../analysis/logs/line.ts'
import { statusInText } from '../../analysis/logs/upstream-status.ts'
import { classifyRefusal } from '../../wire/refusals.ts'
import type { LoggedWords } from './incident-context.ts'

/** Kinds of refusal kept; a log in trouble repeats a few of them a million times. */
const MOST_KINDS = 200

/** Collects what providers said, by the failure lines of a log (contract, files 4.5): the newest of each kind. */
export class ProviderWords {
  readonly #nowMs: number
  readonly #kinds = new Map<string, LoggedWords>()

  constructor(nowMs: number) {
    this.#nowMs = nowMs
  }

  add({ message }: LogRecord): void {
    if (message.kind !== 'upstream-failure' || message.error === '') return
    const { provider, model, error } = message
    const status = message.status ?? statusOf(error)
    const refusal = classifyRefusal({ status, headers: {}, body: error, nowMs: this.#nowMs })
    const key = `${provider}\0${model}\0${refusal.rule}`
    if (this.#kinds.has(key) || this.#kinds.size < MOST_KINDS)
      this.#kinds.set(key, { provider: provider ?? '', model: model ?? '', refusal })
  }

  found(): readonly LoggedWords[] {
    return [...this.#kinds.values()]
  }
}

/** What stands for a status that neither the line nor its words tell, so that the rules go by the words alone. */
export const UNTOLD_STATUS = 200

function statusOf(error: string): number {
  const evidence = statusInText(error)
  return evidence.kind === 'unknown' ? UNTOLD_STATUS : evidence.status
}
