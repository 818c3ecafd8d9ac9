import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'
import * as z from 'zod/mini'
import { nearest } from '../core/plan.ts'
import { ConfigSchema, type ConfigValues } from './config-schema.ts'

export interface ConfigProblem {
  readonly line: number
  readonly column: number
  readonly message: string
}

export interface ConfigFile {
  readonly path: string
  readonly values: ConfigValues
  /** The line a value stands on, by its path of keys; the first line when the path is not there. */
  lineOf(path: readonly PropertyKey[]): number
}

export type ConfigReading =
  | { readonly kind: 'config'; readonly file: ConfigFile }
  | { readonly kind: 'refused'; readonly path: string; readonly problems: readonly ConfigProblem[] }

/**
 * Parses `provops.yaml`. Nothing is guessed: a syntax error, an unknown key or a value of the wrong kind refuses the
 * whole file, with line, column and what would have been right. An empty file is an empty configuration.
 */
export function parseConfig(text: string, path: string): ConfigReading {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true })
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => {
      const { line, col } = lines.linePos(error.pos[0])
      return { line, column: col, message: error.message.split('\n', 1)[0] ?? error.message }
    })
    return { kind: 'refused', path, problems }
  }
  const parsed = ConfigSchema.safeParse(document.toJS() ?? {})
  const locate = (keys: readonly PropertyKey[]) => positionOf(document, lines, keys)
  if (!parsed.success) {
    return {
      kind: 'refused',
      path,
      problems: parsed.error.issues.flatMap((issue) => problemsOf(issue, locate)),
    }
  }
  return { kind: 'config', file: { path, values: parsed.data, lineOf: (keys) => locate(keys).line } }
}

type Locate = (keys: readonly PropertyKey[]) => { line: number; column: number }

function problemsOf(issue: z.core.$ZodIssue, locate: Locate): ConfigProblem[] {
  if (issue.code !== 'unrecognized_keys') {
    const where = issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''
    return [{ ...locate(issue.path), message: `${where}expected ${expectation(issue)}` }]
  }
  return issue.keys.map((key) => {
    const [near] = nearest(key, knownKeysAt(issue.path))
    const hint = near === undefined ? '' : `; did you mean ${near}?`
    return {
      ...locate([...issue.path, key]),
      message: `unknown key ${[...issue.path, key].join('.')}${hint}`,
    }
  })
}

function expectation(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return article(issue.expected)
    case 'invalid_value':
      return `one of ${issue.values.join(', ')}`
    case 'too_small':
      return issue.origin === 'string' ? 'a text that is not empty' : `at least ${issue.minimum}`
    case 'custom':
      return issue.message
    case 'invalid_union':
      return 'a text or a number'
    default:
      return issue.message
  }
}

function article(type: string): string {
  const words: Record<string, string> = {
    object: 'a map',
    record: 'a map',
    array: 'a list',
    string: 'a text',
    int: 'a whole number',
  }
  return words[type] ?? `a ${type}`
}

/** The keys allowed at a path, read from the JSON Schema so that there is only one list of them. */
function knownKeysAt(path: readonly PropertyKey[]): string[] {
  let schema = z.toJSONSchema(ConfigSchema, { io: 'input', unrepresentable: 'any' }) as SchemaNode | undefined
  for (const key of path) {
    schema =
      typeof key === 'number'
        ? schema?.items
        : (schema?.properties?.[String(key)] ?? schema?.additionalProperties)
  }
  return Object.keys(schema?.properties ?? {})
}

interface SchemaNode {
  readonly properties?: Record<string, SchemaNode>
  readonly additionalProperties?: SchemaNode
  readonly items?: SchemaNode
}

function positionOf(
  document: Document,
  lines: LineCounter,
  keys: readonly PropertyKey[],
): { line: number; column: number } {
  for (let length = keys.length; length > 0; length--) {
    const offset = keyOffset(document, keys.slice(0, length)) ?? valueOffset(document, keys.slice(0, length))
    if (offset === null) continue
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  return { line: 1, column: 1 }
}

function keyOffset(document: Document, keys: readonly PropertyKey[]): number | null {
  const parent = keys.length === 1 ? document.contents : document.getIn(keys.slice(0, -1), true)
  if (!isMap(parent)) return null
  const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === keys.at(-1))
  return pair && isNode(pair.key) ? (pair.key.range?.[0] ?? null) : null
}

function valueOffset(document: Document, keys: readonly PropertyKey[]): number | null {
  const node = document.getIn(keys, true)
  return isNode(node) ? (node.range?.[0] ?? null) : null
}
