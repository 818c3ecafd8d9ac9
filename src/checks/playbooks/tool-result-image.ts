import type { Judgement } from '../../core/check.ts'
import { counted, listed, percent } from '../../core/text.ts'
import { successShare } from './canary-history.ts'
import { type CanarySet, REQUESTS_PER_CANARY, verdictWords } from './image-canary.ts'
import type { IncidentContext } from './incident-context.ts'
import type { Playbook } from './playbook.ts'
import { factsOf } from './read-facts.ts'
import { endingOf, stepOf } from './steps.ts'
import {
  canaries,
  canaryModels,
  TOOL_RESULT_IMAGE as HEAD,
  MOST_CANARY_MODELS,
  probeCommand,
  refusalWords,
  translationRefusals,
} from './tool-result-image-diagnosis.ts'

const symptomStep = stepOf(HEAD, {
  step: 'logs',
  kind: 'read',
  title: 'no payload-shape mismatch in the error logs',
  asks: 'Do the newest error logs hold a refusal for the shape of a tool result with an image, or a request whose image blew up its context?',
  why: 'A refused image is visible there; a dropped one is not.',
  cost: 'reads',
  fix: 'Run the canary with --probe.',
  async ask(context, signal) {
    const facts = await factsOf(context, signal)
    if (facts.refusals.kind === 'untold')
      return { outcome: 'skip', saw: facts.refusals.reason, next: 'give a management key' }
    const refused = translationRefusals(facts)
    if (refused.length === 0)
      return {
        outcome: 'pass',
        saw: `none of the ${counted(facts.refusals.value.length, 'newest error log')}`,
        source: facts.refusals.source,
      }
    return {
      outcome: 'fail',
      saw: refusalWords(refused),
      source: facts.refusals.source,
      expected: 'no refusal for the shape of the payload',
      why: 'the provider does not take what the gateway makes of the tool result',
      next: probeCommand(refused.flatMap(({ model }) => model ?? [])),
    }
  },
})

const canaryStep = stepOf(HEAD, {
  step: 'canary',
  kind: 'read',
  title: 'a canary image inside a tool result is seen',
  asks: 'With --probe: two fixed pictures inside tool results, in the chat, Claude and Responses payload, without and with streaming, each judged by the answer and by what its input cost beyond a control without picture: seen, dropped, refused, or sent as text.',
  why: 'A status-only canary misses the worst case: 200, and the model invents what it cannot see.',
  cost: 'tokens',
  fix: 'Route impacted traffic to a known-good prefix while the translation is mended.',
  async ask(context, signal) {
    if (context.probing === 'off')
      return {
        outcome: 'unknown',
        saw: 'no canary was sent',
        expected: 'a canary that is seen',
        why: 'a dropped image leaves no trace in any log',
        next: probeCommand(canaryModels(await factsOf(context, signal), context)),
      }
    const sets = await canaries(context, signal)
    if (sets.length === 0)
      return {
        outcome: 'unknown',
        saw: 'no model to ask',
        expected: 'a canary that is seen',
        why: 'nothing was asked',
        next: 'name one with --model',
      }
    return sets.flatMap(judgeSet)
  },
})

/** One judgement per verdict: six that say the same would hide a seventh. */
function judgeSet({ model, results }: CanarySet): Judgement[] {
  const kinds = [...new Set(results.map(({ verdict }) => verdict.kind))]
  return kinds.map((kind): Judgement => {
    const own = results.filter(({ verdict }) => verdict.kind === kind)
    const base = {
      subject: `${model}.${kind}`,
      saw: `${own.length} of ${counted(results.length, 'canary', 'canaries')}${own.length === results.length ? '' : wayWords(own)}; ${own[0]?.picture}: ${own[0] ? verdictWords(own[0].verdict) : ''}`,
      data: {
        canaries: own.map(({ endpoint, how, picture, verdict }) => ({
          endpoint,
          how,
          picture,
          verdict: verdictWords(verdict),
        })),
      },
    }
    if (kind === 'seen') return { ...base, outcome: 'pass' }
    return {
      ...base,
      outcome: kind === 'unclear' ? 'unknown' : 'fail',
      expected: 'the picture is named, for tens to hundreds of input tokens',
      why: WHY[kind],
      next: kind === 'unclear' ? 'ask again, or another model' : 'see tool-result-image.proposal',
    }
  })
}

