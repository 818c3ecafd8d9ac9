import { hiding } from '../wire/secret.ts'

/**
 * The last net before anything leaves the process: it knows the secrets of this run and masks them in every text, in
 * every encoding a gateway might echo them in. Nothing relies on it alone.
 */
export class Redactor {
  readonly #secrets = new Set<string>()
  #hide: (text: string) => string = (text) => text

  add(secret: string): void {
    const trimmed = secret.trim()
    if (trimmed === '') return
    this.#secrets.add(trimmed).add(JSON.stringify(trimmed).slice(1, -1))
    this.#hide = hiding([...this.#secrets])
  }

  apply(text: string): string {
    return this.#hide(text)
  }
}
