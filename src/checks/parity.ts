import { usageDiff } from '../analysis/parity/diff.ts'
import { judgeParity } from '../analysis/parity/judge.ts'
import type { ParityVerdict } from '../analysis/parity/verdict.ts'
import type { Check, Judgement } from '../core/check.ts'
import { counted } from '../core/text.ts'
import type { Answer } from '../wire/answers.ts'
import type { Endpoint } from '../wire/routes.ts'
import { stated, type Usage } from '../wire/usage.ts'
import type { Asked } from './ask-model.ts'
import { explanationText, faultText, noteText, unjudgedText } from './parity-words.ts'
import { refusalMeans, refusalNext } from './refusal-words.ts'
import { faultWords } from './replies.ts'

/** The same prompt asked twice. */
export interface AskedPair {
  readonly plain: Asked
  readonly stream: Asked
}

export interface ParityContext {
  readonly endpoint: Endpoint
  readonly models: readonly string[]
  /** Asks at the first call; every call has the same pairs, one per repeat. */
  readonly pairs: (model: string) => Promise<readonly AskedPair[]>
  /** Where the pairs come from, for `source`. */
  readonly source: string
}

const usageCheck: Check<ParityContext> = {
  id: 'parity.usage',
  title: 'a streamed answer reports the same usage as one that is not streamed',
  group: 'parity',
  asks: 'For the same prompt: do input, output and total tokens agree between the stream and the plain answer? Missing is never zero; a stream without its terminal event is never equal. Interrupted streams, answers cut by length and answers that differ are explained, as the runbook allows.',
  why: 'Whoever bills or limits by usage counts streamed requests wrong, or not at all.',
  cost: 'tokens',
  fix: 'Missing in the stream: update the gateway, or have the provider send usage (stream_options.include_usage).',
  runbook: 'Incident Playbooks, Stream/Non-Stream Usage Parity Check',
  async ask({ models, pairs, endpoint, source }) {
    return Promise.all(
      models.map(async (model) => {
        const judged = (await pairs(model)).map((pair) => judgePair(pair, endpoint, model))
        return { ...worstOf(judged), subject: model, source }
      }),
    )
  },
}

const modelCheck: Check<ParityContext> = {
  id: 'parity.model',
  title: 'the answer names the model that was asked for',
  group: 'parity',
  asks: "Does the answer name the model of the request? Behind an alias it may name the provider's own model; anything else is a reroute.",
  why: 'A silent reroute answers with another model than the client pays for.',
  cost: 'tokens',
  fix: 'Alias: expected; force-mapping hides it. Otherwise provops incident wrong-provider.',
  runbook: 'Incident Playbooks, Wrong Provider Selected',
  async ask({ models, pairs, endpoint, source }) {
    return Promise.all(
      models.map(async (model) => ({
        ...judgeModel(
          model,
          (await pairs(model)).map((pair) => verdictOn(pair, endpoint, model)),
        ),
        subject: model,
        source,
      })),
    )
  },
}

export const PARITY_CHECKS = [usageCheck, modelCheck] as const

interface Judged {
  readonly judgement: Judgement
  readonly rank: number
  /** The stream was cut: explained once, a defect when it is so every time. */
  readonly interrupted?: true
}

function verdictOn({ plain, stream }: AskedPair, endpoint: Endpoint, model: string): ParityVerdict | null {
  if (plain.kind === 'fault' || stream.kind === 'fault') return null
  return judgeParity({ endpoint, model, plain: plain.answer, stream: stream.answer })
}

const EXPECTED = 'the same input, output and total tokens, stated on both sides'

function judgePair(pair: AskedPair, endpoint: Endpoint, model: string): Judged {
  const verdict = verdictOn(pair, endpoint, model)
  if (verdict === null) return unasked(pair)
  const usages = usagesOf(pair)
  const data = { plain: numbers(usages?.plain), stream: numbers(usages?.stream), verdict: verdict.kind }
  switch (verdict.kind) {
    case 'pass':
      return { rank: 0, judgement: { outcome: 'pass', saw: sumUp(usages), data } }
    case 'explained': {
      const saw = `explained: ${verdict.explanations.map(explanationText).join('; ')}`
      const cut = verdict.explanations.some(({ kind }) => kind === 'interrupted')
      return { rank: 1, judgement: { outcome: 'pass', saw, data }, ...(cut ? { interrupted: true } : {}) }
    }
    case 'unknown':
      return { rank: 2, judgement: unjudged(verdict, data) }
    case 'fail':
      return {
        rank: 3,
        judgement: {
          outcome: 'fail',
          saw: verdict.faults.map(faultText).join('; '),
          expected: EXPECTED,
          why: 'usage by stream and usage without it disagree, so one of the two is counted wrong',
          next: `provops incident usage-parity --model ${model}`,
          data,
        },
      }
  }
}

