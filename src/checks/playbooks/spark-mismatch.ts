import { benchOfAccount } from '../../analysis/quota/bench.ts'
import type { Check, Judgement } from '../../core/check.ts'
import { counted, printable, span } from '../../core/text.ts'
import { sparkEntitledCheck, sparkFallbackCheck } from '../spark-answers.ts'
import type { SparkContext } from '../spark-context.ts'
import { sparkListedCheck } from '../spark-listed.ts'
import { sparkRatioCheck } from '../spark-ratio.ts'
import { diagnosisOf, type Playbook } from './playbook.ts'
import { factsOf } from './read-facts.ts'
import { SPARK_MISMATCH as HEAD, sparkContext } from './spark-mismatch-diagnosis.ts'
import { endingOf, stepOf } from './steps.ts'

const sparkStep = (step: string, check: Check<SparkContext>) =>
  stepOf(HEAD, {
    step,
    kind: 'read',
    title: check.title,
    asks: check.asks,
    why: check.why,
    cost: check.cost,
    fix: check.fix,
    async ask(context, signal) {
      const judged = await check.ask(sparkContext(context, signal), signal)
      return [judged].flat().map(here)
    },
  })

/** What `spark-check` sends here does not send in circles; its probe is the one of this playbook. */
function here(judgement: Judgement): Judgement {
  if (!('next' in judgement) || judgement.next === undefined) return judgement
  const { next } = judgement
  if (next.includes('provops incident spark-mismatch'))
    return { ...judgement, next: 'see spark-mismatch.proposal' }
  return {
    ...judgement,
    next: next.replace('provops spark-check --probe', 'provops incident spark-mismatch --probe'),
  }
}

const benchStep = stepOf(HEAD, {
  step: 'bench',
  kind: 'read',
  title: 'no probe has benched the model',
  asks: 'Is an account held back because the model was refused once, perhaps by a probe, and until when?',
  why: 'One refusal takes the account out for the model for twelve hours, and Spark out of the list.',
  cost: 'reads',
  fix: 'Wait, or end the bench with reset-quota if the account is entitled.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    if (facts.accounts.kind === 'untold')
      return { outcome: 'skip', saw: facts.accounts.reason, next: 'give a management key' }
    const found = facts.accounts.value.flatMap((account) => {
      const bench = benchOfAccount(account, facts.atMs)
      return bench?.cause === 'model' ? [{ account, bench }] : []
    })
    const [first] = found
    if (!first)
      return {
        outcome: 'pass',
        saw: `${counted(facts.accounts.value.length, 'account')}, none held back for a model`,
      }
    const left = first.bench.untilMs === null ? '' : ` for another ${span(first.bench.untilMs - facts.atMs)}`
    const base = {
      saw: `${counted(found.length, 'account')} held back${left}: "${printable(first.account.statusMessage ?? '', 100)}"`,
      expected: 'no bench',
    }
    const { condition } = await diagnosisOf(HEAD, context, signal)
    if (condition === 'absent')
      return {
        ...base,
        outcome: 'warn',
        why: 'other credentials answer for it; it is held back anew with every try',
        next: 'exclude the model for this account (excluded-models) if it is not entitled',
      }
    return {
      ...base,
      outcome: 'fail',
      why: 'requests for the model get 503 from the gateway itself as soon as nobody else has it',
      next: 'see spark-mismatch.proposal',
    }
  },
})

export const sparkMismatch: Playbook = {
  ...HEAD,
  mostProbes: () => 3,
  steps: [
    sparkStep('listed', sparkListedCheck),
    sparkStep('entitled', sparkEntitledCheck),
    sparkStep('fallback', sparkFallbackCheck),
    sparkStep('ratio', sparkRatioCheck),
    benchStep,
    ...endingOf(HEAD),
  ],
}
