const SHOWN = '[secret]'

/** What a text given as a key turned out to be. */
export type SecretReading =
  | { readonly kind: 'secret'; readonly secret: Secret }
  /** Nothing but white space. */
  | { readonly kind: 'empty' }
  /** Nothing an HTTP header can carry, e.g. two lines, a smart quote, or a whole file. */
  | { readonly kind: 'unsendable' }

/** The longest header line that common proxies take. */
const LONGEST_KEY = 8_192

/** A key that shows itself only to `reveal()`: printed, logged, inspected or put into JSON it reads `[secret]`. */
export class Secret {
  readonly #text: string

  private constructor(text: string) {
    this.#text = text
  }

  /** Reads a key as it stands in a file or variable: white space around it is dropped, as gateways do (contract, HTTP 2.1). */
  static read(text: string): SecretReading {
    const trimmed = text.trim()
    if (trimmed === '') return { kind: 'empty' }
    if (trimmed.length > LONGEST_KEY || !/^[\x21-\x7e]+$/.test(trimmed)) return { kind: 'unsendable' }
    return { kind: 'secret', secret: new Secret(trimmed) }
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return SHOWN
  }

  toJSON(): string {
    return SHOWN
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return SHOWN
  }
}

/** A shorter text would be found inside ordinary words and numbers. */
const SHORTEST_HIDDEN = 4

/** Fewer characters of base64 would be found inside other base64 by chance. */
const SHORTEST_BASE64 = 8

/**
 * A function that replaces every one of `secrets` in a text by `[secret]`: as it is, percent-encoded, escaped for
 * JSON, in hex, and inside base64 or base64url at any offset (as in `Basic` credentials). Secrets shorter than four characters stay.
 */
export function hiding(secrets: readonly string[]): (text: string) => string {
  const forms = secrets
    .filter((secret) => secret.length >= SHORTEST_HIDDEN)
    .flatMap(piecesOf)
    .flatMap(formsOf)
  const longestFirst = [...new Set(forms)].sort((a, b) => b.length - a.length)
  const patterns = alternations(longestFirst)
  return (text) => patterns.reduce((rest, pattern) => rest.replace(pattern, SHOWN), text)
}

/** A longer one, such as a token with all groups of its owner, overflows the stack of the engine (from 3,500 on). */
const LONGEST_PIECE = 1_000

/** All of a secret, in pieces of equal length where it is long. */
function piecesOf(secret: string): string[] {
  const length = Math.ceil(secret.length / Math.ceil(secret.length / LONGEST_PIECE))
  const starts = Array.from({ length: Math.ceil(secret.length / length) }, (_, index) => index * length)
  return starts.map((start) => secret.slice(start, start + length))
}

/** What the engine takes in one expression is limited, too. */
const LARGEST_SOURCE = 200_000

function alternations(forms: readonly string[]): RegExp[] {
  const sources: string[] = []
  for (const form of forms) {
    const last = sources.at(-1)
    if (last === undefined || last.length + form.length > LARGEST_SOURCE) sources.push(form)
    else sources[sources.length - 1] = `${last}|${form}`
  }
  return sources.map((source) => new RegExp(source, 'g'))
}

/** Regular expressions for each form of one secret. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  return [
    [...bytes].map(charForm).join(''),
    eitherCase(bytes.toString('hex')),
    ...[0, 1, 2].map((offset) => base64Form(bytes, offset)).filter((form) => form !== ''),
  ]
}

/** One byte as it is, as `%2f`, as JSON's `\u002f`, or behind backslashes: JSON in JSON in JSON has up to seven. */
function charForm(byte: number): string {
  const hex = eitherCase(byte.toString(16).padStart(2, '0'))
  return `(?:\\\\{0,7}${escapeRegExp(String.fromCharCode(byte))}|%${hex}|\\\\{1,7}u00${hex})`
}

function eitherCase(hex: string): string {
  return hex.replace(/[a-f]/g, (letter) => `[${letter}${letter.toUpperCase()}]`)
}

/**
 * The base64 characters that depend on the secret alone when `offset` (0 to 2) foreign bytes share its first group:
 * those at both ends that mix with neighbours are left out.
 */
function base64Form(bytes: Buffer, offset: number): string {
  const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replaceAll('=', '')
  const mixedAtStart = offset === 0 ? 0 : offset + 1
  const mixedAtEnd = (offset + bytes.length) % 3 === 0 ? 0 : 1
  const core = encoded.slice(mixedAtStart, encoded.length - mixedAtEnd)
  if (core.length < SHORTEST_BASE64) return ''
  return escapeRegExp(core).replaceAll('/', '[/_]').replaceAll('\\+', '[+-]')
}

function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