function unasked({ plain, stream }: AskedPair): Judged {
  const fault =
    plain.kind === 'fault'
      ? plain.fault
      : stream.kind === 'fault'
        ? stream.fault
        : { kind: 'aborted' as const }
  const { saw, next } = faultWords(fault)
  const cause = fault.kind === 'no-key' ? ({ cause: 'auth' } as const) : {}
  return {
    rank: 2,
    judgement: { outcome: 'unknown', saw, next, expected: EXPECTED, why: 'nothing was compared', ...cause },
  }
}

function unjudged(
  { unjudged: reasons }: ParityVerdict & { kind: 'unknown' },
  data: NonNullable<Judgement['data']>,
): Judgement {
  const [first] = reasons
  const refusal = first.kind === 'refused' ? first.refusal : null
  return {
    outcome: 'unknown',
    data,
    saw: reasons.map(unjudgedText).join('; '),
    expected: EXPECTED,
    why: refusal ? refusalMeans(refusal) : 'nothing was compared',
    next: refusal ? refusalNext(refusal) : 'ask again with --save to look at the raw answers',
    ...(refusal?.cause === 'key' ? { cause: 'auth' } : {}),
  }
}

/** One judgement for all repeats: the worst, with how many were like it. */
function worstOf(judged: readonly Judged[]): Judgement {
  const [first, ...others] = [...judged].sort((a, b) => b.rank - a.rank)
  if (!first) throw new Error('no pair was asked')
  if (others.length === 0) return first.judgement
  if (judged.every(({ interrupted }) => interrupted)) return alwaysCut(first.judgement, judged.length)
  const alike = judged.filter(({ rank }) => rank === first.rank).length
  const saw =
    alike === judged.length
      ? `${first.judgement.saw} (${judged.length} times)`
      : `${first.judgement.saw} (${alike} of ${judged.length} pairs)`
  return { ...first.judgement, saw }
}

function alwaysCut({ saw, data }: Judgement, pairs: number): Judgement {
  return {
    outcome: 'warn',
    saw: `every one of ${pairs} streams: ${saw}`,
    expected: EXPECTED,
    why: 'one cut stream is an accident; when all are cut, no stream ever tells its usage',
    next: 'provops incident usage-parity',
    ...(data === undefined ? {} : { data }),
  }
}

function judgeModel(model: string, verdicts: readonly (ParityVerdict | null)[]): Judgement {
  const compared = verdicts.flatMap((verdict) => (verdict && 'notes' in verdict ? [verdict] : []))
  if (compared.length === 0) {
    return { outcome: 'skip', saw: 'no pair could be compared', next: 'see parity.usage' }
  }
  const faults = compared.flatMap((verdict) =>
    verdict.kind === 'fail'
      ? verdict.faults.filter(({ kind }) => kind === 'model-differs').map(faultText)
      : [],
  )
  const notes = compared.flatMap((verdict) =>
    verdict.notes
      .filter(({ kind }) => kind === 'other-model' || kind === 'models-disagree' || kind === 'model-unnamed')
      .map(noteText),
  )
  const [seen] = [...faults, ...notes]
  if (seen === undefined) return { outcome: 'pass', saw: `answered as ${model}` }
  return {
    outcome: faults.length > 0 ? 'fail' : 'warn',
    saw: seen,
    expected: `${model} named on both sides`,
    why: "behind an alias the provider's own name is normal; anything else is a reroute",
    next: `provops lint --who ${model}`,
  }
}

function usagesOf({ plain, stream }: AskedPair): { plain: Usage; stream: Usage } | null {
  const [before, after] = [usageOf(plain), usageOf(stream)]
  return before && after ? { plain: before, stream: after } : null
}

function usageOf(asked: Asked): Usage | null {
  return asked.kind === 'answered' && hasUsage(asked.answer) ? asked.answer.usage : null
}

function hasUsage(answer: Answer): answer is Answer & { usage: Usage } {
  return 'usage' in answer
}

function sumUp(usages: { plain: Usage } | null): string {
  if (!usages) return 'equal'
  const { input, output, total } = usages.plain
  const parts = [
    counted(stated(input) ?? 0, 'input token'),
    counted(stated(output) ?? 0, 'output token'),
    stated(total) === null ? 'no total stated' : `${stated(total)} in total`,
  ]
  return `equal: ${parts.join(', ')}`
}

function numbers(usage: Usage | undefined) {
  if (!usage) return null
  return { input: stated(usage.input), output: stated(usage.output), total: stated(usage.total) }
}

/** The runbook's `diff -u` of a pair; null when the two are alike or there is nothing to compare. */
export function pairDiff(pair: AskedPair): string | null {
  const usages = usagesOf(pair)
  return usages ? usageDiff(usages.plain, usages.stream) || null : null
}
