import type { Judgement } from '../../core/check.ts'
import { counted, listed } from '../../core/text.ts'
import { answerersOf, answerWords } from './answerers.ts'
import { collisionsIn, collisionWords } from './collisions.ts'
import { diagnosisOf, type Playbook } from './playbook.ts'
import { factsOf, told } from './read-facts.ts'
import { endingOf, stepOf } from './steps.ts'
import { unreadNext, unreadWords } from './unread.ts'
import { REQUESTS_PER_MODEL } from './who-answers.ts'
import { WRONG_PROVIDER as HEAD, liveAnswers } from './wrong-provider-diagnosis.ts'

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
      const isShared = collisionsIn(facts, config.offers, context.scope).some(({ id }) => id === model)
      if (!isShared)
        return {
          outcome: 'pass',
          subject: model,
          saw: providers.size < 2 ? saw : `${saw}; the first one is asked first`,
        }
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
  title: 'no name goes to two providers in turn, or past the one that is meant',
  asks: 'Which names are offered by different providers, or as different models, at the same priority, so that requests go to them in turn? Does anything of a higher priority stand before the provider of --provider?',
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
    if (collisions.length === 0) {
      const saw = `${counted(config.offers.byId.size, 'name')} of the configuration, none shared at one priority`
      const unread = unreadWords(facts, HEAD.judgesBy)
      if (unread === null) return { outcome: 'pass', saw }
      return {
        outcome: 'unknown',
        saw: `${saw}; could not look at ${unread}`,
        expected: 'the names of the accounts, too',
        why: 'an account may offer the same name as a block',
        next: unreadNext(facts, context.clock),
      }
    }
    return collisions.slice(0, 8).map(
      (collision): Judgement => ({
        outcome: 'fail',
        subject: collision.id,
        saw: collisionWords(collision),
        expected: 'one provider per name and priority',
        why: 'requests go to another provider than the name means, or to several in turn by number of credentials',
        next: 'see wrong-provider.proposal',
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
    const diagnosed = await diagnosisOf(HEAD, context, signal)
    if (context.probing === 'off')
      return {
        outcome: 'skip',
        saw: 'no request was sent',
        next: diagnosed.next ?? 'name a model with --model, and add --probe',
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
  mostProbes: (models) => REQUESTS_PER_MODEL * Math.min(2, models),
  steps: [settingStep, namingStep, collisionsStep, liveStep, ...endingOf(HEAD)],
}
