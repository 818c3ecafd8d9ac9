/** What stands behind a 429, or behind a provider that fails. */
export type LimitKind =
  | 'stale-cooldown'
  | 'local-cooldown'
  | 'plan-quota'
  | 'short-limit'
  | 'money'
  | 'capacity'
  | 'upstream-errors'
  | 'untold'
  | 'policy'

/** Something that limits a provider. */
export interface LimitCause {
  readonly kind: LimitKind
  readonly provider: string
  readonly models: readonly string[]
  readonly saw: string
  /** Clients feel it, or will: the rest is a sign. */
  readonly severe: boolean
  /** When the first credential is back; null: not told. */
  readonly untilMs: number | null
  /** Accounts that the gateway itself holds back, for the reset of their benches. */
  readonly authIndexes: readonly string[]
}

/** One action per kind. */
export const LIMIT_ACTIONS: {
  readonly [Kind in LimitKind]: {
    readonly means: string
    readonly next: string
    /** What only a person can do, such as real capacity, which no change of the gateway makes; null: nothing. */
    readonly person: string | null
  }
} = {
  'stale-cooldown': {
    means: 'the gateway answers 429 by itself, whatever the provider would say',
    next: 'end the bench (see rate-limit.proposal), then ask once',
    person: null,
  },
  'local-cooldown': {
    means: 'every credential of the model is benched; the gateway answers by itself within milliseconds',
    next: 'wait for the first credential, or see rate-limit.proposal; nothing reaches the provider meanwhile',
    person: 'add a key or account that is not benched; provops onboard adds another provider',
  },
  'plan-quota': {
    means:
      'the quota of the plan is used up until its window ends; retrying costs full prompts and changes nothing',
    next: 'move traffic until the reset, or add a credential with quota: see rate-limit.proposal',
    person:
      'add an account or key with a quota of its own, or buy a larger plan; provops onboard adds another provider',
  },
  'short-limit': {
    means: 'too many requests for a short limit of the provider',
    next: 'send it fewer requests, or move part of them: see rate-limit.proposal',
    person:
      'add a key with a limit of its own, and lower the concurrency of the clients; provops onboard adds another provider',
  },
  money: {
    means: 'the account has to pay before it may go on',
    next: 'settle the bill; no wait and no reset helps',
    person: 'settle the bill of the account',
  },
  capacity: {
    means: 'the provider is overloaded and says so; no quota of yours is involved and no key helps',
    next: 'move the traffic to a fallback until the provider is well: see rate-limit.proposal',
    person: 'wait until the provider has capacity again',
  },
  'upstream-errors': {
    means:
      'the provider fails by itself, with server errors or streams that break: no limit, no quota and no credential of yours is known to be involved',
    next: "look at the provider's status page; until it is well move the traffic: see rate-limit.proposal",
    person: "look at the provider's status page, and open a case with it",
  },
  untold: {
    means: 'the provider fails, and the log of this version does not say with what',
    next: 'look at the newest error logs of the gateway; until it is well move the traffic: see rate-limit.proposal',
    person: "look at the newest error logs of the gateway, and at the provider's status page",
  },
  policy: {
    means: 'the provider refuses what the prompt asks for, and calls it a limit',
    next: 'ask a neutral prompt with the same account: when that answers, the prompt is the cause',
    person: 'ask a neutral prompt with the same account: when that answers, change the prompt',
  },
}
