import type { Fault, RequestType, Rule, RuleMatch, RulePick } from './types.ts'

/** What rules are matched by. */
export interface RequestFacts {
  readonly type: RequestType
  readonly model: string
  readonly key: string
  readonly stream: boolean
  readonly image: 'none' | 'elsewhere' | 'tool-result'
}

export interface RuleBook {
  /** The faults that hit this request. Counts it for every rule it matches, so ask once per request. */
  faultsFor(facts: RequestFacts, elapsedMs: number): Fault[]
}

export function ruleBook(rules: readonly Rule[]): RuleBook {
  const entries = rules.map((rule) => ({ rule, matches: matcher(rule.when), seen: 0 }))
  return {
    faultsFor(facts, elapsedMs) {
      const faults: Fault[] = []
      for (const entry of entries)
        if (isActive(entry.rule, elapsedMs) && entry.matches(facts)) {
          entry.seen++
          if (isPicked(entry.rule.pick, entry.seen)) faults.push(entry.rule.fault)
        }
      return faults
    },
  }
}

const isActive = ({ afterMs, forMs }: Rule, elapsedMs: number) =>
  elapsedMs >= afterMs && (forMs === null || elapsedMs < afterMs + forMs)

/** Whether the `nth` matching request (from 1) is hit. */
export function isPicked(pick: RulePick, nth: number): boolean {
  switch (pick.kind) {
    case 'all':
      return true
    case 'first':
      return nth <= pick.count
    case 'every':
      return nth % pick.nth === 0
    case 'share':
      return Math.floor((nth * pick.count) / pick.of) > Math.floor(((nth - 1) * pick.count) / pick.of)
  }
}

function matcher(when: RuleMatch): (facts: RequestFacts) => boolean {
  const models = when.models?.map(globPattern)
  return ({ type, model, key, stream, image }) =>
    (when.requests ?? ['completion', 'count-tokens']).includes(type) &&
    (models?.some((pattern) => pattern.test(model)) ?? true) &&
    (when.keys?.includes(key) ?? true) &&
    (when.stream === undefined || when.stream === stream) &&
    imageMatches(when.image, image)
}

function imageMatches(wanted: RuleMatch['image'], image: RequestFacts['image']): boolean {
  if (wanted === undefined) return true
  if (wanted === 'any') return image !== 'none'
  return wanted === image
}

function globPattern(glob: string): RegExp {
  const parts = glob.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`)
}
