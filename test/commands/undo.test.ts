import { appendFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { nodeFileSystem } from '../../src/changes/file-system.ts'
import { reactingFileSystem } from '../changes/support/failing-fs.ts'
import { type ChangeRig, outcomesOf, startRig } from './change-rig.ts'

async function onboarded(): Promise<ChangeRig> {
  const rig = await startRig()
  const { code } = await rig.run(`onboard spec.yaml --config-file ${rig.configFile} --yes --monitor 2s`)
  expect(code).toBe(0)
  return rig
}

describe('undo', () => {
  it('puts the newest change back, byte by byte, and sees the gateway take it', async () => {
    const rig = await onboarded()
    const report = await rig.report('undo --yes')
    expect(outcomesOf(report)).toEqual({ 'undo.restored': 'pass', 'undo.effective': 'pass' })
    expect(report.findings[1]?.saw).toMatch(/2 ids gone \(m3, nc\/m3\)/)
    expect([report.exit.code, rig.config()]).toEqual([0, rig.before])
    expect((await rig.run('undo --list')).stdout).toMatch(/^onboard-\S+ {2}\S+ {2}undone {2}onboard newcomer/)
  })

  it('takes a run by its id, and does nothing the second time', async () => {
    const rig = await onboarded()
    const [runId = ''] = (await rig.run('undo --list')).stdout.split(' ')
    expect((await rig.run(`undo ${runId} --yes`)).code).toBe(0)
    const again = await rig.report(`undo ${runId} --yes`)
    expect(outcomesOf(again)).toEqual({ 'undo.restored': 'pass', 'undo.effective': 'skip' })
    expect(again.findings[0]?.saw).toMatch(/^nothing to do/)
  })

  it('shows the diff and wants a confirmation', async () => {
    const rig = await onboarded()
    const done = rig.config()
    const nobody = await rig.run('undo')
    expect([nobody.code, rig.config()]).toEqual([5, done])
    expect(nobody.stdout).toContain('-      - name: "minimax/m3"')
    const asked = await rig.run('undo', { typed: 'y\n' })
    expect(asked.stderr).toMatch(/Put the text before run onboard-\S+ back\? \[y\/N\]/)
    expect([asked.code, rig.config()]).toEqual([0, rig.before])
  })

  it('does not touch a file that was edited since', async () => {
    const rig = await onboarded()
    const edited = rig.config().replace('debug: false', 'debug: true')
    writeFileSync(rig.configFile, edited)
    const { code, stderr } = await rig.run('undo --yes')
    expect(stderr).toMatch(/^provops: undo.restored: undo: .* was edited since the run; it was not touched/)
    expect([code, rig.config()]).toEqual([6, edited])
  })

  it('restores the file even when no gateway answers, and says that it does not know more', async () => {
    const rig = await onboarded()
    const report = await rig.report('undo --yes', { reach: '-g http://127.0.0.1:1' })
    expect(outcomesOf(report)).toEqual({ 'undo.restored': 'pass', 'undo.effective': 'unknown' })
    expect([report.exit.code, rig.config()]).toEqual([7, rig.before])
    expect(report.findings[1]?.next).toBe('provops daily-check -g http://127.0.0.1:1 --only models')
  })

  it('goes to the gateway that the change was made for, without being told', async () => {
    const rig = await onboarded()
    const reach = '--api-key-file client.key --management-key-file management.key'
    const report = await rig.report('undo --yes', { reach })
    expect(outcomesOf(report)).toEqual({ 'undo.restored': 'pass', 'undo.effective': 'pass' })
  })

  it('lists a change whose file is gone as one that cannot be undone', async () => {
    const rig = await onboarded()
    rmSync(rig.configFile)
    expect((await rig.run('undo --list')).stdout).toContain('  its file is gone  onboard newcomer')
    const { code, stderr } = await rig.run('undo --yes')
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('next: name another run: provops undo --list'),
    ])
  })

  it('gives up a run that was cut off with --keep-file', async () => {
    const rig = await startRig()
    let isDead = false
    const fileSystem = reactingFileSystem(nodeFileSystem, (call) => {
      isDead ||= call.name === 'open' && call.mode === 'update' && call.path === rig.configFile
      return isDead ? { kind: 'fail', code: 'EIO' } : { kind: 'go-on' }
    })
    await rig.run(`onboard spec.yaml --config-file ${rig.configFile} --yes --monitor 2s`, { fileSystem })
    appendFileSync(rig.configFile, '# by hand\n')
    const { code, stdout } = await rig.run('undo --keep-file')
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^given up: run onboard-/)])
    expect(rig.config()).toBe(`${rig.before}# by hand\n`)
  })

  it.each([
    ['undo', 'there is no change to undo'],
    ['undo nothing-like-it', 'there is no run nothing-like-it'],
    ['undo ../../etc', 'there is no run ../../etc'],
  ])('refuses %s with 2 when there is none', async (line, message) => {
    const rig = await startRig()
    const { code, stderr } = await rig.run(line)
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
  })
})
