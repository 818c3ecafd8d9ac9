import { benchOfAccount } from '../../analysis/quota/bench.ts'
import { maskFileName } from '../../analysis/quota/names.ts'
import type { Judgement } from '../../core/check.ts'
import { printable, span } from '../../core/text.ts'
import type { AuthFile } from '../../wire/management.ts'
import { momentMs } from '../../wire/moments.ts'
import type { Facts } from './incident-context.ts'
import { REPEATED } from './log-facts.ts'
import { told } from './read-facts.ts'

/** Renewed at least daily by the gateway where they can be; older than that with failures deserves a look (contract, files 3.5). */
const STALE_AFTER_MS = 10 * 86_400_000

/** Accounts that fail and were not renewed for long, a line each. */
export function staleTokens(facts: Facts): string[] {
  return (told(facts.accounts) ?? []).flatMap((account) => {
    const staleMs = ageMs(account, facts.atMs)
    return staleMs !== null && staleMs > STALE_AFTER_MS && failing(account)
      ? [`${nameOf(account)}: last renewed ${span(staleMs)} ago, and it fails`]
      : []
  })
}

function ageMs({ lastRefresh }: AuthFile, nowMs: number): number | null {
  const atMs = momentMs(lastRefresh)
  return atMs === null ? null : nowMs - atMs
}

function failing({ failed, success, status }: AuthFile): boolean {
  return status === 'error' || ((failed ?? 0) >= REPEATED && (success ?? 0) === 0)
}

const OTHER_CAUSES = { quota: 'its quota', model: 'a model that it may not use' } as const

const nameOf = ({ name, email }: AuthFile) => printable(maskFileName(name, email), 60)

/** What auth-files tells of the token of one account. */
export function judgeToken(account: AuthFile, atMs: number): Judgement {
  const age = ageMs(account, atMs)
  const renewed = age === null ? 'renewal not told' : `renewed ${span(Math.max(0, age))} ago`
  const figures = `${account.provider}, ${renewed}, ${account.failed ?? '?'} of ${(account.success ?? 0) + (account.failed ?? 0)} failed`
  const base = { subject: nameOf(account), source: 'GET /v0/management/auth-files' }
  if (account.disabled)
    return { ...base, outcome: 'skip', saw: `${figures}, disabled`, next: 'enable it if it should serve' }
  if (!failing(account)) return { ...base, outcome: 'pass', saw: figures }
  // A quota that is used up, or a model that the plan has not, says nothing against the token.
  const cause = benchOfAccount(account, atMs)?.cause
  if (cause === 'quota' || cause === 'model')
    return { ...base, outcome: 'pass', saw: `${figures}; held back for ${OTHER_CAUSES[cause]}` }
  return {
    ...base,
    outcome: 'warn',
    saw: `${figures}${account.statusMessage ? `: "${printable(account.statusMessage, 80)}"` : ', and nothing succeeds'}`,
    expected: 'an account that answers',
    why: 'an expired or revoked token is refused until somebody logs in again',
    next: 'see expiry and renewal of this token: provops quota --auth-dir <directory>',
  }
}
