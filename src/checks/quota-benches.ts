import { type Bench, type BenchCause, type Staleness, stalenessOf } from '../analysis/quota/bench.ts'
import { valueIn } from '../analysis/quota/cells.ts'
import { grouped } from '../analysis/quota/group.ts'
import type { QuotaRow } from '../analysis/quota/rows.ts'
import type { Check, Judgement } from '../core/check.ts'
import { counted, groupedNumber, listed, printable } from '../core/text.ts'
import type { QuotaContext } from './quota-context.ts'
import { resetSteps } from './quota-reset.ts'
import type { QuotaView } from './quota-view.ts'
import { CAUSE_WORDS, momentWords, providerWord, shortName, spanWords } from './quota-words.ts'

interface Benched {
  readonly row: QuotaRow
  readonly bench: Bench
}

interface Stale extends Benched {
  readonly staleness: Staleness
}

export const cooldownsCheck: Check<QuotaContext> = {
  id: 'quota.cooldowns',
  title: 'no credential stays benched although its quota is back',
  group: 'quota',
  asks: 'For every credential benched for its quota: does a route say that there is quota left, is the moment over that the provider named, will the bench outlast it, or is it longer than any short limit? Benches come from auth-files and from .cds files; those of keys in config.yaml only from the latter.',
  why: 'A gateway keeps a bench for days although the provider gave the quota back; it does not ask again by itself.',
  cost: 'reads',
  fix: 'Clear the bench with the printed command, then see whether the account answers.',
  runbook: 'Quota Visibility; Rotation and Quota Strategy; Incident Playbooks, Repeated 429',
  needs: ['quota.credentials'],
  async ask(context) {
    const view = await context.view()
    const known = view.rows.filter(({ bench }) => bench.kind === 'known')
    if (known.length === 0) return untold(view)
    const benched = benchedRows(known)
    const stale = benched.flatMap((each) => staleOf(each, view) ?? [])
    if (stale.length === 0) return fine(benched, known, view)
    const byProvider = [...grouped(stale, ({ row }) => row.provider)]
    return Promise.all(byProvider.map(([provider, some]) => judgeStale(provider, some, view, context)))
  },
}

function untold({ facts, rows }: QuotaView): Judgement {
  const saw =
    facts.accounts.kind === 'untold'
      ? facts.accounts.reason
      : rows.length === 0
        ? 'the gateway lists no credential'
        : 'there are only keys of config.yaml, and no route tells their benches'
  return {
    outcome: 'skip',
    saw,
    next: `${facts.accounts.kind === 'untold' ? 'give a management key; ' : ''}for keys set save-cooldown-status: true and give --auth-dir`,
  }
}

function benchedRows(rows: readonly QuotaRow[]): Benched[] {
  return rows.flatMap((row) => {
    const bench = valueIn(row.bench)
    return bench && !row.disabled ? [{ row, bench }] : []
  })
}

function staleOf({ row, bench }: Benched, { facts }: QuotaView): Stale | null {
  const staleness = stalenessOf(bench, remainingOf(row), facts.nowMs)
  return staleness && { row, bench, staleness }
}

/** Only a route that the provider stands behind; what a refusal said is old news. */
function remainingOf({ left }: QuotaRow): number | null {
  return left.kind === 'known' && left.value.remaining > 0 ? left.value.remaining : null
}

const SOURCE = 'GET /v0/management/auth-files, .cds files'

function fine(benched: readonly Benched[], known: readonly QuotaRow[], view: QuotaView): Judgement {
  const forQuota = benched.filter(({ bench }) => bench.cause === 'quota')
  if (forQuota.length === 0)
    return {
      outcome: 'pass',
      source: SOURCE,
      saw: `no bench for quota among ${counted(known.length, 'credential')}`,
    }
  const first = Math.min(...forQuota.map(({ bench }) => bench.untilMs ?? Number.POSITIVE_INFINITY))
  const until = Number.isFinite(first) ? `: the first ${momentWords(first, view.facts.nowMs)}` : ''
  return {
    outcome: 'pass',
    source: SOURCE,
    saw: `${groupedNumber(forQuota.length)} of ${counted(known.length, 'credential')} benched for quota until it is back${until}`,
  }
}

const PROVEN: ReadonlySet<Staleness['kind']> = new Set(['quota-left', 'reset-passed'])

async function judgeStale(
  provider: string,
  stale: readonly Stale[],
  view: QuotaView,
  context: QuotaContext,
): Promise<Judgement> {
  const proven = stale.filter(({ staleness }) => PROVEN.has(staleness.kind))
  const shown = proven.length > 0 ? proven : stale
  const all = view.rows.filter((row) => row.provider === provider && !row.disabled).length
  return {
    outcome: proven.length > 0 ? 'fail' : 'warn',
    subject: printable(provider, 80),
    source: SOURCE,
    saw: `${shown.length} of ${counted(all, 'credential')} benched for quota, ${staleWords(shown, view)}`,
    expected: 'benches that end when the quota is back',
    why:
      proven.length > 0
        ? 'the provider would answer, and the gateway refuses in its place'
        : 'providers give quota back early, and the gateway does not notice before the bench ends',
    next: await resetSteps(
      shown.map(({ row }) => row),
      context,
    ),
    data: { credentials: shown.map((each) => staleData(each, view)) },
  }
}

