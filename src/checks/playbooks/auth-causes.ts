import { maskFileName } from '../../analysis/quota/names.ts'
import { providerName } from '../../analysis/windows.ts'
import { counted, listed, printable } from '../../core/text.ts'
import type { RefusalCause } from '../../wire/refusal-rules.ts'
import { classifyRefusal, type Refusal } from '../../wire/refusals.ts'
import { managementWords } from '../gateway.ts'
import { soleProvider } from './answerers.ts'
import type { AuthSource } from './auth-actions.ts'
import type { Facts, IncidentScope } from './incident-context.ts'
import {
  clientIds,
  failuresWith,
  inScope,
  modelWords,
  REPEATED,
  refusedTimes,
  total,
  UNNAMED_PROVIDER,
  unlisted,
  wordsOf,
} from './log-facts.ts'
import { expectedIds } from './missing-causes.ts'
import { told } from './read-facts.ts'

/** One party that refuses. */
export interface AuthCause {
  readonly source: AuthSource
  /** A provider, or the part of the gateway. */
  readonly party: string
  readonly count: number
  readonly saw: string
  /** Models that are asked there, as far as they are known. */
  readonly models: readonly string[]
  /** `held-back`: by the gateway's own word it stands right now; `seen`: in a log, and perhaps over. */
  readonly standing: 'held-back' | 'seen'
}

/** Everybody who refuses within the scope, the gateway's own doors first. */
export function authCauses(facts: Facts, scope: IncidentScope): readonly AuthCause[] {
  const own = scope.provider === null && scope.models.length === 0
  const doors = own ? [...doorCauses(facts), ...managementCauses(facts)] : []
  return [...doors, ...providerCauses(facts, scope), ...accountCauses(facts, scope)]
}

const AUTH_STATUSES: readonly (number | null)[] = [401, 402, 403]

export function isAuthStatus(status: number | null): boolean {
  return AUTH_STATUSES.includes(status)
}

function doorCauses({ auth, log }: Facts): AuthCause[] {
  const scan = told(log)?.scan
  const refused = scan
    ? refusedTimes(
        scan,
        ({ routeClass, route, origin, status }) =>
          // provops itself looks at the list without a key, once a run.
          routeClass === 'client-api' &&
          route !== '/v1/models' &&
          origin === 'local' &&
          (status === 401 || status === 403),
      )
    : 0
  if (auth.kind === 'safe-mode')
    return [
      {
        source: 'safe-mode',
        party: 'gateway',
        count: Math.max(1, refused),
        saw: `safe mode: a sample key is in api-keys, so every call is refused with 403 (${counted(refused, 'time')} in the log)`,
        models: [],
        standing: 'seen',
      },
    ]
  const causes: AuthCause[] = []
  if (auth.kind === 'refused')
    causes.push({
      source: auth.by === 'gateway' ? 'own-key' : 'edge',
      party: 'gateway',
      count: 1,
      saw: `provops' own client key is refused: "${printable(auth.text, 80)}"`,
      models: [],
      standing: 'seen',
    })
  if (refused >= REPEATED)
    causes.push({
      source: 'client-key',
      party: 'gateway',
      count: refused,
      saw: `the gateway itself refused ${counted(refused, 'call')} of clients: a key it does not know`,
      models: [],
      standing: 'seen',
    })
  return causes
}

/** That many wrong keys ban an address (contract, HTTP 8.1). */
const BAN_AFTER = 5

function managementCauses({ management, log }: Facts): AuthCause[] {
  const scan = told(log)?.scan
  const refused = scan
    ? refusedTimes(
        scan,
        ({ routeClass, status }) => routeClass === 'management' && (status === 401 || status === 403),
      )
    : 0
  const closed = management.kind === 'banned' || management.kind === 'refused'
  if (!closed && refused < BAN_AFTER) return []
  const now = closed ? managementWords(management) : 'it lets provops in'
  return [
    {
      source: 'management',
      party: 'management',
      count: Math.max(closed ? 1 : 0, refused),
      saw: `the management routes refused ${counted(refused, 'call')} in the log; now: ${now}`,
      models: [],
      standing: 'seen',
    },
  ]
}

function providerCauses(facts: Facts, scope: IncidentScope): AuthCause[] {
  const groups = failuresWith(facts, scope, isAuthStatus)
  const providers = [...new Set(groups.map(({ provider }) => provider))]
  const named = providers.map((provider): AuthCause => {
    const own = groups.filter((group) => group.provider === provider)
    const models = [...new Set(own.flatMap(({ model }) => model ?? []))]
    const ids = clientIds(facts, provider, models)
    const credentials = [...new Set(own.flatMap(({ credential }) => credential ?? []))]
    const words = wordsOf(facts, provider, [...models, ...ids], isAboutAccess)
    const party = provider === null ? UNNAMED_PROVIDER : printable(providerName(provider), 40)
    return {
      source: sourceOf(words, own[0]?.status ?? null),
      party,
      count: total(own),
      saw: `${counted(total(own), 'refusal')} (${statusesOf(own)}) by ${party} for ${modelWords(ids)}, credential ${listed(credentials, 3) || 'not named'}${quoted(words)}`,
      models: ids,
      standing: 'seen',
    }
  })
  if (named.length > 0) return named
  const dumped = dumpCauses(facts, scope)
  return dumped.length > 0 ? dumped : passedOnCauses(facts, scope)
}

