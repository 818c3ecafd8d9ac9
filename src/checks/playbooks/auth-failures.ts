import { maskFileName } from '../../analysis/quota/names.ts'
import { momentMs } from '../../analysis/tokens/times.ts'
import type { Judgement } from '../../core/check.ts'
import { printable, span } from '../../core/text.ts'
import type { AuthFile } from '../../wire/management.ts'
import { answerersOf, answerWords } from './answerers.ts'
import { askModel, MOST_ASKED } from './ask.ts'
import { AUTH_ACTIONS, type AuthCause, type AuthSource, authCauses, isAuthStatus } from './auth-causes.ts'
import type { Facts, IncidentContext } from './incident-context.ts'
import { failuresWith, ongoingSince, REPEATED, refusedTimes, total, unlisted } from './log-facts.ts'
import { shiftRemedies } from './moves.ts'
import { type Diagnosis, type Evidence, nothingToDo, type Playbook, type Remedy } from './playbook.ts'
import { factsOf, told } from './read-facts.ts'
import { endingOf, stepOf } from './steps.ts'
import { judgeTokenFiles } from './token-step.ts'

const HEAD = {
  name: 'auth-failures',
  title: 'no repeated 401 or 403',
  symptom: 'clients or providers answer 401 or 403 again and again',
  runbook: 'Incident Playbooks, Repeated 401/403',
  diagnose,
  verify: askModel,
} as const

/** Beside the log: what is refused right now. */
function isNow({ source, models, count }: AuthCause, facts: Facts): boolean {
  if (source === 'safe-mode' || source === 'own-key') return true
  if (source === 'management') return facts.management.kind !== 'on'
  if (source === 'client-key') return ongoingSince(facts, [401, 403]) !== null
  // After a 401 or 403 the gateway answers by itself for half an hour (contract, HTTP 7.4): quiet is not healthy.
  const heldBack = unlisted(facts, models).length > 0 || models.length === 0
  return heldBack || (count >= REPEATED && ongoingSince(facts, [401, 403]) !== null)
}

function evidence(facts: Facts, { scope }: IncidentContext): Evidence[] {
  const causes = authCauses(facts, scope).map((cause) => ({
    weight: isNow(cause, facts) ? ('proof' as const) : ('sign' as const),
    saw: cause.saw,
  }))
  return [...causes, ...staleTokens(facts).map((saw) => ({ weight: 'sign' as const, saw }))]
}

/** What another provider cures at once; the rest is at the gateway's own door, or in the prompt. */
const MOVABLE: ReadonlySet<AuthSource> = new Set([
  'credential',
  'forbidden',
  'edge',
  'region',
  'account',
  'money',
])

async function diagnose(context: IncidentContext, signal: AbortSignal): Promise<Diagnosis> {
  const facts = await factsOf(context, signal)
  const causes = authCauses(facts, context.scope)
  if (causes.length === 0) {
    const unread = facts.log.kind === 'untold' && facts.refusals.kind === 'untold'
    return unread
      ? nothingToDo(
          'unknown',
          `nothing could be read: ${facts.log.kind === 'untold' ? facts.log.reason : ''}`,
        )
      : nothingToDo('absent', 'nobody refuses')
  }
  const now = causes.filter((cause) => isNow(cause, facts))
  if (now.length === 0) return nothingToDo('over', `over: ${causes[0]?.saw}`, modelsOf(causes))
  const moves = shiftRemedies(
    facts,
    now.filter(({ source }) => MOVABLE.has(source)).flatMap(({ models }) => models),
  )
  const people = now.map(
    ({ source, party }): Remedy => ({
      kind: 'person',
      title: `${party}: ${AUTH_ACTIONS[source].means}`,
      next: AUTH_ACTIONS[source].next,
    }),
  )
  return {
    condition: 'present',
    saw: now[0]?.saw ?? '',
    models: modelsOf(now),
    remedies: [...moves, ...people],
  }
}

