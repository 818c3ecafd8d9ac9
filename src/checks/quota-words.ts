import type { Bench, BenchCause } from '../analysis/quota/bench.ts'
import { type Cell, valueIn } from '../analysis/quota/cells.ts'
import type { QuotaLeft } from '../analysis/quota/left.ts'
import type { CredentialNames } from '../analysis/quota/names.ts'
import type { QuotaRow } from '../analysis/quota/rows.ts'
import type { SurveyedToken } from '../analysis/tokens/directory.ts'
import type { TokenState } from '../analysis/tokens/state.ts'
import { BUCKET_MS } from '../analysis/windows.ts'
import { groupedNumber, percent, printable, shellWord, span } from '../core/text.ts'

/** What stands in place of an answer that nobody tells. */
export const NOT_KNOWN = '?'

/** A cell as text: `?` where it is not known, nothing where the question does not arise. */
export function cellWords<T>(cell: Cell<T>, words: (value: T) => string): string {
  if (cell.kind === 'known') return words(cell.value)
  return cell.kind === 'unknown' ? NOT_KNOWN : ''
}

/** `02:36 UTC (in 1 h 7 m)`, with the date when it is another day. */
export function momentWords(atMs: number, nowMs: number): string {
  const [iso, today] = [new Date(atMs).toISOString(), new Date(nowMs).toISOString().slice(0, 10)]
  const date = iso.startsWith(today) ? '' : `${iso.slice(0, 10)} `
  const distance = atMs >= nowMs ? `in ${span(minutes(atMs - nowMs))}` : `${span(minutes(nowMs - atMs))} ago`
  return `${date}${iso.slice(11, 16)} UTC (${distance})`
}

/** Seconds are noise beyond a minute. */
function minutes(durationMs: number): number {
  return durationMs < 60_000 ? durationMs : Math.round(durationMs / 60_000) * 60_000
}

/** The running ten-minute bucket and the one before: how long that is depends on the minute. */
export const BUCKETS_WORDS = '10 to 20 m'

/** How long the window of a share is. */
export function windowWords({ spanMs }: { readonly spanMs: number }): string {
  return spanMs === 2 * BUCKET_MS ? BUCKETS_WORDS : span(spanMs)
}

/** A length of time in a table cell. */
export function spanWords(durationMs: number): string {
  return span(minutes(durationMs))
}

/** The credential within its provider: a file without what the provider's name says already. */
export function shortName({ kind, name, provider }: QuotaRow, names: CredentialNames): string {
  if (kind === 'key') return name
  const stem = names.ofFile(name).replace(/\.json(?= #\d+$|$)/i, '')
  const prefixed = stem.toLowerCase().startsWith(`${provider}-`)
  const rest = prefixed ? stem.slice(provider.length).replace(/^-+/, '') : stem
  return rest === '' ? stem : rest
}

/** The credential for a sentence: `codex a…@example.com`. */
export function fullName(row: QuotaRow, names: CredentialNames): string {
  return `${printable(row.provider, 40)} ${shortName(row, names)}`
}

export function shareWords(count: Cell<number>, requests: Cell<number>): string {
  const total = valueIn(requests)
  if (total === 0) return '-'
  return cellWords(count, (value) =>
    total === null ? groupedNumber(value) : percent(Math.min(1, value / total)),
  )
}

export function benchWords({ bench, disabled }: QuotaRow, nowMs: number): string {
  if (disabled) return 'off'
  return cellWords(bench, (value) =>
    value === null ? 'no' : `${scopeWords(value)}${untilWords(value, nowMs)}`,
  )
}

function scopeWords({ scope, models }: Bench): string {
  if (scope === 'all') return 'all'
  return models.length === 0 ? 'part' : `${models.length} ${models.length === 1 ? 'model' : 'models'}`
}

function untilWords({ untilMs }: Bench, nowMs: number): string {
  return untilMs === null ? '' : ` ${spanWords(untilMs - nowMs)}`
}

export function leftWords(left: Cell<QuotaLeft>, nowMs: number): string {
  return cellWords(left, ({ remaining, limit, resetMs }) => {
    const amount = remaining === 0 ? 'none' : amountWords(remaining)
    const of = limit === null || remaining === 0 ? '' : ` of ${amountWords(limit)}`
    return amount + of + (resetMs === null ? '' : `, ${resetWords(resetMs, nowMs)}`)
  })
}

function resetWords(resetMs: number, nowMs: number): string {
  return resetMs > nowMs
    ? `back in ${spanWords(resetMs - nowMs)}`
    : `due back ${spanWords(nowMs - resetMs)} ago`
}

function amountWords(amount: number): string {
  return amount.toLocaleString('en-US', { maximumFractionDigits: 2 })
}

export function tokenWords(token: Cell<SurveyedToken>, nowMs: number): string {
  return cellWords(
    token,
    ({ state, copyOf }) => `${stateWords(state, nowMs)}${copyOf === null ? '' : ', copy'}`,
  )
}

function stateWords(state: TokenState, nowMs: number): string {
  switch (state.kind) {
    case 'valid':
      if (state.expiresMs !== null) return spanWords(state.expiresMs - nowMs)
      return state.renewsMs === null ? 'lasting' : 'valid'
    case 'due':
      return `${endWords(state.expiresMs, nowMs)}, due`
    case 'overdue':
      return `${endWords(state.expiresMs, nowMs)}, overdue`
    case 'expired':
      return `expired ${spanWords(nowMs - state.expiresMs)} ago`
    case 'dying':
      return `ends in ${spanWords(state.expiresMs - nowMs)}`
    case 'clock':
      return 'clock?'
    case 'disabled':
      return 'off'
    case 'undated':
      return NOT_KNOWN
  }
}

function endWords(expiresMs: number | null, nowMs: number): string {
  return expiresMs === null ? 'no end' : spanWords(expiresMs - nowMs)
}

/** A provider's name, which is foreign text, inside a command. */
export function providerWord(provider: string): string {
  return shellWord(printable(provider, 80))
}

export const CAUSE_WORDS: Readonly<Record<BenchCause, string>> = {
  quota: 'for its quota',
  credential: 'because the provider refuses the login',
  model: 'for models it may not use',
  money: 'because nobody pays',
  trouble: 'after an error of the provider',
  unknown: 'for a reason that is not told',
}
