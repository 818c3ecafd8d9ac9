import type { FailureGroup } from './failures.ts'
import type {
  BlindSpot,
  ForgedLines,
  LineCounts,
  LogContent,
  ModelCounts,
  PartRead,
  SeenLines,
} from './log-scan.ts'

/** Lines about models that are not failures, counted during the scan. */
export interface ModelMentions {
  tries: number
  affinityChoices: number
  coolingLines: number
}

export function summarizeModels(
  mentions: ReadonlyMap<string, ModelMentions>,
  groups: readonly FailureGroup[],
): ModelCounts[] {
  const statuses = new Map<string, Map<number, number>>()
  for (const { model, status, count } of groups) {
    if (model === null) continue
    const ofModel = statuses.get(model) ?? new Map<number, number>()
    statuses.set(model, ofModel.set(status ?? 0, (ofModel.get(status ?? 0) ?? 0) + count))
  }
  return [...new Set([...mentions.keys(), ...statuses.keys()])].sort().map((model) => {
    const failureStatuses = statuses.get(model) ?? new Map<number, number>()
    const failures = [...failureStatuses.values()].reduce((sum, count) => sum + count, 0)
    const { tries, affinityChoices, coolingLines } = mentions.get(model) ?? NO_MENTIONS
    return { model, tries, affinityChoices, failures, failureStatuses, coolingLines }
  })
}

const NO_MENTIONS: ModelMentions = { tries: 0, affinityChoices: 0, coolingLines: 0 }

export function contentOf(lines: LineCounts, recordsOutside: number): LogContent {
  if (lines.records > 0) return 'records'
  if (recordsOutside > 0) return 'outside'
  return lines.total > lines.blank ? 'none' : 'empty'
}

export function blindSpotsOf(
  parts: readonly PartRead[],
  lines: LineCounts,
  forged: ForgedLines,
  seen: SeenLines,
): BlindSpot[] {
  const spots: Record<BlindSpot, boolean> = {
    'hidden-failures': seen['upstream-failure'] + seen.cooling + seen['request-error'] + seen.use === 0,
    successes: seen.use === 0 && seen['upstream-failure'] + seen.cooling > 0,
    'broken-part': parts.some(({ outcome }) => outcome === 'broken'),
    'forged-lines': forged.blocks > 0,
    'cut-lines': lines.cut > 0,
    'unparsed-lines': lines.unparsed > 0,
  }
  return (Object.keys(spots) as BlindSpot[]).filter((spot) => spots[spot])
}