function modelsOf(causes: readonly AuthCause[]): readonly string[] {
  return [...new Set(causes.flatMap(({ models }) => models))]
}

const symptomStep = stepOf(HEAD, {
  step: 'symptom',
  kind: 'read',
  title: 'no repeated 401 or 403',
  asks: 'How many 401 and 403 did clients, management callers and providers see, are they still going on, and does anybody hold a credential back for it?',
  why: 'The same status comes from six parties, and five of them are not cured by a new login.',
  cost: 'files',
  fix: 'See auth-failures.cause: one action per party.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    const { condition, saw } = await context.remember('diagnosis of auth-failures', () =>
      diagnose(context, signal),
    )
    const scan = told(facts.log)?.scan
    const client = scan
      ? refusedTimes(
          scan,
          ({ status, routeClass }) => routeClass === 'client-api' && (status === 401 || status === 403),
        )
      : null
    const upstream = scan ? total(failuresWith(facts, context.scope, isAuthStatus)) : null
    const data = { client, upstream, since: isoOf(ongoingSince(facts, [401, 403])) }
    switch (condition) {
      case 'absent':
        return {
          outcome: 'pass',
          saw: `${client ?? 'no log:'} 401 or 403 to clients, ${upstream ?? 'none seen'} from providers; nobody holds a credential back`,
          data,
        }
      case 'over':
        return {
          outcome: 'warn',
          saw,
          data,
          expected: 'no 401 or 403',
          why: 'it is over, and its cause may not be',
          next: 'see auth-failures.cause',
        }
      case 'unknown':
        return {
          outcome: 'unknown',
          saw,
          data,
          expected: 'a log or error logs',
          why: 'nothing says who refuses',
          next: 'give the log with --logs, or a management key',
        }
      case 'present':
        return {
          outcome: 'fail',
          saw,
          data,
          expected: 'no 401 or 403',
          why: 'clients are refused, or will be as soon as fail-over has nowhere to go',
          next: 'see auth-failures.cause',
        }
    }
  },
})

function isoOf(atMs: number | null): string | null {
  return atMs === null ? null : new Date(atMs).toISOString()
}

const causeStep = stepOf(HEAD, {
  step: 'cause',
  kind: 'decide',
  title: 'nobody refuses',
  asks: 'Who refused: the gateway for a client key, safe mode, the management routes, a provider for its credential or account, an edge, the region, a policy? Judged by who answered, how fast, and the words of the error logs.',
  why: 'One action per cause: only a credential is cured by a new login or key.',
  cost: 'reads',
  fix: 'Do the one action of each cause.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    const causes = authCauses(facts, context.scope)
    if (causes.length === 0) return { outcome: 'pass', saw: 'no party refuses' }
    return causes.map((cause): Judgement => {
      const { means, next } = AUTH_ACTIONS[cause.source]
      const base = {
        subject: `${cause.source}.${cause.party}`,
        saw: cause.saw,
        expected: 'no refusal',
        why: means,
        next,
        data: { source: cause.source, count: cause.count },
      }
      if (cause.source === 'own-key') return { ...base, outcome: 'fail', cause: 'auth' }
      return { ...base, outcome: isNow(cause, facts) ? 'fail' : 'warn' }
    })
  },
})

/** Renewed at least daily by the gateway where they can be; older than that with failures deserves a look (contract, files 3.5). */
const STALE_AFTER_MS = 10 * 86_400_000

