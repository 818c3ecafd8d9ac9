import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import { printable } from '../../core/text.ts'
import { SCALARS, SEEN, WANTED } from './decode-scalar.ts'
import type {
  DatedKey,
  Decoded,
  DecodedField,
  DecodedItem,
  DecodedList,
  DecodedMap,
  Decoding,
  UnknownKey,
} from './decoded.ts'
import type { Flavour } from './flavour.ts'
import { goScalarOf, scalarText } from './go-scalar.ts'
import type { Problem, ProblemCode } from './problem.ts'
import { type Keys, knows, type Shape } from './shape.ts'
import {
  isMergeKey,
  type Position,
  type YamlMap,
  type YamlNode,
  type YamlPair,
  type YamlSeq,
  type YamlSource,
} from './yaml-source.ts'

/**
 * Decodes the first document as the gateway's library does (yaml.v3 into structs): unknown keys are skipped unread,
 * a repeated key or a value of the wrong type refuses the file, null leaves the default, null list items vanish,
 * merge keys fill in what a map does not say itself.
 */
export function decode(source: YamlSource, keys: Keys, flavour: Flavour): Decoding {
  return new Decoder(source, flavour).run(keys)
}

/** Values behind an alias may make up this share of a large file before the gateway calls it excessive (yaml.v3, decode.go). */
const ALIAS_SHARE = { few: 0.99, fewCount: 400_000, many: 0.1, manyCount: 4_000_000 } as const

const EMPTY: DecodedMap = { kind: 'map', at: { line: 1, column: 1 }, fields: new Map() }

class Decoder {
  readonly #source: YamlSource
  readonly #flavour: Flavour
  readonly #problems: Problem[] = []
  readonly #unknown: UnknownKey[] = []
  readonly #dated: DatedKey[] = []
  readonly #open = new Set<YamlNode>()
  #decoded = 0
  #behindAlias = 0
  #tooMany = false

  constructor(source: YamlSource, flavour: Flavour) {
    this.#source = source
    this.#flavour = flavour
  }

  run(keys: Keys): Decoding {
    const { root } = this.#source
    const value = root === null ? null : this.#value(root, { kind: 'map', keys }, '')
    return {
      root: value !== null && typeof value === 'object' && value.kind === 'map' ? value : EMPTY,
      problems: this.#problems,
      unknown: this.#unknown,
      dated: this.#dated,
    }
  }

  #value(node: YamlNode, shape: Shape, path: string): Decoded {
    if (this.#isTooMuch(node, path)) return null
    if (isAlias(node)) return this.#alias(node, shape, path)
    if (isScalar(node)) return this.#scalar(node as YamlNode & { value: unknown }, shape, path)
    if (shape.kind === 'any' || shape.kind === 'plugin') return this.#opaque(node, shape, path)
    if (isMap(node)) {
      if (shape.kind === 'map') return this.#map(node as YamlMap, shape.keys, path)
      if (shape.kind === 'dict') return this.#dict(node as YamlMap, shape.of, path)
    }
    if (isSeq(node) && shape.kind === 'list') return this.#list(node as YamlSeq, shape.of, path)
    return this.#mismatch(node, isMap(node) ? 'a map' : 'a list', shape, path)
  }

