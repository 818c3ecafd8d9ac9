import { describe, expect, it } from 'vitest'
import { provops } from './cli.ts'
import { type Cell, finding, quota, rowsOf, troubles } from './quota-rig.ts'

describe('the quota of an embedded gateway', () => {
  it.each([
    ['healthy', 0, {}],
    ['quota-pressure', 1, { 'quota.pressure:codex': 'fail', 'quota.left:aws-demo': 'warn' }],
    ['stale-cooldown', 1, { 'quota.pressure:codex': 'fail', 'quota.cooldowns:codex': 'warn' }],
    ['auth-expired', 1, { 'tokens.renewed:expired': 'fail', 'tokens.renewed:dying': 'warn' }],
    ['429-burst-ongoing', 1, { 'quota.pressure:aggregator': 'fail' }],
    [
      'banned-management',
      4,
      {
        'quota.credentials': 'fail',
        'quota.cooldowns': 'blocked',
        'quota.refused': 'blocked',
        'quota.left': 'blocked',
        'tokens.loaded': 'blocked',
      },
    ],
  ])('in %s ends in %i', async (scenario, code, expected) => {
    const report = await quota(`--embedded=${scenario}`)
    expect(troubles(report)).toEqual(expected)
    expect(report.exit.code).toBe(code)
  })

  it('spends no tokens', async () => {
    expect((await quota('--embedded')).requests.probes).toBe(0)
  })

  it('tells of each cell where it comes from, or why it is not known', async () => {
    const cells = ['plan', 'requests', 'failures', 'rateLimited', 'trend', 'bench', 'left', 'token']
    const rows = rowsOf(await quota('--embedded=quota-pressure'))
    expect(rows.map(({ name }) => name)).toContain('kiro-aws-demo.json')
    for (const row of rows) {
      for (const cell of cells) {
        const { value, source, reason } = row[cell] as Cell
        expect(value === null ? reason : source).toMatch(/\w/)
        expect(value === null ? source : reason).toBeUndefined()
      }
    }
  })

  it.each(['runbook', 'fork-old'])('has what is left of Kiro under the profile %s', async (profile) => {
    const report = await quota(`--embedded=quota-pressure --profile ${profile}`)
    expect(finding(report, 'quota.left:aws-demo')).toMatchObject({
      outcome: 'warn',
      data: { remaining: 3, limit: 100 },
    })
  })

  it.each(['upstream', 'fork'])(
    'does not know what is left of Kiro under the profile %s',
    async (profile) => {
      const report = await quota(`--embedded=quota-pressure --profile ${profile}`)
      expect(finding(report, 'quota.left')).toMatchObject({
        outcome: 'skip',
        saw: 'GET /v0/management/kiro-quota is not offered by this gateway',
      })
      const kiro = rowsOf(report).find(({ name }) => name === 'kiro-aws-demo.json')
      expect(kiro?.left).toMatchObject({ value: null })
    },
  )

  it('does not call failures 429 that no log tells apart, and says what would', async () => {
    const report = await quota('--embedded=quota-pressure --profile fork')
    expect(finding(report, 'quota.pressure:codex')).toMatchObject({
      outcome: 'unknown',
      next: expect.stringContaining('--logs'),
      data: { rateLimited: null },
    })
    expect(report.exit.code).toBe(7)
  })

  it('prints a command that clears a stale bench, with a reference to the key and never the key', async () => {
    const { next } = finding(await quota('--embedded=stale-cooldown'), 'quota.cooldowns:codex') ?? {}
    expect(next).toContain('/v0/management/reset-quota')
    expect(next).toContain('$PROVOPS_MANAGEMENT_KEY')
    expect(next).not.toContain('demo-management-key')
    expect(next?.match(/[0-9a-f]{16}/g)).toHaveLength(2)
    const old = await quota('--embedded=stale-cooldown --profile fork-old')
    expect(finding(old, 'quota.cooldowns:codex')?.next).toContain('this version has no reset-quota')
  })

  it('prints that command on one line for machines that read lines', async () => {
    const { stdout } = await provops('quota --embedded=stale-cooldown --only quota.cooldowns -o short')
    expect(stdout).toMatch(/do curl -sS \S+ -H @<\(printf '\S+ %s' "\$PROVOPS_MANAGEMENT_KEY"\) -d "/)
  })

  it('takes the log of the gateway and its token files without being told', async () => {
    const report = await quota('--embedded')
    expect(finding(report, 'tokens.loaded')?.outcome).toBe('pass')
  })
})
