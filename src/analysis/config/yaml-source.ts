import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isNode,
  isScalar,
  LineCounter,
  type Pair,
  type ParsedNode,
  Parser,
  Scalar,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import { strayTabs } from './stray-tabs.ts'

/** A place in the file, both counted from 1; columns in UTF-16 units. */
export interface Position {
  readonly line: number
  readonly column: number
}

export type YamlNode = ParsedNode
export type YamlMap = YAMLMap.Parsed
export type YamlSeq = YAMLSeq.Parsed
export type YamlScalar = Scalar.Parsed
export type YamlPair = Pair<ParsedNode, ParsedNode | null>

export interface YamlFault {
  /** The parser's name of the fault, e.g. `TAB_AS_INDENT`. Its own message is not kept: it may quote the file. */
  readonly code: string
  readonly at: Position
}

/** The first document of a file; the gateway reads no other (contract, files 1.1). */
export interface YamlSource {
  readonly text: string
  readonly root: YamlNode | null
  readonly faults: readonly YamlFault[]
  /** Where the first document ends in `text`: before `...` or the next `---`, or at the end. */
  readonly endOffset: number
  /** Where a second document begins, if there is one. */
  readonly secondDocument: Position | null
  readonly at: (offset: number) => Position
  /** What an alias stands for; null when it names no anchor before it. */
  readonly targetOf: (alias: YamlNode) => YamlNode | null
  /** Anchors that some alias of the first document refers to. */
  readonly aliasedAnchors: ReadonlySet<string>
}

/**
 * Reads the first document with node ranges and source tokens. Scalars stay text (their source is resolved by the
 * gateway's rules, see go-scalar.ts), repeated keys are left in. Never throws.
 */
export function readYaml(text: string): YamlSource {
  const lines = new LineCounter()
  const { first, endOffset, secondOffset } = firstDocumentTokens(text, lines)
  const composer = new Composer({
    keepSourceTokens: true,
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  })
  const document: Document.Parsed | undefined = [...composer.compose(first, true, endOffset)][0]
  const at = positionFinder(lines.lineStarts, text.length)
  const { targets, aliased } = linkAliases(text.includes('&') ? document : undefined)
  return {
    text,
    root: (document?.contents ?? null) as YamlNode | null,
    faults: faultsOf(text, document).map(({ code, offset }) => ({ code, at: at(offset) })),
    endOffset,
    secondDocument: secondOffset === null ? null : at(secondOffset),
    at,
    targetOf: (alias) => targets.get(alias) ?? null,
    aliasedAnchors: aliased,
  }
}

/** Places by offset. Nodes are asked for in the order of the file, so the line found last is tried first. */
function positionFinder(lineStarts: readonly number[], length: number): (offset: number) => Position {
  let index = 0
  return (asked) => {
    const offset = Math.min(asked, length)
    if (offset < (lineStarts[index] ?? 0)) index = 0
    while (offset >= (lineStarts[index + 1] ?? Number.POSITIVE_INFINITY)) index++
    return { line: index + 1, column: offset - (lineStarts[index] ?? 0) + 1 }
  }
}

/** The parser's tokens up to the end of the first document: faults behind it are the gateway's concern no more than ours. */
function firstDocumentTokens(text: string, lines: LineCounter) {
  const first: CST.Token[] = []
  let seen = false
  let endOffset = text.length
  for (const token of new Parser(lines.addNewLine).parse(text)) {
    if (seen && (token.type === 'document' || token.type === 'directive')) {
      const start =
        token.type === 'document' ? token.start.find((part) => part.type === 'doc-start') : undefined
      const secondOffset = start?.offset ?? token.offset
      return { first, endOffset: Math.min(endOffset, secondOffset), secondOffset }
    }
    if (token.type === 'document') seen = true
    if (token.type === 'doc-end' && seen) endOffset = Math.min(endOffset, token.offset)
    first.push(token)
  }
  return { first, endOffset, secondOffset: null }
}

/** What the gateway's parser refuses: nearly what ours does, see the two exceptions. */
function faultsOf(text: string, document: Document.Parsed | undefined): { code: string; offset: number }[] {
  if (document === undefined) return []
  const faults = document.errors
    .map(({ code, pos }) => ({ code: code as string, offset: pos[0] }))
    // The gateway takes a comment that follows a closing quote or bracket without a space.
    .filter(({ code, offset }) => !(code === 'MISSING_CHAR' && text[offset] === '#'))
  return faults.length > 0
    ? faults
    : strayTabs(text, document).map((offset) => ({ code: 'TAB_AS_INDENT', offset }))
}

function linkAliases(document: Document.Parsed | undefined) {
  const targets = new Map<YamlNode, YamlNode>()
  const aliased = new Set<string>()
  const anchors = new Map<string, YamlNode>()
  if (document !== undefined)
    visit(document, {
      Node: (_key, node) => {
        if (isAlias(node)) {
          aliased.add(node.source)
          const target = anchors.get(node.source)
          if (target !== undefined) targets.set(node as YamlNode, target)
        } else if (isNode(node) && node.anchor !== undefined) anchors.set(node.anchor, node as YamlNode)
      },
    })
  return { targets, aliased }
}

/** True for an unquoted `<<`, which fills in the pairs of other maps. */
export function isMergeKey(key: YamlNode): boolean {
  const tagged = key.tag !== undefined && key.tag !== 'tag:yaml.org,2002:merge'
  return isScalar(key) && key.source === '<<' && key.type === Scalar.PLAIN && !tagged
}
