import type { Told } from '../analysis/quota/cells.ts'
import type { QuotaRow } from '../analysis/quota/rows.ts'
import type { Check, Judgement } from '../core/check.ts'
import { counted, percent } from '../core/text.ts'
import type { KiroQuota } from '../wire/kiro-quota.ts'
import type { QuotaContext } from './quota-context.ts'
import type { QuotaView } from './quota-view.ts'
import { leftWords, shortName } from './quota-words.ts'

/** No figure in the runbook. A tenth of a month's credits is three days of even use, time enough to act. */
const NEARLY_USED = 0.9

export const leftCheck: Check<QuotaContext> = {
  id: 'quota.left',
  title: 'every plan that tells its quota has some left',
  group: 'quota',
  asks: `How much does the kiro-quota route say is left of each Kiro account, and when does it come back? Above ${percent(NEARLY_USED)} used is a warning. No gateway has such a route for another provider; what a refusal for quota said stands in the table.`,
  why: 'It is the only quota that can be seen before it runs out.',
  cost: 'reads',
  fix: 'Move load to another account or provider before the reset (provops incident rate-limit --provider kiro).',
  runbook: 'Quota Visibility',
  needs: ['quota.credentials'],
  async ask(context) {
    const view = await context.view()
    const accounts = view.rows.filter(
      ({ provider, disabled, kind }) => provider === 'kiro' && !disabled && kind === 'account',
    )
    const told = accounts.flatMap((row) => {
      const quota = view.facts.kiro.get(row.authIndex ?? '')
      return quota?.kind === 'told' ? [{ row, quota }] : []
    })
    if (accounts.length === 0 || view.kiroRoute !== 'offered') return withoutRoute(accounts, view)
    return [
      ...told.map(({ row, quota }) => judgeQuota(row, quota, view)),
      ...withoutAnswer(accounts, told.length, view),
    ]
  },
}

function withoutRoute(accounts: readonly QuotaRow[], { facts }: QuotaView): Judgement {
  if (accounts.length > 0)
    return {
      outcome: 'skip',
      saw: reasonOf(accounts, facts.kiro),
      next: 'look at the usage page of Kiro itself',
    }
  return {
    outcome: 'skip',
    saw: facts.accounts.kind === 'untold' ? facts.accounts.reason : 'no Kiro account is enabled',
    next: 'nothing to do: no route tells the quota of other providers',
  }
}

/** Why the first of them that was not answered for was not. */
function reasonOf(accounts: readonly QuotaRow[], kiro: QuotaView['facts']['kiro']): string {
  for (const { authIndex } of accounts) {
    const answer = kiro.get(authIndex ?? '')
    if (answer?.kind === 'untold') return answer.reason
  }
  return 'no Kiro account has an index to ask by'
}

/** An account that the route did not answer for is a hole in the view. */
function withoutAnswer(accounts: readonly QuotaRow[], told: number, { facts }: QuotaView): Judgement[] {
  const missing = accounts.length - told
  if (missing === 0) return []
  return [
    {
      outcome: 'unknown',
      subject: 'untold',
      saw: `${missing} of ${counted(accounts.length, 'Kiro account')}: ${reasonOf(accounts, facts.kiro)}`,
      expected: 'the quota of every Kiro account',
      why: 'an account that cannot be asked may be empty',
      next: 'look at the usage page of Kiro itself, and at provops incident auth-failures --provider kiro',
    },
  ]
}

function judgeQuota(
  row: QuotaRow,
  { value, source }: Told<KiroQuota> & { kind: 'told' },
  view: QuotaView,
): Judgement {
  const share = value.usedShare
  const base = {
    subject: shortName(row, view.names),
    source: `${source}?auth_index=…`,
    data: { ...value, plan: value.plan === null ? null : view.names.inText(value.plan) },
  }
  const used = share === null ? '' : `, ${percent(share)} used`
  const saw = `${leftWords(row.left, view.facts.nowMs)}${used}`
  const advice = {
    expected: 'quota left',
    next: 'provops incident rate-limit --provider kiro',
  }
  if (value.exhausted || value.remaining === 0)
    return {
      ...base,
      ...advice,
      outcome: 'fail',
      saw,
      why: 'this account is refused until its quota is back',
    }
  if (share !== null && share > NEARLY_USED)
    return {
      ...base,
      ...advice,
      outcome: 'warn',
      saw,
      expected: `at most ${percent(NEARLY_USED)} used`,
      why: 'it runs out before it comes back, if it is used as before',
    }
  return { ...base, outcome: 'pass', saw }
}
