/** A provider's reply as it comes; to be read by one of the two. */
export interface ProviderBody {
  whole(): Promise<WholeBody>
  /** As text, cut as it comes, and how it ended. Leaving early breaks the connection off. */
  pieces(): AsyncGenerator<BodyPiece, void, void>
}

export type WholeBody =
  | { readonly kind: 'whole'; readonly text: string }
  /** The connection broke inside the body; `text` came before. */
  | { readonly kind: 'cut'; readonly text: string }

export type BodyPiece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'end'; readonly how: 'closed' | 'reset' }

/** Where the text comes from. */
export interface BodySource {
  /** Make the provider wait, or go on. */
  pause(): void
  resume(): void
  /** The reader left before the end. */
  abandon(): void
}

/** Above this much unread text the provider is made to wait. */
const PAUSE_ABOVE_CHARS = 256 * 1024

/** Above this a whole reply is given up, as if it were cut there. */
const MAX_WHOLE_CHARS = 64 * 1024 * 1024

/** Keeps what a provider sent for somebody who reads at their own pace. */
export class ReplyBody implements ProviderBody {
  readonly #source: BodySource
  #texts: string[] = []
  #unreadChars = 0
  #paused = false
  #how: 'closed' | 'reset' | null = null
  #wake: (() => void) | null = null

  constructor(source: BodySource) {
    this.#source = source
  }

  push(text: string): void {
    if (text === '') return
    this.#texts.push(text)
    this.#unreadChars += text.length
    if (this.#unreadChars > PAUSE_ABOVE_CHARS && !this.#paused) {
      this.#paused = true
      this.#source.pause()
    }
    this.#wake?.()
  }

  /** Only the first call counts. */
  finish(how: 'closed' | 'reset'): void {
    this.#how ??= how
    this.#wake?.()
  }

  async whole(): Promise<WholeBody> {
    let text = ''
    while (this.#how === null) {
      await this.#more()
      text += this.#take().join('')
      if (text.length <= MAX_WHOLE_CHARS) continue
      this.#source.abandon()
      return { kind: 'cut', text }
    }
    return { kind: this.#how === 'closed' ? 'whole' : 'cut', text: text + this.#take().join('') }
  }

  async *pieces(): AsyncGenerator<BodyPiece, void, void> {
    try {
      for (;;) {
        await this.#more()
        for (const text of this.#take()) yield { kind: 'text', text }
        if (this.#how === null || this.#texts.length > 0) continue
        yield { kind: 'end', how: this.#how }
        return
      }
    } finally {
      if (this.#how === null) this.#source.abandon()
    }
  }

  /** Resolves when there is something new, or the end. */
  #more(): Promise<void> | null {
    if (this.#texts.length > 0 || this.#how !== null) return null
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = null
        resolve()
      }
    })
  }

  #take(): string[] {
    const texts = this.#texts
    this.#texts = []
    this.#unreadChars = 0
    if (this.#paused) {
      this.#paused = false
      this.#source.resume()
    }
    return texts
  }
}
