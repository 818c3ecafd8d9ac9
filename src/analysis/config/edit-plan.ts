import { isMap, isSeq, isAlias as isYamlAlias } from 'yaml'
import {
  aliasData,
  compatEntryData,
  isAlias,
  isAliased,
  isModel,
  isNamed,
  isPattern,
  modelData,
} from './edit-data.ts'
import { collectionUnder, entryOf, listIn, onChannel, ownMap, rootOf } from './edit-find.ts'
import type { ConfigEdit, EntryRef, ExclusionTarget } from './edit-types.ts'
import { type Plain, type PlainMap, plainNode, samePlain } from './plain.ts'
import { isRefused, type Planned, pairOf, type Refusal, refuse, type Site } from './site.ts'
import { addItem, addTopLevel, fillPair, setScalar } from './splice-add.ts'
import { isRemovable, removeItem, removePair } from './splice-remove.ts'
import type { YamlMap, YamlNode, YamlPair } from './yaml-source.ts'

/** The next step of an edit on the text; no splices when nothing is left to do. An edit may take several steps. */
export function planStep(site: Site, edit: ConfigEdit): Planned {
  switch (edit.kind) {
    case 'add-compat-entry':
      return addCompatEntry(site, compatEntryData(edit.entry), edit.entry.name)
    case 'remove-compat-entry':
      return removeFromList(site, rootOf(site), 'openai-compatibility', (item) => isNamed(item, edit.name))
    case 'add-model':
      return addToList(site, entryOf(site, edit.entry), 'models', modelData(edit.model), (item) =>
        isModel(item, edit.model),
      )
    case 'remove-model':
      return removeFromList(site, entryOf(site, edit.entry), 'models', (item) => isModel(item, edit.model))
    case 'add-oauth-alias':
      return addOAuthAlias(site, edit)
    case 'remove-oauth-alias':
      return onChannel(site, 'oauth-model-alias', edit.channel, (map, key) =>
        removeFromList(site, map, key, (item) => isAlias(item, edit)),
      )
    case 'set-prefix':
      return setInEntry(site, edit.entry, 'prefix', edit.prefix, '')
    case 'set-priority':
      return setInEntry(site, edit.entry, 'priority', edit.priority, 0)
    case 'set-disabled':
      return setDisabled(site, edit.entry, edit.disabled)
    case 'add-exclusion':
      return addExclusion(site, edit.target, edit.pattern)
    case 'remove-exclusion':
      return removeExclusion(site, edit.target, edit.pattern)
    case 'set-setting':
      return setSetting(site, edit.key, edit.value)
  }
}

function addCompatEntry(site: Site, entry: PlainMap, name: string): Planned {
  const root = rootOf(site)
  if (isRefused(root)) return root
  const found = root === null ? null : listIn(site, root, 'openai-compatibility')
  if (isRefused(found)) return found
  const namesake = (found?.list.items as YamlNode[] | undefined)?.find((item) =>
    isNamed(plainNode(site.source, item), name),
  )
  if (namesake === undefined) return addToList(site, root, 'openai-compatibility', entry, () => false)
  if (samePlain(plainNode(site.source, namesake), entry)) return []
  return refuse(site, namesake, 'another openai-compatibility entry has this name')
}

/** Adds `item` to the list under `key` unless one is the same; makes the list where there is none. */
function addToList(
  site: Site,
  map: YamlMap | null | Refusal,
  key: string,
  item: Plain,
  isSame: (item: Plain) => boolean,
): Planned {
  if (isRefused(map)) return map
  if (map === null) return addTopLevel(site, key, [item])
  const found = listIn(site, map, key)
  if (isRefused(found)) return found
  if (found !== null && (found.list.items as YamlNode[]).some((node) => isSame(plainNode(site.source, node))))
    return []
  if (found !== null && found.list.items.length > 0) return addItem(site, found.list, item)
  return fill(site, map, key, [item])
}

/** Writes a list or map under a key that is missing or says nothing. New top-level keys go to the end of the file. */
function fill(site: Site, map: YamlMap, key: string, value: Plain[] | PlainMap): Planned {
  if (map === site.source.root && pairOf(map, key) === undefined) return addTopLevel(site, key, value)
  return fillPair(site, map, key, value)
}

function removeFromList(
  site: Site,
  map: YamlMap | null | Refusal,
  key: string,
  isGone: (item: Plain) => boolean,
): Planned {
  if (map === null || isRefused(map)) return map ?? []
  const found = listIn(site, map, key)
  if (found === null || isRefused(found)) return found ?? []
  const index = (found.list.items as YamlNode[]).findIndex((node) => isGone(plainNode(site.source, node)))
  return index < 0 ? [] : removeItem(site, found.pair, found.list, index)
}

function addUnderChannel(
  site: Site,
  section: string,
  map: YamlMap | null,
  key: string,
  item: Plain,
  isSame: (item: Plain) => boolean,
): Planned {
  if (map !== null && map.items.length > 0) return addToList(site, map, key, item, isSame)
  const root = rootOf(site)
  if (isRefused(root)) return root
  const channels: PlainMap = new Map<string, Plain>([[key, [item]]])
  return root === null ? addTopLevel(site, section, channels) : fill(site, root, section, channels)
}

