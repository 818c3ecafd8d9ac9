import { refOf } from '../../analysis/config/edit-types.ts'
import type { Offers } from '../../analysis/config/offers.ts'
import { listed, printable, shellWord } from '../../core/text.ts'
import { type Answerer, answerersOf, answerWords } from './answerers.ts'
import { type Collision, collisionsIn, collisionWords, contestedIn, meantOf } from './collisions.ts'
import type { Facts, IncidentContext } from './incident-context.ts'
import {
  type Diagnosis,
  type Evidence,
  nothingToDo,
  notKnown,
  type Remedy,
  type Verdict,
} from './playbook.ts'
import { factsOf, told } from './read-facts.ts'
import { unreadWords } from './unread.ts'
import { type LiveAnswers, whoAnswersNow } from './who-answers.ts'

export const WRONG_PROVIDER = {
  name: 'wrong-provider',
  title: 'every name is answered by the provider it means',
  symptom: 'answers come from another provider or model than was asked for',
  runbook: 'Incident Playbooks, Wrong Provider Selected',
  judgesBy: ['config', 'accounts'],
  evidence,
  diagnose,
  verify,
} as const

function evidence(facts: Facts, { scope }: IncidentContext): Evidence[] {
  const offers = told(facts.config)?.offers
  if (!offers) return []
  return collisionsIn(facts, offers, scope).map((collision) => ({
    weight: bothBusy(collision, facts) ? 'proof' : 'sign',
    saw: collisionWords(collision),
  }))
}

function bothBusy({ meant, others }: Collision, { windows }: Facts): boolean {
  const busy = new Set(windows.filter(({ requests }) => requests > 0).map(({ provider }) => provider))
  return busy.has(meant.provider) && others.some(({ provider }) => busy.has(provider))
}

async function diagnose(context: IncidentContext, signal: AbortSignal): Promise<Diagnosis> {
  const facts = await factsOf(context, signal)
  const { config } = facts
  if (config.kind === 'untold')
    return notKnown(config.reason, 'give the configuration with --config-file, or a management key')
  const { offers } = config.value
  const collisions = collisionsIn(facts, offers, context.scope)
  const [first] = collisions
  const live = await liveAnswers(context, signal)
  const strayed = live.find(({ strays }) => strays.length > 0)
  if (first === undefined && strayed === undefined) return nothingStrays(facts, offers, context, live)
  return {
    condition: 'present',
    models: first ? collisions.map(({ id }) => id) : strayed ? [strayed.model] : [],
    saw: first ? collisionWords(first) : `${strayed?.model} was answered by ${listed(strayed?.strays ?? [])}`,
    remedies: [...priorityRemedies(collisions), ...explicitNames(collisions), ...standIns(strayed)],
  }
}

/** The configuration sends no name to a wrong provider; whether requests go where it says is another matter. */
function nothingStrays(
  facts: Facts,
  offers: Offers,
  { scope }: IncidentContext,
  live: readonly LiveAnswers[],
): Diagnosis {
  const unseen = live.find(({ problem }) => problem !== null)
  if (unseen) return notKnown(`${unseen.model}: ${unseen.problem}`, 'provops incident, then ask again')
  const nameless = scope.models.find((id) => meantOf(answerersOf(facts, offers, id), scope) === undefined)
  if (nameless !== undefined) return notKnown(...namelessWords(facts, offers, nameless))
  const asked = live.map(({ model }) => model)
  const [contested] = contestedIn(facts, offers, scope).filter((id) => !asked.includes(id))
  if (contested !== undefined)
    return notKnown(
      `${printable(contested, 60)} can be answered by ${answerWords(facts, offers, contested)}: the configuration tells who is asked first, not who answers`,
      `provops incident wrong-provider --model ${shellWord(contested)} --probe`,
    )
  const unread = unreadWords(facts, WRONG_PROVIDER.judgesBy)
  if (unread !== null)
    return nothingToDo('unknown', `no name of the configuration is shared; could not look at ${unread}`)
  return nothingToDo(
    'absent',
    live.length > 0
      ? live.map(({ model, words }) => `${model}: ${words}`).join('; ')
      : 'no name can be answered by two providers',
  )
}

function namelessWords(facts: Facts, offers: Offers, id: string): [saw: string, next: string] {
  return answerersOf(facts, offers, id).length === 0
    ? [
        `no block and no account offers ${printable(id, 60)}`,
        `provops incident missing-models --model ${shellWord(id)}`,
      ]
    : [
        `${printable(id, 60)} is offered by ${answerWords(facts, offers, id)}, and not by the one that is meant`,
        'check --provider and --prefix, or ask for <prefix>/<model>',
      ]
}

