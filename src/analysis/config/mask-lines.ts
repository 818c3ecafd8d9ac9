import { TOP_LEVEL } from './schema.ts'
import { isSecretKey, type SecretTags } from './secrets.ts'
import type { Field, Shape } from './shape.ts'

const LINE = /^(?<lead>\s*(?:- +)*)(?<rest>.*)$/s
const PAIR = /^(?<key>"[^"]*"|'[^']*'|[^\s:#'"[{,][^:#[{,]*?)(?<colon>\s*:(?:\s+|$))(?<value>.*)$/s
const COMMENTED_PAIR = /^(?<lead>[\s#-]*)(?<key>[\w.]+(?:-[\w.]+)*)(?<colon>\s*:(?:\s+|$))(?<value>.*)$/s

/**
 * Masks a text that is no readable YAML, line by line. When in doubt it masks: only values behind keys that are known
 * to hold no secret stay, and list items below such keys.
 */
export function maskByLines(text: string, tags: SecretTags): string {
  const open: { indent: number; safe: boolean }[] = []
  const maskComment = commentMasker(tags)
  return text
    .split(/(?<=\n)/)
    .map((line) => {
      const end = /\r?\n$/.exec(line)?.[0] ?? ''
      const body = line.slice(0, line.length - end.length)
      if (/^\s*(?:#|$|---|\.\.\.)/.test(body))
        return maskComment(body, isWithinSafe(open) || open.length === 0 ? 'elsewhere' : 'in-secret') + end
      return maskContent(body, open, tags) + end
    })
    .join('')
}

function maskContent(body: string, open: { indent: number; safe: boolean }[], tags: SecretTags): string {
  const { lead = '', rest = '' } = LINE.exec(body)?.groups ?? {}
  while ((open.at(-1)?.indent ?? -1) >= lead.length) open.pop()
  const pair = PAIR.exec(rest)?.groups
  if (pair === undefined) return `${lead}${isWithinSafe(open) ? rest : masked(rest, tags)}`
  const { key = '', colon = '', value = '' } = pair
  const name = key.replace(/^["']|["']$/g, '')
  const safe = SAFE_KEYS.has(name) && !value.includes('{') && !open.some((outer) => !outer.safe)
  // A block below a key that opens none of its own is as safe as the key.
  open.push({
    indent: lead.length,
    safe: safe || (value.trim() === '' && !isSecretKey(name) && isKnown(name)),
  })
  return `${lead}${key}${colon}${safe ? value : masked(value, tags)}`
}

function isWithinSafe(open: readonly { safe: boolean }[]): boolean {
  return open.length > 0 && open.every(({ safe }) => safe)
}

/** Whether a comment stands in a block that is secret as a whole, such as a list of keys, or right behind one. */
export type CommentPlace = 'in-secret' | 'behind-secret' | 'elsewhere'

/**
 * Masks what is commented out: the value of a pair whose key names a secret, and the items of a list below such a key or
 * among such items. To be given the comments of a file one after the other, each from its `#` on.
 */
export function commentMasker(tags: SecretTags): (comment: string, place: CommentPlace) => string {
  let inSecretList = false
  return (comment, place) => {
    const { lead = '', key = '', colon = '', value = '' } = COMMENTED_PAIR.exec(comment)?.groups ?? {}
    if (key !== '' && (place === 'in-secret' || isSecretKey(key))) {
      inSecretList = value.trim() === ''
      return `${lead}${key}${colon}${masked(value, tags)}`
    }
    const item = /^(?<lead>[\s#]*- +)(?<value>.*)$/s.exec(comment)?.groups
    inSecretList &&= item !== undefined
    const secret = item !== undefined && (inSecretList || place !== 'elsewhere')
    return secret ? `${item.lead}${masked(item.value ?? '', tags)}` : comment
  }
}

function masked(value: string, { tagOf }: SecretTags): string {
  const [, before = '', secret = '', after = ''] = /^([\s"'[{]*)(.*?)([\s"'\]},]*)$/s.exec(value) ?? []
  return secret === '' ? value : `${before}${tagOf(secret)}${after}`
}

function isKnown(key: string): boolean {
  return ALL_KEYS.has(key)
}

const ALL_KEYS = keysOf(Object.entries(TOP_LEVEL))
/** Keys of the config whose single values are no secret. */
const SAFE_KEYS: ReadonlySet<string> = new Set([...ALL_KEYS].filter((key) => !isSecretKey(key)))

function keysOf(fields: readonly (readonly [string, Field])[]): ReadonlySet<string> {
  const keys = new Set<string>()
  const walk = (shape: Shape): void => {
    if (shape.kind === 'list' || shape.kind === 'dict') walk(shape.of)
    if (shape.kind === 'map') for (const [key, field] of Object.entries(shape.keys)) visitField(key, field)
  }
  const visitField = (key: string, { shape }: Field): void => {
    keys.add(key)
    walk(shape)
  }
  for (const [key, field] of fields) visitField(key, field)
  return keys
}
