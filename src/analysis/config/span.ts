import { type CST, isCollection, isMap, isScalar, isSeq, Scalar } from 'yaml'
import type { Site } from './site.ts'
import type { YamlNode, YamlPair, YamlSeq } from './yaml-source.ts'

/** Offset behind the colon of a pair; null when it has none. */
export function colonEndOf(pair: YamlPair): number | null {
  const colon = sourceOf(pair)?.sep?.find(({ type }) => type === 'map-value-ind')
  return colon === undefined ? null : colon.offset + 1
}

/** The pair's CST item: present because the source tokens are kept. */
function sourceOf(pair: YamlPair): CST.CollectionItem | undefined {
  return (pair as { srcToken?: CST.CollectionItem }).srcToken
}

/** True when a pair is written with `?` before its key. */
export function isExplicitPair(pair: YamlPair): boolean {
  return sourceOf(pair)?.start.some(({ type }) => type === 'explicit-key-ind') === true
}

/** Offsets of the dashes of a block list, one per item. */
export function dashesOf(list: YamlSeq): number[] {
  const token = list.srcToken as CST.BlockSequence | undefined
  return (token?.items ?? []).flatMap(({ start }) =>
    start.filter(({ type }) => type === 'seq-item-ind').map(({ offset }) => offset),
  )
}

/** Offset of the comma in front of each item of a flow collection; null where there is none. One more for a comma at the end. */
export function commasOf(collection: YamlNode): (number | null)[] {
  const token = collection.srcToken as CST.FlowCollection | undefined
  return (token?.items ?? []).map(({ start }) => start.find(({ type }) => type === 'comma')?.offset ?? null)
}

/** False for a value that is only implied by its key or dash. */
export function isShown(node: YamlNode | null): node is YamlNode {
  return node !== null && node.range[1] > node.range[0]
}

/** Where what a pair says ends, without the comment behind it. */
export function pairEndOf(site: Site, pair: YamlPair): number {
  const { value } = pair
  if (isShown(value)) return contentEndOf(site, value)
  return colonEndOf(pair) ?? pair.key.range[1]
}

/** Where the last character of a value stands, plus one: the parser's own range may go on over comments and blank lines. */
export function contentEndOf(site: Site, node: YamlNode): number {
  if (isCollection(node) && node.flow !== true && node.items.length > 0) {
    if (isMap(node)) return pairEndOf(site, node.items.at(-1) as YamlPair)
    if (isSeq(node)) {
      const last = node.items.at(-1) as YamlNode
      const dash = dashesOf(node as YamlSeq).at(-1) ?? node.range[0]
      return isShown(last) ? contentEndOf(site, last) : dash + 1
    }
  }
  const blockText =
    isScalar(node) && (node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED)
  return blockText ? withoutLineBreak(site.source.text, node.range[1]) : node.range[1]
}

function withoutLineBreak(text: string, end: number): number {
  if (text[end - 1] !== '\n') return end
  return text[end - 2] === '\r' ? end - 2 : end - 1
}