function staleTokens(facts: Facts): string[] {
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

const nameOf = ({ name, email }: AuthFile) => printable(maskFileName(name, email), 60)

const tokensStep = stepOf(HEAD, {
  step: 'tokens',
  kind: 'read',
  title: 'every account has a fresh token',
  asks: 'By auth-files: which accounts are disabled, in error or benched, when were they last renewed, and which fail every request? By the token files themselves (--auth-dir): which are expired, overdue, beyond renewal, or copies of one login?',
  why: 'A renewal that stopped leaves no error in the log; only the age of the token shows it.',
  cost: 'reads',
  fix: 'provops quota --auth-dir <directory> reads the token files themselves: expiry, overdue renewals, copies, permissions.',
  async ask(context, signal) {
    const { accounts, atMs } = await factsOf(context, signal)
    const files = await judgeTokenFiles(context)
    if (accounts.kind === 'untold')
      return files[0]?.subject !== 'files'
        ? files
        : {
            outcome: 'skip',
            saw: accounts.reason,
            next: 'give a management key, or provops quota --auth-dir <directory>',
          }
    const wanted = accounts.value.filter(
      ({ provider }) => context.scope.provider === null || provider === context.scope.provider,
    )
    if (wanted.length === 0 && files.every(({ outcome }) => outcome === 'skip'))
      return {
        outcome: 'skip',
        saw: 'no account from a token file',
        next: 'nothing to do: keys of config.yaml have no expiry',
      }
    return [...wanted.map((account): Judgement => judgeToken(account, atMs)), ...files]
  },
})

function judgeToken(account: AuthFile, atMs: number): Judgement {
  const age = ageMs(account, atMs)
  const renewed = age === null ? 'renewal not told' : `renewed ${span(Math.max(0, age))} ago`
  const figures = `${account.provider}, ${renewed}, ${account.failed ?? '?'} of ${(account.success ?? 0) + (account.failed ?? 0)} failed`
  const base = { subject: nameOf(account), source: 'GET /v0/management/auth-files' }
  if (account.disabled)
    return { ...base, outcome: 'skip', saw: `${figures}, disabled`, next: 'enable it if it should serve' }
  if (!failing(account)) return { ...base, outcome: 'pass', saw: figures }
  return {
    ...base,
    outcome: 'warn',
    saw: `${figures}${account.statusMessage ? `: "${printable(account.statusMessage, 80)}"` : ', and nothing succeeds'}`,
    expected: 'an account that answers',
    why: 'an expired or revoked token is refused until somebody logs in again',
    next: 'provops quota --auth-dir <directory> tells expiry and renewal of this token',
  }
}

const prefixStep = stepOf(HEAD, {
  step: 'prefix',
  kind: 'read',
  title: 'the client reaches the provider it means',
  asks: 'Which provider block answers the refused models (or --model), and is it the one behind the intended --prefix?',
  why: 'A name without prefix may be answered by a block whose credential is the bad one.',
  cost: 'reads',
  fix: 'Call <prefix>/<model> for traffic that must stay with one provider.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    const config = told(facts.config)
    if (config === null)
      return {
        outcome: 'skip',
        saw: facts.config.kind === 'untold' ? facts.config.reason : '',
        next: 'give the file with --config-file, or a management key',
      }
    const refused = authCauses(facts, context.scope).flatMap(({ models }) => models)
    const models = context.scope.models.length > 0 ? context.scope.models : [...new Set(refused)]
    if (models.length === 0)
      return { outcome: 'skip', saw: 'no model is known to be refused', next: 'name one with --model' }
    return models.slice(0, 5).map((model): Judgement => {
      const saw = answerWords(facts, config.offers, model)
      const prefix = model.includes('/') ? model.slice(0, model.indexOf('/')) : ''
      const wrong = context.scope.prefix !== null && prefix !== context.scope.prefix
      if (!wrong && answerersOf(facts, config.offers, model).length > 0)
        return { outcome: 'pass', subject: model, saw }
      return {
        outcome: 'warn',
        subject: model,
        saw,
        expected: wrong ? `answered behind ${context.scope.prefix}/` : 'a block that answers it',
        why: 'the client hits another provider than it means',
        next: wrong
          ? `call ${context.scope.prefix}/${model.slice(prefix === '' ? 0 : prefix.length + 1)}`
          : `provops incident missing-models --model ${model}`,
      }
    })
  },
})

export const authFailures: Playbook = {
  ...HEAD,
  evidence,
  mostProbes: () => MOST_ASKED,
  steps: [symptomStep, causeStep, tokensStep, prefixStep, ...endingOf(HEAD)],
}
