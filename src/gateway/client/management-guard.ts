/** What became of a call with the management key. */
export type KeyOutcome =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'refused'; readonly refusal: string }
  /** It was sent and nothing came back: the gateway may have counted it as a failure. */
  | { readonly kind: 'unanswered' }
  /** Never sent, or the reply says nothing about the key. */
  | { readonly kind: 'undecided' }

export type Entry =
  | { readonly kind: 'held-back'; readonly refusal: string }
  /** Must be left, once, whatever happens. */
  | { readonly kind: 'entered'; readonly leave: (outcome: KeyOutcome) => void }

/**
 * Protects the budget of five failures that bans an address for half an hour: calls go one at a time until one has
 * succeeded, and none goes after a refusal, or after a call that got no answer before any success (contract, HTTP 8.1
 * and 14.8).
 */
export class ManagementGuard {
  #accepted = false
  #refusal: string | null = null
  #lastLeft: Promise<void> = Promise.resolve()

  async enter(): Promise<Entry> {
    let left: () => void = () => {}
    if (!this.#accepted && this.#refusal === null) {
      const before = this.#lastLeft
      this.#lastLeft = new Promise((resolve) => {
        left = resolve
      })
      await before
    }
    if (this.#refusal !== null || this.#accepted) left()
    if (this.#refusal !== null) return { kind: 'held-back', refusal: this.#refusal }
    return {
      kind: 'entered',
      leave: (outcome) => {
        this.#note(outcome)
        left()
      },
    }
  }

  #note(outcome: KeyOutcome): void {
    if (outcome.kind === 'accepted') this.#accepted = true
    if (outcome.kind === 'refused') this.#refusal ??= outcome.refusal
    if (outcome.kind === 'unanswered' && !this.#accepted)
      this.#refusal ??= 'the first request with this key got no answer, and may have counted as a failure'
  }
}
