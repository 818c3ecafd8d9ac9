import { type Document, isCollection, Scalar, visit } from 'yaml'

/**
 * Offsets of lines that begin with a tab and hold nothing else, or a comment only. YAML allows them, the gateway's
 * parser refuses the file for them, but for those inside quotes, block text and flow collections, those among comment
 * lines, and those behind an unquoted value that are indented by spaces first (yaml.v3, scannerc.go).
 */
export function strayTabs(text: string, document: Document.Parsed): number[] {
  if (!text.includes('\t')) return []
  const spans = spansOf(text, document)
  const end = document.range[2]
  return [...text.matchAll(/^( *)\t[ \t]*(?=#|\r?$)/gm)].flatMap(({ index, 1: spaces = '' }) => {
    const span = spans.findLast(({ from }) => from < index)
    const inSpan = span !== undefined && (index < span.to || isBehindPlain(text, span, index, spaces.length))
    const sheltered = inSpan || isWithinComments(text, index)
    return sheltered || index >= end ? [] : [index]
  })
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
