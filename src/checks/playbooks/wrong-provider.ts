import type { Offers } from '../../analysis/config/offers.ts'
import { providerName } from '../../analysis/windows.ts'
import type { Judgement } from '../../core/check.ts'
import { counted, listed, printable } from '../../core/text.ts'
import { type Answerer, answerersOf, answerWords, describeAnswerer } from './answerers.ts'
import type { Facts, IncidentContext, IncidentScope } from './incident-context.ts'
import { refOf } from './moves.ts'
import {
  type Diagnosis,
  type Evidence,
  nothingToDo,
  type Playbook,
  type Remedy,
  type Verdict,
} from './playbook.ts'
import { factsOf, told } from './read-facts.ts'
import { endingOf, stepOf } from './steps.ts'
import { type LiveAnswers, REQUESTS_PER_MODEL, whoAnswersNow } from './who-answers.ts'

const HEAD = {
  name: 'wrong-provider',
  title: 'every name is answered by the provider it means',
  symptom: 'answers come from another provider or model than was asked for',
  runbook: 'Incident Playbooks, Wrong Provider Selected',
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
function collisionsIn(facts: Facts, offers: Offers, scope: IncidentScope): readonly Collision[] {
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

function collisionWords({ id, meant, others }: Collision): string {
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
  if (first === undefined && strayed.length === 0)
    return nothingToDo('absent', 'no name is shared by two providers of one priority')
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
      title: `lower ${names.join(', ')}, so that the direct provider answers and the other stands in`,
      askFirst: [],
      edits: [...lowered.values()].map(({ entry, below }) => ({
        kind: 'set-priority',
        entry: refOf(entry),
        priority: below,
      })),
      mind: 'the priority holds for every model of the block; where it alone offers a model nothing changes',
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

async function liveAnswers(
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

const settingStep = stepOf(HEAD, {
  step: 'force-model-prefix',
  kind: 'read',
  title: 'blocks with a prefix keep their names to themselves',
  asks: 'Is force-model-prefix on, and which blocks have a prefix? Off, a prefixed block offers every name without its prefix as well.',
  why: 'Half of the surprises come from a block that was thought to be behind its prefix.',
  cost: 'reads',
  fix: 'force-model-prefix: true takes the bare names away; provops lint shows which.',
  async ask(context, signal) {
    const { config } = await factsOf(context, signal)
    if (config.kind === 'untold')
      return {
        outcome: 'unknown',
        saw: config.reason,
        expected: 'the configuration',
        why: 'names are given out there',
        next: 'give --config-file, or a management key',
      }
    const { settings, entries } = config.value.offers.config
    const prefixed = entries.filter(({ prefix, fate }) => prefix !== '' && fate.kind === 'live')
    const line = settings.at.get('force-model-prefix')?.line
    const saw = `force-model-prefix is ${settings.forceModelPrefix ? 'on' : 'off'}${line === undefined ? '' : ` (line ${line})`}; ${
      prefixed.length === 0
        ? 'no block has a prefix'
        : listed(
            prefixed.map(({ prefix, label }) => `${prefix}/ of ${label}`),
            3,
          )
    }`
    return { outcome: 'pass', saw, source: config.source }
  },
})

const namingStep = stepOf(HEAD, {
  step: 'naming',
  kind: 'read',
  title: 'the name in the request means one provider',
  asks: 'For each --model: which blocks and accounts offer exactly this name, with line, priority and number of credentials?',
  why: 'The gateway compares names letter by letter and takes the first part as prefix only if a credential has it.',
  cost: 'reads',
  fix: 'Prefer explicit prefix/model calls for sensitive workloads.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    const config = told(facts.config)
    if (config === null || context.scope.models.length === 0)
      return {
        outcome: 'skip',
        saw: config === null ? 'the configuration is not known' : 'no model was named',
        next: 'name the model of the request with --model',
      }
    return context.scope.models.map((model): Judgement => {
      const answerers = answerersOf(facts, config.offers, model)
      const saw = answerWords(facts, config.offers, model)
      if (answerers.length === 0)
        return {
          outcome: 'fail',
          subject: model,
          saw,
          expected: 'a block or account that offers it',
          why: 'the gateway refuses the name',
          next: `provops incident missing-models --model ${model}`,
        }
      const providers = new Set(answerers.map(({ provider }) => provider))
      if (providers.size < 2) return { outcome: 'pass', subject: model, saw }
      return {
        outcome: 'warn',
        subject: model,
        saw,
        expected: 'one provider',
        why: 'see wrong-provider.collisions',
        next: 'ask for prefix/model',
      }
    })
  },
})

const collisionsStep = stepOf(HEAD, {
  step: 'collisions',
  kind: 'decide',
  title: 'no two providers share a name at one priority',
  asks: 'Which names are offered by different providers at the same priority, so that requests go to them in turn?',
  why: 'Clients get different models under one name, half of the time, and no status shows it.',
  cost: 'reads',
  fix: 'Give the blocks different aliases or priorities, or ask for prefix/model.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    const config = told(facts.config)
    if (config === null)
      return {
        outcome: 'unknown',
        saw: facts.config.kind === 'untold' ? facts.config.reason : '',
        expected: 'the configuration',
        why: 'collisions stand in it',
        next: 'give --config-file, or a management key',
      }
    const collisions = collisionsIn(facts, config.offers, context.scope)
    if (collisions.length === 0)
      return {
        outcome: 'pass',
        saw: `${counted(config.offers.byId.size, 'name')} of the configuration, none shared at one priority`,
      }
    return collisions.slice(0, 8).map(
      (collision): Judgement => ({
        outcome: 'fail',
        subject: collision.id,
        saw: collisionWords(collision),
        expected: 'one provider per name and priority',
        why: 'requests go to them in turn, by number of credentials',
        next: 'provops lint --who <model> shows the shares; see wrong-provider.proposal',
        data: { meant: collision.meant.provider, others: collision.others.map(({ provider }) => provider) },
      }),
    )
  },
})

const liveStep = stepOf(HEAD, {
  step: 'answered-by',
  kind: 'read',
  title: 'the provider that is meant answers now',
  asks: 'With --probe: which credential answers a few short requests, by the trace header where there is one, else by the counters that moved?',
  why: 'The configuration says who may answer; only the gateway says who does.',
  cost: 'tokens',
  fix: 'See wrong-provider.proposal.',
  async ask(context, signal) {
    if (context.probing === 'off')
      return {
        outcome: 'skip',
        saw: 'no request was sent',
        next: 'provops incident wrong-provider --model <model> --probe',
      }
    const live = await liveAnswers(context, signal)
    if (live.length === 0) return { outcome: 'skip', saw: 'no model to ask', next: 'name one with --model' }
    return live.map(({ model, words, strays, problem, meant }): Judgement => {
      if (problem !== null)
        return {
          outcome: 'unknown',
          subject: model,
          saw: problem,
          expected: 'an answer',
          why: 'who answers was not seen',
          next: 'provops incident',
        }
      if (strays.length === 0) return { outcome: 'pass', subject: model, saw: words }
      return {
        outcome: 'fail',
        subject: model,
        saw: words,
        expected: meant === null ? 'one provider' : `${meant} alone`,
        why: 'clients of this name get another provider than it means',
        next: 'see wrong-provider.proposal',
      }
    })
  },
})

export const wrongProvider: Playbook = {
  ...HEAD,
  evidence,
  mostProbes: (models) => REQUESTS_PER_MODEL * Math.min(2, models),
  steps: [settingStep, namingStep, collisionsStep, liveStep, ...endingOf(HEAD)],
}
