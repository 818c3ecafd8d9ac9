import { isCollection, isMap, isScalar, Scalar } from 'yaml'
import type { Plain, PlainMap } from './plain.ts'
import {
  columnOf,
  foreignOf,
  isEmpty,
  isLineEmptyFrom,
  isRefused,
  lineEndOf,
  type Planned,
  pairOf,
  refuse,
  type Site,
  type Splice,
} from './site.ts'
import { colonEndOf, contentEndOf, dashesOf, isShown, pairEndOf } from './span.ts'
import type { YamlMap, YamlNode, YamlPair, YamlSeq } from './yaml-source.ts'
import { flowPair, flowYaml, itemLines, pairLines, type Quoting, scalarYaml } from './yaml-write.ts'

/** Adds `key: value` to a map; in a block behind the pair `after`, where there is one, or behind the last. */
function addPair(site: Site, map: YamlMap, key: string, value: Plain, after?: string): Planned {
  if (map.flow === true) return addToFlow(map, flowPair(key, value, 'double'))
  const behind =
    (after === undefined ? undefined : pairOf(map, after)) ?? (map.items.at(-1) as YamlPair | undefined)
  if (behind === undefined) return refuse(site, map, 'there is no pair to write behind')
  return linesBehind(
    site,
    pairEndOf(site, behind),
    indent(pairLines(key, value, site.layout), columnOf(site, map.range[0])),
  )
}

/** Adds `key: value` at the end of the first document, whatever comments stand there. */
export function addTopLevel(site: Site, key: string, value: Plain): Planned {
  const { text, root, endOffset } = site.source
  if (root !== null && !isEmpty(root)) {
    if (!isMap(root)) return refuse(site, root, 'the file is no map of keys')
    if (root.flow === true) return addToFlow(root as YamlMap, flowPair(key, value, 'double'))
  }
  if (root !== null && isEmpty(root) && root.range[1] > root.range[0])
    return refuse(site, root, 'the file says null')
  const column = root !== null && isMap(root) ? columnOf(site, root.range[0]) : 0
  const lines = indent(pairLines(key, value, site.layout), column)
  const opened = endOffset === 0 || /[\n\ufeff]$/.test(text.slice(0, endOffset))
  return [
    { from: endOffset, to: endOffset, insert: `${opened ? '' : site.eol}${lines.join(site.eol)}${site.eol}` },
  ]
}

const QUOTINGS: Readonly<Record<string, Quoting>> = { QUOTE_DOUBLE: 'double', QUOTE_SINGLE: 'single' }

/** Sets the scalar under `key`, in the quoting it has, or adds the pair. */
export function setScalar(
  site: Site,
  map: YamlMap,
  key: string,
  value: string | number | boolean,
  after?: string,
): Planned {
  const pair = pairOf(map, key)
  if (pair === undefined) return addPair(site, map, key, value, after)
  const node = pair.value
  const foreign = foreignOf(site, node)
  if (foreign !== null) return foreign
  if (!isShown(node)) {
    const colon = colonEndOf(pair)
    if (colon === null) return refuse(site, pair.key, `\`${key}\` has no colon behind it`)
    const quoting = map.flow === true ? 'double' : site.layout.quoting
    return [{ from: colon, to: colon, insert: ` ${scalarYaml(value, quoting)}` }]
  }
  if (!isScalar(node)) return refuse(site, node, `\`${key}\` holds a list or a map, not one value`)
  if (node.type === Scalar.BLOCK_FOLDED || node.type === Scalar.BLOCK_LITERAL)
    return refuse(site, node, `\`${key}\` is written as a block of text`)
  const quoting = QUOTINGS[node.type ?? ''] ?? (map.flow === true ? 'double' : 'plain')
  return [{ from: node.range[0], to: node.range[1], insert: scalarYaml(value, quoting) }]
}

/** Writes a list or map under `key`, where there is nothing, null, or an empty list or map now. */
export function fillPair(site: Site, map: YamlMap, key: string, value: Plain[] | PlainMap): Planned {
  const pair = pairOf(map, key)
  if (pair === undefined) return addPair(site, map, key, value)
  const node = pair.value
  const foreign = foreignOf(site, node)
  if (foreign !== null) return foreign
  const colon = colonEndOf(pair)
  if (colon === null) return refuse(site, pair.key, `\`${key}\` has no colon behind it`)
  const end = isShown(node) ? node.range[1] : colon
  // A value on lines of its own, or with a comment inside, is filled where it stands.
  if (map.flow === true || /[\n#]/.test(site.source.text.slice(colon, end)))
    return [fillHere(node, colon, value)]
  const body = indent(pairLines(key, value, site.layout).slice(1), columnOf(site, pair.key.range[0]))
  const added = linesBehind(site, end, body)
  if (isRefused(added)) return added
  return end > colon ? [{ from: colon, to: end, insert: '' }, ...added] : added
}

function fillHere(node: YamlNode | null, colon: number, value: Plain[] | PlainMap): Splice {
  const flow = flowYaml(value, 'double')
  if (!isShown(node)) return { from: colon, to: colon, insert: ` ${flow}` }
  const [from, to] = node.range
  // Into the brackets, behind the opening one: a comment may stand between them.
  return isCollection(node)
    ? { from: from + 1, to: from + 1, insert: flow.slice(1, -1) }
    : { from, to, insert: flow }
}

/** Adds an item at the end of a list that has some. */
export function addItem(site: Site, list: YamlSeq, item: Plain): Planned {
  if (list.flow === true) return addToFlow(list, flowYaml(item, 'double'))
  const last = list.items.at(-1) as YamlNode | undefined
  const dash = dashesOf(list).at(-1)
  if (last === undefined || dash === undefined)
    return refuse(site, list, 'the list has no item to write behind')
  const end = isShown(last) ? contentEndOf(site, last) : dash + 1
  const gap =
    last.range[0] > dash && lineEndOf(site.source.text, dash) > last.range[0] && !hasProps(last)
      ? last.range[0] - dash - 1
      : 1
  return linesBehind(site, end, indent(itemLines(item, Math.max(gap, 1), site.layout), columnOf(site, dash)))
}

function hasProps(node: YamlNode): boolean {
  return ('anchor' in node && node.anchor !== undefined) || node.tag !== undefined
}

function addToFlow(collection: YamlMap | YamlSeq, insert: string): Splice[] {
  const last = collection.items.at(-1) as YamlPair | YamlNode | undefined
  if (last === undefined) {
    const at = collection.range[0] + 1
    return [{ from: at, to: at, insert }]
  }
  const node = 'key' in last ? (isShown(last.value) ? last.value : null) : last
  const at =
    node !== null
      ? node.range[1]
      : (('key' in last ? colonEndOf(last) : null) ?? (last as YamlPair).key.range[1])
  return [{ from: at, to: at, insert: `, ${insert}` }]
}

/** Whole lines behind the line of `end`, which must hold nothing more but a comment. */
function linesBehind(site: Site, end: number, lines: readonly string[]): Planned {
  const { text, at } = site.source
  const lineEnd = lineEndOf(text, end)
  if (!isLineEmptyFrom(text, end))
    return { kind: 'refused', reason: 'more stands on the line to write behind', line: at(end).line }
  const eol = text[lineEnd] === '\r' ? '\r\n' : text[lineEnd] === '\n' ? '\n' : site.eol
  return [{ from: lineEnd, to: lineEnd, insert: lines.map((line) => `${eol}${line}`).join('') }]
}

function indent(lines: readonly string[], spaces: number): string[] {
  return lines.map((line) => `${' '.repeat(spaces)}${line}`)
}
