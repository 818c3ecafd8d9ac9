import { maskFileName } from '../../analysis/quota/names.ts'
import { providerName } from '../../analysis/windows.ts'
import { counted, listed, printable } from '../../core/text.ts'
import type { RefusalCause } from '../../wire/refusal-rules.ts'
import { classifyRefusal, type Refusal } from '../../wire/refusals.ts'
import { managementWords } from '../gateway.ts'
import type { Facts, IncidentScope } from './incident-context.ts'
import { clientIds, failuresWith, inScope, REPEATED, refusedTimes, total, wordsOf } from './log-facts.ts'
import { told } from './read-facts.ts'

/** Who said 401 or 403, or why nobody can be asked any more. */
export type AuthSource =
  | 'safe-mode'
  | 'own-key'
  | 'client-key'
  | 'management'
  | 'credential'
  | 'forbidden'
  | 'account'
  | 'edge'
  | 'region'
  | 'policy'
  | 'money'

/** One party that refuses. */
export interface AuthCause {
  readonly source: AuthSource
  /** A provider, or the part of the gateway. */
  readonly party: string
  readonly count: number
  readonly saw: string
  /** Models that are asked there, as far as they are known. */
  readonly models: readonly string[]
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
    })
  if (refused >= REPEATED)
    causes.push({
      source: 'client-key',
      party: 'gateway',
      count: refused,
      saw: `the gateway itself refused ${counted(refused, 'call')} of clients: a key it does not know`,
      models: [],
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
    const party = provider === null ? 'a provider' : printable(providerName(provider), 40)
    return {
      source: sourceOf(words, own[0]?.status ?? null),
      party,
      count: total(own),
      saw: `${counted(total(own), 'refusal')} (${statusesOf(own)}) by ${party} for ${modelWords(ids)}, credential ${listed(credentials, 3) || 'not named'}${quoted(words)}`,
      models: ids,
    }
  })
  return named.length > 0 ? named : dumpCauses(facts, scope)
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
      party: 'a provider',
      count: own.length,
      saw: `${counted(own.length, 'error log')} (${[...new Set(own.map(({ refusal }) => refusal.status))].join(', ')}) for ${modelWords(models)}${quoted(first?.refusal ?? null)}`,
      models,
    }
  })
}

function modelWords(models: readonly string[]): string {
  return listed(
    models.map((model) => printable(model, 60)),
    3,
  )
}

function statusesOf(groups: readonly { readonly status: number | null }[]): string {
  return [...new Set(groups.map(({ status }) => status))].join(', ')
}

function quoted(refusal: Refusal | null): string {
  return refusal === null ? '' : `: "${printable(refusal.message, 100)}"`
}

/** Words of a 401 or 403, and not of some other failure of the same model. */
function isAboutAccess({ by, cause, status }: Refusal): boolean {
  return by !== 'gateway' && (isAuthStatus(status) || cause in SOURCES || cause === 'credential')
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
      },
    ]
  })
}

const ACCOUNT_CAUSES: readonly RefusalCause[] = ['credential', 'account', 'money', 'region']

/** One action per source, so that nobody logs in again because a page stood in the way. */
export const AUTH_ACTIONS: {
  readonly [Source in AuthSource]: { readonly means: string; readonly next: string }
} = {
  'safe-mode': {
    means: 'no client is served until the sample key is gone; no provider has refused anything',
    next: 'replace your-api-key-1, -2 and -3 in api-keys of config.yaml; it is reloaded at once',
  },
  'own-key': {
    means: 'nothing behind the door can be judged with this key',
    next: 'give provops a key of api-keys: PROVOPS_API_KEY or --api-key-file',
  },
  'client-key': {
    means:
      'a client calls with a key that is not in api-keys; no provider has refused anything, no new login helps',
    next: 'find the client by its address in the access log, and compare its key with api-keys in config.yaml',
  },
  management: {
    means:
      'somebody asks the management routes with a wrong key; five refusals ban the address for 30 minutes, and then the right key is refused as well',
    next: 'put the right management key into the panel or monitor that asks, then wait for the end of the ban or restart the gateway; clients are not affected',
  },
  credential: {
    means: 'the provider does not take the credential of the gateway',
    next: 'log in again, or put a valid key in place, for this provider only; never retry a refresh token that was reused',
  },
  forbidden: {
    means: 'the provider answers 403, and nothing here tells its words: credential, region, edge or policy',
    next: 'look at the newest error log of this model, or ask it once with provops parity-check, before anybody logs in again',
  },
  account: {
    means: 'the account behind the credential is blocked, or not entitled',
    next: "the account's owner has to act at the provider; a new login does not help",
  },
  edge: {
    means: 'a page of something in between refuses the address the gateway calls from, not the credential',
    next: 'give the provider a proxy-url with another way out; a new login does not help',
  },
  region: {
    means: 'the provider refuses the country the gateway calls from',
    next: 'give the provider a proxy-url in another country; a new login does not help',
  },
  policy: {
    means: 'the provider refuses what the prompt asks for',
    next: 'try a neutral prompt on the same credential before anything is changed',
  },
  money: {
    means: 'the account has to pay before it may go on',
    next: 'settle the bill of the account; a new login does not help',
  },
}
