import { isMap, isSeq, isAlias as isYamlAlias } from 'yaml'
import { isChannel, isNamed } from './edit-data.ts'
import type { EntryRef } from './edit-types.ts'
import { plainNode } from './plain.ts'
import { isEmpty, isRefused, type Planned, pairOf, type Refusal, refuse, type Site } from './site.ts'
import type { YamlMap, YamlNode, YamlPair, YamlSeq } from './yaml-source.ts'

/** The map at the top; null for a file that says nothing yet. */
export function rootOf(site: Site): YamlMap | null | Refusal {
  const { root } = site.source
  if (isEmpty(root)) return null
  if (!isMap(root)) return refuse(site, root, 'the file is no map of keys')
  return ownMap(site, root as YamlMap)
}

/** The map itself, unless other places of the file share it. */
export function ownMap(site: Site, map: YamlMap): YamlMap | Refusal {
  const { anchor } = map
  if (anchor === undefined || !site.source.aliasedAnchors.has(anchor)) return map
  return refuse(site, map, `other places of the file refer to it (\`&${anchor}\`)`)
}

/** The list or map under `key`: null when there is none yet. */
export function collectionUnder(
  site: Site,
  map: YamlMap,
  key: string,
): { pair: YamlPair; node: YamlMap | YamlSeq } | null | Refusal {
  const pair = pairOf(map, key)
  if (pair === undefined) {
    const merged = plainNode(site.source, map)
    const inherited = merged instanceof Map && (merged.get(key) ?? null) !== null
    return inherited ? refuse(site, map, `\`${key}\` comes from a merge key (\`<<\`)`) : null
  }
  if (isEmpty(pair.value)) return null
  const node = pair.value as YamlNode
  if (isYamlAlias(node))
    return refuse(
      site,
      node,
      `\`${key}\` stands elsewhere and is only referred to here (\`*${node.source}\`)`,
    )
  if (!isMap(node) && !isSeq(node))
    return refuse(site, node, `\`${key}\` holds one value where a list or map belongs`)
  const { anchor } = node
  if (anchor !== undefined && site.source.aliasedAnchors.has(anchor))
    return refuse(site, node as YamlNode, `other places of the file refer to \`${key}\` (\`&${anchor}\`)`)
  return { pair, node: node as YamlMap | YamlSeq }
}

export function listIn(
  site: Site,
  map: YamlMap,
  key: string,
): { pair: YamlPair; list: YamlSeq } | null | Refusal {
  const found = collectionUnder(site, map, key)
  if (found === null || isRefused(found)) return found
  return isSeq(found.node)
    ? { pair: found.pair, list: found.node as YamlSeq }
    : refuse(site, found.node, `\`${key}\` is no list`)
}

export function entryOf(site: Site, ref: EntryRef): YamlMap | Refusal {
  const root = rootOf(site)
  if (isRefused(root)) return root
  const found = root === null ? null : listIn(site, root, ref.section)
  if (isRefused(found)) return found
  const items = (found?.list.items ?? []) as YamlNode[]
  const places =
    'index' in ref
      ? [ref.index]
      : items.flatMap((item, index) => (isNamed(plainNode(site.source, item), ref.name) ? [index] : []))
  const [place = -1, another] = places
  const entry = items[place]
  if (another !== undefined)
    return refuse(site, items[another] ?? null, `a second ${ref.section} entry has this name`)
  if (entry === undefined) return refuse(site, null, `there is no such ${ref.section} entry`)
  if (isYamlAlias(entry))
    return refuse(
      site,
      entry,
      `the entry stands elsewhere and is only referred to here (\`*${entry.source}\`)`,
    )
  return isMap(entry) ? ownMap(site, entry as YamlMap) : refuse(site, entry, 'the entry is no map of keys')
}

/** The map of channels and the key under which `channel` stands in it; null when there is no map yet. */
export function onChannel(
  site: Site,
  section: string,
  channel: string,
  then: (map: YamlMap | null, key: string) => Planned,
): Planned {
  const root = rootOf(site)
  if (isRefused(root)) return root
  const found = root === null ? null : collectionUnder(site, root, section)
  if (isRefused(found)) return found
  if (found === null) return then(null, channel.trim().toLowerCase())
  if (!isMap(found.node)) return refuse(site, found.node, `\`${section}\` is no map of channels`)
  const map = found.node as YamlMap
  const plain = plainNode(site.source, map)
  const keys = plain instanceof Map ? [...plain.keys()] : []
  return then(map, keys.find((key) => isChannel(key, channel)) ?? channel.trim().toLowerCase())
}
