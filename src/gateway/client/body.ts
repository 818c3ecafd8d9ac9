import { printable } from '../../core/text.ts'
import type { Body, Fault } from '../port.ts'
import type { Head } from './exchange.ts'

export type BodyReading =
  | { readonly kind: 'body'; readonly body: Body }
  | { readonly kind: 'fault'; readonly fault: Fault }

/**
 * Reads the bytes of a whole body. The limit holds again for what compressed bytes unfold to. Faults are `too-large`
 * and `garbled`; bytes that are no text in any charset they could be are still shown as `text`, never taken as JSON.
 */
export async function readBody(bytes: Uint8Array, head: Head, limitBytes: number): Promise<BodyReading> {
  const unfolded = await decompress(bytes, head.headers['content-encoding'], limitBytes)
  if (unfolded.kind === 'fault') return unfolded
  const contentType = head.headers['content-type']
  return { kind: 'body', body: classify(decode(unfolded.bytes, charsetOf(contentType)), contentType ?? '') }
}

type Unfolded =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'fault'; readonly fault: Fault }

/** Gateways are asked for plain bytes; a reverse proxy may compress all the same. */
async function decompress(
  bytes: Uint8Array,
  encoding: string | undefined,
  limitBytes: number,
): Promise<Unfolded> {
  const name = (encoding ?? 'identity').trim().toLowerCase()
  if (name === 'identity' || name === '' || bytes.byteLength === 0) return { kind: 'bytes', bytes }
  const { brotliDecompressSync, gunzipSync, inflateSync } = await import('node:zlib')
  const decoders = new Map([
    ['gzip', gunzipSync],
    ['x-gzip', gunzipSync],
    ['deflate', inflateSync],
    ['br', brotliDecompressSync],
  ])
  const decoder = decoders.get(name)
  if (!decoder) return garbled(`the body's content-encoding is ${name}`)
  try {
    return { kind: 'bytes', bytes: decoder(bytes, { maxOutputLength: limitBytes }) }
  } catch (error) {
    const tooLarge =
      error instanceof RangeError && (error as { code?: unknown }).code === 'ERR_BUFFER_TOO_LARGE'
    return tooLarge
      ? { kind: 'fault', fault: { kind: 'too-large', limitBytes } }
      : garbled(`the body is not the ${name} it is said to be`)
  }
}

function garbled(message: string): Unfolded {
  return { kind: 'fault', fault: { kind: 'garbled', message } }
}

interface Decoded {
  readonly text: string
  /** `lossy` when some bytes had no meaning and were replaced. */
  readonly fidelity: 'exact' | 'lossy'
}

const BYTE_ORDER_MARKS = [
  { mark: [0xef, 0xbb, 0xbf], charset: 'utf-8' },
  { mark: [0xff, 0xfe], charset: 'utf-16le' },
  { mark: [0xfe, 0xff], charset: 'utf-16be' },
] as const

/** A byte order mark decides; then UTF-8 if the bytes are that, whatever the header says; then the header. */
function decode(bytes: Uint8Array, declared: string | null): Decoded {
  const marked = BYTE_ORDER_MARKS.find(({ mark }) => mark.every((byte, at) => bytes[at] === byte))
  const charsets = marked ? [marked.charset] : ['utf-8', ...(declared === null ? [] : [declared])]
  for (const charset of charsets) {
    const text = decodeAs(charset, bytes)
    // UTF-16 of plain letters is valid UTF-8 too, full of NULs.
    if (text !== null && !text.includes('\0')) return { text, fidelity: 'exact' }
  }
  return { text: new TextDecoder().decode(bytes), fidelity: 'lossy' }
}

function decodeAs(charset: string, bytes: Uint8Array): string | null {
  try {
    return new TextDecoder(charset, { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

function classify({ text, fidelity }: Decoded, contentType: string): Body {
  const start = text.trimStart().slice(0, 20).toLowerCase()
  if (start === '') return { kind: 'empty' }
  const saysJson = /^\s*application\/(?:[^\s;]+\+)?json\b/i.test(contentType)
  const looksLikeJson = start.startsWith('{') || start.startsWith('[')
  if (looksLikeJson || saysJson) {
    const parsed = fidelity === 'exact' ? parseJson(text) : null
    if (parsed) return { kind: 'json', value: parsed.value, text }
    if (looksLikeJson) return { kind: 'half-json', text }
  }
  if (/^<(?:!doctype html|html|head|body)\b/.test(start) || /^\s*text\/html\b/i.test(contentType))
    return { kind: 'html', title: titleOf(text), text }
  return { kind: 'text', text }
}

function parseJson(text: string): { readonly value: unknown } | null {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return null
  }
}

/** The charset a `content-type` names. */
function charsetOf(contentType: string | undefined): string | null {
  return /;\s*charset\s*=\s*"?(?<charset>[^\s;"]+)/i.exec(contentType ?? '')?.groups?.charset ?? null
}

const TITLE_LIMIT = 80

/** A title stands near the start; the pattern would take quadratic time over megabytes of `<title`. */
const TITLE_WITHIN = 8192

function titleOf(html: string): string | null {
  const found = /<title[^>]*>(?<title>[^<]*)/i.exec(html.slice(0, TITLE_WITHIN))
  const title = printable(found?.groups?.title ?? '', TITLE_LIMIT)
  return title === '' ? null : title
}
