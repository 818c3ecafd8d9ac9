import type { Problem } from './problem.ts'
import type { Field, Keys } from './shape.ts'
import type { Position } from './yaml-source.ts'

/** A value as the gateway decodes it. `null` stands for "not set", which is also what YAML's null means to it. */
export type Decoded = string | number | boolean | null | DecodedMap | DecodedList

export interface DecodedMap {
  readonly kind: 'map'
  readonly at: Position
  readonly fields: ReadonlyMap<string, DecodedField>
}

export interface DecodedList {
  readonly kind: 'list'
  readonly items: readonly DecodedItem[]
}

export interface DecodedItem {
  readonly at: Position
  /** Place in the file's list, null items counted. */
  readonly index: number
  readonly value: Decoded
}

export interface DecodedField {
  readonly keyAt: Position
  readonly at: Position
  readonly value: Decoded
}

/** A key the gateway ignores. */
export interface UnknownKey {
  readonly key: string
  readonly at: Position
  /** The place of its map, e.g. `openai-compatibility[2]`; empty at the top. */
  readonly path: string
  readonly siblings: Keys
  /** Set when another gateway knows the key. */
  readonly field: Field | undefined
}

/** A known key that came with some release. */
export interface DatedKey {
  readonly key: string
  readonly at: Position
  readonly path: string
  readonly since: string
}

export interface Decoding {
  readonly root: DecodedMap
  readonly problems: readonly Problem[]
  readonly unknown: readonly UnknownKey[]
  readonly dated: readonly DatedKey[]
}
