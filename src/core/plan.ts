import picomatch from 'picomatch'
import type { CheckInfo } from './check.ts'
import { nearest } from './near.ts'

export interface Selection {
  /** Ids, globs or group names; empty means all. */
  readonly only: readonly string[]
  readonly skip: readonly string[]
}

/** A selection word that matches no check, with the nearest words that would. */
export interface UnmatchedPattern {
  readonly pattern: string
  readonly nearest: readonly string[]
}

export type Plan<C extends CheckInfo> =
  | { readonly kind: 'planned'; readonly checks: readonly C[]; readonly subjects: SubjectFilter }
  | { readonly kind: 'unmatched'; readonly patterns: readonly UnmatchedPattern[] }
  | { readonly kind: 'nothing-left' }

/** For `check:subject` words of `--only`: the subjects wanted of a check; a check without an entry keeps them all. */
export type SubjectFilter = ReadonlyMap<string, ReadonlySet<string>>

/**
 * Chooses checks by `--only` and `--skip`, in the catalogue's order. A word that matches nothing is
 * `unmatched`, a selection that leaves nothing `nothing-left`: silently asking nothing would be a false green.
 */
export function planChecks<C extends CheckInfo>(catalogue: readonly C[], selection: Selection): Plan<C> {
  const words = [...selection.only, ...selection.skip]
  const patterns = words.filter((word) => !catalogue.some((check) => matches(word, check)))
  if (patterns.length > 0) {
    return {
      kind: 'unmatched',
      patterns: patterns.map((p) => ({ pattern: p, nearest: nearestIds(p, catalogue) })),
    }
  }
  const checks = catalogue.filter(
    (check) =>
      (selection.only.length === 0 || selection.only.some((word) => matches(word, check))) &&
      !selection.skip.some((word) => matches(word, check)),
  )
  if (checks.length === 0) return { kind: 'nothing-left' }
  return { kind: 'planned', checks, subjects: subjectsIn(selection.only) }
}

/** What no id has. To make a pattern of a plain word takes longer than to read a log of some megabytes. */
const GLOB = /[^\w.-]/

function matches(word: string, check: CheckInfo): boolean {
  const id = word.split(':', 1)[0] ?? word
  if (check.group === id || check.id === id) return true
  return GLOB.test(id) && picomatch.isMatch(check.id, id)
}

function subjectsIn(only: readonly string[]): SubjectFilter {
  const subjects = new Map<string, Set<string>>()
  for (const word of only) {
    const colon = word.indexOf(':')
    if (colon < 0) continue
    const id = word.slice(0, colon)
    const wanted = subjects.get(id) ?? new Set<string>()
    subjects.set(id, wanted.add(word.slice(colon + 1)))
  }
  return subjects
}

/** The ids and groups closest to a mistyped word, best first. */
export function nearestIds(word: string, catalogue: readonly CheckInfo[]): string[] {
  return nearest(
    word,
    catalogue.flatMap((check) => [check.id, check.group]),
  )
}
