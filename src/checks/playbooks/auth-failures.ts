import type { Judgement } from '../../core/check.ts'
import { listed } from '../../core/text.ts'
import { judgeToken } from './account-tokens.ts'
import { answerersOf, answerWords } from './answerers.ts'
import { MOST_ASKED } from './ask.ts'
import { AUTH_ACTIONS } from './auth-actions.ts'
import { authCauses, isAuthStatus } from './auth-causes.ts'
import { AUTH_FAILURES as HEAD, isNow } from './auth-failures-diagnosis.ts'
import { failuresWith, ongoingSince, refusedTimes, total } from './log-facts.ts'
import { diagnosisOf, type Playbook } from './playbook.ts'
import { factsOf, told } from './read-facts.ts'
import { endingOf, stepOf } from './steps.ts'
import { judgeSymptom } from './symptom.ts'
import { judgeTokenFiles } from './token-step.ts'

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
    const diagnosis = await diagnosisOf(HEAD, context, signal)
    const now = authCauses(facts, context.scope).filter((cause) => isNow(cause, facts))
    const scan = told(facts.log)?.scan
    const client = scan
      ? refusedTimes(
          scan,
          ({ status, routeClass }) => routeClass === 'client-api' && (status === 401 || status === 403),
        )
      : null
    const upstream = scan ? total(failuresWith(facts, context.scope, isAuthStatus)) : null
    const parties = now.map(({ source, party }) => (source === party ? source : `${source} of ${party}`))
    const words = {
      absent: `${client ?? 'no log:'} 401 or 403 to clients, ${upstream ?? 'none seen'} from providers; nobody holds a credential back`,
      present: `refusing: ${listed(parties)}`,
      expected: 'no 401 or 403',
      harm: 'clients are refused, or will be as soon as fail-over has nowhere to go',
      data: { client, upstream, since: isoOf(ongoingSince(facts, [401, 403], { kind: 'anybody' })) },
    }
    return judgeSymptom(HEAD.name, diagnosis, words, facts, context)
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
    if (causes.length === 0) {
      const { condition, saw } = await diagnosisOf(HEAD, context, signal)
      return condition === 'absent'
        ? { outcome: 'pass', saw: 'no party refuses' }
        : { outcome: 'skip', saw, next: 'see auth-failures.symptom' }
    }
    return causes.map((cause): Judgement => {
      const { means, next } = AUTH_ACTIONS[cause.source]
      const base = {
        subject: `${cause.source}.${cause.party.replaceAll(' ', '-')}`,
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
  mostProbes: () => MOST_ASKED,
  steps: [symptomStep, causeStep, tokensStep, prefixStep, ...endingOf(HEAD)],
}
