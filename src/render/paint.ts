import { Chalk, type ChalkInstance } from 'chalk'
import stringWidth from 'string-width'
import wrapAnsi from 'wrap-ansi'
import type { Outcome } from '../core/outcome.ts'
import { GLYPHS, type Look } from './look.ts'

export type Tone = Outcome | 'strong' | 'faint'

/** Text with or without colour, by the look; colour never carries meaning alone. */
export class Painter {
  readonly #chalk: ChalkInstance
  readonly look: Look

  constructor(look: Look) {
    this.look = look
    this.#chalk = new Chalk({ level: look.color ? 1 : 0 })
  }

  paint(tone: Tone, text: string): string {
    switch (tone) {
      case 'pass':
        return this.#chalk.green(text)
      case 'warn':
        return this.#chalk.yellow(text)
      case 'fail':
        return this.#chalk.red(text)
      case 'unknown':
        return this.#chalk.magenta(text)
      case 'strong':
        return this.#chalk.bold(text)
      default:
        return this.#chalk.dim(text)
    }
  }

  glyph(outcome: Outcome): string {
    const { unicode, ascii } = GLYPHS[outcome]
    return this.paint(outcome, this.look.unicode ? unicode : ascii.padEnd(4))
  }
}

/** Pads to `width` columns as a terminal counts them. */
export function padded(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, width - stringWidth(text)))
  return align === 'left' ? text + blanks : blanks + text
}

/** Breaks `text` at blanks into lines of at most `width` columns; a longer word is broken rather than lost. */
export function wrapped(text: string, width: number): string[] {
  return wrapAnsi(text, Math.max(20, width), { hard: true, trim: true }).split('\n')
}

/** The same for what is there to be typed: no word is broken, nor a line that a shell would go on with. */
export function wrappedToType(text: string, width: number): string[] {
  return text.endsWith('\\')
    ? [text]
    : wrapAnsi(text, Math.max(20, width), { hard: false, trim: true }).split('\n')
}

export function widest(texts: Iterable<string>): number {
  let width = 0
  for (const text of texts) width = Math.max(width, stringWidth(text))
  return width
}
