import type { LogLine } from './line.ts'

/** Where lines go once it is known that they are the gateway's own, or that they are not. */
export interface LineSink {
  accept(line: LogLine): void
  /** Lines that a client wrote into the log through the path of the request accepted last. */
  forged(lines: readonly LogLine[]): void
}

/** As many lines as a record may go on for (contract, files 4.6). */
const MAX_BLOCK_LINES = 200

/** The gateway's own quote behind the path, with what it may write after it (contract, files 4.3). */
const PATH_END = /"(?: \[credits\])?(?: \| .*)?\r?$/s

interface Held {
  readonly line: LogLine
  readonly endsPath: boolean
  readonly oddQuotes: boolean
}

/**
 * Holds back what follows an access line whose path is not closed: the gateway writes a decoded `%0A` as it is, so
 * that anybody who can reach the port can write complete lines of their own (contract, files 4.6). Everything up to
 * the line with the gateway's closing quote, told by an odd number of quotes, belongs to that one path. When no such
 * line comes within 200 lines the block ends at the first line that could close the path.
 *
 * A path that brings its own quotes, so that each line has two, cannot be told from real lines by anybody.
 */
export class ForgeryGuard {
  readonly #sink: LineSink
  #held: Held[] = []

  constructor(sink: LineSink) {
    this.#sink = sink
  }

  /** Whether lines are being held back. */
  get holding(): boolean {
    return this.#held.length > 0
  }

  accept(line: LogLine, text: string): void {
    if (this.#held.length > 0 || opensPath(line)) {
      this.#hold({ line, endsPath: PATH_END.test(text), oddQuotes: hasOddQuotes(text) })
    } else this.#sink.accept(line)
  }

  /** Lets go of everything: a record never goes on in the next file (contract, files 4.1). */
  endOfPart(): void {
    while (this.#held.length > 0) this.#release(this.#held.findIndex(({ endsPath }, i) => i > 0 && endsPath))
  }

  #hold(held: Held): void {
    this.#held.push(held)
    if (this.#held.length === 1) return
    if (held.endsPath && held.oddQuotes) this.#release(this.#held.length - 1)
    else if (this.#held.length > MAX_BLOCK_LINES) {
      this.#release(this.#held.findIndex(({ endsPath }, i) => i > 0 && endsPath))
    }
  }

  /** Passes on the block up to `end`, or only its first line when there is no end, and looks at the rest again. */
  #release(end: number): void {
    const lines = this.#held.slice(0, Math.max(end, 0) + 1).map(({ line }) => line)
    const rest = this.#held.slice(lines.length)
    this.#held = []
    const [head, ...inside] = lines
    if (head !== undefined) this.#sink.accept(head)
    if (inside.some(({ kind }) => kind === 'record')) this.#sink.forged(inside)
    else for (const line of inside) this.#sink.accept(line)
    for (const held of rest) {
      if (this.#held.length > 0 || opensPath(held.line)) this.#hold(held)
      else this.#sink.accept(held.line)
    }
  }
}

function opensPath(line: LogLine): boolean {
  return line.kind === 'record' && line.message.kind === 'access' && line.message.pathEnd === 'open'
}

function hasOddQuotes(text: string): boolean {
  let quotes = 0
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) quotes++
  return quotes % 2 === 1
}
