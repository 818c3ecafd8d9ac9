import { benchOfAccount, stalenessOf } from '../../analysis/quota/bench.ts'
import { maskFileName } from '../../analysis/quota/names.ts'
import { providerName } from '../../analysis/windows.ts'
import { counted, instantOf, listed, printable } from '../../core/text.ts'
import type { AuthFile } from '../../wire/management.ts'
import type { Facts, IncidentScope } from './incident-context.ts'
import type { LimitCause } from './limits.ts'
import { inScope } from './log-facts.ts'
import { told } from './read-facts.ts'

/** Accounts that the gateway itself holds back for their quota: one cause per provider, stale benches apart. */
export function benchCauses(facts: Facts, scope: IncidentScope): LimitCause[] {
  const benched = (told(facts.accounts) ?? []).flatMap((account): Benched[] => {
    const bench = benchOfAccount(account, facts.atMs)
    if (
      bench?.cause !== 'quota' ||
      !inScope({ provider: account.provider, model: null }, { ...scope, models: [], prefix: null })
    )
      return []
    const kind = stalenessOf(bench, null, facts.atMs) ? 'stale-cooldown' : 'local-cooldown'
    return [{ kind, provider: providerName(account.provider), account, untilMs: bench.untilMs }]
  })
  const groups = new Map<string, Benched[]>()
  for (const one of benched) {
    const key = `${one.kind} ${one.provider}`
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return [...groups.values()].map((group) => benchCause(group, facts))
}

interface Benched {
  readonly kind: 'stale-cooldown' | 'local-cooldown'
  readonly provider: string
  readonly account: AuthFile
  readonly untilMs: number | null
}

const STALE = 'so long a bench often outlasts its quota, and nothing reaches the provider that could tell'

function benchCause(group: readonly Benched[], facts: Facts): LimitCause {
  const [first] = group as readonly [Benched, ...Benched[]]
  const { kind, provider } = first
  const files = group.map(({ account }) => account.name)
  const models = facts.accountModels.flatMap(({ file, ids }) => (files.includes(file) ? ids : []))
  const ends = group.flatMap(({ untilMs }) => untilMs ?? [])
  const words = [...new Set(group.flatMap(({ account }) => account.statusMessage ?? []))]
  return {
    kind,
    provider,
    models: [...new Set(models)],
    saw: [
      `${counted(group.length, 'account')} of ${provider} benched by the gateway: ${listed(group.map(benchedWords), 3)}`,
      ...words.slice(0, 1).map((text) => `"${printable(text, 60)}"`),
      ...(kind === 'stale-cooldown' ? [STALE] : []),
    ].join('; '),
    severe: true,
    untilMs: ends.length === 0 ? null : Math.min(...ends),
    authIndexes: group.flatMap(({ account }) => account.authIndex ?? []),
  }
}

function benchedWords({ account, untilMs }: Benched): string {
  const name = printable(maskFileName(account.name, account.email), 60)
  return untilMs === null ? name : `${name} until ${instantOf(untilMs)}`
}
