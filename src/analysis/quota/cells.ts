/**
 * One answer of the quota view, with where it comes from. `unknown`: it has an answer that nobody here tells. `none`:
 * the question does not arise, e.g. the token file of an API key. Neither is ever shown as zero.
 */
export type Cell<T> =
  | { readonly kind: 'known'; readonly value: T; readonly source: string }
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'none'; readonly reason: string }

export function known<T>(value: T, source: string): Cell<T> {
  return { kind: 'known', value, source }
}

export function unknown(reason: string): Cell<never> {
  return { kind: 'unknown', reason }
}

export function none(reason: string): Cell<never> {
  return { kind: 'none', reason }
}

/** The value, or null where it is not known. */
export function valueIn<T>(cell: Cell<T>): T | null {
  return cell.kind === 'known' ? cell.value : null
}

/** The first cell that is known, else the first that gives a reason. */
export function firstKnown<T>(first: Cell<T>, ...others: readonly Cell<T>[]): Cell<T> {
  return [first, ...others].find((cell) => cell.kind === 'known') ?? first
}

/** What one source of the view said as a whole. */
export type Told<T> = { readonly kind: 'told'; readonly value: T; readonly source: string } | Untold

export interface Untold {
  readonly kind: 'untold'
  readonly reason: string
}
