import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type ChangeRig, NEWCOMER_KEY, outcomesOf, specOf, startRig } from './change-rig.ts'

/** Watched for a moment of the fast clock only. */
const SHORT = '--monitor 2s'

function onboard({ configFile }: ChangeRig, flags = `--yes ${SHORT}`): string {
  return `onboard spec.yaml --config-file ${configFile} ${flags}`
}

describe('onboard', () => {
  it('adds the provider, proves it, and says that it is ready', async () => {
    const rig = await startRig()
    const report = await rig.report(onboard(rig))
    expect(outcomesOf(report)).toEqual({
      'onboard.plan': 'pass',
      'onboard.upstream': 'pass',
      'onboard.change': 'pass',
      'onboard.listed': 'pass',
      'onboard.canary:nc/m3': 'pass',
      'onboard.image': 'skip',
      'onboard.monitor': 'pass',
      'onboard.rollback': 'skip',
      'onboard.verdict': 'warn',
    })
    expect([report.exit.code, report.stderr]).toEqual([0, ''])
    const saw = Object.fromEntries(report.findings.map((finding) => [finding.id, finding.saw]))
    expect(saw['onboard.canary:nc/m3']).toContain('answered by newcomer (trace id)')
    expect(saw['onboard.monitor']).toMatch(/^0 % errors of 20 in/)
    expect(saw['onboard.verdict']).toContain('provops undo onboard-20261123-')
    // Everything but the new lines is as it was.
    const added = rig
      .config()
      .split('\n')
      .filter((line) => !rig.before.split('\n').includes(line))
    expect(rig.config()).toContain(`api-key: "${NEWCOMER_KEY}"`)
    expect(added.some((line) => line.includes('minimax/m3'))).toBe(true)
  })

  it('does not take silence for health, and takes back what is not proven', async () => {
    const rig = await startRig()
    const report = await rig.report(onboard(rig, '--yes --monitor 2s --canaries 0'))
    expect(outcomesOf(report)).toMatchObject({ 'onboard.monitor': 'unknown', 'onboard.rollback': 'pass' })
    expect([report.exit.code, rig.config()]).toEqual([7, rig.before])
  })

  it('changes nothing when it is run again, and says so with evidence', async () => {
    const rig = await startRig()
    await rig.run(onboard(rig))
    const done = rig.config()
    const again = await rig.report(onboard(rig))
    expect(outcomesOf(again)).toMatchObject({ 'onboard.change': 'pass', 'onboard.canary:nc/m3': 'pass' })
    expect(again.findings.find(({ id }) => id === 'onboard.monitor')?.saw).toMatch(/^watched before, until/)
    expect([again.exit.code, rig.config()]).toEqual([0, done])
  })

  it('prints the diff and writes nothing with --dry-run', async () => {
    const rig = await startRig()
    const { code, stdout, stderr } = await rig.run(onboard(rig, '--dry-run'))
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('+      - name: "minimax/m3"')
    expect(stdout).not.toContain(NEWCOMER_KEY)
    expect(rig.config()).toBe(rig.before)
  })

  it('wants a confirmation where nobody can be asked, and names the command', async () => {
    const rig = await startRig()
    const { code, stdout, stderr } = await rig.run(onboard(rig, SHORT))
    expect(code).toBe(5)
    expect(stderr).toMatch(/^provops: onboard.change: nobody can be asked here/)
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(/next provops onboard spec.yaml .* --yes/)
    expect(rig.config()).toBe(rig.before)
  })

  it.each([
    ['yes\n', 0],
    ['n\n', 5],
    ['\n', 5],
  ])('asks on a terminal and takes %j for its answer', async (typed, code) => {
    const rig = await startRig()
    const result = await rig.run(onboard(rig, SHORT), { typed })
    expect(result.stderr).toContain(
      'Write this (onboard newcomer), then try it with requests that cost tokens? [y/N]',
    )
    expect(result.stderr).toContain('+      - name: "minimax/m3"')
    expect(result.code).toBe(code)
  })

  it('never shows the key of the provider', async () => {
    const rig = await startRig()
    const table = await rig.run(`${onboard(rig)} -v --debug`)
    const json = await rig.run(`${onboard(rig)} -o json`)
    expect(table.stdout + table.stderr + json.stdout + json.stderr).not.toContain(NEWCOMER_KEY)
    const state = join(rig.home, 'state')
    // The text before lies beside the file; what provops wants to write is kept for a run that is cut off.
    const kept = readdirSync(state, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.endsWith('.json') || name.endsWith('.jsonl'),
    )
    for (const name of kept) expect(readFileSync(join(state, name), 'utf8')).not.toContain(NEWCOMER_KEY)
  })

  it('goes through the management routes with --via management', async () => {
    const rig = await startRig()
    const report = await rig.report(`onboard spec.yaml --via management --yes ${SHORT}`)
    expect(report.exit.code).toBe(0)
    const undone = await rig.report('undo --yes')
    expect(outcomesOf(undone)).toEqual({ 'undo.restored': 'pass', 'undo.effective': 'pass' })
  })

  it('takes flags instead of a spec file', async () => {
    const rig = await startRig()
    const report = await rig.report(
      `onboard --name newcomer --base-url ${rig.newcomerUrl} --prefix nc --model minimax/m3=m3 --model qwen/qwen3-coder=q3 --key-file newcomer.key --config-file ${rig.configFile} --dry-run`,
    )
    expect(report.findings[0]?.data).toMatchObject({ ids: ['m3', 'nc/m3', 'nc/q3', 'q3'] })
  })
})

describe('a plan of onboard is refused', () => {
  it.each([
    [
      'a prefix that is taken',
      'prefix: nc',
      'prefix: best-effort',
      'belongs to openai-compatibility "aggregator"',
    ],
    ['a prefix the gateway would drop', 'prefix: nc', 'prefix: n/c', 'is not a plain word'],
    [
      'an alias somebody answers',
      'alias: m3',
      'alias: glm',
      'is answered by openai-compatible-aggregator already',
    ],
    ['an alias that only the live list knows', 'alias: m3', 'alias: gpt-5.3-codex', 'listed already'],
    ['a name that is taken', 'name: newcomer', 'name: nvidia', 'is there already, with another base-url'],
  ])('for %s', async (_why, from, to, saw) => {
    const rig = await startRig()
    writeFileSync(join(rig.home, 'spec.yaml'), specOf(rig.newcomerUrl).replace(from, to))
    const { code, stderr } = await rig.run(onboard(rig))
    expect(stderr).toMatch(/^provops: onboard.plan: /)
    expect(stderr).toContain(saw)
    expect([code, rig.config()]).toEqual([1, rig.before])
  })

  it.each([
    ['name: newcomer\n', 'what is to be added is not said'],
    ['nmae: x\n', 'unknown key nmae'],
    ['models: [\n', 'not valid YAML'],
  ])('when the spec is %j', async (text, message) => {
    const rig = await startRig()
    writeFileSync(join(rig.home, 'spec.yaml'), text)
    const { code, stderr } = await rig.run(onboard(rig))
    expect(code).toBe(2)
    expect(stderr.includes(message) || stderr.includes('spec.yaml')).toBe(true)
    expect(rig.config()).toBe(rig.before)
  })
})
