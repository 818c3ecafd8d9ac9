import type { KiroQuota } from '../../wire/kiro-quota.ts'
import type { AuthFile } from '../../wire/management.ts'
import type { CooldownFile } from '../tokens/cooldown-file.ts'
import { type SurveyedToken, surveyTokens } from '../tokens/directory.ts'
import { providerName } from '../windows.ts'
import { type Bench, benchOfAccount, benchOfCooldowns, joinBenches } from './bench.ts'
import { type Cell, known, none, type Told, unknown } from './cells.ts'
import { type Counters, countersOfAccount, countersOfKey, limitCell, uncounted } from './counters.ts'
import type { QuotaFacts } from './facts.ts'
import { countsOf, grouped } from './group.ts'
import { leftCell, type QuotaLeft } from './left.ts'
import { logName } from './log-limits.ts'

/** One credential with everything that is known of its quota. */
export interface QuotaRow extends Counters {
  readonly provider: string
  readonly kind: 'account' | 'key'
  /** The file of an account, unmasked, or the name of a key. */
  readonly name: string
  readonly authIndex: string | null
  /** Where a key's requests go: scheme and host. */
  readonly upstream: string | null
  readonly disabled: boolean
  readonly plan: Cell<string>
  readonly rateLimited: Cell<number>
  readonly bench: Cell<Bench | null>
  readonly left: Cell<QuotaLeft>
  readonly token: Cell<SurveyedToken>
}

