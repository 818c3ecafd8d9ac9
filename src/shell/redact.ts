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

  /** The same value with every text in it masked, so that line breaks made later cannot hide a secret from `apply`. */
  applyTo<T>(value: T): T {
    return JSON.parse(this.apply(JSON.stringify(value))) as T
  }

  /**
   * Learns the password of an address, whatever becomes of it, and its user name where that may be the secret: alone,
   * or long. Short ones such as `user` are words, which everything said would lose.
   */
  addUserInfo(address: string | undefined): void {
    if (address === undefined) return
    // Without `http://` the user's name reads as a scheme, and what is refused is quoted.
    const full = address.includes('://') ? address : `http://${address}`
    if (!URL.canParse(full)) return
    const { username, password } = new URL(full)
    const isWord = password !== '' && username.length < SHORTEST_SECRET_NAME
    for (const part of isWord ? [password] : [username, password]) {
      this.add(part)
      this.add(decoded(part))
    }
  }
}

const SHORTEST_SECRET_NAME = 16

/** `%` that begins no escape stays in an address as it is, and cannot be decoded. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
