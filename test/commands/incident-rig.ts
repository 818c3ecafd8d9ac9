import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Finding } from '../../src/core/finding.ts'
import type { Report } from '../../src/core/report.ts'
import { type CliOptions, provops } from './cli.ts'

export interface Ran {
  readonly code: number
  readonly report: Report
  readonly outcomes: Readonly<Record<string, string>>
  readonly stderr: string
  finding(id: string): Finding | undefined
  /** The lines of the proposed change that come and go, in its order. */
  readonly changed: readonly string[]
}

/** `provops incident <line>`, read. */
export async function incident(line: string, options: CliOptions = {}): Promise<Ran> {
  const { stdout, stderr, code } = await provops(`incident ${line} -o json`, { nowMs: null, ...options })
  const report: Report = JSON.parse(stdout)
  const diff = report.attachments.find(({ kind }) => kind === 'diff')
  return {
    code,
    report,
    stderr,
    outcomes: Object.fromEntries(report.findings.map(({ id, outcome }) => [id, outcome])),
    finding: (id) => report.findings.find((one) => one.id === id),
    changed: diff?.kind === 'diff' ? changedLines(diff.text) : [],
  }
}

function changedLines(diff: string): string[] {
  return diff
    .split('\n')
    .filter((line) => /^[-+](?![-+]{2} )/.test(line))
    .map((line) => line.replace(/\s+/g, ' '))
}

export const CONFIGS = join(import.meta.dirname, '../../fixtures/scenarios/config/')

/** On a scenario of the test's own, `own.yaml`, with further files beside it; the scenario extends `healthy`. */
export async function incidentOf(
  line: string,
  scenario: string,
  files: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  const home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
  const path = join(home, 'own.yaml')
  writeFileSync(path, `name: own\ntitle: Own\ndescription: For one test.\nextends: healthy\n${scenario}`)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(home, name), text)
  try {
    return await incident(`${line} --embedded=${path}`, { home })
  } finally {
    rmSync(home, { recursive: true })
  }
}
