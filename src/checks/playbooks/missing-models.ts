import type { Judgement } from '../../core/check.ts'
import { counted, listed } from '../../core/text.ts'
import { answerWords } from './answerers.ts'
import { MOST_ASKED } from './ask.ts'
import { causeWords, missingIn, unservedIn } from './missing-causes.ts'
import { MISSING_MODELS as HEAD } from './missing-models-diagnosis.ts'
import { type Diagnosis, diagnosisOf, type Playbook } from './playbook.ts'
import { factsOf, told } from './read-facts.ts'
import { endingOf, stepOf } from './steps.ts'
import { unreadNext } from './unread.ts'

const listStep = stepOf(HEAD, {
  step: 'list',
  kind: 'read',
  title: 'the models that are wanted are listed',
  asks: 'Are the ids of --model, expect-models, or else everything that the configuration could offer, in /v1/models exactly as written?',
  why: 'An unreadable or paged list proves no absence; an empty one means that no credential can serve.',
  cost: 'reads',
  fix: 'See missing-models.cause for each id.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    const { condition, saw } = await diagnosisOf(HEAD, context, signal)
    const expected = 'every id that is wanted'
    if (condition === 'unknown')
      return {
        outcome: 'unknown',
        saw,
        expected,
        why: 'what cannot be read is not absent',
        next: 'provops daily-check --only models',
      }
    const missing = missingIn(facts, context) ?? []
    const count = facts.models.kind === 'list' ? facts.models.list.models.length : 0
    if (condition === 'absent') {
      const hidden =
        missing.length === 0
          ? ''
          : `; ${counted(missing.length, 'id')} hidden by the configuration: ${listed(
              missing.map(({ id }) => id),
              3,
            )}`
      return missing.length === 0
        ? { outcome: 'pass', saw: `${counted(count, 'model')} listed, nothing missing` }
        : {
            outcome: 'warn',
            saw: `${counted(count, 'model')} listed${hidden}`,
            expected,
            why: 'it may be meant so',
            next: `provops incident missing-models --model ${missing[0]?.id}`,
          }
    }
    const unserved = unservedIn(facts, context).map(({ id }) => id)
    if (missing.length === 0 && unserved.length > 0)
      return {
        outcome: 'fail',
        saw: `${counted(count, 'model')} listed; listed and not served: ${listed(unserved)}`,
        expected,
        why: 'clients that ask for these ids are refused by the provider',
        next: 'see missing-models.cause',
      }
    return {
      outcome: 'fail',
      saw: `${counted(count, 'model')} listed; missing: ${listed(missing.map(({ id }) => id)) || 'all'}`,
      expected,
      why: 'clients that ask for these ids are refused',
      next: 'see missing-models.cause',
    }
  },
})

const causeStep = stepOf(HEAD, {
  step: 'cause',
  kind: 'decide',
  title: 'nothing keeps a wanted model away',
  asks: 'For each missing id: block off or dropped, excluded (which line), forced or wrong prefix, renamed alias, credential not loaded, or suspended at run time? The first cause that explains it.',
  why: 'Eight causes look the same from outside, and each has another cure.',
  cost: 'reads',
  fix: 'provops lint --why-missing <id> shows the other causes, too.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    const unlisted = missingIn(facts, context)
    if (unlisted === null)
      return { outcome: 'skip', saw: 'the list is not known', next: 'see missing-models.list' }
    const missing = [...unlisted, ...unservedIn(facts, context)]
    const diagnosis = await diagnosisOf(HEAD, context, signal)
    if (missing.length === 0) return nothingExplained(diagnosis)
    return missing.slice(0, 10).map(
      (one): Judgement => ({
        outcome: one.cause.kind === 'not-known' ? 'unknown' : one.wanted ? 'fail' : 'warn',
        subject: one.id,
        saw: causeWords(one),
        expected: 'offered and listed',
        why: one.wanted
          ? 'clients are told that the model is unknown, or get 503'
          : 'the configuration hides it; it may be meant so',
        next:
          one.cause.kind === 'config'
            ? one.cause.cause.fix
            : one.cause.kind !== 'not-known'
              ? 'see missing-models.proposal'
              : 'give --config-file, or a management key',
        ...(facts.config.kind === 'told' ? { source: facts.config.source } : {}),
      }),
    )
  },
})

