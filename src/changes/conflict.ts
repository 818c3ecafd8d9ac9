import type { MaskedDiff } from './diff.ts'

/** What a person can do where provops will not overwrite: compare, then copy by hand. */
export interface ManualWay {
  /** The text before the run. */
  readonly backupPath: string
  /** From what is there now to the text before the run, masked. */
  readonly diff: MaskedDiff
}

/** The target is not what it should be for this step, so it is left alone. */
export type Conflict =
  /** Another text than the change was planned on. Plan again. */
  | { readonly kind: 'changed-since-plan' }
  /** An earlier run was cut off here; it is to be finished first. */
  | { readonly kind: 'unfinished-run'; readonly runId: string }
  /** This process stood still so long that another may have the lock. */
  | { readonly kind: 'lock-lost' }
  /** Somebody wrote, or put another file in its place, in the moment of our own write. */
  | { readonly kind: 'raced'; readonly backupPath: string }
  /** The text is neither the old nor the new one of the run that is to be undone or finished. */
  | {
      readonly kind: 'changed-since-run'
      /** `rewritten`: by layout, comments or the hashed secret alone, as a gateway saves it; the values are the run's. */
      readonly how: 'rewritten' | 'edited'
      /** A later run on the same target, to be undone first; null when there is none. */
      readonly laterRunId: string | null
      readonly manual: ManualWay
    }
  /** The run belongs to another file or gateway than the one given. */
  | { readonly kind: 'other-target' }
