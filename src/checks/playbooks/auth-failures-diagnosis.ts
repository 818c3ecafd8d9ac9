import { staleTokens } from './account-tokens.ts'
import { askModel } from './ask.ts'
import { AUTH_ACTIONS, type AuthSource } from './auth-actions.ts'
import { type AuthCause, authCauses } from './auth-causes.ts'
import type { Facts, IncidentContext } from './incident-context.ts'
import { type BurstParty, ongoingSince, REPEATED, UNNAMED_PROVIDER, unlisted } from './log-facts.ts'
import { shiftRemedies } from './moves.ts'
import { type Diagnosis, type Evidence, nothingToDo, type Remedy } from './playbook.ts'
import { factsOf } from './read-facts.ts'
import { hiddenWords, unreadWords } from './unread.ts'

export const AUTH_FAILURES = {
  name: 'auth-failures',
  title: 'no repeated 401 or 403',
  symptom: 'clients or providers answer 401 or 403 again and again',
  runbook: 'Incident Playbooks, Repeated 401/403',
  judgesBy: ['log', 'accounts'],
  evidence,
  diagnose,
  verify: askModel,
} as const

/** Beside the log: what is refused right now. */
export function isNow({ source, party, models, count, standing }: AuthCause, facts: Facts): boolean {
  if (source === 'safe-mode' || source === 'own-key') return true
  // Without a key of its own provops cannot see whether the routes let anybody in.
  if (source === 'management')
    return facts.management.kind === 'banned' || facts.management.kind === 'refused'
  if (source === 'client-key') return ongoingSince(facts, [401, 403], { kind: 'gateway' }) !== null
  // After a 401 or 403 the gateway answers by itself for half an hour (contract, HTTP 7.4): quiet is not healthy.
  const heldBack = standing === 'held-back' || unlisted(facts, models).length > 0
  return heldBack || (count >= REPEATED && ongoingSince(facts, [401, 403], partyOf(party)) !== null)
}

/** Parties that the log does not name stand for any of them. */
function partyOf(party: string): BurstParty {
  return { kind: 'provider', provider: party === UNNAMED_PROVIDER ? null : party }
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
  const lost = unreadWords(facts, AUTH_FAILURES.judgesBy)
  const unread = lost === null ? hiddenWords(facts) : `could not look at ${lost}`
  if (causes.length === 0)
    return unread === null
      ? nothingToDo('absent', 'nobody refuses')
      : nothingToDo('unknown', `nothing seen; ${unread}`)
  const now = causes.filter((cause) => isNow(cause, facts))
  if (now.length === 0) {
    const over = `over: ${causes[0]?.saw}`
    return unread === null
      ? nothingToDo('over', over, modelsOf(causes))
      : nothingToDo('unknown', `${over}; ${unread}`, modelsOf(causes))
  }
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
