import { Scalar } from 'yaml'
import type { YamlScalar } from './yaml-source.ts'

/** A scalar as the gateway's YAML library (Go, yaml.v3) understands it. Whole numbers beyond 2^53 lose digits, never their kind. */
export type GoScalar =
  | { readonly kind: 'null' }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'time'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  /** An explicit tag that the value does not fit, e.g. `!!int abc`. The gateway refuses the file. */
  | { readonly kind: 'misfit' }

const NULLS = new Set(['', '~', 'null', 'Null', 'NULL'])
const TRUES = new Set(['true', 'True', 'TRUE'])
const FALSES = new Set(['false', 'False', 'FALSE'])
const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/
const DATE =
  /^\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?(?:Z|[-+]\d{2}:\d{2}))| \d{1,2}:\d{1,2}:\d{1,2}(?:\.\d+)?)?$/
const DECIMAL = /^[-+]?(?:0|[1-9]\d*)$/
const BASED = /^([-+]?)0(?:([xX])([\da-fA-F]+)|([bB])([01]+)|[oO]?([0-7]+))$/
const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/
/** Beyond this a whole number is a float to the gateway (Go's uint64). */
const MAX_UINT64 = 2n ** 64n - 1n
const MIN_INT64 = -(2n ** 63n)

/** What a scalar means by style, tag and text. Quoted and block text is always text. */
export function goScalarOf(node: YamlScalar): GoScalar {
  const text = scalarText(node)
  const tag = shortTag(node.tag)
  if (tag === '!!str' || tag === '!') return { kind: 'text', text }
  if (tag === null)
    return node.type === Scalar.PLAIN || node.type === undefined ? resolvePlain(text) : { kind: 'text', text }
  const resolved = resolvePlain(text)
  if (tag === '!!float' && resolved.kind === 'int') return { kind: 'float', value: resolved.value }
  const wanted = TAG_KINDS[tag]
  if (wanted === undefined) return { kind: 'text', text }
  return wanted === resolved.kind ? resolved : { kind: 'misfit' }
}

const TAG_KINDS: Readonly<Record<string, GoScalar['kind']>> = {
  '!!null': 'null',
  '!!bool': 'bool',
  '!!int': 'int',
  '!!float': 'float',
  '!!timestamp': 'time',
}

/** The text of a scalar without quotes; what a text field receives even from a plain number. */
export function scalarText(node: YamlScalar): string {
  return typeof node.value === 'string' ? node.value : node.source
}

/** What unquoted `text` means: the resolution table of yaml.v3, which reads YAML 1.2 words and the numbers of both versions. */
export function resolvePlain(text: string): GoScalar {
  if (NULLS.has(text)) return { kind: 'null' }
  if (TRUES.has(text)) return { kind: 'bool', value: true }
  if (FALSES.has(text)) return { kind: 'bool', value: false }
  if (NOT_FINITE.test(text)) return { kind: 'float', value: Number.NaN }
  if (!/^[-+.\d]/.test(text)) return { kind: 'text', text }
  if (DATE.test(text)) return { kind: 'time', text }
  return resolveNumber(text) ?? { kind: 'text', text }
}

function resolveNumber(text: string): GoScalar | null {
  // A leading point is a float without the digit grouping that other numbers may have.
  const plain = text.startsWith('.') ? text : text.replaceAll('_', '')
  const whole = wholeNumber(plain)
  if (whole !== null && whole >= MIN_INT64 && whole <= MAX_UINT64)
    return { kind: 'int', value: Number(whole) }
  return FLOAT.test(plain) ? { kind: 'float', value: Number(plain) } : null
}

function wholeNumber(text: string): bigint | null {
  if (DECIMAL.test(text)) return BigInt(text.startsWith('+') ? text.slice(1) : text)
  const based = BASED.exec(text)
  if (based === null) return null
  const [, sign, hex, hexDigits, , binDigits, octDigits] = based
  const magnitude = BigInt(
    hex !== undefined ? `0x${hexDigits}` : binDigits !== undefined ? `0b${binDigits}` : `0o${octDigits}`,
  )
  return sign === '-' ? -magnitude : magnitude
}

function shortTag(tag: string | undefined): string | null {
  if (tag === undefined) return null
  return tag.startsWith('tag:yaml.org,2002:') ? `!!${tag.slice('tag:yaml.org,2002:'.length)}` : tag
}
