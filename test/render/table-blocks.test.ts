import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { renderAttachment } from '../../src/render/attachments.ts'
import { Painter } from '../../src/render/paint.ts'

const TABLE = {
  kind: 'table',
  title: 'Quota',
  columns: [
    { name: 'credential', align: 'left' },
    { name: 'plan', align: 'left' },
    { name: 'requests', align: 'right' },
    { name: 'quota left', align: 'left' },
  ],
  rows: [
    ['codex a…', 'plus', '1,204', '3 of 100'],
    ['kiro b…', '', '?', 'none'],
  ],
} as const

function drawn(columns: number): string[] {
  return renderAttachment(
    TABLE,
    new Painter({ color: false, unicode: true, columns, detail: 'normal', exitStyle: 'default' }),
  )
}

describe('a table', () => {
  it('stays whole where there is room', () => {
    expect(drawn(80)).toEqual([
      'Quota',
      'credential  plan  requests  quota left',
      'codex a…    plus     1,204  3 of 100',
      'kiro b…                  ?  none',
    ])
  })

  it('is cut into blocks where there is none, each with the column that names the row', () => {
    expect(drawn(40 - 4)).toEqual([
      'Quota',
      'credential  plan  requests',
      'codex a…    plus     1,204',
      'kiro b…                  ?',
      '',
      'credential  quota left',
      'codex a…    3 of 100',
      'kiro b…     none',
    ])
  })

  it('shows every cell at any width, and is no wider than the terminal unless a column is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), (columns) => {
        const lines = drawn(columns)
        for (const cell of TABLE.rows.flat()) expect(lines.join('\n')).toContain(cell)
        const widest = Math.max(...lines.map((line) => stringWidth(line)))
        expect(widest).toBeLessThanOrEqual(Math.max(columns, 'credential  quota left'.length))
      }),
    )
  })
})
