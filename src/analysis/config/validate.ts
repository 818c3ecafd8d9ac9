import { isIP } from 'node:net'
import { isAlias, isMap, isScalar, isSeq } from 'yaml'
import type { DecodedMap } from './decoded.ts'
import { durationMsOf } from './go-duration.ts'
import { goScalarOf, scalarText } from './go-scalar.ts'
import type { Problem } from './problem.ts'
import { asMap, flagOf, itemsAt, mapAt, numberOf, textOf } from './read.ts'
import { MAX_WEIGHT, SECTIONS } from './schema-providers.ts'
import type { YamlNode, YamlPair, YamlSource } from './yaml-source.ts'

/**
 * Weights as upstream checks them before it decodes anything: on the YAML itself, where `"5"`, `5.0`, null and an
 * alias are no integers (contract, files 1.3; internal/config/weight.go).
 */
export function weightProblems(source: YamlSource): Problem[] {
  const problems: Problem[] = []
  for (const section of SECTIONS) {
    const path = section === 'openai-compatibility' ? ['api-key-entries'] : []
    for (const map of mapsBelow(valueUnder(source.root, section), path)) {
      const value = valueUnder(map, 'weight')
      if (value === undefined) continue
      const fault = weightFault(value)
      const { line, column } = source.at((value ?? map).range[0])
      if (fault !== null)
        problems.push({
          line,
          column,
          code: 'weight-range',
          message: `a \`weight\` in ${section} ${fault}`,
          expected: `a whole number up to ${MAX_WEIGHT.toLocaleString('en')} without quotes`,
        })
    }
  }
  return problems
}

function weightFault(value: YamlNode | null): string | null {
  const scalar = value !== null && isScalar(value) ? goScalarOf(value) : null
  if (scalar?.kind !== 'int') return 'is no YAML integer'
  return scalar.value > MAX_WEIGHT ? 'is too large' : null
}

/** The maps in a list, or in the list under `path` of each of them. Aliases are not followed. */
function mapsBelow(list: YamlNode | null | undefined, path: readonly string[]): YamlNode[] {
  if (!isSeq(list)) return []
  const maps = (list.items as YamlNode[]).filter((item) => isMap(item))
  const [key, ...rest] = path
  return key === undefined ? maps : maps.flatMap((map) => mapsBelow(valueUnder(map, key), rest))
}

/** `undefined` when the map has no such key. */
function valueUnder(node: YamlNode | null | undefined, key: string): YamlNode | null | undefined {
  if (!isMap(node)) return undefined
  const pair = (node.items as YamlPair[]).find(
    ({ key: name }) => isScalar(name) && !isAlias(name) && scalarText(name) === key,
  )
  return pair === undefined ? undefined : pair.value
}

/** Values that upstream checks after decoding (contract, files 2.1). */
export function valueProblems(root: DecodedMap): Problem[] {
  return [
    ...inFlightProblems(mapAt(root, 'credential-in-flight')),
    ...relayProblems(mapAt(mapAt(root, 'codex'), 'live-media-relay')),
  ]
}

function bad(map: DecodedMap, key: string, message: string, expected: string): Problem {
  return { ...(map.fields.get(key)?.at ?? map.at), code: 'bad-value', message, expected }
}

/** Bounds of upstream's internal/config/credential_in_flight.go. */
const IN_FLIGHT = {
  partBytes: 262_144,
  partCount: 64,
  revisionBytes: 16_777_216,
  groups: 100_000,
  details: 10_000,
  stringBytes: 256,
} as const

