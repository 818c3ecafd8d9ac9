import { closest } from 'fastest-levenshtein'
import { type Document, isCollection, isNode, isPair, LineCounter, parseDocument } from 'yaml'
import * as z from 'zod/mini'
import en from 'zod/v4/locales/en.js'

export interface YamlProblem {
  readonly message: string
  /** Both from 1. */
  readonly line: number
  readonly column: number
  /** Dotted, `''` for the file as a whole. */
  readonly path: string
}

export type StrictReading<T> =
  | { readonly kind: 'value'; readonly value: T; placeOf(path: Path): TextPlace }
  | { readonly kind: 'refused'; readonly problems: readonly YamlProblem[] }

export interface TextPlace {
  readonly line: number
  readonly column: number
}

/** Changes the plain value before it is judged, or says why it cannot be used. */
export type Prepare = (
  value: unknown,
) => { readonly value: unknown } | { readonly problem: string; readonly path: Path }

type Path = readonly PropertyKey[]
type Schema = z.core.$ZodType

/**
 * Reads YAML that people write for us. Syntax errors, wrong types and unknown keys are problems with their place; an
 * unknown key comes with the nearest one that exists there.
 */
export function readStrictYaml<S extends Schema>(
  text: string,
  schema: S,
  prepare: Prepare = (value) => ({ value }),
): StrictReading<z.output<S>> {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0) {
    const problems = document.errors.map(({ code, message, pos }) => ({
      message: code === 'MULTIPLE_DOCS' ? 'a second document begins here, and only one is read' : message,
      ...placeAt(lines, pos[0]),
      path: '',
    }))
    return { kind: 'refused', problems }
  }
  const placeOf = (path: Path) => placeAt(lines, nearestOffset(document, path))
  const plain = plainValue(document)
  if (plain.kind === 'refused') return plain
  const prepared = prepare(plain.value)
  if ('problem' in prepared) {
    const { problem, path } = prepared
    return { kind: 'refused', problems: [{ message: problem, ...placeOf(path), path: path.join('.') }] }
  }
  const { value } = prepared
  const parsed = z.safeParse(schema, value, { error: en().localeError })
  if (parsed.success) return { kind: 'value', value: parsed.data, placeOf }
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(issue, { schema, value }, placeOf))
  return { kind: 'refused', problems }
}

type Plain =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly problems: readonly YamlProblem[] }

/** Aliases that would grow without bounds are refused by the library, as the text is resolved. */
function plainValue(document: Document): Plain {
  try {
    return { kind: 'value', value: document.toJS() }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { kind: 'refused', problems: [{ message, line: 1, column: 1, path: '' }] }
  }
}

function placeAt(lines: LineCounter, offset: number): TextPlace {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}

interface Place {
  readonly schema: Schema
  readonly value: unknown
}

function problemsOf(issue: z.core.$ZodIssue, root: Place, placeOf: (path: Path) => TextPlace): YamlProblem[] {
  if (issue.code !== 'unrecognized_keys')
    return [
      {
        message: messageOf(issue),
        ...placeOf(issue.path),
        path: issue.path.join('.'),
      },
    ]
  const known = knownKeys(root, issue.path)
  return issue.keys.map((key) => {
    const path = [...issue.path, key]
    const near = known.length > 0 ? `; did you mean "${closest(key, known)}"?` : ''
    return { message: `unknown key "${key}"${near}`, ...placeOf(path), path: path.join('.') }
  })
}

/** In the words of somebody who writes YAML, where the type has another name there. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'invalid_type') return issue.message.replace(/^Invalid input: /, '')
  return `expected ${YAML_WORDS[issue.expected] ?? `a ${issue.expected}`}`
}

const YAML_WORDS: Readonly<Record<string, string>> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'a text',
  int: 'a whole number',
}

/** Where the key stands that `path` ends in, or the nearest thing above it that is there. */
function nearestOffset(document: Document, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const offset = offsetAt(document, path.slice(0, length))
    if (offset !== null) return offset
  }
  return document.contents?.range?.[0] ?? 0
}

function offsetAt(document: Document, path: Path): number | null {
  const last = path.at(-1)
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (!isCollection(parent)) return null
  const item = parent.items.find(
    (each) => isPair(each) && isNode(each.key) && String(each.key) === String(last),
  )
  if (isPair(item) && isNode(item.key)) return item.key.range?.[0] ?? null
  const node = parent.get(last, true)
  return isNode(node) ? (node.range?.[0] ?? null) : null
}

/** The keys the schema allows at `path`; none where it allows any. */
function knownKeys(root: Place, path: Path): string[] {
  let place = open(root)
  for (const step of path) {
    const value = (place.value as Record<PropertyKey, unknown> | null)?.[step]
    const inner = childSchema(place.schema, step)
    if (inner === null) return []
    place = open({ schema: inner, value })
  }
  const { def } = (place.schema as z.core.$ZodTypes)._zod
  return def.type === 'object' ? Object.keys(def.shape) : []
}

/** Takes off what merely wraps a schema, and picks the member of a discriminated union that the value names. */
function open({ schema, value }: Place): Place {
  const { def } = (schema as z.core.$ZodTypes)._zod
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
      return open({ schema: def.innerType, value })
    case 'pipe':
      return open({ schema: def.in, value })
    case 'union': {
      const member = def.options.find((option) => names(option, value))
      return member ? open({ schema: member, value }) : { schema, value }
    }
    default:
      return { schema, value }
  }
}

function names(option: Schema, value: unknown): boolean {
  return Object.entries(option._zod.propValues ?? {}).every(([key, allowed]) =>
    allowed.has((value as Record<string, z.core.util.Primitive> | null)?.[key]),
  )
}

function childSchema(schema: Schema, step: PropertyKey): Schema | null {
  const { def } = (schema as z.core.$ZodTypes)._zod
  if (def.type === 'object') return def.shape[String(step)] ?? null
  if (def.type === 'array') return def.element
  return def.type === 'record' ? def.valueType : null
}
