import { resolvePlain } from './go-scalar.ts'
import type { Plain, PlainMap } from './plain.ts'

/** How a new text value is quoted: as its neighbours are, or not where that is safe. */
export type Quoting = 'double' | 'single' | 'plain'

/** Characters that begin no YAML syntax anywhere in a value; others are quoted. */
const SAFE = /^[\p{L}\p{N}_./$+-][\p{L}\p{N}_./@$+%=~^-]*(?::[\p{L}\p{N}_./@$+%=~^-]+)*$/u
/** Words that YAML 1.1 readers take for true or false. */
const YAML_1_1_WORD = /^(?:y|n|yes|no|on|off)$/i
const PRINTABLE = /^[^\p{Cc}\p{Cs}\u2028\u2029\ufeff]*$/u

/** `value` as YAML on one line; text in the wanted quoting where it can be written so. */
export function scalarYaml(value: string | number | boolean | null, quoting: Quoting = 'plain'): string {
  if (typeof value !== 'string') return String(value)
  if (quoting === 'single' && PRINTABLE.test(value)) return `'${value.replaceAll("'", "''")}'`
  if (quoting === 'plain' && isPlainSafe(value)) return value
  return doubleQuoted(value)
}

function isPlainSafe(text: string): boolean {
  return (
    SAFE.test(text) &&
    !/^[-.]+$/.test(text) &&
    !YAML_1_1_WORD.test(text) &&
    resolvePlain(text).kind === 'text'
  )
}

/** JSON is YAML, but for the separators and control characters that it leaves unescaped. */
function doubleQuoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029\ufeff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** How deep the file indents. */
export interface Layout {
  /** Spaces of a map below its key. */
  readonly mapIndent: number
  /** Spaces of a dash below the key of its list; 0 is common. */
  readonly listIndent: number
  readonly quoting: Quoting
}

/** The pairs of a map as lines, without indentation. */
function mapLines(map: PlainMap, layout: Layout): string[] {
  return [...map].flatMap(([key, value]) => pairLines(key, value, layout))
}

export function pairLines(key: string, value: Plain, layout: Layout): string[] {
  const name = scalarYaml(key)
  if (value instanceof Map) {
    if (value.size === 0) return [`${name}: {}`]
    return [`${name}:`, ...indented(mapLines(value, layout), layout.mapIndent)]
  }
  if (!Array.isArray(value)) return [`${name}: ${scalarYaml(value, layout.quoting)}`]
  if (value.length === 0) return [`${name}: []`]
  return [
    `${name}:`,
    ...indented(
      value.flatMap((item) => itemLines(item, 1, layout)),
      layout.listIndent,
    ),
  ]
}

/** A list item as lines from its dash on; `gap` is the number of spaces behind the dash. */
export function itemLines(item: Plain, gap: number, layout: Layout): string[] {
  const inner =
    item instanceof Map && item.size > 0 ? mapLines(item, layout) : [flowYaml(item, layout.quoting)]
  const [first = '', ...others] = inner
  return [`-${' '.repeat(gap)}${first}`, ...indented(others, gap + 1)]
}

/** Any value on one line. */
export function flowYaml(value: Plain, quoting: Quoting): string {
  if (value instanceof Map)
    return `{${[...value].map(([key, inner]) => flowPair(key, inner, quoting)).join(', ')}}`
  if (Array.isArray(value)) return `[${value.map((item) => flowYaml(item, quoting)).join(', ')}]`
  return scalarYaml(value, quoting)
}

export function flowPair(key: string, value: Plain, quoting: Quoting): string {
  return `${scalarYaml(key)}: ${flowYaml(value, quoting)}`
}

function indented(lines: readonly string[], spaces: number): string[] {
  return lines.map((line) => `${' '.repeat(spaces)}${line}`)
}