/** Only because the one that is asked first does not answer: no name has to be changed. */
function standIns(strayed: LiveAnswers | undefined): Remedy[] {
  if (strayed === undefined || strayed.meant === null) return []
  return [
    {
      kind: 'person',
      title: `${strayed.meant} does not answer ${strayed.model}, and ${listed(strayed.strays)} stands in for it`,
      next: `see why ${strayed.meant} does not answer: provops incident --provider ${shellWord(strayed.meant)}`,
    },
  ]
}

/** Puts the provider that is meant before the others: no name goes away, and the others still stand in for it. */
function priorityRemedies(collisions: readonly Collision[]): Remedy[] {
  if (collisions.length === 0) return []
  const lowered = new Map<string, { entry: NonNullable<Answerer['entry']>; below: number; ids: string[] }>()
  for (const { id, meant, others } of collisions)
    for (const { entry, label } of others) {
      if (entry === null) continue
      const known = lowered.get(label)
      if (known) known.ids.push(id)
      else lowered.set(label, { entry, below: meant.priority - 1, ids: [id] })
    }
  if (lowered.size === 0) return []
  const names = [...lowered.values()].map(
    ({ entry, below, ids }) => `${entry.label} to priority ${below} (for ${listed(ids, 3)})`,
  )
  return [
    {
      kind: 'edit',
      name: 'priority',
      title: `lower ${names.join(', ')}, so that the direct provider answers and the other stands in`,
      askFirst: [],
      edits: [...lowered.values()].map(({ entry, below }) => ({
        kind: 'set-priority',
        entry: refOf(entry),
        priority: below,
      })),
      mind: 'the priority holds for every model of the block; where it alone offers a model nothing changes',
      proof: { kind: 'symptom' },
    },
  ]
}

function explicitNames(collisions: readonly Collision[]): Remedy[] {
  return collisions.flatMap(({ id, others }) => {
    const explicit = others.flatMap(({ entry }) =>
      entry && entry.prefix !== '' ? [`${entry.prefix}/${id}`] : [],
    )
    if (explicit.length === 0) return []
    return [
      {
        kind: 'person' as const,
        title: `call ${explicit.join(' or ')} where the other provider is meant`,
        next: `sensitive workloads: ask for ${explicit[0]} explicitly; force-model-prefix: true would take the bare name from the block for good`,
      },
    ]
  })
}

export async function liveAnswers(
  context: IncidentContext,
  signal: AbortSignal,
  asked: readonly string[] | null = null,
): Promise<readonly LiveAnswers[]> {
  const facts = await factsOf(context, signal)
  const offers = told(facts.config)?.offers
  if (context.probing === 'off' || !offers) return []
  const { models } = context.scope
  const wanted = asked ?? (models.length > 0 ? models : contestedIn(facts, offers, context.scope))
  return context.remember('who answers now', async () => {
    const found: LiveAnswers[] = []
    for (const model of wanted.slice(0, 2)) {
      const answerers = answerersOf(facts, offers, model)
      const question = {
        model,
        meant: meantOf(answerers, context.scope)?.provider ?? null,
        candidates: [...new Set(answerers.map(({ provider }) => provider))],
      }
      found.push(await whoAnswersNow(context, facts, question, signal))
    }
    return found
  })
}

async function verify(
  context: IncidentContext,
  models: readonly string[],
  signal: AbortSignal,
): Promise<Verdict> {
  const facts = await factsOf(context, signal)
  const offers = told(facts.config)?.offers
  const [left] = offers ? collisionsIn(facts, offers, { ...context.scope, models }) : []
  if (left) return { kind: 'still-there', saw: collisionWords(left) }
  const live = await liveAnswers(context, signal, models)
  const strayed = live.filter(({ strays }) => strays.length > 0)
  if (strayed.length > 0)
    return {
      kind: 'still-there',
      saw: `${strayed[0]?.model} was answered by ${listed(strayed[0]?.strays ?? [])}`,
    }
  const failed = live.find(({ problem }) => problem !== null)
  if (failed) return { kind: 'still-there', saw: `${failed.model}: ${failed.problem}` }
  if (live.length > 0)
    return { kind: 'gone', saw: live.map(({ model, words }) => `${model}: ${words}`).join('; ') }
  return { kind: 'not-known', saw: 'no request was sent', next: 'add --probe to see who answers' }
}
