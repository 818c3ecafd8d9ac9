import { printable } from '../../core/text.ts'
import { TOKEN_KINDS } from '../tokens/kinds.ts'

/** How e-mail addresses are shown: their owners' names are nobody's business unless they are asked for. */
export type EmailDisplay = 'masked' | 'shown'

const LONGEST_NAME = 120

const TYPES = Object.keys(TOKEN_KINDS)
  .sort((a, b) => b.length - a.length)
  .join('|')

/** What a gateway writes before the address in a file name: type, way of login, account hash (contract, files 3.3). */
const BEFORE = `(?:\\b(?:${TYPES})(?:-(?:google|github|aws|idc))?-(?:[0-9a-f]{8}-)?)?`

// No address has a longer part before the @; the bound keeps the search linear.
const ADDRESS = new RegExp(
  `(?<before>${BEFORE})(?<first>[^\\s@"'(<=/:])[^\\s@"'(<=/:]{0,255}(?<at>@|%40)`,
  'gi',
)

/**
 * An address that was made fit for a file name, `jane_doe_example_com`: words without any `@` that end in a country or
 * one of the usual top-level domains.
 */
const DISGUISED = new RegExp(
  `^(?<before>${BEFORE})(?<first>[\\w+])[\\w.+-]*[._-][a-z\\d]+[._-](?:com|net|org|io|dev|app|ai|edu|gov|info|me|xyz|[a-z]{2})$`,
  'i',
)

/** A text with the owners' names of all addresses in it cut to their first character: `a…@example.com`. */
export function maskEmails(text: string): string {
  return text.replace(ADDRESS, '$<before>$<first>…$<at>')
}

/** A file's name with the address in it masked, also one that was made fit for a file name. */
export function maskFileName(name: string, email: string | null = null): string {
  const [, stem = name, extension = ''] = /^(.*?)(\.(?:json|cds))?$/is.exec(name) ?? []
  const own = email === null ? null : withoutOwn(stem, email)
  if (own !== null && own.split(/@|%40/).length <= 2) return own + extension
  if (/@|%40/.test(stem)) return maskEmails(stem) + extension
  const { before = '', first } = DISGUISED.exec(stem)?.groups ?? {}
  return first === undefined ? name : `${before}${first}…${extension}`
}

/** The name with its owner's address masked, whatever stands for the punctuation in it; null when it is not there. */
function withoutOwn(stem: string, email: string): string | null {
  const at = stem.toLowerCase().indexOf(email.toLowerCase())
  if (at >= 0) return stem.slice(0, at) + maskEmails(email) + stem.slice(at + email.length)
  const words = email.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '')
  // Making an expression for each of thousands of names would take minutes.
  if (words.length === 0 || !squashed(stem).includes(squashed(email))) return null
  const disguised = stem.replace(new RegExp(words.join('[^\\p{L}\\p{N}]{1,3}'), 'iu'), () =>
    maskEmails(email),
  )
  return disguised === stem ? null : disguised
}

function squashed(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')
}

/** Names of credentials that tell them apart and nothing more: those that look the same once masked are numbered. */
export class CredentialNames {
  readonly #display: EmailDisplay
  readonly #names = new Map<string, string>()

  constructor(
    display: EmailDisplay,
    files: readonly { readonly name: string; readonly email: string | null }[],
  ) {
    this.#display = display
    const emails = new Map(files.map(({ name, email }) => [name, email]))
    const uses = new Map<string, number>()
    for (const name of [...emails.keys()].sort()) {
      const shown = this.#shown(name, emails.get(name) ?? null)
      const count = (uses.get(shown) ?? 0) + 1
      uses.set(shown, count)
      this.#names.set(name, count === 1 ? shown : `${shown} #${count}`)
    }
  }

  /** For a file of the auth directory. */
  ofFile(name: string): string {
    return this.#names.get(name) ?? this.#shown(name, null)
  }

  /** For a short foreign text, such as a plan. */
  inText(text: string): string {
    return printable(this.#display === 'shown' ? text : maskEmails(text), LONGEST_NAME)
  }

  #shown(name: string, email: string | null): string {
    return printable(this.#display === 'shown' ? name : maskFileName(name, email), LONGEST_NAME)
  }
}
