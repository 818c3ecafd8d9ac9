import { distance } from 'fastest-levenshtein'

const SHOWN = 3

/**
 * The candidates most like `wanted`, best first, at most three: those that a typing mistake or an end left out could
 * explain, whatever the case.
 */
export function nearest(wanted: string, candidates: Iterable<string>): string[] {
  const lower = wanted.toLowerCase()
  const most = Math.max(2, Math.floor(wanted.length / 3))
  return [...new Set(candidates)]
    .flatMap((text) => {
      const candidate = text.toLowerCase()
      const isBegun = lower !== '' && candidate.startsWith(lower)
      if (!isBegun && Math.abs(text.length - wanted.length) > most) return []
      return [{ text, isBegun, steps: distance(lower, candidate) }]
    })
    .filter(({ isBegun, steps }) => isBegun || steps <= most)
    .sort((a, b) => a.steps - b.steps || (a.text < b.text ? -1 : 1))
    .slice(0, SHOWN)
    .map(({ text }) => text)
}
