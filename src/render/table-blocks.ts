import stringWidth from 'string-width'
import type { Attachment } from '../core/report.ts'

type TableAttachment = Attachment & { readonly kind: 'table' }

/**
 * A table cut into tables that fit into `columns`: each begins with the first column, which names the row, and goes on
 * with as many of the others as there is room for. A single column that is too wide stays whole.
 */
export function tableBlocks(table: TableAttachment, gap: number, columns: number): TableAttachment[] {
  const widths = table.columns.map(({ name }, at) =>
    Math.max(stringWidth(name), ...table.rows.map((row) => stringWidth(row[at] ?? ''))),
  )
  const room = columns - (widths[0] ?? 0)
  const blocks: number[][] = [[]]
  let used = 0
  for (let at = 1; at < widths.length; at++) {
    const width = gap + (widths[at] ?? 0)
    if (used + width > room && blocks.at(-1)?.length) {
      blocks.push([])
      used = 0
    }
    blocks.at(-1)?.push(at)
    used += width
  }
  return blocks.map((block) => only([0, ...block], table))
}

function only(columns: readonly number[], table: TableAttachment): TableAttachment {
  const pick = <T>(cells: readonly T[]) => columns.flatMap((at) => cells[at] ?? [])
  return { ...table, columns: pick(table.columns), rows: table.rows.map((row) => pick(row)) }
}
