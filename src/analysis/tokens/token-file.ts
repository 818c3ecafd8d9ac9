import { createHash } from 'node:crypto'
import { type Fields, fieldsOf, isFields, numberOf, textOf } from '../../wire/fields.ts'
import { tokenKind } from './kinds.ts'
import { expiryMs, lastRefreshMs } from './times.ts'

/** What a token file says, without any of its secrets. */
export interface TokenCredential {
  /** The provider, in lower case. */
  readonly type: string
  /** Personal: masked before it is shown. */
  readonly email: string | null
  /** The plan that a Codex token claims. */
  readonly plan: string | null
  readonly disabled: boolean
  readonly expiresMs: number | null
  readonly refreshedMs: number | null
  /** The file's own interval between renewals, which goes before the type's lead (contract, files 3.2). */
  readonly refreshEveryMs: number | null
  /** Whether it holds what a renewal needs; null for a type that nobody knows. */
  readonly renewable: boolean | null
  /** Equal for two files of one account; null when the file does not tell whose it is. */
  readonly account: string | null
  /** Equal for two copies of one login: renewing one of them ends the other. */
  readonly login: string | null
}

export type TokenReading =
  | { readonly kind: 'credential'; readonly credential: TokenCredential }
  /** The gateway makes no credential of it. */
  | { readonly kind: 'skipped'; readonly reason: 'not-an-object' | 'no-type' }
  /** Not to be read now: empty, or cut off while it is being written (contract, files 3.8). */
  | { readonly kind: 'unreadable'; readonly reason: 'empty' | 'broken' }

/** Reads the text of a token file (contract, files 3). Never throws, and keeps no secret of it. */
export function readTokenText(text: string): TokenReading {
  if (text.trim() === '') return { kind: 'unreadable', reason: 'empty' }
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return { kind: 'unreadable', reason: 'broken' }
  }
  if (!isFields(json)) return { kind: 'skipped', reason: 'not-an-object' }
  const fields = snakeCased(json)
  const type = textOf(fields.type)?.trim().toLowerCase() ?? ''
  if (type === '') return { kind: 'skipped', reason: 'no-type' }
  return { kind: 'credential', credential: credentialOf(type, fields) }
}

function credentialOf(type: string, fields: Fields): TokenCredential {
  const everyS = numberOf(fields.refresh_interval_seconds)
  const email = textOf(fields.email)?.trim().toLowerCase() || null
  const refreshToken = secretIn(fields, 'refresh_token')
  return {
    type,
    email,
    plan: codexPlan(fields.id_token),
    disabled: fields.disabled === true,
    expiresMs: expiryMs(fields),
    refreshedMs: lastRefreshMs(fields),
    refreshEveryMs: everyS !== null && everyS > 0 ? everyS * 1000 : null,
    renewable: isRenewable(type, fields, refreshToken),
    account: accountOf(type, fields, email),
    login: refreshToken === null ? null : digest(`${type}\n${refreshToken}`),
  }
}

/** Kebab-case spellings are read like the snake-case ones (contract, files 3.2). */
function snakeCased(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key.replaceAll('-', '_'), value]))
}

function secretIn(fields: Fields, name: string): string | null {
  const nested = fieldsOf(fields.token)
  return textOf(fields[name])?.trim() || textOf(nested[name])?.trim() || null
}

/** iFlow can also be renewed by its cookie; what a service account or a personal token needs is the file itself. */
function isRenewable(type: string, fields: Fields, refreshToken: string | null): boolean | null {
  if (refreshToken !== null) return true
  if (type === 'iflow' && textOf(fields.cookie) !== null) return true
  return tokenKind(type) === null ? null : false
}

/** Where a type is not known, the names that other types use for it. */
const USUAL = { person: ['sub', 'user_id', 'username'], place: ['account_id', 'project_id'] }

/** A workspace alone does not tell: all of its members share it. */
function accountOf(type: string, fields: Fields, email: string | null): string | null {
  const { person, place } = tokenKind(type) ?? USUAL
  const textsOf = (names: readonly string[]) => names.map((name) => textOf(fields[name]) ?? '')
  const persons = email === null ? textsOf(person) : [email]
  if (persons.every((text) => text === '')) return null
  return digest([type, ...persons, ...textsOf(place)].join('\n'))
}

/** Secrets and personal data are compared, never kept. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}

/** The plan in the claims of a Codex id token. The signature is not checked: it is only shown. */
function codexPlan(idToken: unknown): string | null {
  const payload = textOf(idToken)?.split('.')[1]
  if (payload === undefined) return null
  try {
    const claims = fieldsOf(JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')))
    const plan = textOf(fieldsOf(claims['https://api.openai.com/auth']).chatgpt_plan_type)
    return plan?.trim().toLowerCase() || null
  } catch {
    return null
  }
}