  #isTooMuch(node: YamlNode, path: string): boolean {
    this.#decoded++
    if (this.#open.size > 0) this.#behindAlias++
    if (this.#tooMany || this.#behindAlias <= 100 || this.#decoded <= 1000) return this.#tooMany
    const { few, fewCount, many, manyCount } = ALIAS_SHARE
    const scale = Math.min(Math.max((this.#decoded - fewCount) / manyCount, 0), 1)
    if (this.#behindAlias / this.#decoded <= few - (few - many) * scale) return false
    this.#tooMany = true
    this.#problem(node, 'bad-value', `${place(path)} repeats aliases excessively`, 'the values written out')
    return true
  }

  #alias(node: YamlNode, shape: Shape, path: string): Decoded {
    const target = this.#source.targetOf(node)
    if (target === null) {
      this.#problem(
        node,
        'yaml-syntax',
        `${place(path)} refers to an anchor that is not defined before it`,
        'the value itself',
      )
      return null
    }
    if (this.#open.has(target)) {
      this.#problem(node, 'yaml-syntax', `${place(path)} contains itself`, 'the value itself')
      return null
    }
    this.#open.add(target)
    const value = this.#value(target, shape, path)
    this.#open.delete(target)
    return value
  }

  #scalar(node: YamlNode, shape: Shape, path: string): Decoded {
    if (!isScalar(node)) return null
    const scalar = goScalarOf(node)
    if (scalar.kind === 'misfit') {
      this.#problem(
        node,
        'yaml-type',
        `${place(path)} has a tag that does not fit its value`,
        'the value without a tag',
      )
      return null
    }
    if (scalar.kind === 'null') return null
    const decode = SCALARS[shape.kind]
    const value = decode === undefined ? undefined : decode(scalar, scalarText(node))
    return value === undefined ? this.#mismatch(node, SEEN[scalar.kind], shape, path) : value
  }

  #map(node: YamlMap, keys: Keys, path: string): DecodedMap {
    const fields = new Map<string, DecodedField>()
    for (const { name, keyNode, value } of this.#entries(node, path)) {
      const field = keys[name]
      const at = this.#at(keyNode)
      if (!knows(this.#flavour, field)) {
        this.#unknown.push({ key: name, at, path, siblings: keys, field })
        continue
      }
      if (field.since !== undefined) this.#dated.push({ key: name, at, path, since: field.since })
      fields.set(name, {
        keyAt: at,
        at: value === null ? at : this.#at(value),
        value: this.#field(value, field.shape, path, name),
      })
    }
    return { kind: 'map', at: this.#at(node), fields }
  }

  #dict(node: YamlMap, of: Shape, path: string): DecodedMap {
    const fields = new Map<string, DecodedField>()
    for (const { name, keyNode, value } of this.#entries(node, path)) {
      const at = this.#at(keyNode)
      fields.set(name, {
        keyAt: at,
        at: value === null ? at : this.#at(value),
        value: this.#field(value, of, path, name),
      })
    }
    return { kind: 'map', at: this.#at(node), fields }
  }

  #field(value: YamlNode | null, shape: Shape, path: string, name: string): Decoded {
    return value === null ? null : this.#value(value, shape, path === '' ? name : `${path}.${name}`)
  }

  #list(node: YamlSeq, of: Shape, path: string): DecodedList {
    const items: DecodedItem[] = []
    node.items.forEach((item, index) => {
      const value = this.#value(item, of, `${path}[${index}]`)
      // A null item is no item, unless a list or a map of the operator's own keys is wanted there.
      if (value !== null) items.push({ at: this.#at(item), index, value })
    })
    return { kind: 'list', items }
  }

  /** A value the gateway keeps as it is; what it looks at inside is told here. */
  #opaque(node: YamlNode, shape: Shape, path: string): Decoded {
    if (shape.kind === 'plugin') {
      if (isMap(node)) this.#plugin(node as YamlMap, path)
      return null
    }
    const parts = isSeq(node)
      ? (node as YamlSeq).items
      : [...this.#entries(node as YamlMap, path)].map(({ value }) => value)
    for (const part of parts) if (part !== null) this.#value(part, shape, path)
    return null
  }

  #plugin(node: YamlMap, path: string): void {
    for (const pair of node.items as YamlPair[]) {
      const name = isScalar(pair.key) ? scalarText(pair.key) : ''
      if (pair.value === null || (name !== 'enabled' && name !== 'priority')) continue
      this.#value(pair.value, { kind: name === 'enabled' ? 'bool' : 'int' }, `${path}.${name}`)
    }
  }

  /** The pairs of a map, its own first and then what merge keys add; a repeated key is a problem. */
  *#entries(node: YamlMap, path: string, taken = new Set<string>()): Generator<Entry> {
    let merge: YamlNode | null = null
    const own = new Map<string, Position>()
    const inherited = new Set(taken)
    for (const pair of node.items as YamlPair[]) {
      if (this.#isRepeated(pair.key, own, path)) continue
      if (isMergeKey(pair.key)) {
        merge = pair.value
        continue
      }
      const name = this.#keyText(pair.key)
      if (name === null) {
        this.#problem(pair.key, 'yaml-type', `a key in ${place(path)} is no text`, 'a word and a colon')
        continue
      }
      taken.add(name)
      if (!inherited.has(name)) yield { name, keyNode: pair.key, value: pair.value }
    }
    if (merge !== null) yield* this.#merged(merge, path, taken)
  }

  *#merged(merge: YamlNode, path: string, taken: Set<string>): Generator<Entry> {
    const parts = isSeq(merge) ? ((merge as YamlSeq).items as YamlNode[]) : [merge]
    for (const part of parts) {
      const node = isAlias(part) ? this.#source.targetOf(part) : part
      if (node === null || !isMap(node) || this.#open.has(node)) {
        this.#problem(
          part,
          'yaml-type',
          `${place(path)} merges (\`<<\`) something that is not a map`,
          'an alias of a map',
        )
        continue
      }
      this.#open.add(node)
      yield* this.#entries(node as YamlMap, path, taken)
      this.#open.delete(node)
    }
  }

  #isRepeated(key: YamlNode, own: Map<string, Position>, path: string): boolean {
    const text = isScalar(key) ? scalarText(key) : ''
    const identity = isScalar(key)
      ? `scalar ${text}`
      : isAlias(key)
        ? `alias ${key.source}`
        : isMap(key)
          ? 'map'
          : 'list'
    const first = own.get(identity)
    if (first === undefined) {
      own.set(identity, this.#at(key))
      return false
    }
    const where = path === '' ? '' : ` in ${printable(path, 100)}`
    this.#problem(
      key,
      'yaml-dup-key',
      `the key \`${printable(text)}\` stands twice${where}, first on line ${first.line}`,
      'the key once',
    )
    return true
  }

  #keyText(key: YamlNode): string | null {
    const node = isAlias(key) ? this.#source.targetOf(key) : key
    return isScalar(node) ? scalarText(node) : null
  }

  #mismatch(node: YamlNode, seen: string, shape: Shape, path: string): null {
    const [wanted, example] = WANTED[shape.kind]
    this.#problem(node, 'yaml-type', `${place(path)} is ${seen}; the gateway wants ${wanted}`, example)
    return null
  }

  #problem(node: YamlNode, code: ProblemCode, message: string, expected: string): void {
    this.#problems.push({ ...this.#at(node), code, message, expected })
  }

  #at(node: YamlNode): Position {
    return this.#source.at(node.range[0])
  }
}

interface Entry {
  readonly name: string
  readonly keyNode: YamlNode
  readonly value: YamlNode | null
}

function place(path: string): string {
  return path === '' ? 'the file' : `\`${printable(path, 100)}\``
}
