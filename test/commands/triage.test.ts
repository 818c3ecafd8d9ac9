import { describe, expect, it } from 'vitest'
import type { Report } from '../../src/core/report.ts'
import { provops } from './cli.ts'

/** The playbook an operator should open first; null: none. */
const FIRST = {
  healthy: null,
  'open-gateway': null,
  onboarding: null,
  '401-burst': 'auth-failures',
  '403-burst': 'auth-failures',
  'auth-expired': 'auth-failures',
  'banned-management': 'auth-failures',
  'safe-mode': 'auth-failures',
  'wrong-client-key': 'auth-failures',
  '429-burst-ongoing': 'rate-limit',
  'quota-pressure': 'rate-limit',
  'stale-cooldown': 'rate-limit',
  'hidden-by-failover': 'rate-limit',
  'errors-in-200-streams': 'rate-limit',
  'degraded-provider': 'rate-limit',
  'failed-ratio': 'rate-limit',
  'wrong-provider': 'wrong-provider',
  'missing-models': 'missing-models',
  'empty-models': 'missing-models',
  'tool-result-image-refused': 'tool-result-image',
  'probe-caused-bench': 'spark-mismatch',
  'spark-missing': 'spark-mismatch',
  'spark-5.1': 'spark-mismatch',
  'spark-no-fallback': 'spark-mismatch',
} as const

/** The same on versions whose log names no failing provider: what clients got and what counters tell is left. */
const FIRST_ELSEWHERE = [
  ['fork', 'healthy', null],
  ['fork', '401-burst', 'auth-failures'],
  ['fork', '403-burst', 'auth-failures'],
  ['fork', '429-burst-ongoing', 'rate-limit'],
  ['fork', 'hidden-by-failover', 'rate-limit'],
  ['fork', 'degraded-provider', 'rate-limit'],
  ['fork', 'wrong-client-key', 'auth-failures'],
  ['fork-old', 'healthy', null],
  ['fork-old', '401-burst', 'auth-failures'],
  ['fork-old', 'degraded-provider', 'rate-limit'],
  ['fork-old', 'stale-cooldown', 'rate-limit'],
] as const

async function triage(scenario: string): Promise<{ report: Report; code: number }> {
  const { stdout, code } = await provops(`incident --embedded=${scenario} -o json`, { nowMs: null })
  return { report: JSON.parse(stdout), code }
}

describe.concurrent('triage', () => {
  it.for(Object.entries(FIRST))('opens for %s the page %s', async ([scenario, playbook]) => {
    const { report, code } = await triage(scenario)
    const [ranking] = report.attachments
    expect(ranking?.kind === 'table' ? ranking.rows[0]?.[1] : null).toBe(playbook)
    expect(code).toBe(playbook === null ? 0 : 1)
    expect(report.requests.probes).toBe(0)
  })

  it.for(FIRST_ELSEWHERE)('opens on %s for %s the page %s', async ([profile, scenario, playbook]) => {
    const { report, code } = await triage(`${scenario} --profile ${profile}`)
    const [ranking] = report.attachments
    expect(ranking?.kind === 'table' ? ranking.rows[0]?.[1] : null).toBe(playbook)
    expect(code).toBe(playbook === null ? 0 : 1)
  })

  it('ticks nothing where fail-over hides what nobody counts', async () => {
    const { report } = await triage('hidden-by-failover --profile fork-old')
    const outcomes = Object.fromEntries(report.findings.map(({ id, outcome }) => [id, outcome]))
    expect(outcomes).toMatchObject({
      'triage.playbook:auth-failures': 'skip',
      'triage.playbook:rate-limit': 'skip',
      'triage.playbook:spark-mismatch': 'skip',
    })
  })

  it('says that images and usage leave no trace, instead of passing them', async () => {
    const { report } = await triage('tool-result-image-dropped')
    const outcomes = Object.fromEntries(report.findings.map(({ id, outcome }) => [id, outcome]))
    expect(outcomes['triage.playbook:tool-result-image']).toBe('skip')
    expect(outcomes['triage.playbook:usage-parity']).toBe('skip')
  })

  it('does not judge a gateway that nobody can reach', async () => {
    const { stdout, code } = await provops('incident -g http://127.0.0.1:9 -o json')
    const report: Report = JSON.parse(stdout)
    expect(report.findings.find(({ id }) => id === 'triage.sources')?.outcome).toBe('unknown')
    expect(code).toBe(7)
  })
})

it.each(['--apply --yes', '--handover ticket.md', '--probe'])(
  'triage takes no %s, and says so',
  async (flags) => {
    const { code, stdout, stderr } = await provops(`incident --embedded=stale-cooldown ${flags}`)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(`${flags.split(' ')[0]} wants a playbook`)
  },
)
