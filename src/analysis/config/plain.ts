import { isDeepStrictEqual } from 'node:util'
import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import { goScalarOf, scalarText } from './go-scalar.ts'
import {
  isMergeKey,
  type Position,
  type YamlMap,
  type YamlNode,
  type YamlPair,
  type YamlSource,
} from './yaml-source.ts'

/** YAML as data, by the gateway's reading of scalars; merge keys are filled in. */
export type Plain = string | number | boolean | null | PlainList | PlainMap
export type PlainList = Plain[]
export type PlainMap = Map<string, Plain>

export type PlainReading =
  | { readonly kind: 'plain'; readonly value: Plain }
  /** A repeated key, an alias without an anchor before it, or one that contains itself. */
  | { readonly kind: 'unreadable'; readonly at: Position; readonly reason: string }

/** The first document of `source` as data. */
export function plainOf(source: YamlSource): PlainReading {
  const faults: { at: Position; reason: string }[] = []
  const fail = (node: YamlNode, reason: string): null => {
    faults.push({ at: source.at(node.range[0]), reason })
    return null
  }
  const value = convert(source.root, { source, fail, open: new Set(), budget: { left: MOST_VALUES } })
  const [fault] = faults
  return fault === undefined ? { kind: 'plain', value } : { kind: 'unreadable', ...fault }
}

/** One node of a document that `plainOf` reads without fault, as data. */
export function plainNode(source: YamlSource, node: YamlNode | null): Plain {
  return convert(node, { source, fail: () => null, open: new Set(), budget: { left: MOST_VALUES } })
}

/** Far more than any real file holds; stops aliases that multiply. */
const MOST_VALUES = 1_000_000

interface Conversion {
  readonly source: YamlSource
  readonly fail: (node: YamlNode, reason: string) => null
  readonly open: Set<YamlNode>
  readonly budget: { left: number }
}

function convert(node: YamlNode | null, conversion: Conversion): Plain {
  if (node === null) return null
  if (conversion.budget.left-- <= 0) return conversion.fail(node, 'aliases make the file too large')
  if (isAlias(node)) return convertTarget(node, conversion)
  if (isScalar(node)) return scalarValue(node)
  if (isSeq(node)) return (node.items as YamlNode[]).map((item) => convert(item, conversion))
  return isMap(node) ? convertMap(node as YamlMap, conversion) : null
}

function convertTarget(alias: YamlNode, conversion: Conversion): Plain {
  const target = conversion.source.targetOf(alias)
  if (target === null) return conversion.fail(alias, 'an alias refers to no anchor before it')
  if (conversion.open.has(target)) return conversion.fail(alias, 'an alias contains itself')
  conversion.open.add(target)
  const value = convert(target, conversion)
  conversion.open.delete(target)
  return value
}

function scalarValue(node: Parameters<typeof goScalarOf>[0]): Plain {
  const scalar = goScalarOf(node)
  switch (scalar.kind) {
    case 'null':
      return null
    case 'bool':
    case 'int':
    case 'float':
      return scalar.value
    case 'misfit':
      return scalarText(node)
    default:
      return scalar.text
  }
}

function convertMap(node: YamlMap, conversion: Conversion): PlainMap {
  const map: PlainMap = new Map()
  const pairs = node.items as YamlPair[]
  for (const { key: keyNode, value } of pairs.filter(({ key }) => !isMergeKey(key))) {
    const key = keyText(keyNode, conversion.source)
    if (key === null) conversion.fail(keyNode, 'a key is no text')
    else if (map.has(key)) conversion.fail(keyNode, 'a key stands twice')
    else map.set(key, convert(value, conversion))
  }
  for (const { value } of pairs.filter(({ key }) => isMergeKey(key))) fillIn(map, value, conversion)
  return map
}

function fillIn(map: PlainMap, merged: YamlNode | null, conversion: Conversion): void {
  for (const part of isSeq(merged) ? (merged.items as YamlNode[]) : [merged]) {
    const value = convert(part, conversion)
    if (value instanceof Map) for (const [key, inner] of value) if (!map.has(key)) map.set(key, inner)
  }
}

function keyText(key: YamlNode, source: YamlSource): string | null {
  const node = isAlias(key) ? source.targetOf(key) : key
  return isScalar(node) ? scalarText(node) : null
}

export function samePlain(a: Plain, b: Plain): boolean {
  return isDeepStrictEqual(a, b)
}

/** The map or list under `key`, made when it is missing or null; null when something else stands there. */
export function mapUnder(map: PlainMap, key: string): PlainMap | null {
  const value = map.get(key) ?? null
  if (value !== null) return value instanceof Map ? value : null
  const made: PlainMap = new Map()
  map.set(key, made)
  return made
}

export function listUnder(map: PlainMap, key: string): PlainList | null {
  const value = map.get(key) ?? null
  if (value !== null) return Array.isArray(value) ? value : null
  const made: PlainList = []
  map.set(key, made)
  return made
}
