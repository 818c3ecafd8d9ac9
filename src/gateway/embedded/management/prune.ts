import { type Document, isMap, isScalar, isSeq, type YAMLMap } from 'yaml'
import type { Flavour } from '../../../analysis/config/flavour.ts'
import { SECTION_KEYS, SECTIONS } from '../../../analysis/config/schema-providers.ts'
import { type Keys, knows, type Shape } from '../../../analysis/config/shape.ts'

/**
 * Takes out of the provider sections what the gateway does not know, as each of its saves does: it writes its own
 * lists back (contract, files 2.4). Unknown keys at the top of the file survive.
 */
export function pruneProviders(document: Document, flavour: Flavour): void {
  for (const section of SECTIONS) {
    const list = document.get(section)
    if (isSeq(list))
      for (const item of list.items) pruneValue(item, { kind: 'map', keys: SECTION_KEYS[section] }, flavour)
  }
}

function pruneValue(node: unknown, shape: Shape, flavour: Flavour): void {
  if (shape.kind === 'list' && isSeq(node)) for (const item of node.items) pruneValue(item, shape.of, flavour)
  if (shape.kind === 'map' && isMap(node)) pruneMap(node, shape.keys, flavour)
}

function pruneMap(node: YAMLMap, keys: Keys, flavour: Flavour): void {
  node.items = node.items.filter(({ key, value }) => {
    const name = isScalar(key) ? String(key.value) : String(key)
    // A merged map stays; what it holds is written where it is defined.
    if (name === '<<') return true
    const field = Object.hasOwn(keys, name) ? keys[name] : undefined
    if (!knows(flavour, field)) return false
    pruneValue(value, field.shape, flavour)
    return true
  })
}
