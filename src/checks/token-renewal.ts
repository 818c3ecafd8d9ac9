import { grouped } from '../analysis/quota/group.ts'
import type { SurveyedToken } from '../analysis/tokens/directory.ts'
import { tokenKind } from '../analysis/tokens/kinds.ts'
import type { TokenState } from '../analysis/tokens/state.ts'
import type { Check, Judgement } from '../core/check.ts'
import { counted, listed } from '../core/text.ts'
import type { QuotaContext } from './quota-context.ts'
import { momentWords, spanWords } from './quota-words.ts'
import { judgeDirectory, type SurveyedDirectory } from './token-directory.ts'

export const renewedCheck: Check<QuotaContext> = {
  id: 'tokens.renewed',
  title: 'every token is renewed in time',
  group: 'tokens',
  asks: 'Is every enabled token before its end, with what a renewal needs, and has the gateway renewed those that were due (codex 5 days before the end, claude 4 hours, kiro 20 minutes, and so on)?',
  why: 'Renewals stop silently: one day every request of the account gets 401.',
  cost: 'files',
  fix: 'Expired or without a refresh token: log in again. Overdue: look for the refused renewal in the log; the gateway does not try again before the file changes.',
  runbook: 'Quota Visibility; Incident Playbooks, Repeated 401/403',
  ask: (context) => judgeDirectory(context, judgeRenewed),
}

/** What is wrong with some tokens, the worst first. */
const TROUBLES = [
  'expired',
  'overdue',
  'dying',
  'clock',
  'undated',
] as const satisfies readonly TokenState['kind'][]
type Trouble = (typeof TROUBLES)[number]

function judgeRenewed({ survey, directory, names }: SurveyedDirectory): Judgement[] {
  const enabled = survey.tokens.filter(({ credential }) => !credential.disabled)
  if (enabled.length === 0)
    return [{ outcome: 'skip', saw: 'no token is enabled', next: 'enable an account, or log in' }]
  const byState = grouped(enabled, ({ state }) => state.kind)
  const judgements = TROUBLES.flatMap((trouble) => {
    const tokens = byState.get(trouble) ?? []
    if (tokens.length === 0) return []
    const which = tokens.map(
      (token) => `${names.ofFile(token.name)} ${endWords(token.state, directory.readMs)}`,
    )
    return [
      {
        ...judgeTrouble(trouble, tokens),
        subject: trouble,
        saw: `${tokens.length} of ${counted(enabled.length, 'token')}: ${listed(which, 3)}`,
        data: { files: tokens.slice(0, MOST_NAMED).map(({ name }) => names.ofFile(name)) },
      },
    ]
  })
  const well = [...(byState.get('valid') ?? []), ...(byState.get('due') ?? [])]
  return well.length === enabled.length ? [allWell(well, directory.readMs)] : judgements
}

const MOST_NAMED = 100

function allWell(tokens: readonly SurveyedToken[], nowMs: number): Judgement {
  const due = tokens.filter(({ state }) => state.kind === 'due').length
  const renewals = tokens.flatMap(({ state }) => (state.kind === 'valid' ? (state.renewsMs ?? []) : []))
  const next =
    renewals.length === 0 ? '' : `, the next renewal is due in ${spanWords(Math.min(...renewals) - nowMs)}`
  return {
    outcome: 'pass',
    saw: `${counted(tokens.length, 'token')} valid${due > 0 ? `, ${due} being renewed` : ''}${next}`,
  }
}

function endWords(state: TokenState, nowMs: number): string {
  switch (state.kind) {
    case 'expired':
      return `ended ${momentWords(state.expiresMs, nowMs)}`
    case 'overdue':
      return `due since ${momentWords(state.sinceMs, nowMs)}${state.expiresMs === null ? '' : `, ends ${momentWords(state.expiresMs, nowMs)}`}`
    case 'dying':
      return `ends ${momentWords(state.expiresMs, nowMs)}`
    case 'clock':
      return `renewed ${momentWords(state.refreshedMs, nowMs)}, ended ${momentWords(state.expiresMs, nowMs)}`
    default:
      return 'without a date'
  }
}

/** What a trouble means and what to do; `saw` is added by the caller. */
function judgeTrouble(trouble: Trouble, tokens: readonly SurveyedToken[]): Judgement {
  const saw = ''
  switch (trouble) {
    case 'expired':
      return {
        outcome: 'fail',
        saw,
        expected: 'tokens that are renewed before they end',
        why: 'the provider answers 401 to every request of these accounts; their renewal has stopped',
        next: loginWords(tokens),
      }
    case 'overdue':
      return {
        outcome: 'warn',
        saw,
        expected: 'a renewal within minutes of being due',
        why: 'the gateway gave up renewing them, or does not run; they still serve until they end',
        next: `provops incident auth-failures --provider ${typesOf(tokens)[0]}; when the renewal is refused, ${loginWords(tokens)}`,
      }
    case 'dying':
      return {
        outcome: 'warn',
        saw,
        expected: 'a refresh token in the file',
        why: 'nothing can renew them: they end, and the accounts with them',
        next: loginWords(tokens),
      }
    case 'clock':
      return {
        outcome: 'warn',
        saw,
        expected: 'a token that lives longer than some minutes',
        why: 'renewed moments ago and over already: the clock of this machine or of the gateway is wrong',
        next: 'compare the output of date -u on both machines with the right time',
      }
    case 'undated':
      return { outcome: 'skip', saw, next: 'see in the table whether requests of these accounts fail' }
  }
}

function typesOf(tokens: readonly SurveyedToken[]): string[] {
  return [...new Set(tokens.map(({ credential }) => credential.type))]
}

/** The gateway's own login, for each type that has one. */
function loginWords(tokens: readonly SurveyedToken[]): string {
  const flags = typesOf(tokens).flatMap((type) => tokenKind(type)?.login ?? [])
  const how = flags.length === 0 ? '' : `: the gateway's program with ${listed(flags, 3)}, or its panel`
  return `log in again${how}`
}
