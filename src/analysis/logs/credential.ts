import { detached } from './detached.ts'

// A gateway prints a key as its first and last characters (contract, files 4.5).
const MASKED_KEY = /^\S{1,4}\.\.\.\S{1,4}$/
// Auth files are named `<provider>-<e-mail>…json`; the provider stays readable.
const EMAIL =
  /(?<provider>\b(?:codex|claude|gemini|antigravity|qwen|iflow|kiro|kimi|xai|vertex|copilot|cursor)-)?(?<first>[^\s@=/])[^\s@=/]*@/g
const PREFIXES = /^(?:provider=\S+ )?(?:auth_file|auth_id)=/

/**
 * A credential as a log names it, fit to be shown: a key that the gateway has not masked becomes `***`, and of an
 * e-mail address only the first character before the `@` stays. Two credentials can become the same text.
 */
export function maskCredential(named: string): string {
  if (named.startsWith('api_key=')) {
    const key = named.slice('api_key='.length)
    return MASKED_KEY.test(key) ? key : '***'
  }
  return named.replace(PREFIXES, '').replace(EMAIL, '$<provider>$<first>***@')
}

/** Gives every credential its own label; those that look the same once masked are numbered as they come. */
export class CredentialLabels {
  readonly #labels = new Map<string, string>()
  readonly #uses = new Map<string, number>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  labelOf(named: string): string {
    const known = this.#labels.get(named)
    if (known !== undefined) return known
    const masked = maskCredential(named)
    if (this.#labels.size >= this.#limit) return masked
    const uses = (this.#uses.get(masked) ?? 0) + 1
    this.#uses.set(detached(masked), uses)
    const label = uses === 1 ? masked : `${masked} #${uses}`
    this.#labels.set(detached(named), label)
    return label
  }
}
