import { listed, printable } from '../../core/text.ts'
import { askModel } from './ask.ts'
import type { Facts, IncidentContext } from './incident-context.ts'
import { causeWords, expectedIds, missingIn, unservedIn } from './missing-causes.ts'
import { emptyRemedy, remediesFor } from './missing-remedies.ts'
import { shiftRemedies } from './moves.ts'
import { type Diagnosis, type Evidence, nothingToDo, notKnown, type Verdict } from './playbook.ts'
import { factsOf, told } from './read-facts.ts'
import { unreadWords } from './unread.ts'

export const MISSING_MODELS = {
  name: 'missing-models',
  title: 'every model that should be there is listed and served',
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
  const { scope, spark } = context
  const missing = missingIn(facts, context) ?? []
  // Spark has a playbook of its own, which is the better page unless somebody asks for this one.
  const own = missing.filter(({ id }) => id !== spark.model || scope.models.includes(id))
  return [...own, ...unservedIn(facts, context)].map((one) => ({
    weight: one.wanted ? 'proof' : 'hint',
    saw: `${printable(one.id, 60)} is ${one.cause.kind === 'unserved' ? '' : 'not listed: '}${causeWords(one)}`,
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
  const unserved = unservedIn(facts, context)
  const wanted = [...missing.filter((one) => one.wanted), ...unserved]
  const [first] = wanted
  if (first === undefined) return nothingMissing(facts, context)
  return {
    condition: 'present',
    models: wanted.map(({ id }) => id),
    saw: `${printable(first.id, 60)}: ${causeWords(first)}`,
    remedies: [
      ...remediesFor(wanted, told(facts.config)),
      ...shiftRemedies(
        facts,
        unserved.map(({ id }) => id),
      ),
    ],
  }
}

/** Nothing is missing only where something is known to be wanted. */
function nothingMissing(facts: Facts, { scope, expectedModels }: IncidentContext): Diagnosis {
  if (scope.models.length + expectedModels.length > 0)
    return nothingToDo('absent', 'nothing that is wanted is missing')
  const unread = unreadWords(facts, ['config', 'accounts'])
  const offered = expectedIds(facts).length
  if (offered > 0 && unread === null) return nothingToDo('absent', 'nothing that is offered is missing')
  return notKnown(
    `${offered === 0 ? 'nothing says which ids should be listed' : 'nothing of what is known to be offered is missing'}${unread === null ? '' : `; could not look at ${unread}`}`,
    'name the ids with --model: provops incident missing-models --model <ids>',
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
  const unserved = unservedIn(facts, context).some(({ id }) => models.includes(id))
  if (context.probing === 'off' && !unserved) return { kind: 'gone', saw: `listed: ${listed(models)}` }
  return askModel(context, models, signal)
}
