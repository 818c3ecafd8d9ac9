import type { Decoded, DecodedItem, DecodedMap } from './decoded.ts'
import type { Position } from './yaml-source.ts'

const NOTHING: DecodedMap = { kind: 'map', at: { line: 1, column: 1 }, fields: new Map() }

function under(map: DecodedMap, key: string): Decoded {
  return map.fields.get(key)?.value ?? null
}

/** The text under `key`; `absent` when the key is missing or null. */
export function textOf(map: DecodedMap, key: string, absent = ''): string {
  const value = under(map, key)
  return typeof value === 'string' ? value : absent
}

export function flagOf(map: DecodedMap, key: string, absent = false): boolean {
  return optionalFlagOf(map, key) ?? absent
}

export function optionalFlagOf(map: DecodedMap, key: string): boolean | null {
  const value = under(map, key)
  return typeof value === 'boolean' ? value : null
}

export function numberOf(map: DecodedMap, key: string, absent = 0): number {
  return optionalNumberOf(map, key) ?? absent
}

export function optionalNumberOf(map: DecodedMap, key: string): number | null {
  const value = under(map, key)
  return typeof value === 'number' ? value : null
}

export function mapAt(map: DecodedMap, key: string): DecodedMap {
  return asMap(under(map, key)) ?? NOTHING
}

export function itemsAt(map: DecodedMap, key: string): readonly DecodedItem[] {
  return itemsOf(under(map, key))
}

export function itemsOf(value: Decoded): readonly DecodedItem[] {
  return value !== null && typeof value === 'object' && value.kind === 'list' ? value.items : []
}

export function asMap(value: Decoded): DecodedMap | null {
  return value !== null && typeof value === 'object' && value.kind === 'map' ? value : null
}

/** Where the value of each key stands. */
export function placesOf(map: DecodedMap): ReadonlyMap<string, Position> {
  const places = new Map<string, Position>()
  for (const [key, { at }] of map.fields) places.set(key, at)
  return places
}
