import type { Offers } from '../../analysis/config/offers.ts'
import { providerName } from '../../analysis/windows.ts'
import { listed, printable } from '../../core/text.ts'
import { type Answerer, answerersOf, describeAnswerer } from './answerers.ts'
import type { Facts, IncidentContext, IncidentScope } from './incident-context.ts'
import { refOf } from './moves.ts'
import { type Diagnosis, type Evidence, nothingToDo, type Remedy, type Verdict } from './playbook.ts'
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

/** One name for which several providers stand in turn. */
interface Collision {
  readonly id: string
  readonly meant: Answerer
  readonly others: readonly Answerer[]
}

/** Ids whose first tier holds different providers or different models; a pool inside one block is none (contract, files 1.9). */
export function collisionsIn(facts: Facts, offers: Offers, scope: IncidentScope): readonly Collision[] {
  const ids = new Set([...offers.byId.keys(), ...facts.accountModels.flatMap(({ ids: own }) => own)])
  return [...ids].sort().flatMap((id) => {
    if (scope.models.length > 0 && !scope.models.includes(id)) return []
    const answerers = answerersOf(facts, offers, id)
    const top = answerers.filter(({ priority }) => priority === answerers[0]?.priority)
    const meant = meantOf(top, scope)
    if (!meant || new Set(top.map(({ provider }) => provider)).size < 2) return []
    if (
      scope.provider !== null &&
      !top.some(({ provider }) => provider === providerName(scope.provider ?? ''))
    )
      return []
    return [{ id, meant, others: top.filter((one) => one !== meant) }]
  })
}

/** The provider that was named, else the direct one: an aggregator's copy is the likelier accident. */
function meantOf(top: readonly Answerer[], { provider }: IncidentScope): Answerer | undefined {
  const named = provider === null ? undefined : top.find((one) => one.provider === providerName(provider))
  return (
    named ?? top.find(({ entry }) => entry === null || entry.section !== 'openai-compatibility') ?? top[0]
  )
}

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

export function collisionWords({ id, meant, others }: Collision): string {
  return `${printable(id, 60)} is answered in turn by ${listed([meant, ...others].map(describeAnswerer), 3)}`
}

async function diagnose(context: IncidentContext, signal: AbortSignal): Promise<Diagnosis> {
  const facts = await factsOf(context, signal)
  const config = told(facts.config)
  if (config === null)
    return nothingToDo('unknown', facts.config.kind === 'untold' ? facts.config.reason : '')
  const collisions = collisionsIn(facts, config.offers, context.scope)
  const [first] = collisions
  const live = await liveAnswers(context, signal)
  const strayed = live.filter(({ strays }) => strays.length > 0)
  if (first === undefined && strayed.length === 0) {
    const unread = unreadWords(facts, WRONG_PROVIDER.judgesBy)
    return unread === null
      ? nothingToDo('absent', 'no name is shared by two providers of one priority')
      : nothingToDo('unknown', `no name of the configuration is shared; could not look at ${unread}`)
  }
  return {
    condition: 'present',
    models: first ? collisions.map(({ id }) => id) : strayed.map(({ model }) => model),
    saw: first
      ? collisionWords(first)
      : `${strayed[0]?.model} was answered by ${listed(strayed[0]?.strays ?? [])}`,
    remedies: [...priorityRemedies(collisions), ...explicitNames(collisions)],
  }
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
  const collisions = offers ? collisionsIn(facts, offers, context.scope) : []
  const wanted =
    asked ?? (context.scope.models.length > 0 ? context.scope.models : collisions.map(({ id }) => id))
  if (context.probing === 'off' || wanted.length === 0 || !offers) return []
  return context.remember('who answers now', async () => {
    const found: LiveAnswers[] = []
    for (const model of wanted.slice(0, 2)) {
      const answerers = answerersOf(facts, offers, model)
      const meant = meantOf(
        answerers.filter(({ priority }) => priority === answerers[0]?.priority),
        context.scope,
      )
      found.push(await whoAnswersNow(context, facts, model, meant?.provider ?? null, signal))
    }
    return found
  })
}

async function verify(
  context: IncidentContext,
  models: readonly string[],
  signal: AbortSignal,
): Promise<Verdict> {
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
