import { isAlias, isCollection, isMap, isScalar, Scalar, visit } from 'yaml'
import { printable } from '../../core/text.ts'
import { goScalarOf, scalarText } from './go-scalar.ts'
import type { YamlMap, YamlNode, YamlPair, YamlSource } from './yaml-source.ts'
import type { Layout, Quoting } from './yaml-write.ts'

/** Replaces `text[from, to)` by `insert`. */
export interface Splice {
  readonly from: number
  readonly to: number
  readonly insert: string
}

export interface Refusal {
  readonly kind: 'refused'
  readonly reason: string
  /** From 1. */
  readonly line: number
}

/** Splices that make one change to the text, or why it cannot be made without touching something else. */
export type Planned = readonly Splice[] | Refusal

/** A text under edit, with the style its author writes in. */
export interface Site {
  readonly source: YamlSource
  readonly layout: Layout
  readonly eol: string
}

export function siteOf(source: YamlSource): Site {
  let layout: Layout | undefined
  return {
    source,
    eol: eolOf(source.text),
    get layout() {
      layout ??= layoutOf(source)
      return layout
    },
  }
}

export function isRefused<T>(planned: T | Refusal): planned is Refusal {
  return typeof planned === 'object' && planned !== null && 'kind' in planned && planned.kind === 'refused'
}

export function refuse({ source }: Site, node: YamlNode | null, reason: string): Refusal {
  return {
    kind: 'refused',
    reason: printable(reason),
    line: node === null ? 1 : source.at(node.range[0]).line,
  }
}

/** The text with all splices made; they must not overlap. */
export function applySplices(text: string, splices: readonly Splice[]): string {
  let result = ''
  let at = 0
  for (const { from, to, insert } of [...splices].sort((a, b) => a.from - b.from || a.to - b.to)) {
    result += text.slice(at, from) + insert
    at = to
  }
  return result + text.slice(at)
}

/** The pair of `key` that stands in `map` itself. */
export function pairOf(map: YamlMap, key: string): YamlPair | undefined {
  return (map.items as YamlPair[]).find((pair) => isScalar(pair.key) && scalarText(pair.key) === key)
}

/** True for a missing value and for every spelling of null. */
export function isEmpty(node: YamlNode | null | undefined): boolean {
  return node === null || node === undefined || (isScalar(node) && goScalarOf(node).kind === 'null')
}

/**
 * Why a value cannot be changed in its place: it is an alias, other places refer to it or to something in it, or it has
 * a tag. Null when nothing stands in the way.
 */
export function foreignOf(site: Site, node: YamlNode | null): Refusal | null {
  if (node === null) return null
  if (isAlias(node))
    return refuse(site, node, `it stands elsewhere and is only referred to here (\`*${node.source}\`)`)
  const anchor = sharedAnchorIn(site, node)
  if (anchor !== null) return refuse(site, node, `other places of the file refer to it (\`&${anchor}\`)`)
  return node.tag === undefined || isCollection(node) ? null : refuse(site, node, 'it has a tag')
}

/** The name of an anchor at or below `node` that some alias refers to. */
export function sharedAnchorIn({ source }: Site, node: YamlNode): string | null {
  if (source.aliasedAnchors.size === 0) return null
  let found: string | null = null
  visit(node, {
    Node: (_key, { anchor }) => {
      if (anchor === undefined || !source.aliasedAnchors.has(anchor)) return undefined
      found = anchor
      return visit.BREAK
    },
  })
  return found
}

/** Column of an offset from 0; a byte order mark counts nothing. */
export function columnOf({ source }: Site, offset: number): number {
  return columnIn(source.text, offset)
}

function columnIn(text: string, offset: number): number {
  return offset - lineStartOf(text, offset)
}

export function lineStartOf(text: string, offset: number): number {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  return start === 0 && text.startsWith('\ufeff') ? 1 : start
}

/** Where the line of `offset` ends, before its line break. */
export function lineEndOf(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset)
  if (newline < 0) return text.length
  return newline > offset && text[newline - 1] === '\r' ? newline - 1 : newline
}

/** True when the line holds nothing but blanks and a comment from `offset` on. */
export function isLineEmptyFrom(text: string, offset: number): boolean {
  return /^[ \t]*(?:#.*)?$/.test(text.slice(offset, lineEndOf(text, offset)))
}

function eolOf(text: string): string {
  const crlf = text.split('\r\n').length - 1
  return crlf > 0 && crlf * 2 >= text.split('\n').length - 1 ? '\r\n' : '\n'
}

/** How the file indents and quotes, judged by its first nested map, first list, and most of its text values. */
function layoutOf(source: YamlSource): Layout {
  const { text } = source
  let mapIndent: number | null = null
  let listIndent: number | null = null
  const quoted = { plain: 0, double: 0, single: 0 }
  visit(source.root, {
    Alias: () => visit.SKIP,
    Pair: (_key, { key, value }) => {
      if (!isScalar(key) || !key.range) return
      if (isScalar(value)) countQuoting(value, quoted)
      if (!isCollection(value) || value.flow === true || !value.range) return
      const step = columnIn(text, value.range[0]) - columnIn(text, key.range[0])
      if (isMap(value)) mapIndent ??= step
      else listIndent ??= step
    },
  })
  const [quoting] = Object.entries(quoted).sort(([, a], [, b]) => b - a)[0] as [Quoting, number]
  return { mapIndent: Math.max(mapIndent ?? 2, 1), listIndent: Math.max(listIndent ?? 2, 0), quoting }
}

function countQuoting(node: Scalar, quoted: Record<Quoting, number>): void {
  if (node.type === Scalar.QUOTE_DOUBLE) quoted.double++
  else if (node.type === Scalar.QUOTE_SINGLE) quoted.single++
  else if (node.type === Scalar.PLAIN && goScalarOf(node as Parameters<typeof goScalarOf>[0]).kind === 'text')
    quoted.plain++
}
