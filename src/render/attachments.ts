import Table from 'cli-table3'
import type { Attachment } from '../core/report.ts'
import { type Painter, wrapped } from './paint.ts'
import { tableBlocks } from './table-blocks.ts'

/** The lines of a report's diff, text or table, under its title. */
export function renderAttachment(attachment: Attachment, painter: Painter): string[] {
  const title = wrapped(attachment.title, painter.look.columns).map((line) => painter.paint('strong', line))
  switch (attachment.kind) {
    case 'diff':
      return [...title, ...textLines(attachment.text).map((line) => diffLine(line, painter))]
    case 'text':
      return [
        ...title,
        ...textLines(attachment.text).flatMap((line) =>
          line === '' ? [''] : wrapped(line, painter.look.columns),
        ),
      ]
    case 'table':
      return [
        ...title,
        ...tableBlocks(attachment, NO_BORDERS.middle.length, painter.look.columns)
          .map((block) => tableLines(block, painter))
          .flatMap((lines, at) => (at === 0 ? lines : ['', ...lines])),
      ]
  }
}

function textLines(text: string): string[] {
  return text.replace(/\n$/, '').split('\n')
}

function diffLine(line: string, painter: Painter): string {
  if (line.startsWith('+') && !line.startsWith('+++')) return painter.paint('pass', line)
  if (line.startsWith('-') && !line.startsWith('---')) return painter.paint('fail', line)
  return line.startsWith('@@') ? painter.paint('faint', line) : line
}

// Columns without boxes read better in a terminal and survive grep.
const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
} as const

function tableLines(table: Attachment & { kind: 'table' }, painter: Painter): string[] {
  const drawn = new Table({
    head: table.columns.map((column) => painter.paint('faint', column.name)),
    colAligns: table.columns.map((column) => column.align),
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  drawn.push(...table.rows.map((row) => [...row]))
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
}