/** Refusals that only the answers to clients show, where neither log nor error logs name a provider. */
function passedOnCauses(facts: Facts, scope: IncidentScope): AuthCause[] {
  const scan = told(facts.log)?.scan
  if (!scan || facts.failuresInLog === 'shown' || scope.models.length > 0) return []
  const failing = facts.windows.filter(({ failures }) => failures >= REPEATED).map(({ provider }) => provider)
  if (scope.provider !== null && !failing.includes(providerName(scope.provider))) return []
  const lost = unlisted(facts, expectedIds(facts))
  return [401, 403].flatMap((status): AuthCause[] => {
    const count = refusedTimes(
      scan,
      (event) => event.status === status && event.routeClass === 'client-api' && event.origin !== 'local',
    )
    // One is enough for the gateway to hold a credential back, and its models leave the list (contract, HTTP 7.4).
    if (count < REPEATED && (count === 0 || lost.length === 0)) return []
    const missing = lost.length === 0 ? '' : `; not listed any more: ${modelWords(lost)}`
    return [
      {
        source: sourceOf(null, status),
        party: soleProvider(facts, lost) ?? (failing.length === 1 ? failing[0] : null) ?? UNNAMED_PROVIDER,
        count,
        saw: `${counted(count, 'answer')} ${status} to clients, of a provider that this version's log does not name${failing.length === 0 ? '' : ` (failing by the counters: ${listed(failing, 3)})`}${missing}`,
        models: lost,
        standing: 'seen',
      },
    ]
  })
}

/** Where no log line names a provider, the error logs still say what it said: one cause per kind. */
function dumpCauses(facts: Facts, scope: IncidentScope): AuthCause[] {
  const dumps = (told(facts.refusals) ?? []).filter(
    ({ model, refusal }) => isAboutAccess(refusal) && inScope({ provider: scope.provider, model }, scope),
  )
  const sources = [...new Set(dumps.map(({ refusal }) => sourceOf(refusal, refusal.status)))]
  return sources.map((source): AuthCause => {
    const own = dumps.filter(({ refusal }) => sourceOf(refusal, refusal.status) === source)
    const models = [...new Set(own.flatMap(({ model }) => model ?? []))]
    const [first] = own
    return {
      source,
      party: UNNAMED_PROVIDER,
      count: own.length,
      saw: `${counted(own.length, 'error log')} (${[...new Set(own.map(({ refusal }) => refusal.status))].join(', ')}) for ${modelWords(models)}${quoted(first?.refusal ?? null)}`,
      models,
      standing: 'seen',
    }
  })
}

function statusesOf(groups: readonly { readonly status: number | null }[]): string {
  return [...new Set(groups.map(({ status }) => status))].join(', ')
}

function quoted(refusal: Refusal | null): string {
  return refusal === null ? '' : `: "${printable(refusal.message, 100)}"`
}

/**
 * Words of a 401 or 403, or of another status that says the same. A 400 for a model that the account has not, or a page
 * that stands behind a 502, is no refusal of access.
 */
function isAboutAccess({ by, cause, status }: Refusal): boolean {
  return by !== 'gateway' && (isAuthStatus(status) || ACCOUNT_CAUSES.includes(cause))
}

const SOURCES: Partial<Record<RefusalCause, AuthSource>> = {
  account: 'account',
  entitlement: 'account',
  'client-version': 'account',
  money: 'money',
  region: 'region',
  policy: 'policy',
  page: 'edge',
}

function sourceOf(refusal: Refusal | null, status: number | null): AuthSource {
  if (refusal !== null) return SOURCES[refusal.cause] ?? 'credential'
  return status === 402 ? 'money' : status === 403 ? 'forbidden' : 'credential'
}

/** Accounts that the gateway holds back for something their owner has to mend, whether a log shows it or not. */
function accountCauses(facts: Facts, scope: IncidentScope): AuthCause[] {
  return (told(facts.accounts) ?? []).flatMap((account): AuthCause[] => {
    if (
      account.disabled ||
      account.status !== 'error' ||
      !inScope({ provider: account.provider, model: null }, { ...scope, models: [] })
    )
      return []
    const { cause, message } = classifyRefusal({
      status: 200,
      headers: {},
      body: account.statusMessage ?? '',
      nowMs: facts.atMs,
    })
    if (!ACCOUNT_CAUSES.includes(cause)) return []
    return [
      {
        source: SOURCES[cause] ?? 'credential',
        party: providerName(account.provider),
        count: 1,
        saw: `${printable(maskFileName(account.name, account.email), 80)} is held back: "${printable(message, 100)}"`,
        models: [],
        standing: 'held-back',
      },
    ]
  })
}

const ACCOUNT_CAUSES: readonly RefusalCause[] = ['credential', 'account', 'money', 'region']
