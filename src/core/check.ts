import type { JsonObject } from './json.ts'

/** What asking a check costs: nothing, reads of the gateway, local files, or tokens of a provider. */
export type Cost = 'nothing' | 'reads' | 'files' | 'tokens'

/**
 * Why an answer is missing or negative, where the exit code depends on it (`core/exit-codes.ts`):
 * `auth` = a key is missing or refused, or the address is banned; `deadline` = time ran out;
 * `human` = a person has to decide or do the next step; `conflict` = the world changed since the plan was made.
 */
export type Cause = 'auth' | 'deadline' | 'human' | 'conflict'

interface Evidence {
  /** What was seen, as one short line without secrets. */
  readonly saw: string
  /** One of several things the check was asked about, e.g. a provider; makes the finding's id `check:subject`. */
  readonly subject?: string
  /** Where the evidence comes from, e.g. `GET /v1/models` or a log file's name. */
  readonly source?: string
  /** The numbers behind `saw`, for machines. */
  readonly data?: JsonObject
  /** HTTP attempts it took; more than one with a pass is shown as flaky. */
  readonly attempts?: number
}

/** What a finding that is not green owes its reader: what was expected, why it matters, what to type next. */
interface Advice {
  readonly expected: string
  readonly why: string
  readonly next: string
}

export type Judgement =
  | (Evidence & { readonly outcome: 'pass' })
  | (Evidence & Advice & { readonly outcome: 'warn' })
  | (Evidence & Advice & { readonly outcome: 'fail'; readonly cause?: Cause })
  | (Evidence & Advice & { readonly outcome: 'unknown'; readonly cause?: Cause })
  /** The question does not apply to this gateway or this call; `saw` says why, `next` how to make it apply. */
  | (Evidence & { readonly outcome: 'skip'; readonly next: string })

/** What `provops checks` and `provops explain` tell about a check. */
export interface CheckInfo {
  /** Stable, `subject.question`; can be pasted into `--only`. */
  readonly id: string
  /** The good state, so that the same line reads right beside a tick and beside a cross. */
  readonly title: string
  readonly group: string
  /** The question in plain words: what is asked of whom, and what counts as yes. */
  readonly asks: string
  readonly why: string
  readonly cost: Cost
  /** What to do when it is not green. */
  readonly fix: string
  /** The runbook section this automates. */
  readonly runbook: string
  /** Names of the thresholds it judges by (`core/thresholds.ts`). */
  readonly thresholds?: readonly string[]
  /** Ids of checks without whose answer this one has no meaning: it is `blocked` when one is fail, unknown or blocked. */
  readonly needs?: readonly string[]
}

export interface Check<Context> extends CheckInfo {
  /**
   * Answers with one judgement, or one per subject. It reports what it could not find out as `unknown` and never
   * throws for anything a gateway, file or network does; an exception is a defect of provops.
   */
  ask(context: Context, signal: AbortSignal): Promise<Judgement | readonly Judgement[]>
}
