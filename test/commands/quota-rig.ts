import type { Finding } from '../../src/core/finding.ts'
import type { Report } from '../../src/core/report.ts'
import { type CliOptions, provops } from './cli.ts'

export async function quota(flags: string, options: CliOptions = {}): Promise<Report> {
  const { stdout, stderr } = await provops(`quota ${flags} -o json`, options)
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

export function finding({ findings }: Report, id: string): Finding | undefined {
  return findings.find((candidate) => candidate.id === id)
}

/** Outcomes that are not green, by id. */
export function troubles({ findings }: Report): Record<string, string> {
  const open = findings.filter(({ outcome }) => outcome !== 'pass' && outcome !== 'skip')
  return Object.fromEntries(open.map(({ id, outcome }) => [id, outcome]))
}

export interface Cell {
  readonly value: unknown
  readonly source?: string
  readonly reason?: string
}

export type RowData = Record<string, Cell> & { readonly name: string }

export function rowsOf(report: Report): RowData[] {
  return (finding(report, 'quota.credentials')?.data?.credentials ?? []) as unknown as RowData[]
}
