import { type MaskedDiff, maskedDiff } from './diff.ts'
import type { EffectCheck } from './effect.ts'
import { type HashedText, hashed } from './text.ts'

/** What is changed: a file, or the file a gateway owns, through its management routes. */
export type Target =
  /** `path` as the user named it (absolute), `realPath` with every link followed: the file that is written. */
  | { readonly kind: 'file'; readonly path: string; readonly realPath: string }
  | { readonly kind: 'management'; readonly url: string }

export function targetName(target: Target): string {
  return target.kind === 'file' ? target.path : `${target.url} (management)`
}

export function isSameTarget(one: Target, other: Target): boolean {
  if (one.kind === 'file') return other.kind === 'file' && one.realPath === other.realPath
  return other.kind === 'management' && one.url === other.url
}

/** A proposed edit. Nothing has happened yet. `before` and `after` hold secrets; `diff` does not. */
export interface Change {
  /** Also the name of its journal, and what `provops undo` takes. */
  readonly runId: string
  /** What it does, without secrets, e.g. `add provider nvidia`. */
  readonly title: string
  readonly target: Target
  readonly before: HashedText
  readonly after: HashedText
  readonly diff: MaskedDiff
  /** How to see that the gateway took it. */
  readonly check: EffectCheck
  readonly gateway: string | null
  /** The command that takes it back. */
  readonly undoCommand: string
}

export interface Proposal {
  readonly runId: string
  readonly title: string
  readonly target: Target
  /** As read by `ConfigStore.read`. */
  readonly before: string
  readonly after: string
  readonly check: EffectCheck
  /** The gateway it is made for, as `-g` names it; null for the default one. */
  readonly gateway: string | null
}

export function proposeChange(proposal: Proposal, mask: (text: string) => string): Change {
  const { runId, title, target, check, gateway } = proposal
  return {
    runId,
    title,
    target,
    before: hashed(proposal.before),
    after: hashed(proposal.after),
    diff: maskedDiff(targetName(target), proposal.before, proposal.after, mask),
    check,
    gateway,
    undoCommand: ['provops undo', runId, ...(gateway === null ? [] : ['-g', gateway])].join(' '),
  }
}
