import { type Cell, valueIn } from '../analysis/quota/cells.ts'
import type { QuotaRow } from '../analysis/quota/rows.ts'
import { sparkline } from '../analysis/quota/trend.ts'
import type { Attachment } from '../core/report.ts'
import { groupedNumber, listed, printable } from '../core/text.ts'
import type { QuotaView } from './quota-view.ts'
import {
  BUCKETS_WORDS,
  benchWords,
  cellWords,
  leftWords,
  NOT_KNOWN,
  shareWords,
  shortName,
  tokenWords,
} from './quota-words.ts'

export interface TableLook {
  readonly charset: 'unicode' | 'ascii'
  readonly detail: 'normal' | 'verbose'
}

/** More rows than a screen or two are read by nobody; the whole view is in the JSON form. */
const MOST_ROWS = 40

/** The view as one table over all providers and credentials, and with `verbose` where each column comes from. */
export function quotaTables(view: QuotaView, look: TableLook): Attachment[] {
  if (view.rows.length === 0) return []
  const shown = look.detail === 'verbose' ? view.rows : worstRows(view.rows, MOST_ROWS)
  const left = view.rows.length - shown.length
  const cut = left > 0 ? `; ${groupedNumber(left)} more, all of them with -v` : ''
  const table: Attachment = {
    kind: 'table',
    title: `Quota by credential (requests in ${BUCKETS_WORDS}, trend of failures over 3 h 20 m)${cut}`,
    columns: COLUMNS.map(({ name, align }) => ({ name, align })),
    rows: shown.map((row) => COLUMNS.map(({ text }) => text(row, view, look))),
  }
  return look.detail === 'verbose' ? [table, sourcesText(view)] : [table]
}

interface Column {
  readonly name: string
  readonly align: 'left' | 'right'
  readonly text: (row: QuotaRow, view: QuotaView, look: TableLook) => string
  /** The cell whose source is told by the verbose form. */
  readonly cell: ((row: QuotaRow) => Cell<unknown>) | null
}

const COLUMNS: readonly Column[] = [
  {
    name: 'credential',
    align: 'left',
    text: (row, { rows, names }) => {
      const width = Math.max(...rows.map(({ provider }) => provider.length))
      return `${printable(row.provider, 40).padEnd(Math.min(width, 40))} ${shortName(row, names)}`
    },
    cell: null,
  },
  {
    name: 'plan',
    align: 'left',
    text: ({ plan }, { names }) => cellWords(plan, (value) => names.inText(value)),
    cell: ({ plan }) => plan,
  },
  {
    name: 'requests',
    align: 'right',
    text: ({ requests }) => cellWords(requests, groupedNumber),
    cell: ({ requests }) => requests,
  },
  {
    name: 'failed',
    align: 'right',
    text: ({ failures, requests }) => shareWords(failures, requests),
    cell: ({ failures }) => failures,
  },
  {
    name: '429',
    align: 'right',
    text: ({ rateLimited, requests }) => shareWords(rateLimited, requests),
    cell: ({ rateLimited }) => rateLimited,
  },
  {
    name: 'trend',
    align: 'left',
    text: ({ trend }, _view, { charset }) => cellWords(trend, (value) => sparkline(value, charset)),
    cell: ({ trend }) => trend,
  },
  {
    name: 'benched',
    align: 'left',
    text: (row, { facts }) => benchWords(row, facts.nowMs),
    cell: ({ bench }) => bench,
  },
  {
    name: 'quota left',
    align: 'left',
    text: ({ left }, { facts }) => leftWords(left, facts.nowMs),
    cell: ({ left }) => left,
  },
  {
    name: 'token',
    align: 'left',
    text: ({ token }, { facts }) => tokenWords(token, facts.nowMs),
    cell: ({ token }) => token,
  },
]

/** All rows in their order, or as many as `most`, those in trouble before the others. */
export function worstRows(rows: readonly QuotaRow[], most: number): readonly QuotaRow[] {
  if (rows.length <= most) return rows
  const worst = rows.toSorted((a, b) => troubleOf(b) - troubleOf(a)).slice(0, most)
  const kept = new Set(worst)
  return rows.filter((row) => kept.has(row))
}

function troubleOf({ bench, failures, token, disabled }: QuotaRow): number {
  if (disabled) return 0
  const state = valueIn(token)?.state.kind
  const sick = state !== undefined && state !== 'valid' && state !== 'due'
  return (valueIn(bench) ? 4 : 0) + (sick ? 2 : 0) + ((valueIn(failures) ?? 0) > 0 ? 1 : 0)
}

/** Per column the sources of what is known, and the reasons for what is not. */
function sourcesText({ rows }: QuotaView): Attachment {
  const width = Math.max(...COLUMNS.map(({ name }) => name.length))
  const lines = COLUMNS.flatMap(({ name, cell }) => {
    if (!cell) return []
    const cells = rows.map(cell)
    const sources = unique(cells.flatMap((each) => (each.kind === 'known' ? each.source : [])))
    const reasons = unique(cells.flatMap((each) => (each.kind === 'unknown' ? each.reason : [])))
    const parts = [listed(sources, 3), reasons.length > 0 ? `${NOT_KNOWN} ${listed(reasons, 3)}` : '']
    return [`${name.padEnd(width)}  ${parts.filter((part) => part !== '').join('; ')}`]
  })
  return { kind: 'text', title: 'Where each column comes from', text: lines.join('\n') }
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].map((text) => printable(text, 160))
}