/** What is odd first, then who: `…, and no route tells whether it is back: plus until …, pro until …`. */
function staleWords(stale: readonly Stale[], { facts, names }: QuotaView): string {
  const byKind = grouped(stale, ({ staleness }) => staleness.kind)
  const sentences = [...byKind].map(([kind, some]) => {
    const which = some.map(({ row, bench, staleness }) => {
      const until = bench.untilMs === null ? '' : ` until ${momentWords(bench.untilMs, facts.nowMs)}`
      return `${shortName(row, names)}${until}${detailWords(staleness, facts.nowMs)}`
    })
    return `${STALE_WORDS[kind]}: ${listed(which, 3)}`
  })
  return sentences.join('; ')
}

const STALE_WORDS: Readonly<Record<Staleness['kind'], string>> = {
  'quota-left': 'though there is quota left',
  'reset-passed': 'though the moment is over that the provider named',
  'beyond-reset': 'longer than the provider asked',
  long: 'and no route tells whether it is back',
}

function detailWords(staleness: Staleness, nowMs: number): string {
  switch (staleness.kind) {
    case 'quota-left':
      return ` with ${staleness.remaining} left`
    case 'reset-passed':
      return `, back since ${momentWords(staleness.resetMs, nowMs)}`
    case 'beyond-reset':
      return `, ${spanWords(staleness.beyondMs)} too long`
    case 'long':
      return ''
  }
}

function staleData({ row, bench, staleness }: Stale, { names }: QuotaView) {
  return {
    name: row.kind === 'account' ? names.ofFile(row.name) : row.name,
    authIndex: row.authIndex,
    staleness: staleness.kind,
    until: bench.untilMs === null ? null : new Date(bench.untilMs).toISOString(),
  }
}

/** An error of the provider is over within a minute, and quota comes back. */
const INCURABLE: ReadonlySet<BenchCause> = new Set(['credential', 'money', 'model'])

export const refusedCheck: Check<QuotaContext> = {
  id: 'quota.refused',
  title: 'no provider refuses a credential for itself',
  group: 'quota',
  asks: 'Is any credential benched for something that waiting does not cure: a refused login, a closed account, a bill, a model it may not use?',
  why: 'Such a credential counts as capacity and has none.',
  cost: 'reads',
  fix: 'Log in again, pay, or disable the account (provops incident auth-failures).',
  runbook: 'Rotation and Quota Strategy; Incident Playbooks, Repeated 401/403',
  needs: ['quota.credentials'],
  async ask(context) {
    const view = await context.view()
    const known = view.rows.filter(({ bench }) => bench.kind === 'known')
    if (known.length === 0) return untold(view)
    const refused = benchedRows(known).filter(({ bench }) => INCURABLE.has(bench.cause))
    if (refused.length === 0)
      return {
        outcome: 'pass',
        source: SOURCE,
        saw: `no refusal among ${counted(known.length, 'credential')}`,
      }
    const byProvider = [...grouped(refused, ({ row }) => row.provider)]
    return byProvider.map(([provider, some]) => judgeRefused(provider, some, view))
  },
}

function judgeRefused(
  provider: string,
  refused: readonly Benched[],
  { rows, names, facts }: QuotaView,
): Judgement {
  const enabled = rows.filter((row) => row.provider === provider && !row.disabled)
  const out = refused.filter(({ bench }) => bench.scope === 'all')
  const parts = refused.map(({ row, bench }) => {
    const until = bench.untilMs === null ? '' : `, until ${momentWords(bench.untilMs, facts.nowMs)}`
    return `${shortName(row, names)} ${CAUSE_WORDS[bench.cause]}${until}`
  })
  const nobodyLeft = out.length === enabled.length
  return {
    outcome: nobodyLeft ? 'fail' : 'warn',
    subject: printable(provider, 80),
    source: SOURCE,
    saw: `${refused.length} of ${counted(enabled.length, 'credential')}: ${listed(parts, 3)}`,
    expected: 'credentials that their provider accepts',
    why: nobodyLeft
      ? 'no credential of this provider can be asked'
      : 'the others carry its load, and the bench begins anew with every try',
    // A model that an account may not use is none of its login.
    next: refused.every(({ bench }) => bench.cause === 'model')
      ? 'exclude the model for this account (excluded-models), or provops incident spark-mismatch when it is Spark'
      : `provops incident auth-failures --provider ${providerWord(provider)}`,
  }
}
