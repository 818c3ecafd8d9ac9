/** `model(high)` taken apart; `suffix` is null when there is none (contract, files 1.8). */
export interface SuffixedName {
  readonly name: string
  readonly suffix: string | null
}

/** Cuts a thinking suffix in parentheses off the end, blanks around the rest included. */
export function cutSuffix(requested: string): SuffixedName {
  const open = requested.lastIndexOf('(')
  if (open < 0 || !requested.endsWith(')')) return { name: requested.trim(), suffix: null }
  return { name: requested.slice(0, open).trim(), suffix: requested.slice(open + 1, -1) }
}
