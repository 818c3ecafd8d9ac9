import * as z from 'zod/mini'

/** Numbers as numbers or as digit strings; anything else reads as null, never as zero. */
const Count = z.pipe(
  z.optional(z.unknown()),
  z.transform((raw): number | null => {
    if (raw === undefined || raw === null || raw === '' || typeof raw === 'boolean') return null
    const value = typeof raw === 'string' ? Number(raw) : raw
    return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : null
  }),
)

const Text = z.catch(z.optional(z.nullable(z.string())), null)
/** An integer in old versions (contract, HTTP 8.6). */
const Index = z.catch(z.optional(z.nullable(z.coerce.string())), null)
const Flag = z.catch(z.optional(z.nullable(z.boolean())), null)

const Bucket = z.looseObject({ time: z.catch(z.string(), ''), success: Count, failed: Count })
const Buckets = z.catch(z.optional(z.nullable(z.array(Bucket))), null)

/** One ten-minute bucket, oldest first in its list; its `label` has neither date nor zone (contract, HTTP 8.6). */
export interface UsageBucket {
  readonly label: string
  readonly success: number | null
  readonly failed: number | null
}

/** Request counters of one credential since the gateway's start. Null: the gateway did not say. */
export interface CredentialCounters {
  readonly success: number | null
  readonly failed: number | null
  /** Null when this version has no buckets, or sent something else. */
  readonly buckets: readonly UsageBucket[] | null
}

export interface AuthFile extends CredentialCounters {
  readonly authIndex: string | null
  readonly name: string
  readonly provider: string
  readonly status: string | null
  readonly statusMessage: string | null
  readonly disabled: boolean
  /** Cooling down right now. */
  readonly unavailable: boolean
  readonly email: string | null
  readonly plan: string | null
  readonly lastRefresh: string | null
  readonly nextRetryAfter: string | null
  readonly updatedAt: string | null
}

export type ListReading<T> =
  | { readonly kind: 'list'; readonly entries: readonly T[]; readonly unusable: number }
  | { readonly kind: 'unreadable'; readonly reason: string }

const AuthFileEntry = z.looseObject({
  name: Text,
  id: Text,
  auth_index: Index,
  provider: Text,
  type: Text,
  status: Text,
  status_message: Text,
  disabled: Flag,
  unavailable: Flag,
  email: Text,
  last_refresh: Text,
  next_retry_after: Text,
  updated_at: Text,
  success: Count,
  failed: Count,
  recent_requests: Buckets,
  id_token: z.catch(z.optional(z.nullable(z.looseObject({ plan_type: Text }))), null),
})

/** Reads `GET /v0/management/auth-files`; a bare array, as the runbook's jq expects it, is accepted too. */
export function readAuthFiles(body: unknown): ListReading<AuthFile> {
  const raw = Array.isArray(body) ? body : filesOf(body)
  if (raw === undefined) return { kind: 'unreadable', reason: 'the body has no `files` list' }
  const entries: AuthFile[] = []
  for (const item of raw) {
    const parsed = AuthFileEntry.safeParse(item)
    const file = parsed.success ? authFileOf(parsed.data) : null
    if (file) entries.push(file)
  }
  return { kind: 'list', entries, unusable: raw.length - entries.length }
}

function filesOf(body: unknown): readonly unknown[] | undefined {
  if (typeof body !== 'object' || body === null || !('files' in body)) return undefined
  if (body.files === null) return []
  return Array.isArray(body.files) ? body.files : undefined
}

function authFileOf(entry: z.infer<typeof AuthFileEntry>): AuthFile | null {
  const name = entry.name ?? entry.id
  const provider = entry.provider ?? entry.type
  if (!name || !provider) return null
  return {
    authIndex: entry.auth_index ?? null,
    name,
    provider: provider.toLowerCase(),
    status: entry.status ?? null,
    statusMessage: entry.status_message ?? null,
    disabled: entry.disabled === true,
    unavailable: entry.unavailable === true,
    email: entry.email ?? null,
    plan: entry.id_token?.plan_type ?? null,
    lastRefresh: entry.last_refresh ?? null,
    nextRetryAfter: entry.next_retry_after ?? null,
    updatedAt: entry.updated_at ?? null,
    ...countersOf(entry),
  }
}

interface RawCounters {
  readonly success: number | null
  readonly failed: number | null
  readonly recent_requests?: z.infer<typeof Buckets>
}

function countersOf(raw: RawCounters): CredentialCounters {
  const buckets = raw.recent_requests?.map((b) => ({ label: b.time, success: b.success, failed: b.failed }))
  return { success: raw.success, failed: raw.failed, buckets: buckets ?? null }
}

/** One API-key credential of `config.yaml`. The raw key that the gateway puts into the object's key is dropped here. */
export interface ApiKeyUsage extends CredentialCounters {
  readonly provider: string
  /** Scheme and host of the upstream, no user info. */
  readonly upstream: string
  /** Its place among the provider's keys, so that two can be told apart without showing them. */
  readonly ordinal: number
}

const ApiKeyEntry = z.looseObject({ success: Count, failed: Count, recent_requests: Buckets })

/** Reads `GET /v0/management/api-key-usage`: provider, then `base-url|RAW KEY`, then counters (contract, HTTP 8.7). */
export function readApiKeyUsage(body: unknown): ListReading<ApiKeyUsage> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return { kind: 'unreadable', reason: 'the body is not an object of providers' }
  }
  const entries: ApiKeyUsage[] = []
  let unusable = 0
  for (const [provider, keys] of Object.entries(body)) {
    if (typeof keys !== 'object' || keys === null) {
      unusable++
      continue
    }
    Object.entries(keys).forEach(([baseAndKey, counters], ordinal) => {
      const parsed = ApiKeyEntry.safeParse(counters)
      if (parsed.success)
        entries.push({ provider, upstream: originOf(baseAndKey), ordinal, ...countersOf(parsed.data) })
      else unusable++
    })
  }
  return { kind: 'list', entries, unusable }
}

function originOf(baseAndKey: string): string {
  const base = baseAndKey.slice(0, Math.max(0, baseAndKey.indexOf('|')))
  return URL.canParse(base) ? new URL(base).origin : ''
}

const LogPage = z.looseObject({ lines: z.nullable(z.array(z.string())), 'latest-timestamp': Count })

export type LogPageReading =
  /** `latestMs`: when the last line was written, which its own local time does not tell; null when not said. */
  | { readonly kind: 'lines'; readonly lines: readonly string[]; readonly latestMs: number | null }
  | { readonly kind: 'unreadable'; readonly reason: string }

/** Reads `GET /v0/management/logs`; its `line-count` is not trusted (contract, HTTP 8.8). */
export function readLogPage(body: unknown): LogPageReading {
  const page = LogPage.safeParse(body)
  if (!page.success) return { kind: 'unreadable', reason: 'the body has no `lines` list' }
  const latestSeconds = page.data['latest-timestamp']
  return {
    kind: 'lines',
    lines: page.data.lines ?? [],
    latestMs: latestSeconds ? latestSeconds * 1000 : null,
  }
}
