import type { Check, Judgement } from '../core/check.ts'

/** What `reroute` lends its checks: each stage is carried out once, in the order of the checks. */
export interface RerouteContext {
  readonly plan: () => Promise<Judgement>
  readonly prove: () => Promise<Judgement>
  readonly change: () => Promise<Judgement>
  readonly listed: () => Promise<Judgement>
  readonly answered: () => Promise<readonly Judgement[]>
  readonly rollback: () => Promise<Judgement>
}

const ABOUT = { group: 'reroute', runbook: 'Rotation and Quota Strategy' } as const

export const REROUTE_PLAN_CHECKS: readonly Check<RerouteContext>[] = [
  {
    ...ABOUT,
    id: 'reroute.plan',
    title: 'the edit gives the ids to the other provider, and no client loses one',
    asks: 'By the rules of the gateway: does the edited configuration have every moved id answered by the other provider first, and which ids change besides?',
    why: 'A priority or alias that does not win moves no traffic; an id that vanishes refuses its clients.',
    cost: 'files',
    fix: 'Try another way with --by; provops lint --who <model> shows who answers in which order.',
    ask: ({ plan }) => plan(),
  },
  {
    ...ABOUT,
    id: 'reroute.proven',
    title: 'the other provider is known to be good',
    asks: 'Does the other provider answer a canary, plain and streamed, through an id of its own, before anything is moved to it?',
    why: 'Traffic is moved to a known-good provider, not to hope.',
    cost: 'tokens',
    fix: 'Give the provider an id of its own, best by a prefix; or mend it first.',
    needs: ['reroute.plan'],
    ask: ({ prove }) => prove(),
  },
]

export const REROUTE_CHANGE_CHECKS: readonly Check<RerouteContext>[] = [
  {
    ...ABOUT,
    id: 'reroute.change',
    title: 'the configuration holds the new routes',
    asks: 'Is the diff confirmed, the old text backed up, and the new text written in place, with nothing else changed since the plan was made?',
    why: 'A change that was not seen, or cannot be taken back, is a risk of its own.',
    cost: 'files',
    fix: 'provops undo takes it back.',
    needs: ['reroute.plan', 'reroute.proven'],
    ask: ({ change }) => change(),
  },
  {
    ...ABOUT,
    id: 'reroute.effective',
    title: 'the gateway took the new routes',
    asks: 'Within 10 s: does GET /v1/models list what should come and no longer what should go? Where no id changes: do the management routes show the edited providers?',
    why: 'A reload that failed shows nowhere but here.',
    cost: 'reads',
    fix: 'The causes are named with how to tell them apart: a text the gateway refuses, a lost watch, another file.',
    needs: ['reroute.change'],
    ask: ({ listed }) => listed(),
  },
  {
    ...ABOUT,
    id: 'reroute.answered',
    title: 'the moved ids are answered by the other provider',
    asks: 'Per moved id: does a request, plain and streamed, come back with text and usage, answered by the other provider (trace id, counters, or because nobody else offers the id)?',
    why: 'Only an answer shows where traffic goes.',
    cost: 'tokens',
    fix: 'provops incident wrong-provider.',
    needs: ['reroute.effective'],
    ask: ({ answered }) => answered(),
  },
]

/** Asked last, whatever came before. */
export const REROUTE_END_CHECKS: readonly Check<RerouteContext>[] = [
  {
    ...ABOUT,
    id: 'reroute.rollback',
    title: 'nothing unproven stays behind',
    asks: 'When a stage after the write failed: is the text from before back, byte by byte, and has the gateway taken it?',
    why: 'A reroute that does not work is worse than none.',
    cost: 'files',
    fix: 'provops undo, or the backup that is named.',
    ask: ({ rollback }) => rollback(),
  },
]

export const REROUTE_CHECKS: readonly Check<RerouteContext>[] = [
  ...REROUTE_PLAN_CHECKS,
  ...REROUTE_CHANGE_CHECKS,
  ...REROUTE_END_CHECKS,
]
