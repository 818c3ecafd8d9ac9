import type { LogRecord } from '../../analysis/logs/line.ts'
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
    const { provider, model, error, status } = message
    // The status is often not part of the line; 200 lets the text decide.
    const refusal = classifyRefusal({ status: status ?? 200, headers: {}, body: error, nowMs: this.#nowMs })
    const key = `${provider}\0${model}\0${refusal.rule}`
    if (this.#kinds.has(key) || this.#kinds.size < MOST_KINDS)
      this.#kinds.set(key, { provider: provider ?? '', model: model ?? '', refusal })
  }

  found(): readonly LoggedWords[] {
    return [...this.#kinds.values()]
  }
}