function nothingExplained({ condition, saw, remedies: [remedy] }: Diagnosis): Judgement {
  if (condition === 'absent') return { outcome: 'pass', saw: 'nothing is missing' }
  if (condition === 'unknown') return { outcome: 'skip', saw, next: 'see missing-models.list' }
  return {
    outcome: 'fail',
    saw: `${saw}: ${remedy?.title ?? 'nothing explains it'}`,
    expected: 'models',
    why: 'no client is served',
    next: remedy?.kind === 'person' ? remedy.next : 'see missing-models.proposal',
  }
}

const loadedStep = stepOf(HEAD, {
  step: 'loaded',
  kind: 'read',
  title: 'every provider block and account is loaded',
  asks: 'Which blocks are disabled or dropped at load, and which accounts are disabled or registered no model?',
  why: 'A block that the gateway drops is silent: no line in the log tells.',
  cost: 'reads',
  fix: 'provops lint names the reason and the line.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    const config = told(facts.config)
    const off = (config?.offers.config.entries ?? []).filter(({ fate }) => fate.kind !== 'live')
    const bare = facts.accountModels.filter(({ ids }) => ids.length === 0)
    if (config === null && facts.accounts.kind === 'untold')
      return {
        outcome: 'skip',
        saw: 'neither configuration nor accounts could be read',
        next: 'give a management key',
      }
    const blocks =
      config === null
        ? 'blocks not known'
        : `${counted(config.offers.config.entries.length, 'block')}${
            off.length > 0
              ? `, off: ${listed(
                  off.map(({ label, fate, at }) => `${label} (${fate.kind}, line ${at.entry.line})`),
                  3,
                )}`
              : ''
          }`
    const accounts =
      facts.accounts.kind === 'untold'
        ? `accounts not read (${facts.accounts.reason})`
        : `${counted(facts.accountModels.length, 'account')}${bare.length > 0 ? `, ${bare.length} with no model` : ''}`
    const saw = `${blocks}; ${accounts}`
    if (off.length > 0 || bare.length > 0)
      return {
        outcome: 'warn',
        saw,
        expected: 'all loaded',
        why: 'their models are not offered',
        next: 'provops lint',
      }
    // What was read is well, and that is not all.
    return config === null || facts.accounts.kind === 'untold'
      ? { outcome: 'skip', saw, next: unreadNext(facts, context.clock) }
      : { outcome: 'pass', saw }
  },
})

const upstreamStep = stepOf(HEAD, {
  step: 'upstream',
  kind: 'read',
  title: 'the provider serves what is missing',
  asks: 'Do the accounts of the provider list the model, and what did the provider say when it was last asked?',
  why: 'What the provider does not serve cannot come back by any change here.',
  cost: 'reads',
  fix: 'Choose another model or provider.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    const config = told(facts.config)
    const missing = [...(missingIn(facts, context) ?? []), ...unservedIn(facts, context)].filter(
      (one) => one.wanted,
    )
    if (missing.length === 0) return { outcome: 'skip', saw: 'nothing is missing', next: 'nothing to do' }
    return missing.slice(0, 10).map((one): Judgement => {
      const unserved = one.cause.kind === 'unserved' || (one.cause.kind === 'suspended' && one.cause.unserved)
      const saw = config ? answerWords(facts, config.offers, one.id) : 'the configuration is not known'
      if (!unserved) return { outcome: 'skip', subject: one.id, saw, next: 'see missing-models.cause' }
      return {
        outcome: 'warn',
        subject: one.id,
        saw: `${saw}; it refused the model when it was last asked`,
        expected: 'the provider serves it',
        why: 'no change here brings it back',
        next: 'choose another model or provider',
      }
    })
  },
})

export const missingModels: Playbook = {
  ...HEAD,
  mostProbes: () => MOST_ASKED,
  steps: [listStep, causeStep, loadedStep, upstreamStep, ...endingOf(HEAD)],
}
