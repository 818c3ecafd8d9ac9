import type { ConfigEdit, EntryRef, ExclusionTarget, NewCompatEntry, NewModel } from './edit-types.ts'
import { listUnder, mapUnder, type Plain, type PlainList, type PlainMap, samePlain } from './plain.ts'

/** A new entry as it is written, keys in the order of the gateway's example. */
export function compatEntryData(entry: NewCompatEntry): PlainMap {
  const map: PlainMap = new Map<string, Plain>([['name', entry.name]])
  if (entry.disabled === true) map.set('disabled', true)
  if (entry.prefix !== undefined && entry.prefix !== '') map.set('prefix', entry.prefix)
  if (entry.priority !== undefined) map.set('priority', entry.priority)
  map.set('base-url', entry.baseUrl)
  if (entry.headers !== undefined && Object.keys(entry.headers).length > 0)
    map.set('headers', new Map(Object.entries(entry.headers)))
  if (entry.keys.length > 0) map.set('api-key-entries', entry.keys.map(keyData))
  map.set('models', entry.models.map(modelData))
  return map
}

function keyData({ apiKey, weight, proxyUrl }: NewCompatEntry['keys'][number]): PlainMap {
  const map: PlainMap = new Map<string, Plain>([['api-key', apiKey]])
  if (weight !== undefined) map.set('weight', weight)
  if (proxyUrl !== undefined) map.set('proxy-url', proxyUrl)
  return map
}

export function modelData({ name, alias }: NewModel): PlainMap {
  return new Map<string, Plain>(
    alias === undefined
      ? [['name', name]]
      : [
          ['name', name],
          ['alias', alias],
        ],
  )
}

export function aliasData({ name, alias, fork }: { name: string; alias: string; fork: boolean }): PlainMap {
  return new Map<string, Plain>([
    ['name', name],
    ['alias', alias],
    ['fork', fork],
  ])
}

export function isModel(item: Plain, { name, alias }: NewModel): boolean {
  return trimmed(item, 'name') === name.trim() && trimmed(item, 'alias') === (alias ?? '').trim()
}

/** True for an item of that name and alias; case counts nothing to the gateway here. */
export function isAlias(item: Plain, wanted: { readonly name: string; readonly alias: string }): boolean {
  return (
    isAliased(item, wanted.alias) && trimmed(item, 'name').toLowerCase() === wanted.name.trim().toLowerCase()
  )
}

export function isAliased(item: Plain, alias: string): boolean {
  return trimmed(item, 'alias').toLowerCase() === alias.trim().toLowerCase()
}

export function isPattern(item: Plain, pattern: string): boolean {
  return typeof item === 'string' && item.trim().toLowerCase() === pattern.trim().toLowerCase()
}

export function isNamed(item: Plain, name: string): boolean {
  return item instanceof Map && trimmed(item, 'name').toLowerCase() === name.trim().toLowerCase()
}

export function isChannel(key: string, channel: string): boolean {
  return key.trim().toLowerCase() === channel.trim().toLowerCase()
}

function trimmed(item: Plain, key: string): string {
  const value = item instanceof Map ? item.get(key) : undefined
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : ''
}

/** The intention of an edit on plain data: changes `data`. False when the data has no place for it. */
export function intend(data: PlainMap, edit: ConfigEdit): boolean {
  switch (edit.kind) {
    case 'add-compat-entry':
      return add(listUnder(data, 'openai-compatibility'), compatEntryData(edit.entry), (item) =>
        isNamed(item, edit.entry.name),
      )
    case 'remove-compat-entry':
      return removeFrom(data, 'openai-compatibility', (item) => isNamed(item, edit.name))
    case 'add-model':
      return within(data, edit.entry, (entry) =>
        add(listUnder(entry, 'models'), modelData(edit.model), (item) => isModel(item, edit.model)),
      )
    case 'remove-model':
      return within(data, edit.entry, (entry) =>
        removeFrom(entry, 'models', (item) => isModel(item, edit.model)),
      )
    case 'add-oauth-alias':
      return addOAuthAlias(data, edit)
    case 'remove-oauth-alias':
      return removeFrom(...channelList(data, 'oauth-model-alias', edit.channel), (item) =>
        isAlias(item, edit),
      )
    case 'set-prefix':
      return within(data, edit.entry, (entry) => setOrDelete(entry, 'prefix', edit.prefix))
    case 'set-priority':
      return within(data, edit.entry, (entry) => setOrDelete(entry, 'priority', edit.priority))
    case 'set-disabled':
      return within(data, edit.entry, (entry) =>
        edit.disabled || entry.has('disabled') ? setOrDelete(entry, 'disabled', edit.disabled) : true,
      )
    case 'add-exclusion':
      return addExclusion(data, edit.target, edit.pattern)
    case 'remove-exclusion':
      return removeExclusion(data, edit.target, edit.pattern)
    case 'set-setting':
      return setSetting(data, edit.key, edit.value)
  }
}

