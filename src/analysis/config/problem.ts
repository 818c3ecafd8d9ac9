import type { Position, YamlFault } from './yaml-source.ts'

/** One reason why the gateway refuses the whole file. Never holds a value of the file, only keys and places. */
export interface Problem extends Position {
  readonly code: ProblemCode
  readonly message: string
  /** What would be right there. */
  readonly expected: string
}

export type ProblemCode = 'yaml-syntax' | 'yaml-dup-key' | 'yaml-type' | 'weight-range' | 'bad-value'

/** The parser's faults in plain words; its own messages are not used because some quote the file. */
const FAULTS: Readonly<Record<string, readonly [message: string, expected: string]>> = {
  ALIAS_PROPS: ['an alias (`*name`) has an anchor or a tag of its own', 'a bare `*name`'],
  BAD_ALIAS: [
    'an alias (`*name`) is misspelt',
    'the name of an anchor, without spaces or a colon at its end',
  ],
  BAD_COLLECTION_TYPE: ['a tag does not fit the value behind it', 'the value without its tag'],
  BAD_DIRECTIVE: ['a `%` directive is unknown or malformed', 'the file without that line'],
  BAD_DQ_ESCAPE: [
    'a backslash in double quotes begins no known escape',
    'single quotes, or the backslash doubled',
  ],
  BAD_INDENT: ['the indentation does not fit the lines above', 'the same number of spaces as the neighbours'],
  BAD_PROP_ORDER: ['an anchor or tag stands at the wrong place', 'anchor and tag in front of the value'],
  BAD_SCALAR_START: ['a value begins with a character that YAML reserves', 'quotes around the value'],
  BLOCK_AS_IMPLICIT_KEY: [
    'two keys stand on one line',
    'one `key: value` per line, or quotes around a value with `: `',
  ],
  BLOCK_IN_FLOW: ['an indented block stands inside `[ ]` or `{ }`', 'one style only'],
  DUPLICATE_KEY: ['a key stands twice', 'each key once'],
  IMPOSSIBLE: ['the YAML cannot be read here', 'valid YAML'],
  KEY_OVER_1024_CHARS: ['a key is longer than 1,024 characters', 'a colon with a space after the key'],
  MISSING_CHAR: ['a closing quote, bracket, comma or colon is missing', 'the missing character'],
  MULTILINE_IMPLICIT_KEY: ['a key goes over two lines', 'the key and its colon on one line'],
  MULTIPLE_ANCHORS: ['a value has two anchors', 'one anchor'],
  MULTIPLE_DOCS: ['a second document begins', 'one document'],
  MULTIPLE_TAGS: ['a value has two tags', 'one tag'],
  TAB_AS_INDENT: ['a tab is used as indentation', 'spaces'],
  TAG_RESOLVE_FAILED: ['a tag is unknown', 'the value without its tag'],
  UNEXPECTED_TOKEN: ['something stands here that YAML does not allow at this place', 'valid YAML'],
}

export function syntaxProblem({ code, at }: YamlFault): Problem {
  const [message, expected] = FAULTS[code] ?? ['the YAML cannot be read here', 'valid YAML']
  return { ...at, code: 'yaml-syntax', message, expected }
}
