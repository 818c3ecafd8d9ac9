import type { Finding } from '../core/finding.ts'
import type { Report } from '../core/report.ts'
import type { Look } from './look.ts'

type Render = (report: Report, look: Look) => string

/**
 * Every output format: a function from the report to text. `table` and `wide` are loaded late, since a machine that
 * asks for JSON should not pay for colours.
 */
export const FORMATS = {
  table: async () => (await import('./table.ts')).renderTable,
  wide: async () => {
    const { renderTable } = await import('./table.ts')
    return (report, look) =>
      renderTable(report, { ...look, detail: 'verbose', columns: Math.max(look.columns, 160) })
  },
  short: async () => renderShort,
  json: async () => (report) => `${JSON.stringify(report, null, 2)}\n`,
  ndjson: async () => renderNdjson,
} as const satisfies Record<string, () => Promise<Render>>

export type Format = keyof typeof FORMATS

/** The report in a format, ending in a newline. The exit code is in the report and does not depend on the format. */
export async function render(report: Report, format: Format, look: Look): Promise<string> {
  const draw: Render = await FORMATS[format]()
  return draw(report, look)
}

/** One line per finding, outcome first, for grep and narrow screens; then the verdict. */
function renderShort(report: Report): string {
  const lines = report.findings.map((finding) => `${finding.outcome} ${finding.id} ${oneLine(finding)}`)
  const verdict = `${report.verdict} ${report.command} exit=${report.exit.code}`
  return `${[...lines, verdict].join('\n')}\n`
}

/** A command that goes on behind a backslash becomes one line again. */
function oneLine(finding: Finding): string {
  return finding.next === null
    ? finding.saw
    : `${finding.saw} | next: ${finding.next.replaceAll(/ ?\\?\n/g, ' ')}`
}

/** One JSON object per line: each finding with `type: finding`, last the report without them with `type: report`. */
function renderNdjson(report: Report): string {
  const { findings, ...rest } = report
  const lines = [...findings.map((finding) => ({ type: 'finding', ...finding })), { type: 'report', ...rest }]
  return `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`
}