/** ` (chat plain, chat streamed)`. */
function wayWords(results: CanarySet['results']): string {
  return ` (${results.map(({ endpoint, how }) => `${endpoint} ${how}`).join(', ')})`
}

const WHY = {
  dropped: 'the model answers about something it never saw, under status 200',
  'as-text': 'the base64 is billed as words, fills the context, and shows nothing',
  refused: 'every tool result with an image fails',
  unclear: 'whether images arrive is not known',
} as const

const streamStep = stepOf(HEAD, {
  step: 'stream',
  kind: 'decide',
  title: 'streaming makes no difference',
  asks: 'Do the canaries of one endpoint end alike without and with streaming?',
  why: 'A difference names the half of the translator that is broken.',
  cost: 'nothing',
  fix: 'Report it with both answers.',
  async ask(context, signal) {
    const sets = await canaries(context, signal)
    if (sets.length === 0) return { outcome: 'skip', saw: 'no canary was sent', next: 'add --probe' }
    return sets.map(({ model, results }): Judgement => {
      const differing = [...new Set(results.map(({ endpoint }) => endpoint))].filter(
        (endpoint) =>
          new Set(results.filter((one) => one.endpoint === endpoint).map(({ verdict }) => verdict.kind))
            .size > 1,
      )
      if (differing.length === 0) return { outcome: 'pass', subject: model, saw: 'alike on every endpoint' }
      return {
        outcome: 'warn',
        subject: model,
        saw: `different on ${listed(differing)}`,
        expected: 'the same verdict',
        why: 'one of the two ways through the translator is broken',
        next: 'see tool-result-image.canary',
      }
    })
  },
})

const historyStep = stepOf(HEAD, {
  step: 'history',
  kind: 'read',
  title: 'the canary succeeds as often as before',
  asks: 'Which share of the pictures was seen, against the earlier runs that provops remembers?',
  why: 'The runbook asks for an alert when the canary success rate drops.',
  cost: 'nothing',
  fix: 'See tool-result-image.canary for what changed.',
  async ask(context, signal) {
    const sets = await canaries(context, signal)
    if (sets.length === 0) return { outcome: 'skip', saw: 'no canary was sent', next: 'add --probe' }
    return Promise.all(sets.map((set) => judgeHistory(context, set)))
  },
})

async function judgeHistory(
  { canaries: history, clock }: IncidentContext,
  { model, results }: CanarySet,
): Promise<Judgement> {
  const before = successShare(await history.runs(model))
  const seen = results.filter(({ verdict }) => verdict.kind === 'seen').length
  await history.add({ atMs: clock.nowMs(), model, asked: results.length, seen })
  const now = results.length === 0 ? 0 : seen / results.length
  const saw = `${percent(now)} seen${before === null ? ', no earlier run' : `, ${percent(before)} in earlier runs`}`
  if (before === null)
    return { outcome: 'skip', subject: model, saw, next: 'the next run compares with this one' }
  if (now >= before) return { outcome: 'pass', subject: model, saw }
  return {
    outcome: 'fail',
    subject: model,
    saw,
    expected: `at least ${percent(before)}`,
    why: 'the canary success rate dropped',
    next: 'see tool-result-image.canary',
  }
}

export const toolResultImage: Playbook = {
  ...HEAD,
  mostProbes: (models) => REQUESTS_PER_CANARY * 2 * Math.min(MOST_CANARY_MODELS, models),
  steps: [symptomStep, canaryStep, streamStep, historyStep, ...endingOf(HEAD)],
}
