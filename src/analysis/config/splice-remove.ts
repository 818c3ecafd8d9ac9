import {
  foreignOf,
  isLineEmptyFrom,
  isRefused,
  lineStartOf,
  type Planned,
  refuse,
  type Site,
  type Splice,
  sharedAnchorIn,
} from './site.ts'
import { colonEndOf, commasOf, contentEndOf, dashesOf, isExplicitPair, isShown, pairEndOf } from './span.ts'
import type { YamlMap, YamlNode, YamlPair, YamlSeq } from './yaml-source.ts'

/** True when a pair can go with its lines and leave the map a map: it has its lines to itself and is not the only one. */
export function isRemovable(site: Site, map: YamlMap, pair: YamlPair): boolean {
  if (map.items.length < 2 || isExplicitPair(pair)) return false
  return map.flow === true || isFirstOnLine(site, pair.key.range[0])
}

/** Removes a pair: in a block its lines with the comment behind its value, in a flow map the pair and one comma. */
export function removePair(site: Site, map: YamlMap, pair: YamlPair): Planned {
  const foreign = pair.value === null ? null : foreignOf(site, pair.value)
  if (foreign !== null) return foreign
  if (map.flow === true)
    return removeFromFlow(
      site,
      map,
      map.items.indexOf(pair as never),
      pair.key.range[0],
      pairEndOf(site, pair),
    )
  if (!isFirstOnLine(site, pair.key.range[0]) || isExplicitPair(pair))
    return refuse(site, pair.key, 'something else stands on its line')
  return wholeLines(site, pair.key.range[0], pairEndOf(site, pair))
}

/** Removes an item of the list under `pair`; a list that loses its last item becomes `[]`. */
export function removeItem(site: Site, pair: YamlPair, list: YamlSeq, index: number): Planned {
  const item = list.items[index] as YamlNode | undefined
  if (item === undefined) return refuse(site, list, 'there is no such item')
  const anchor = sharedAnchorIn(site, item)
  if (anchor !== null) return refuse(site, item, `other places of the file refer to it (\`&${anchor}\`)`)
  if (list.flow === true) return removeFromFlow(site, list, index, item.range[0], item.range[1])
  const dash = dashesOf(list)[index]
  if (dash === undefined || !isFirstOnLine(site, dash))
    return refuse(site, item, 'something else stands on its line')
  const end = isShown(item) ? contentEndOf(site, item) : dash + 1
  const lines = wholeLines(site, dash, end)
  if (isRefused(lines) || list.items.length > 1) return lines
  const colon = colonEndOf(pair)
  if (colon === null || isExplicitPair(pair))
    return refuse(site, item, 'its list has no colon in front of it')
  return [{ from: colon, to: colon, insert: ' []' }, ...lines]
}

function isFirstOnLine({ source: { text } }: Site, offset: number): boolean {
  return text.slice(lineStartOf(text, offset), offset).trim() === ''
}

function wholeLines(site: Site, start: number, end: number): Planned {
  const { text, at, endOffset } = site.source
  if (!isLineEmptyFrom(text, end))
    return { kind: 'refused', reason: 'something else stands on its line', line: at(end).line }
  const newline = text.indexOf('\n', end)
  return [
    {
      from: lineStartOf(text, start),
      to: newline < 0 ? text.length : Math.min(newline + 1, endOffset),
      insert: '',
    },
  ]
}

function removeFromFlow(
  site: Site,
  collection: YamlMap | YamlSeq,
  index: number,
  from: number,
  to: number,
): Planned {
  const { text } = site.source
  const commas = commasOf(collection)
  const [before = null, behind = null] = [commas[index], commas[index + 1]]
  const gone: Splice[] = [{ from, to, insert: '' }]
  // A comma goes along: the one behind the first item, else the one in front of the item.
  const comma = index === 0 ? behind : before
  if (comma === null) return gone
  if (index === 0) {
    const rest = /^,[ \t]*/.exec(text.slice(comma))?.[0].length ?? 1
    return text.slice(to, comma).trim() === ''
      ? [{ from, to: comma + rest, insert: '' }]
      : [...gone, { from: comma, to: comma + 1, insert: '' }]
  }
  return text.slice(comma + 1, from).trim() === ''
    ? [{ from: comma, to, insert: '' }]
    : [{ from: comma, to: comma + 1, insert: '' }, ...gone]
}