/** One row per credential that any source names, by provider and name. */
export function quotaRows(facts: QuotaFacts): QuotaRow[] {
  const index = indexOf(facts)
  const accounts = facts.accounts.kind === 'told' ? facts.accounts.value : []
  const listed = new Set(accounts.map(({ name }) => name))
  const unlisted = [...index.tokens.values()].filter(({ name }) => !listed.has(name))
  const rows = [
    ...accounts.map((account) => accountRow(account, facts, index)),
    ...unlisted.map((token) => unlistedRow(token, facts, index)),
    ...keyRows(facts, index),
  ]
  return rows.sort((a, b) => order(a.provider, b.provider) || order(a.name, b.name))
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The files of the directory and the names in the log, by what they are looked up with. */
interface Index {
  readonly tokens: ReadonlyMap<string, SurveyedToken>
  readonly cooldowns: ReadonlyMap<string, CooldownFile>
  /** Those of keys of `config.yaml`, by provider. */
  readonly keyCooldowns: ReadonlyMap<string, readonly CooldownFile[]>
  /** How many credentials a provider has. */
  readonly sizes: ReadonlyMap<string, number>
  /** How many accounts the log calls by one name. */
  readonly logNames: ReadonlyMap<string, number>
}

function indexOf({ directory, accounts, keys }: QuotaFacts): Index {
  const tokens = directory.kind === 'told' ? surveyTokens(directory.value).tokens : []
  const cooldowns = directory.kind === 'told' ? directory.value.cooldowns : []
  const files = accounts.kind === 'told' ? accounts.value : []
  const credentials = [...files, ...(keys.kind === 'told' ? keys.value : [])]
  return {
    tokens: new Map(tokens.map((token) => [token.name, token])),
    cooldowns: new Map(cooldowns.map((file) => [file.authId, file])),
    keyCooldowns: grouped(
      cooldowns.filter(({ authId }) => !authId.toLowerCase().endsWith('.json')),
      ({ provider }) => providerName(provider),
    ),
    sizes: countsOf(credentials.map(({ provider }) => providerName(provider))),
    logNames: countsOf(files.map(({ name }) => logName(name))),
  }
}

function accountRow(account: AuthFile, facts: QuotaFacts, index: Index): QuotaRow {
  const { name, authIndex, disabled, plan } = account
  const provider = providerName(account.provider)
  const source = facts.accounts.kind === 'told' ? facts.accounts.source : ''
  const counters = countersOfAccount(account, facts)
  const file = index.cooldowns.get(name)
  const written = file ? benchOfCooldowns(file, facts.nowMs) : null
  const bench = joinBenches(benchOfAccount(account, facts.nowMs), written)
  const kiro = provider === 'kiro' ? (facts.kiro.get(authIndex ?? '') ?? facts.kiroElse) : null
  const token = tokenCell(name, facts.directory, index)
  return {
    provider,
    kind: 'account',
    name,
    authIndex,
    upstream: null,
    disabled,
    plan: planCell(plan ? known(plan.toLowerCase(), source) : null, kiro, token, bench),
    ...counters,
    rateLimited: accountLimits(name, counters.failures, facts, index),
    bench: known(bench, written ? `${source} and .cds` : source),
    left: leftCell(kiro, bench),
    token,
  }
}

function accountLimits(
  name: string,
  failures: Cell<number>,
  { limits }: QuotaFacts,
  { logNames }: Index,
): Cell<number> {
  const own = logName(name)
  return limitCell(failures, limits, ({ value }) =>
    (logNames.get(own) ?? 0) > 1 || value.credentials.has(`${own} #2`)
      ? 'the log shows two accounts by the same masked name'
      : (value.credentials.get(own) ?? 0),
  )
}

function planCell(
  listed: Cell<string> | null,
  kiro: Told<KiroQuota> | null,
  token: Cell<SurveyedToken>,
  bench: Bench | null,
): Cell<string> {
  if (listed) return listed
  if (kiro?.kind === 'told' && kiro.value.plan !== null) return known(kiro.value.plan, kiro.source)
  if (token.kind === 'known' && token.value.credential.plan !== null)
    return known(token.value.credential.plan, token.source)
  return bench?.plan ? known(bench.plan, LAST_REFUSAL) : unknown('neither route nor token file tells a plan')
}

const LAST_REFUSAL = 'last refusal of the provider'

function tokenCell(name: string, directory: QuotaFacts['directory'], { tokens }: Index): Cell<SurveyedToken> {
  if (directory.kind === 'untold') return unknown(directory.reason)
  const token = tokens.get(name)
  return token ? known(token, directory.source) : unknown('the directory has no such token file')
}

/** A token file that the gateway does not list, or that nobody could ask it about. */
function unlistedRow(token: SurveyedToken, facts: QuotaFacts, { cooldowns }: Index): QuotaRow {
  const reason =
    facts.accounts.kind === 'untold' ? facts.accounts.reason : 'the gateway does not list this file'
  const source = facts.directory.kind === 'told' ? facts.directory.source : ''
  const file = cooldowns.get(token.name)
  const cell = known(token, source)
  return {
    provider: providerName(token.credential.type),
    kind: 'account',
    name: token.name,
    authIndex: null,
    upstream: null,
    disabled: token.credential.disabled,
    plan: planCell(null, null, cell, null),
    ...uncounted(reason),
    rateLimited: unknown(reason),
    bench: file ? known(benchOfCooldowns(file, facts.nowMs), '.cds') : unknown(reason),
    left: unknown(reason),
    token: cell,
  }
}

/** Keys of `config.yaml`, numbered within their provider. */
function keyRows(facts: QuotaFacts, index: Index): QuotaRow[] {
  if (facts.keys.kind === 'untold') return []
  const { value, source } = facts.keys
  const groups = grouped(value, ({ provider }) => providerName(provider))
  return [...groups].flatMap(([provider, keys]) =>
    keys.map((key, position): QuotaRow => {
      const counters = countersOfKey(key, source)
      return {
        provider,
        kind: 'key',
        name: `key ${position + 1}`,
        authIndex: null,
        upstream: key.upstream || null,
        disabled: false,
        plan: none('an API key has no plan'),
        ...counters,
        rateLimited: keyLimits(provider, counters.failures, facts, index),
        bench: keyBench(provider, facts, index),
        left: leftCell(null, null),
        token: none('an API key has no token file'),
      }
    }),
  )
}

function keyLimits(
  provider: string,
  failures: Cell<number>,
  { limits }: QuotaFacts,
  { sizes }: Index,
): Cell<number> {
  return limitCell(failures, limits, ({ value }) =>
    sizes.get(provider) === 1
      ? (value.providers.get(provider)?.rateLimited ?? 0)
      : 'the log does not tell which of several credentials it was',
  )
}

/** Only cooldown files know of the benches of keys, and name a key by a hash (contract, files 3.6). */
function keyBench(
  provider: string,
  { nowMs }: QuotaFacts,
  { keyCooldowns, sizes }: Index,
): Cell<Bench | null> {
  const [first] = keyCooldowns.get(provider) ?? []
  if (first === undefined) return unknown('no route tells the benches of keys in config.yaml')
  if (sizes.get(provider) === 1) return known(benchOfCooldowns(first, nowMs), '.cds')
  return unknown('a .cds file benches one of these keys, not told which')
}
