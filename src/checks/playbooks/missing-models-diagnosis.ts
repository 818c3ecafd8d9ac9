import { listed, printable } from '../../core/text.ts'
import { askModel } from './ask.ts'
import type { Facts, IncidentContext } from './incident-context.ts'
import { causeWords, expectedIds, missingIn } from './missing-causes.ts'
import { emptyRemedy, remediesFor } from './missing-remedies.ts'
import { type Diagnosis, type Evidence, nothingToDo, type Verdict } from './playbook.ts'
import { factsOf, told } from './read-facts.ts'
import { unreadWords } from './unread.ts'

export const MISSING_MODELS = {
  name: 'missing-models',
  title: 'every model that should be there is listed',
  symptom: 'a model is not in /v1/models, or clients are told that it is unknown',
  runbook: 'Incident Playbooks, Missing Models in /v1/models',
  judgesBy: ['models', 'config'],
  evidence,
  diagnose,
  verify,
} as const

function evidence(facts: Facts, context: IncidentContext): Evidence[] {
  if (facts.models.kind === 'list' && facts.models.list.models.length === 0)
    return [{ weight: 'proof', saw: 'the list of models is empty' }]
  const missing = missingIn(facts, context) ?? []
  return missing.map((one) => ({
    weight: one.wanted ? 'proof' : 'hint',
    saw: `${printable(one.id, 60)} is not listed: ${causeWords(one)}`,
  }))
}

async function diagnose(context: IncidentContext, signal: AbortSignal): Promise<Diagnosis> {
  const facts = await factsOf(context, signal)
  const missing = missingIn(facts, context)
  if (missing === null)
    return nothingToDo(
      'unknown',
      facts.models.kind === 'unknown' ? facts.models.judgement.saw : 'the list has more pages',
    )
  if (facts.models.kind === 'list' && facts.models.list.models.length === 0)
    return {
      condition: 'present',
      saw: 'the list of models is empty',
      models: [],
      remedies: [emptyRemedy(facts)],
    }
  const wanted = missing.filter((one) => one.wanted)
  const [first] = wanted
  if (first === undefined) return nothingMissing(facts, context)
  return {
    condition: 'present',
    models: wanted.map(({ id }) => id),
    saw: `${printable(first.id, 60)}: ${causeWords(first)}`,
    remedies: remediesFor(wanted, told(facts.config)),
  }
}

/** Nothing is missing only where something is known to be wanted. */
function nothingMissing(facts: Facts, { scope, expectedModels }: IncidentContext): Diagnosis {
  if (scope.models.length + expectedModels.length + expectedIds(facts).length > 0)
    return nothingToDo('absent', 'nothing that is wanted is missing')
  const unread = unreadWords(facts, ['config', 'accounts'])
  return nothingToDo(
    'unknown',
    `nothing says which ids should be listed${unread === null ? '' : `; could not look at ${unread}`}; name them with --model`,
  )
}

async function verify(
  context: IncidentContext,
  models: readonly string[],
  signal: AbortSignal,
): Promise<Verdict> {
  const facts = await factsOf(context, signal)
  const ids = facts.models.kind === 'list' ? facts.models.list.models.map(({ id }) => id) : null
  if (ids === null)
    return { kind: 'not-known', saw: 'the list could not be read', next: 'see missing-models.list' }
  const left = models.filter((id) => !ids.includes(id))
  if (left.length > 0 || ids.length === 0)
    return { kind: 'still-there', saw: `still not listed: ${listed(left) || 'everything'}` }
  if (context.probing === 'off') return { kind: 'gone', saw: `listed: ${listed(models)}` }
  return askModel(context, models, signal)
}
