import { type Document, isCollection, Scalar, visit } from 'yaml'

/**
 * Offsets of lines with tabs that YAML allows and the gateway's parser refuses the file for (yaml.v3, scannerc.go): a tab
 * at the start of a line that holds nothing else or a comment only, unless it is inside quotes, block text or a flow
 * collection, among comment lines, or behind an unquoted value and indented by spaces first; and a tab behind a dash.
 */
export function strayTabs(text: string, document: Document.Parsed): number[] {
  if (!text.includes('\t')) return []
  const spans = spansOf(text, document)
  const spanAt = (offset: number) => spans.findLast(({ from }) => from < offset)
  const isInside = (offset: number) => offset < (spanAt(offset)?.to ?? 0) || offset >= document.range[2]
  const leading = [...text.matchAll(/^( *)\t[ \t]*(?=#|\r?$)/gm)].filter(({ index, 1: spaces = '' }) => {
    const span = spanAt(index)
    const behindPlain = span !== undefined && isBehindPlain(text, span, index, spaces.length)
    return !behindPlain && !isWithinComments(text, index)
  })
  const behindDash = [...text.matchAll(/^ *(?:- +)*- *\t/gm)]
  return [...leading, ...behindDash].map(({ index }) => index).filter((offset) => !isInside(offset))
}

/** A scalar or flow collection of the document. */
interface Span {
  readonly from: number
  readonly to: number
  /** Column of the map or list around an unquoted value; null for anything else. */
  readonly plainIndent: number | null
}

function isBehindPlain(text: string, { to, plainIndent }: Span, lineStart: number, spaces: number): boolean {
  return plainIndent !== null && spaces > plainIndent && text.slice(to, lineStart).trim() === ''
}

/** A run of comment lines may be indented by anything, blank lines in it too. */
function isWithinComments(text: string, lineStart: number): boolean {
  const above = text.slice(0, lineStart).trimEnd()
  return (
    above
      .slice(above.lastIndexOf('\n') + 1)
      .trimStart()
      .startsWith('#') && text.slice(lineStart).trimStart().startsWith('#')
  )
}

function spansOf(text: string, document: Document.Parsed): Span[] {
  const spans: Span[] = []
  visit(document, {
    Collection: (_key, node) => {
      if (node.flow !== true || !node.range) return undefined
      spans.push({ from: node.range[0], to: node.range[1], plainIndent: null })
      return visit.SKIP
    },
    Scalar: (_key, node, path) => {
      if (!node.range) return
      const [from, to] = node.range
      const start = path.findLast(isCollection)?.range?.[0] ?? 0
      const plain = node.type === Scalar.PLAIN && to > from
      spans.push({ from, to, plainIndent: plain ? start - (text.lastIndexOf('\n', start - 1) + 1) : null })
    },
  })
  return spans
}
