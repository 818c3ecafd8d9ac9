import { describe, expect, it } from 'vitest'
import { PLAYBOOK_NAMES } from '../../src/checks/playbooks/playbook.ts'
import type { Report } from '../../src/core/report.ts'
import { provops } from './cli.ts'

async function rehearse(line: string): Promise<{ report: Report; code: number }> {
  const { stdout, code } = await provops(`rehearse ${line} -o json`, { nowMs: null })
  return { report: JSON.parse(stdout), code }
}

const told = ({ findings }: Report) => findings.map(({ id, outcome, saw }) => ({ id, outcome, saw }))

describe.concurrent('rehearse', () => {
  it('leads every playbook from its symptom to a verified mitigation', { timeout: 60_000 }, async () => {
    const { report, code } = await rehearse('--all')
    expect(report.findings.map(({ id, outcome }) => [id, outcome])).toEqual(
      PLAYBOOK_NAMES.map((name) => [`rehearse.playbook:${name}`, 'pass']),
    )
    expect(code).toBe(0)
  })

  it('gives the same run for the same seed', { timeout: 30_000 }, async () => {
    const [first, second] = await Promise.all([
      rehearse('wrong-provider --seed 7'),
      rehearse('wrong-provider --seed 7'),
    ])
    expect(told(first.report).map(({ id, outcome }) => [id, outcome])).toEqual(
      told(second.report).map(({ id, outcome }) => [id, outcome]),
    )
  })

  it('shows every step of a single one, with the change and the timeline', async () => {
    const { report } = await rehearse('missing-models')
    const ids = report.findings.map(({ id }) => id)
    expect(ids).toContain('missing-models.applied')
    expect(ids).toContain('missing-models.verified')
    expect(report.attachments.map(({ kind }) => kind)).toEqual(['diff', 'table'])
  })
})
