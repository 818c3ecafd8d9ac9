import type { Check, Judgement } from '../core/check.ts'

/** What `onboard` lends its checks: each stage is carried out once, in the order of the checks. */
export interface OnboardContext {
  readonly plan: () => Promise<Judgement>
  readonly askProvider: () => Promise<Judgement>
  readonly change: () => Promise<Judgement>
  readonly listed: () => Promise<Judgement>
  readonly canary: () => Promise<readonly Judgement[]>
  readonly image: () => Promise<Judgement>
  readonly monitor: () => Promise<Judgement>
  readonly rollback: () => Promise<Judgement>
  readonly verdict: () => Promise<Judgement>
}

const ABOUT = { group: 'onboard', runbook: 'Onboard a New Provider' } as const

/** The stages that only read. */
export const ONBOARD_PLAN_CHECKS: readonly Check<OnboardContext>[] = [
  {
    ...ABOUT,
    id: 'onboard.plan',
    title: 'the plan touches no traffic of today',
    asks: 'Is the name free, the prefix free and valid, every alias unique, and does nobody answer one of the new ids already? Does lint find nothing new in the edited text?',
    why: 'A shared alias gives the new provider a share of the traffic of today before anybody has tried it.',
    cost: 'files',
    fix: 'Choose another prefix or alias; provops lint explains each finding.',
    runbook: 'Onboard a New Provider, 1 to 3',
    ask: ({ plan }) => plan(),
  },
  {
    ...ABOUT,
    id: 'onboard.upstream',
    title: 'the provider takes the key and serves the models',
    asks: 'Does GET <base-url>/models with the new key answer 200 and list every upstream name of the plan? The key goes to that origin alone.',
    why: 'The gateway lists an alias whether the provider serves the model behind it or not.',
    cost: 'reads',
    fix: 'Put the right key into the key file, and the names the provider uses into the plan.',
    runbook: 'Onboard a New Provider, 1; Missing Models in /v1/models',
    needs: ['onboard.plan'],
    ask: ({ askProvider }) => askProvider(),
  },
]

/** The stages that write, and those that prove what was written. */
export const ONBOARD_CHANGE_CHECKS: readonly Check<OnboardContext>[] = [
  {
    ...ABOUT,
    id: 'onboard.change',
    title: 'the configuration holds the provider',
    asks: 'Is the diff confirmed, the old text backed up, and the new text written in place, with nothing else changed since the plan was made?',
    why: 'A change that was not seen, or cannot be taken back, is a risk of its own.',
    cost: 'files',
    fix: 'provops undo takes it back.',
    runbook: 'Onboard a New Provider, 1 to 3',
    needs: ['onboard.plan', 'onboard.upstream'],
    ask: ({ change }) => change(),
  },
  {
    ...ABOUT,
    id: 'onboard.listed',
    title: 'the new ids are listed, and every old one still is',
    asks: 'Within 10 s: does GET /v1/models list every new id exactly, and all ids from before?',
    why: 'A reload that failed shows nowhere but here.',
    cost: 'reads',
    fix: 'The causes are named with how to tell them apart: a text the gateway refuses, a lost watch, another file.',
    runbook: 'Onboard a New Provider, 4',
    needs: ['onboard.change'],
    ask: ({ listed }) => listed(),
  },
  {
    ...ABOUT,
    id: 'onboard.canary',
    title: 'the new provider answers through the new ids',
    asks: 'Per id: does a request, plain and streamed, come back with text and usage, and was it answered by the new provider (trace id, counters, or because nobody else offers the id)?',
    why: 'Listed is not answered, and answered is not answered by the right one.',
    cost: 'tokens',
    fix: 'The refusal names its cause; most often the key, the model name or base-url.',
    runbook: 'Onboard a New Provider, 5',
    needs: ['onboard.listed'],
    ask: ({ canary }) => canary(),
  },
  {
    ...ABOUT,
    id: 'onboard.image',
    title: 'pictures in tool results reach the new provider',
    asks: 'With --image-canary: does a picture inside a tool result reach the model, in the form of every endpoint, plain and streamed?',
    why: 'Agents that read screenshots through tools would work blind.',
    cost: 'tokens',
    fix: 'provops incident tool-result-image; for a model that does not see, leave --image-canary out.',
    runbook: 'Tool-Result Image Translation Regressions',
    needs: ['onboard.canary'],
    ask: ({ image }) => image(),
  },
  {
    ...ABOUT,
    id: 'onboard.monitor',
    title: 'the new provider stays within the limits for ten minutes',
    asks: 'Over --monitor: which share of its requests failed, and which was 429, by the counters of the gateway and by canaries in between? Too few requests are never a pass.',
    why: 'Limits and flaky upstreams show only after a while.',
    cost: 'tokens',
    fix: 'provops incident --provider <name> finds the cause; the change was rolled back.',
    runbook: 'Onboard a New Provider, 6',
    thresholds: ['error-ratio', 'rate-limit-share'],
    needs: ['onboard.canary', 'onboard.image'],
    ask: ({ monitor }) => monitor(),
  },
]

/** Asked last, whatever came before. */
export const ONBOARD_END_CHECKS: readonly Check<OnboardContext>[] = [
  {
    ...ABOUT,
    id: 'onboard.rollback',
    title: 'nothing unproven stays behind',
    asks: 'When a stage after the write failed: is the text from before back, byte by byte, and has the gateway taken it?',
    why: 'An unproven provider must not be found by clients.',
    cost: 'files',
    fix: 'provops undo, or the backup that is named.',
    ask: ({ rollback }) => rollback(),
  },
  {
    ...ABOUT,
    id: 'onboard.verdict',
    title: 'the provider is ready for production traffic',
    asks: 'Did every stage before pass, and was the provider watched for at least ten minutes?',
    why: 'The runbook wants this known before production traffic.',
    cost: 'nothing',
    fix: 'Look at the first stage that did not pass.',
    runbook: 'Onboard a New Provider, 6',
    ask: ({ verdict }) => verdict(),
  },
]

export const ONBOARD_CHECKS: readonly Check<OnboardContext>[] = [
  ...ONBOARD_PLAN_CHECKS,
  ...ONBOARD_CHANGE_CHECKS,
  ...ONBOARD_END_CHECKS,
]