function inFlightProblems(map: DecodedMap): Problem[] {
  const problems: Problem[] = []
  const name = 'credential-in-flight'
  const wants = (holds: boolean, key: string, expected: string) => {
    if (!holds) problems.push(bad(map, key, `\`${name}.${key}\` is out of bounds`, expected))
  }
  const snapshotMs = durationMsOf(textOf(map, 'snapshot-interval', '2s')) ?? 0
  const staleMs = durationMsOf(textOf(map, 'stale-after', '10s')) ?? 0
  const partBytes = numberOf(map, 'max-part-bytes', IN_FLIGHT.partBytes)
  const partCount = numberOf(map, 'max-part-count', IN_FLIGHT.partCount)
  const revisionBytes = numberOf(map, 'max-revision-bytes', IN_FLIGHT.revisionBytes)
  const within = (key: string, most: number, least: number) => {
    const value = numberOf(map, key, most)
    wants(value >= least && value <= most, key, `a number from ${least} to ${most}`)
  }
  wants(snapshotMs > 0, 'snapshot-interval', 'a duration above 0 such as 2s')
  wants(staleMs > 0 && snapshotMs <= staleMs / 3, 'stale-after', 'at least three times `snapshot-interval`')
  wants(
    (durationMsOf(textOf(map, 'staging-retention', '1m')) ?? 0) > 0,
    'staging-retention',
    'a duration above 0 such as 1m',
  )
  wants(partBytes >= 1024, 'max-part-bytes', 'at least 1024')
  within('max-part-count', IN_FLIGHT.partCount, 1)
  wants(
    revisionBytes >= partBytes &&
      revisionBytes <= IN_FLIGHT.revisionBytes &&
      Math.ceil(revisionBytes / partBytes) <= partCount,
    'max-revision-bytes',
    `between \`max-part-bytes\` and ${IN_FLIGHT.revisionBytes}, and not more than all parts hold`,
  )
  within('max-aggregate-groups', IN_FLIGHT.groups, 1)
  within('max-details', IN_FLIGHT.details, 0)
  within('max-string-bytes', IN_FLIGHT.stringBytes, 1)
  return problems
}

const DEFAULT_MEDIA_SESSIONS = 32
const ICE_SCHEMES = /^(?:stuns?|turns?):/i

/** Rules of upstream's internal/config/codex_live.go; only an enabled relay is checked, but for contradicting keys. */
function relayProblems(map: DecodedMap): Problem[] {
  const problems: Problem[] = []
  const wants = (holds: boolean, key: string, message: string, expected: string) => {
    if (!holds) problems.push(bad(map, key, `\`codex.live-media-relay.${key}\` ${message}`, expected))
  }
  const both = map.fields.has('allow-private-remote-ips') && map.fields.has('disable-private-remote-ips')
  wants(!both, 'allow-private-remote-ips', 'stands beside its successor', 'only `disable-private-remote-ips`')
  if (!flagOf(map, 'enabled')) return problems
  const sessions = numberOf(map, 'max-sessions')
  const [least, most] = [numberOf(map, 'udp-port-min'), numberOf(map, 'udp-port-max')]
  const ports = 2 * (sessions > 0 ? sessions : DEFAULT_MEDIA_SESSIONS)
  const publicIp = textOf(map, 'public-ip').trim()
  wants(sessions >= 0, 'max-sessions', 'is negative', 'a number from 0')
  wants(
    publicIp === '' || isIP(publicIp) !== 0,
    'public-ip',
    'is no address',
    'an IPv4 or IPv6 address, or nothing',
  )
  wants(
    (least === 0) === (most === 0) && least <= most,
    'udp-port-min',
    'does not fit `udp-port-max`',
    'both, the smaller one first',
  )
  wants(
    least === 0 || most - least + 1 >= ports,
    'udp-port-max',
    'leaves too few ports',
    `at least ${ports} ports`,
  )
  for (const { value } of itemsAt(map, 'ice-servers')) {
    const urls = itemsAt(asMap(value) ?? map, 'urls')
    const good =
      urls.length > 0 &&
      urls.every(({ value: url }) => typeof url === 'string' && ICE_SCHEMES.test(url.trim()))
    wants(
      good,
      'ice-servers',
      'has a server without usable urls',
      'urls that begin with stun:, stuns:, turn: or turns:',
    )
  }
  return problems
}
