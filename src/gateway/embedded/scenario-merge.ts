import { parse } from 'yaml'
import type { Prepare } from '../../analysis/strict-yaml.ts'

/** Text of the scenario of that name, or null when there is none. */
export type ReadBase = (name: string) => string | null

type Fields = Record<string, unknown>

/** Lists whose entries have a name, under that key, and are merged by it. */
const NAMED_LISTS: Readonly<Record<string, string>> = { upstreams: 'name', authFiles: 'file' }
const NAMED_HISTORY: Readonly<Record<string, string>> = { requests: 'name', noise: 'name' }

/**
 * Lays a scenario that `extends` another over it: upstreams, token files and past traffic are merged entry by entry,
 * by their names, and everything else that is given replaces what the other says.
 */
export function withBase(readBase: ReadBase): Prepare {
  return (value) => {
    if (!isFields(value) || value.extends === undefined) return { value }
    const name = String(value.extends)
    const text = readBase(name)
    if (text === null) return { problem: `there is no scenario "${name}" to extend`, path: ['extends'] }
    const base: unknown = parse(text)
    if (!isFields(base) || base.extends !== undefined)
      return { problem: `"${name}" extends another scenario itself`, path: ['extends'] }
    return { value: overlay(base, value) }
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function overlay(base: Fields, own: Fields): Fields {
  const merged: Fields = { ...base, ...own }
  if (own.config !== undefined) delete merged.configFile
  if (own.configFile !== undefined) delete merged.config
  for (const [list, key] of Object.entries(NAMED_LISTS))
    mergeInto(merged, { list, key }, base[list], own[list])
  if (isFields(base.history) && isFields(own.history)) {
    const history: Fields = { ...base.history, ...own.history }
    for (const [list, key] of Object.entries(NAMED_HISTORY))
      mergeInto(history, { list, key }, base.history[list], own.history[list])
    merged.history = history
  }
  return merged
}

function mergeInto(
  target: Fields,
  { list, key }: { readonly list: string; readonly key: string },
  base: unknown,
  own: unknown,
): void {
  if (!Array.isArray(base) || !Array.isArray(own)) return
  const nameOf = (entry: unknown) => (isFields(entry) ? entry[key] : undefined)
  const kept = base.map((entry) => {
    const over = own.find((each) => nameOf(each) !== undefined && nameOf(each) === nameOf(entry))
    return isFields(over) && isFields(entry) ? { ...entry, ...over } : entry
  })
  const known = new Set(base.map(nameOf))
  target[list] = [...kept, ...own.filter((entry) => nameOf(entry) === undefined || !known.has(nameOf(entry)))]
}
