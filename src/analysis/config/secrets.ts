import { SECTIONS } from './schema-providers.ts'

/** Remembers which secret got which tag, so that the same secret shows the same tag on both sides of a diff. */
export interface SecretTags {
  /** `[secret 1]`, `[secret 2]` … in the order of first sight. */
  readonly tagOf: (secret: string) => string
  /** Puts tags in place of known secrets, wherever else they stand in `text`. */
  readonly sweep: (text: string) => string
}

/** Shorter secrets are masked in their place only: elsewhere the same few letters mean something else. */
const SWEPT_LENGTH = 8

export function secretTags(): SecretTags {
  const tags = new Map<string, string>()
  return {
    tagOf: (secret) => {
      const known = tags.get(secret)
      if (known !== undefined) return known
      const tag = `[secret ${tags.size + 1}]`
      tags.set(secret, tag)
      return tag
    },
    sweep: (text) => sweep(text, tags),
  }
}

/** One pass over the text: known secrets are found by their first characters, the longest one wins. */
function sweep(text: string, tags: ReadonlyMap<string, string>): string {
  const byHead = new Map<string, string[]>()
  for (const secret of tags.keys()) {
    if (secret.length < SWEPT_LENGTH) continue
    const head = secret.slice(0, SWEPT_LENGTH)
    byHead.set(
      head,
      [...(byHead.get(head) ?? []), secret].sort((a, b) => b.length - a.length),
    )
  }
  if (byHead.size === 0) return text
  let swept = ''
  let from = 0
  for (let at = 0; at + SWEPT_LENGTH <= text.length; at++) {
    const found = byHead.get(text.slice(at, at + SWEPT_LENGTH))?.find((secret) => text.startsWith(secret, at))
    if (found === undefined) continue
    swept += text.slice(from, at) + (tags.get(found) ?? '')
    from = at + found.length
    at = from - 1
  }
  return swept + text.slice(from)
}

const SECTION_NAMES: ReadonlySet<string> = new Set(SECTIONS)
const SECRET_KEY =
  /(?:^|-)(?:api-?keys?|secret(?:-key)?|token|password|passwd|passphrase|credentials?|authorization|cookie|private-key|headers)$/

/** True for keys whose value, and everything below it, is nobody's business. A provider section is none, though it ends in `api-key`. */
export function isSecretKey(key: string): boolean {
  const name = key
    .trim()
    .replace(/([a-z\d])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase()
  return !SECTION_NAMES.has(name) && SECRET_KEY.test(name)
}

const USER_INFO = /(\b[a-z][a-z\d+.-]*:\/\/)([^\s/@'"#]+)(?=@)/gi
const QUERY_SECRET = /([?&][\w-]*(?:key|token|secret|password)[\w-]*=)([^&\s'"#]+)/gi
/** Shapes that only keys and tokens have, whatever they stand behind. */
const TOKEN =
  /(?:\bsk-[\w-]{12,}|\b(?:nvapi|gsk|xai|pplx|glpat|r8)[-_][\w-]{16,}|\b(?:hf|gh[opsu]|github_pat)_\w{16,}|\bAIza[\w-]{20,}|\bya29\.[\w-]{16,}|\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]+)?|\$2[aby]\$\d\d\$[./\w]{20,})/g

/** Masks what is a secret by its own shape: user info and keys in addresses, tokens, password hashes. */
export function maskShapes(text: string, { tagOf }: SecretTags): string {
  return text
    .replace(USER_INFO, (_all, scheme: string, userInfo: string) => `${scheme}${tagOf(userInfo)}`)
    .replace(QUERY_SECRET, (_all, name: string, value: string) => `${name}${tagOf(value)}`)
    .replace(TOKEN, (token) => tagOf(token))
}