/**
 * Takes out what an edit may leave in either of two forms that mean the same: no prefix or an empty one, no priority or
 * 0, no map or an empty one.
 */
export function settle(data: PlainMap, edit: ConfigEdit): PlainMap {
  if (edit.kind === 'set-prefix' && edit.prefix === null)
    within(data, edit.entry, (entry) => dropNothing(entry, 'prefix'))
  if (edit.kind === 'set-priority' && edit.priority === null)
    within(data, edit.entry, (entry) => dropNothing(entry, 'priority'))
  if (edit.kind === 'set-setting' && edit.value === null)
    dropNothing(data, edit.key.split('.')[0] ?? edit.key)
  return data
}

function dropNothing(map: PlainMap, key: string): boolean {
  const value = map.get(key) ?? null
  if (value === null || value === '' || value === 0 || (value instanceof Map && value.size === 0))
    map.delete(key)
  return true
}

function add(list: PlainList | null, item: Plain, isSame: (item: Plain) => boolean): boolean {
  if (list === null) return false
  const same = list.find(isSame)
  if (same === undefined) list.push(item)
  return same === undefined || !(item instanceof Map && item.has('base-url')) || samePlain(same, item)
}

function removeFrom(map: PlainMap | null, key: string, isGone: (item: Plain) => boolean): boolean {
  const list = map?.get(key)
  if (map !== null && Array.isArray(list) && list.some(isGone))
    map.set(
      key,
      list.filter((item) => !isGone(item)),
    )
  return true
}

function within(data: PlainMap, ref: EntryRef, change: (entry: PlainMap) => boolean): boolean {
  const list = data.get(ref.section)
  if (!Array.isArray(list)) return false
  const entry = 'index' in ref ? list[ref.index] : list.find((item) => isNamed(item, ref.name))
  return entry instanceof Map && change(entry)
}

function setOrDelete(map: PlainMap, key: string, value: Plain): boolean {
  if (value === null) map.delete(key)
  else map.set(key, value)
  return true
}

function channelList(data: PlainMap, section: string, channel: string): [PlainMap | null, string] {
  const channels = data.get(section)
  const map = channels instanceof Map ? channels : null
  const known = [...(map?.keys() ?? [])].find((key) => isChannel(key, channel))
  return [map, known ?? channel.trim().toLowerCase()]
}

function addOAuthAlias(
  data: PlainMap,
  { channel, alias }: Extract<ConfigEdit, { kind: 'add-oauth-alias' }>,
): boolean {
  const channels = mapUnder(data, 'oauth-model-alias')
  if (channels === null) return false
  const [, key] = channelList(data, 'oauth-model-alias', channel)
  const list = listUnder(channels, key)
  const known = list?.find((item) => isAlias(item, alias))
  if (known instanceof Map) return setOrDelete(known, 'fork', alias.fork)
  if (list === null || list.some((item) => isAliased(item, alias.alias))) return false
  list.push(aliasData(alias))
  return true
}

function addExclusion(data: PlainMap, target: ExclusionTarget, pattern: string): boolean {
  const same = (item: Plain) => isPattern(item, pattern)
  if (target.kind === 'entry')
    return within(data, target.entry, (entry) => add(listUnder(entry, 'excluded-models'), pattern, same))
  const channels = mapUnder(data, 'oauth-excluded-models')
  if (channels === null) return false
  return add(
    listUnder(channels, channelList(data, 'oauth-excluded-models', target.channel)[1]),
    pattern,
    same,
  )
}

function removeExclusion(data: PlainMap, target: ExclusionTarget, pattern: string): boolean {
  const same = (item: Plain) => isPattern(item, pattern)
  if (target.kind === 'entry')
    return within(data, target.entry, (entry) => removeFrom(entry, 'excluded-models', same))
  return removeFrom(...channelList(data, 'oauth-excluded-models', target.channel), same)
}

function setSetting(data: PlainMap, key: string, value: Plain): boolean {
  const [outer = key, inner] = key.split('.')
  if (inner === undefined) return setOrDelete(data, outer, value)
  if (value === null && !(data.get(outer) instanceof Map)) return true
  const map = mapUnder(data, outer)
  return map !== null && setOrDelete(map, inner, value)
}
