import { styledExitCode } from '../core/exit-codes.ts'
import type { Finding } from '../core/finding.ts'
import { OUTCOMES, type Outcome } from '../core/outcome.ts'
import type { GatewayIdentity, Report } from '../core/report.ts'
import { counted, listed, span } from '../core/text.ts'
import { renderAttachment } from './attachments.ts'
import type { Look } from './look.ts'
import { Painter, padded, widest, wrapped, wrappedToType } from './paint.ts'

/** The form for people: one line per finding, what is wrong again at the end with its evidence, the verdict last. */
export function renderTable(report: Report, look: Look): string {
  const painter = new Painter(look)
  const quiet = look.detail === 'quiet'
  const blocks = [
    quiet ? [] : headline(report, painter),
    quiet ? [] : findingLines(report.findings, painter),
    ...report.attachments.map((attachment) => renderAttachment(attachment, painter)),
    ...report.findings.filter(isOpen).map((finding) => details(finding, painter)),
    closing(report, painter),
  ]
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n')}\n`
}

function isOpen(finding: Finding): boolean {
  return finding.outcome === 'warn' || finding.outcome === 'fail' || finding.outcome === 'unknown'
}

function headline({ gateway, requests }: Report, painter: Painter): string[] {
  const left = [
    painter.paint('strong', gateway.name ?? ''),
    gateway.url ?? 'no gateway asked',
    gatewayKind(gateway),
  ]
  const probes = requests.probes === 0 ? 'probes: none' : `probes: ${requests.probes}`
  return [
    spread(
      left.filter((part) => part !== '').join('  '),
      painter.paint('faint', probes),
      painter.look.columns,
    ),
  ]
}

function gatewayKind({ kind, profile, version }: GatewayIdentity): string {
  if (kind === 'none') return ''
  return [kind === 'embedded' ? 'EMBEDDED' : kind, profile, version].filter((part) => part !== null).join(' ')
}

const GAP = '  '
const GROUP_GAP = ' '

function findingLines(findings: readonly Finding[], painter: Painter): string[] {
  const groupWidth = widest(findings.map((f) => f.group))
  const idWidth = widest(findings.map((f) => f.id))
  const times = findings.map((f) => (f.outcome === 'pass' && f.durationMs > 0 ? span(f.durationMs) : ''))
  const timeWidth = widest(times)
  let group = ''
  return findings.flatMap((finding, index) => {
    const shownGroup = finding.group === group ? '' : finding.group
    group = finding.group
    const head = [
      padded(shownGroup, groupWidth),
      painter.glyph(finding.outcome),
      padded(finding.id, idWidth),
    ].join(GROUP_GAP)
    return [
      ...hanging(`${head}${GAP}`, sawText(finding), times[index] ?? '', timeWidth, painter),
      ...sourceLines(finding, widest([head]) + GAP.length, painter),
    ]
  })
}

/** One finding's line; what was seen continues below its own column when the terminal is narrow. */
function hanging(head: string, saw: string, time: string, timeWidth: number, painter: Painter): string[] {
  const indent = widest([head])
  // Lines without a time may use its column.
  const room = painter.look.columns - indent - (time === '' ? 0 : timeWidth + GAP.length)
  const narrow = room < NARROWEST_SAW
  const lines = wrapped(saw, narrow ? painter.look.columns - NARROW_INDENT.length : room)
  if (narrow) return [head.trimEnd(), ...lines.map((line) => NARROW_INDENT + line)]
  const [first = '', ...rest] = lines
  const tail =
    time === ''
      ? first
      : `${padded(first, room)}${GAP}${painter.paint('faint', padded(time, timeWidth, 'right'))}`
  return [head + tail, ...rest.map((line) => ' '.repeat(indent) + line)]
}

/** Where the evidence came from, below what was seen; what is open tells it with its details. */
function sourceLines(finding: Finding, indent: number, painter: Painter): string[] {
  if (painter.look.detail !== 'verbose' || isOpen(finding) || finding.source === null) return []
  const room = painter.look.columns - indent
  const margin = room < NARROWEST_SAW ? NARROW_INDENT : ' '.repeat(indent)
  return wrapped(`from ${finding.source}`, painter.look.columns - margin.length).map(
    (line) => margin + painter.paint('faint', line),
  )
}

const NARROWEST_SAW = 28
const NARROW_INDENT = '    '

function sawText(finding: Finding): string {
  return finding.attempts > 1 && finding.outcome === 'pass'
    ? `${finding.saw} (flaky: ${finding.attempts} attempts)`
    : finding.saw
}

const LABEL_WIDTH = 10

function details(finding: Finding, painter: Painter): string[] {
  const rows: [string, string | null][] = [
    ['saw', finding.saw],
    ['expected', finding.expected],
    ['means', finding.why],
    ['source', painter.look.detail === 'verbose' ? finding.source : null],
    ['next', finding.next],
  ]
  const head = `${painter.glyph(finding.outcome)} ${painter.paint('strong', finding.id)}${GAP}${finding.title}`
  return [head, ...rows.flatMap(([label, text]) => (text === null ? [] : labelled(label, text, painter)))]
}

function labelled(label: string, text: string, painter: Painter): string[] {
  const indent = NARROW_INDENT.length + LABEL_WIDTH
  const fitted = label === 'next' ? wrappedToType : wrapped
  return text
    .split('\n')
    .flatMap((line) => fitted(line, painter.look.columns - indent))
    .map((line, index) =>
      index === 0
        ? `${NARROW_INDENT}${painter.paint('faint', padded(label, LABEL_WIDTH))}${line}`
        : ' '.repeat(indent) + line,
    )
}

const COUNT_WORDS: Record<Outcome, string> = {
  pass: 'passed',
  warn: 'warned',
  fail: 'failed',
  unknown: 'unknown',
  skip: 'skipped',
  blocked: 'blocked',
}

const VERDICT_WORDS = { passed: 'OK', warned: 'WARN', failed: 'FAIL', unknown: 'UNKNOWN' } as const
const VERDICT_TONES = { passed: 'pass', warned: 'warn', failed: 'fail', unknown: 'unknown' } as const

function closing(report: Report, painter: Painter): string[] {
  const counts = OUTCOMES.filter((outcome) => report.counts[outcome] > 0)
    .map((outcome) => `${report.counts[outcome]} ${COUNT_WORDS[outcome]}`)
    .join(', ')
  const word = VERDICT_WORDS[report.verdict]
  const code = styledExitCode(report.exit, painter.look.exitStyle, report.counts.warn > 0)
  const skipped = report.findings.filter((f) => f.outcome === 'skip').map((f) => f.id)
  const lines =
    skipped.length > 0 ? wrapped(`not asked here: ${listed(skipped, 8)}`, painter.look.columns) : []
  const summary = `${counts === '' ? counted(0, 'check') : counts} in ${span(report.durationMs)}`
  const verdict = painter.paint(VERDICT_TONES[report.verdict], `${word} (exit ${code})`)
  return [
    ...lines.map((line) => painter.paint('faint', line)),
    spread(summary, verdict, painter.look.columns),
  ]
}

function spread(left: string, right: string, columns: number): string {
  const gap = columns - widest([left]) - widest([right])
  return gap < 2 ? `${left}${GAP}${right}` : left + ' '.repeat(gap) + right
}
