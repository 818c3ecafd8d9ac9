import { distance } from 'fastest-levenshtein'

/** The candidates most like `wanted`, best first, at most `limit`; only those a typing mistake could explain. */
export function nearest(wanted: string, candidates: Iterable<string>, limit = 3): string[] {
  const lower = wanted.toLowerCase()
  const most = Math.max(2, Math.floor(wanted.length / 3))
  const near: { text: string; steps: number }[] = []
  for (const text of candidates) {
    if (Math.abs(text.length - wanted.length) > most) continue
    const steps = distance(lower, text.toLowerCase())
    if (steps <= most) near.push({ text, steps })
  }
  return near
    .sort((a, b) => a.steps - b.steps || (a.text < b.text ? -1 : 1))
    .slice(0, limit)
    .map(({ text }) => text)
}
