import type { Told } from '../analysis/quota/cells.ts'
import { grouped } from '../analysis/quota/group.ts'
import type { QuotaRow } from '../analysis/quota/rows.ts'
import type { Check, Judgement } from '../core/check.ts'
import { percent } from '../core/text.ts'
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
    if (told.length === 0) return untold(accounts, view)
    return [
      ...told.map(({ row, quota }) => judgeQuota(row, quota, view)),
      ...partlyTold(accounts, told.length, view),
    ]
  },
}

function untold(accounts: readonly QuotaRow[], { facts }: QuotaView): Judgement {
  if (accounts.length === 0)
    return {
      outcome: 'skip',
      saw: facts.accounts.kind === 'untold' ? facts.accounts.reason : 'no Kiro account is enabled',
      next: 'nothing to do: no route tells the quota of other providers',
    }
  return {
    outcome: 'skip',
    saw: reasonOf(accounts, facts.kiro),
    next: 'look at the usage page of Kiro itself',
  }
}

function reasonOf(accounts: readonly QuotaRow[], kiro: QuotaView['facts']['kiro']): string {
  const reasons = grouped(
    accounts.flatMap(({ authIndex }) => {
      const answer = kiro.get(authIndex ?? '')
      return answer?.kind === 'untold' ? [answer.reason] : []
    }),
    (reason) => reason,
  )
  const [first] = [...reasons.keys()]
  return first ?? 'no Kiro account has an index to ask by'
}

/** A quota that could be seen for some accounts and not for others is a hole in the view. */
function partlyTold(accounts: readonly QuotaRow[], told: number, { facts }: QuotaView): Judgement[] {
  const missing = accounts.length - told
  if (missing === 0) return []
  return [
    {
      outcome: 'unknown',
      subject: 'others',
      saw: `${missing} of ${accounts.length} Kiro accounts: ${reasonOf(accounts, facts.kiro)}`,
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