function addOAuthAlias(
  site: Site,
  { channel, alias }: Extract<ConfigEdit, { kind: 'add-oauth-alias' }>,
): Planned {
  return onChannel(site, 'oauth-model-alias', channel, (map, key) => {
    const found = map === null ? null : listIn(site, map, key)
    if (isRefused(found)) return found
    const items = (found?.list.items ?? []) as YamlNode[]
    const holder = items.find((node) => isAliased(plainNode(site.source, node), alias.alias))
    if (holder === undefined)
      return addUnderChannel(site, 'oauth-model-alias', map, key, aliasData(alias), () => false)
    if (!isAlias(plainNode(site.source, holder), alias))
      return refuse(site, holder, 'another item of the channel has this alias')
    if (!isMap(holder)) return refuse(site, holder, 'the item stands elsewhere')
    const own = ownMap(site, holder as YamlMap)
    return isRefused(own) ? own : setUnless(site, own, 'fork', alias.fork, 'alias')
  })
}

function setUnless(
  site: Site,
  map: YamlMap,
  key: string,
  value: string | number | boolean,
  after?: string,
): Planned {
  const plain = plainNode(site.source, map)
  return plain instanceof Map && plain.get(key) === value ? [] : setScalar(site, map, key, value, after)
}

/** The key behind which a new key of an entry is written. */
function behindFor({ section }: EntryRef): string {
  return section === 'openai-compatibility' ? 'name' : 'api-key'
}

function setInEntry(
  site: Site,
  ref: EntryRef,
  key: string,
  value: string | number | null,
  nothing: string | number,
): Planned {
  const entry = entryOf(site, ref)
  if (isRefused(entry)) return entry
  if (value !== null) return setUnless(site, entry, key, value, behindFor(ref))
  const plain = plainNode(site.source, entry)
  const current = plain instanceof Map ? (plain.get(key) ?? null) : null
  if (current === null || current === nothing) return []
  const pair = pairOf(entry, key)
  if (pair === undefined) return setScalar(site, entry, key, nothing, behindFor(ref))
  return isRemovable(site, entry, pair) ? removePair(site, entry, pair) : setScalar(site, entry, key, nothing)
}

function setDisabled(site: Site, ref: EntryRef, disabled: boolean): Planned {
  const entry = entryOf(site, ref)
  if (isRefused(entry)) return entry
  const plain = plainNode(site.source, entry)
  if (!disabled && plain instanceof Map && !plain.has('disabled')) return []
  return setUnless(site, entry, 'disabled', disabled, behindFor(ref))
}

function addExclusion(site: Site, target: ExclusionTarget, pattern: string): Planned {
  const same = (item: Plain) => isPattern(item, pattern)
  if (target.kind === 'oauth')
    return onChannel(site, 'oauth-excluded-models', target.channel, (map, key) =>
      addUnderChannel(site, 'oauth-excluded-models', map, key, pattern, same),
    )
  if (target.entry.section === 'openai-compatibility')
    return refuse(
      site,
      null,
      'the gateway ignores `excluded-models` in openai-compatibility; take the model out of `models`',
    )
  return addToList(site, entryOf(site, target.entry), 'excluded-models', pattern, same)
}

function removeExclusion(site: Site, target: ExclusionTarget, pattern: string): Planned {
  const same = (item: Plain) => isPattern(item, pattern)
  if (target.kind === 'entry')
    return removeFromList(site, entryOf(site, target.entry), 'excluded-models', same)
  return onChannel(site, 'oauth-excluded-models', target.channel, (map, key) =>
    removeFromList(site, map, key, same),
  )
}

function setSetting(site: Site, path: string, value: string | number | boolean | null): Planned {
  const root = rootOf(site)
  if (isRefused(root)) return root
  const [outer = path, inner] = path.split('.')
  if (inner === undefined)
    return root === null
      ? value === null
        ? []
        : addTopLevel(site, outer, value)
      : setHere(site, root, outer, value)
  const found = root === null ? null : collectionUnder(site, root, outer)
  if (isRefused(found)) return found
  if (found !== null && !isMap(found.node)) return refuse(site, found.node, `\`${outer}\` is no map of keys`)
  if (found !== null && found.node.items.length > 0) {
    // A map that would lose its only key goes as a whole.
    const goes =
      value === null && found.node.items.length === 1 && pairOf(found.node as YamlMap, inner) !== undefined
    return goes && root !== null
      ? setHere(site, root, outer, null)
      : setHere(site, found.node as YamlMap, inner, value)
  }
  if (value === null) return []
  const map: PlainMap = new Map<string, Plain>([[inner, value]])
  return root === null ? addTopLevel(site, outer, map) : fill(site, root, outer, map)
}

function setHere(site: Site, map: YamlMap, key: string, value: string | number | boolean | null): Planned {
  if (value !== null) return setUnless(site, map, key, value, lastScalarKey(map))
  const pair = pairOf(map, key)
  if (pair === undefined) return []
  if (isRemovable(site, map, pair)) return removePair(site, map, pair)
  return refuse(site, pair.key, `\`${key}\` is the only key here, or shares its line`)
}

/** Single values stand together: a new one goes behind the last of them. */
function lastScalarKey(map: YamlMap): string | undefined {
  const scalars = (map.items as YamlPair[]).filter(
    ({ value }) => value !== null && !isMap(value) && !isSeq(value) && !isYamlAlias(value),
  )
  const key = scalars.at(-1)?.key as { value?: unknown } | undefined
  return typeof key?.value === 'string' ? key.value : undefined
}
