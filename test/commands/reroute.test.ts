import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ChangeRig, outcomesOf, startRig } from './change-rig.ts'

function reroute({ configFile }: ChangeRig, flags: string): string {
  return `reroute ${flags} --config-file ${configFile}`
}

const GLM = '--alias glm --from aggregator --to nvidia --upstream-model nvidia/nemotron-3'

describe('reroute', () => {
  it('moves an alias to a proven provider, and names the way back', async () => {
    const rig = await startRig()
    const report = await rig.report(reroute(rig, `${GLM} --yes`))
    expect(outcomesOf(report)).toEqual({
      'reroute.plan': 'warn',
      'reroute.proven:nemotron': 'pass',
      'reroute.change': 'pass',
      'reroute.effective': 'pass',
      'reroute.answered:glm': 'pass',
      'reroute.rollback': 'skip',
    })
    const table = report.attachments.find(({ kind }) => kind === 'table')
    expect(table).toMatchObject({
      rows: [
        ['glm', 'aggregator', 'nvidia'],
        ['best-effort/glm', 'aggregator', '-'],
      ],
    })
    const change = report.findings.find(({ id }) => id === 'reroute.change')
    expect(change?.saw).toMatch(
      /the way back: provops undo reroute-\S+ -g \S+ --api-key-file client.key --management-key-file management.key$/,
    )
    expect((await rig.run('undo --yes')).code).toBe(0)
    expect(rig.config()).toBe(rig.before)
  })

  it('moves a workload of provops.yaml', async () => {
    const rig = await startRig()
    writeFileSync(join(rig.home, 'provops.yaml'), 'workloads:\n  - { name: chat, models: [glm] }\n')
    const flags = GLM.replace('--alias glm', '--workload chat')
    const report = await rig.report(reroute(rig, `${flags} --dry-run`))
    expect(outcomesOf(report)).toEqual({ 'reroute.plan': 'warn', 'reroute.proven:nemotron': 'pass' })
    expect([report.exit.code, rig.config()]).toEqual([0, rig.before])
  })

  it('changes nothing when the traffic goes there already', async () => {
    const rig = await startRig()
    const report = await rig.report(reroute(rig, '--alias claude-mirror --from claude --to aggregator --yes'))
    expect(outcomesOf(report)).toMatchObject({
      'reroute.change': 'pass',
      'reroute.answered:claude-mirror': 'pass',
    })
    expect([report.exit.code, rig.config()]).toEqual([0, rig.before])
  })

  it('moves nothing to a provider that does not answer', async () => {
    const rig = await startRig()
    const other = rig.config().replace('nvapi-demo-1', 'nvapi-wrong')
    writeFileSync(rig.configFile, other)
    await new Promise((resolve) => setTimeout(resolve, 500))
    const { code, stderr } = await rig.run(reroute(rig, `${GLM} --yes`))
    expect(stderr).toMatch(/^provops: reroute.proven:nemotron: /)
    expect([code, rig.config()]).toEqual([1, other])
  })

  it('wants a confirmation', async () => {
    const rig = await startRig()
    const { code, stderr } = await rig.run(reroute(rig, GLM))
    expect(stderr).toMatch(/^provops: reroute.change: nobody can be asked here/)
    expect([code, rig.config()]).toEqual([5, rig.before])
  })

  it.each([
    ['--alias glm --from aggregator --to nvidia', 'which model of nvidia takes over glm'],
    ['--prefix best-effort --from aggregator --to nvidia', 'would be answered by nobody'],
    ['--prefix none --from aggregator --to nvidia', 'nothing moves'],
    ['--alias glm --from aggregator --to nvidea', 'has no provider nvidea'],
    ['--alias glm --from aggregator --to nvidia --by exclusion', 'knows no excluded-models'],
    ['--alias glm --from aggregator --to nvidia --by priority', 'not by nvidia alone'],
  ])('refuses a plan that moves no traffic: %s', async (flags, saw) => {
    const rig = await startRig()
    const { code, stderr } = await rig.run(reroute(rig, `${flags} --yes`))
    expect(stderr).toMatch(/^provops: reroute.plan: /)
    expect(stderr).toContain(saw)
    expect([code, rig.config()]).toEqual([1, rig.before])
  })

  it.each([
    ['--alias glm', 'from where to where is not said'],
    ['--from a --to A --alias glm', 'are both a'],
    ['--from a --to b', 'what moves is not said'],
    ['--from a --to b --alias x --prefix y', 'or said twice'],
    ['--from a --to b --workload chat', 'has no workload chat'],
  ])('refuses %s with 2', async (flags, message) => {
    const rig = await startRig()
    const { code, stderr } = await rig.run(reroute(rig, flags))
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
  })
})
