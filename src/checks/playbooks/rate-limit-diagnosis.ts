import { counted, listed } from '../../core/text.ts'
import { hasResetRoute, resetCommand, WITHOUT_ROUTE } from '../quota-reset.ts'
import { askModel } from './ask.ts'
import { exposureRemedies } from './exposure.ts'
import type { Facts, IncidentContext } from './incident-context.ts'
import { limitCauses } from './limit-causes.ts'
import { LIMIT_ACTIONS, type LimitCause } from './limits.ts'
import { loadRemedies } from './load-levers.ts'
import { shiftRemedies } from './moves.ts'
import { type Diagnosis, type Evidence, nothingToDo, type PersonRemedy, type Remedy } from './playbook.ts'
import { factsOf } from './read-facts.ts'
import { hiddenWords, unreadWords } from './unread.ts'

export const RATE_LIMIT = {
  name: 'rate-limit',
  title: 'no repeated 429, and no provider that fails',
  symptom: 'clients get 429 again and again, accounts are benched, or a provider answers with server errors',
  runbook: 'Incident Playbooks, Repeated 429; Rotation and Quota Strategy',
  judgesBy: ['log', 'accounts'],
  evidence,
  diagnose,
  verify: askModel,
} as const

function evidence(facts: Facts, { scope, thresholds }: IncidentContext): Evidence[] {
  return limitCauses(facts, scope, thresholds).map(({ severe, saw }) => ({
    weight: severe ? 'proof' : 'sign',
    saw,
  }))
}

export const causesOf = async (context: IncidentContext, signal: AbortSignal) =>
  limitCauses(await factsOf(context, signal), context.scope, context.thresholds)

async function diagnose(context: IncidentContext, signal: AbortSignal): Promise<Diagnosis> {
  const facts = await factsOf(context, signal)
  const causes = await causesOf(context, signal)
  const severe = causes.filter((cause) => cause.severe)
  if (severe.length === 0) return nothingSevere(facts, causes)
  const models = context.scope.models.length > 0 ? context.scope.models : modelsOf(severe)
  return {
    condition: 'present',
    saw: severe[0]?.saw ?? '',
    models,
    remedies: [
      ...(await resetRemedies(severe, context)),
      ...loadRemedies(facts, severe),
      ...shiftRemedies(
        facts,
        severe.filter(({ kind }) => kind !== 'policy').flatMap((cause) => cause.models),
      ),
      ...exposureRemedies(facts, severe, context.scope),
      ...peopleRemedies(severe),
    ],
  }
}

/** Whether that is the absence of trouble depends on what could be read. */
function nothingSevere(facts: Facts, causes: readonly LimitCause[]): Diagnosis {
  const [first] = causes
  const seen = first === undefined ? 'nothing seen' : `no burst is going on; seen: ${first.saw}`
  const unread = unreadWords(facts, RATE_LIMIT.judgesBy)
  if (unread !== null) return nothingToDo('unknown', `${seen}; could not look at ${unread}`, modelsOf(causes))
  const hidden = hiddenWords(facts)
  if (hidden !== null) return nothingToDo('unknown', `${seen}; ${hidden}`, modelsOf(causes))
  return first === undefined
    ? nothingToDo('absent', 'nothing limits')
    : nothingToDo('over', seen, modelsOf(causes))
}

/** One proposal for all stale benches: each ends for its own account. */
async function resetRemedies(causes: readonly LimitCause[], context: IncidentContext): Promise<Remedy[]> {
  const stale = causes.filter(({ kind }) => kind === 'stale-cooldown')
  const authIndexes = stale.flatMap((cause) => cause.authIndexes)
  if (authIndexes.length === 0) return []
  if (!(await hasResetRoute(context.capabilities)))
    return [{ kind: 'person', title: 'end the stale benches', next: WITHOUT_ROUTE }]
  return [
    {
      kind: 'reset-quota',
      name: 'reset',
      title: `end the bench of ${counted(authIndexes.length, 'account')} of ${listed(stale.map(({ provider }) => provider))}`,
      authIndexes,
      command: resetCommand(authIndexes, context),
      mind: 'if the quota is not back, one request is refused and the bench returns',
    },
  ]
}

/** What no change of the gateway does: real capacity, and everything outside of it. */
function peopleRemedies(causes: readonly LimitCause[]): PersonRemedy[] {
  const first = [...new Map(causes.map((cause) => [`${cause.kind} ${cause.provider}`, cause])).values()]
  return first.flatMap(({ kind, provider }): PersonRemedy[] => {
    const { means, person } = LIMIT_ACTIONS[kind]
    return person === null ? [] : [{ kind: 'person', title: `${provider}: ${means}`, next: person }]
  })
}

function modelsOf(causes: readonly LimitCause[]): readonly string[] {
  return [...new Set(causes.flatMap(({ models }) => models))].slice(0, 1)
}
