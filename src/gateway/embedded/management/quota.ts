import type { Credential } from '../credentials.ts'
import type { Exchange, Replied } from '../exchange.ts'
import type { Runtime, ServedRoute } from '../runtime.ts'
import { parseJson } from './json-body.ts'

/** `POST /reset-quota` (contract, HTTP 8.6). */
export const RESET_QUOTA_ROUTES: readonly ServedRoute[] = [
  { method: 'POST', path: '/v0/management/reset-quota', key: 'management', handle: resetQuota },
]

async function resetQuota(exchange: Exchange, runtime: Runtime): Promise<Replied> {
  const body = parseJson(await exchange.readBody())
  const index = body.kind === 'object' ? body.value.auth_index : undefined
  if (typeof index !== 'string' || index.trim() === '')
    return exchange.json(400, { error: 'auth_index is required' })
  const credential = runtime.credentials.find(({ authIndex }) => authIndex === index.trim())
  if (!credential) return exchange.json(404, { error: 'auth not found' })
  const models = runtime.cooldowns.reset(credential.id)
  return exchange.json(200, { auth_index: credential.authIndex, models, status: 'ok' })
}

/** `GET /kiro-quota`, which only one line of versions served (contract, HTTP 8.10). */
export const KIRO_QUOTA_ROUTES: readonly ServedRoute[] = [
  { method: 'GET', path: '/v0/management/kiro-quota', key: 'management', handle: kiroQuota },
]

const INDEX_NAMES = ['auth_index', 'authIndex', 'AuthIndex', 'index', 'auth_id', 'auth-id']

/** An unknown index silently gives the first Kiro credential, as in the real reply. */
function kiroQuota(exchange: Exchange, runtime: Runtime): Replied {
  const asked = INDEX_NAMES.map((name) => exchange.query.get(name)).find((value) => value !== null) ?? null
  const kiro = runtime.credentials.filter(({ providerKey }) => providerKey === 'kiro')
  const credential = kiro.find(({ authIndex }) => authIndex === asked) ?? kiro[0]
  if (!credential)
    return exchange.json(400, {
      error: 'no kiro credential found',
      ...(asked === null ? {} : { auth_index: asked }),
    })
  const arn = credential.source.kind === 'file' ? credential.source.file.fields.profile_arn : undefined
  const quota = quotaOf(credential, runtime)
  if (!quota) return exchange.json(502, { error: 'kiro quota request failed', detail: 'no quota is known' })
  const remaining = Math.max(0, quota.limit - quota.used)
  return exchange.json(200, {
    auth_index: credential.authIndex,
    profile_arn:
      typeof arn === 'string'
        ? arn
        : `arn:aws:codewhisperer:us-east-1:000000000000:profile/${credential.authIndex}`,
    remaining_quota: remaining,
    usage_percentage: quota.limit === 0 ? 100 : (quota.used / quota.limit) * 100,
    quota_exhausted: remaining === 0,
    usage: {
      usageBreakdownList: [
        {
          resourceType: 'CREDIT',
          usageLimitWithPrecision: quota.limit,
          currentUsageWithPrecision: quota.used,
        },
      ],
      subscriptionInfo: {},
      nextDateReset: Math.floor((runtime.startedMs + quota.resetsInMs) / 1_000),
    },
  })
}

function quotaOf({ source }: Credential, { scenario }: Runtime) {
  if (source.kind !== 'file') return null
  return scenario.authFiles.find(({ file }) => file === source.file.name)?.quota ?? null
}
