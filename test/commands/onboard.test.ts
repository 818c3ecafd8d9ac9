import { appendFileSync, copyFileSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeFileSystem } from '../../src/changes/file-system.ts'
import {
  type Call,
  dyingFileSystem,
  type Reaction,
  reactingFileSystem,
} from '../changes/support/failing-fs.ts'
import { type ChangeRig, NEWCOMER_KEY, outcomesOf, specOf, startRig } from './change-rig.ts'

/** Watched for a moment of the fast clock only. */
const SHORT = '--monitor 5s'

function onboard({ configFile }: ChangeRig, flags = `--yes ${SHORT}`): string {
  return `onboard spec.yaml --config-file ${configFile} ${flags}`
}

/** Reacts to writes of the configuration itself. */
function onConfig(rig: ChangeRig, name: Call['name'], reaction: () => Reaction) {
  return reactingFileSystem(nodeFileSystem, (call) =>
    call.name === name && call.path === rig.configFile ? reaction() : { kind: 'go-on' },
  )
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

  it('is ready without a warning when it was watched for ten minutes', async () => {
    const rig = await startRig()
    writeFileSync(join(rig.home, 'provops.yaml'), '')
    const report = await rig.report(onboard(rig, '--yes --monitor 10m --canaries 0'))
    // Without traffic nothing is proven, however long one looks; this one ends early by Ctrl-C in other tests.
    expect(outcomesOf(report)['onboard.monitor']).toBe('unknown')
    expect(rig.config()).toBe(rig.before)
  }, 90_000)

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
    expect(result.stderr).toContain('Write this? (onboard newcomer) [y/N]')
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

describe('a fault in onboard names its stage and leaves the file as it was:', () => {
  interface Fault {
    readonly stage: string
    readonly code: number
    readonly rules?: string
    readonly prepare?: (rig: ChangeRig) => void
  }

  it.each<[string, Fault]>([
    [
      'a bad key',
      {
        stage: 'onboard.upstream',
        code: 4,
        prepare: ({ home }) => writeFileSync(join(home, 'newcomer.key'), 'sk-wrong-key'),
      },
    ],
    [
      'a model that the provider does not serve',
      {
        stage: 'onboard.upstream',
        code: 1,
        prepare: ({ home, newcomerUrl }) =>
          writeFileSync(join(home, 'spec.yaml'), specOf(newcomerUrl).replace('minimax/m3', 'minimax/m4')),
      },
    ],
    [
      'an address where nobody answers',
      {
        stage: 'onboard.upstream',
        code: 7,
        prepare: ({ home }) => writeFileSync(join(home, 'spec.yaml'), specOf('http://127.0.0.1:1/v1')),
      },
    ],
    [
      'a reload that does not come',
      {
        stage: 'onboard.listed',
        code: 1,
        prepare: ({ configFile }) => {
          copyFileSync(configFile, `${configFile}.new`)
          renameSync(`${configFile}.new`, configFile)
        },
      },
    ],
    [
      'a canary that is refused',
      { stage: 'onboard.canary:nc/m3', code: 1, rules: '[{ fault: bad-request }]' },
    ],
    [
      'a stream without usage',
      {
        stage: 'onboard.canary:nc/m3',
        code: 1,
        rules: '[{ fault: usage, how: missing, when: { stream: true } }]',
      },
    ],
    [
      'an answer without content',
      { stage: 'onboard.canary:nc/m3', code: 1, rules: '[{ fault: html-page }]' },
    ],
    [
      'a ratio over the limit while watching',
      { stage: 'onboard.monitor', code: 1, rules: '[{ fault: server-error, every: 4 }]' },
    ],
  ])('%s', async (_name, { stage, code, rules, prepare }) => {
    const rig = await startRig(rules)
    prepare?.(rig)
    const result = await rig.run(onboard(rig))
    expect(result.stderr.split('\n')[0]).toMatch(new RegExp(`^provops: ${stage}: `))
    expect(rig.config()).toBe(rig.before)
    expect(result.code).toBe(code)
  })

  it.each([
    ['a full disk', 'write', 'ENOSPC', 'no space left'],
    ['a read-only file system', 'open', 'EROFS', 'read-only'],
    ['a file without permission', 'open', 'EACCES', 'no permission'],
  ] as const)('%s', async (_name, call, code, words) => {
    const rig = await startRig()
    const fileSystem = onConfig(rig, call, () => ({ kind: 'fail', code }))
    const result = await rig.run(onboard(rig), { fileSystem })
    expect(result.stderr).toMatch(/^provops: onboard.change: write failed: /)
    expect(result.stderr).toContain(words)
    expect([result.code, rig.config()]).toEqual([1, rig.before])
  })

  it('a short write', async () => {
    const rig = await startRig()
    let isFirst = true
    const fileSystem = onConfig(rig, 'write', () => {
      const reaction: Reaction = isFirst ? { kind: 'short', takesBytes: 100 } : { kind: 'go-on' }
      isFirst = false
      return reaction
    })
    const result = await rig.run(onboard(rig), { fileSystem })
    expect(result.stderr).toContain('only 100 of')
    expect([result.code, rig.config()]).toEqual([1, rig.before])
  })

  it('a second writer, whose text stays', async () => {
    const rig = await startRig()
    let isDone = false
    const fileSystem = reactingFileSystem(nodeFileSystem, (call) => {
      if (!isDone && call.name === 'open' && call.mode === 'update') {
        isDone = true
        appendFileSync(rig.configFile, '# somebody else\n')
      }
      return { kind: 'go-on' }
    })
    const result = await rig.run(onboard(rig), { fileSystem })
    expect(result.stderr).toMatch(/^provops: onboard.change: write: .* changed since the plan was made/)
    expect([result.code, rig.config()]).toEqual([6, `${rig.before}# somebody else\n`])
  })

  it('a second provops at work', async () => {
    const rig = await startRig()
    const [one, other] = await Promise.all([rig.run(onboard(rig)), rig.run(onboard(rig))])
    expect([one.code, other.code].sort()).toEqual([0, 6])
    expect(one.stderr + other.stderr).toMatch(/provops: onboard.change: (lock: another provops|read: )/)
  })

  it('Ctrl-C while watching, which rolls back before it ends', async () => {
    const rig = await startRig()
    const interrupt = new AbortController()
    const running = rig.run(onboard(rig, '--yes --monitor 10m'), { interrupted: interrupt.signal })
    await expect.poll(() => rig.config() !== rig.before, { timeout: 20_000 }).toBe(true)
    setTimeout(() => interrupt.abort('SIGINT'), 1500)
    const { code, stdout, stderr } = await running
    expect(stderr).toMatch(
      /^provops: onboard\.\w+(:nc\/m3)?: [^\n]+\nprovops: onboard.rollback: restored: .*effective after/,
    )
    expect(stderr).toMatch(/provops: interrupted\n$/)
    expect([code, stdout, rig.config()]).toEqual([130, '', rig.before])
  })

  it('a deadline that was given', async () => {
    const rig = await startRig()
    const { code } = await rig.run(onboard(rig, '--yes --monitor 10m --deadline 40s'))
    expect([code, rig.config()]).toEqual([8, rig.before])
  })
})

describe('a run of onboard that was killed', () => {
  // Every later call of the dead process fails too, as if it were not there any more.
  it.each([4, 8, 10, 12, 13, 14, 15, 16, 18])(
    'at moment %i leaves what the next run or undo finishes',
    async (moment) => {
      const rig = await startRig()
      const dying = dyingFileSystem(nodeFileSystem, moment, () => {
        throw Object.assign(new Error('killed'), { code: 'EIO' })
      })
      await rig.run(onboard(rig), { fileSystem: dying.fs })
      const found = rig.config()
      expect(found.length).toBeGreaterThanOrEqual(rig.before.length)
      const again = await rig.report(onboard(rig))
      expect(again.exit.code).toBe(0)
      await rig.run('undo --yes')
      expect(rig.config()).toBe(rig.before)
      expect(readdirSync(dirname(rig.configFile)).filter((name) => name.endsWith('.lock'))).toEqual([])
    },
  )

  it('while it watched is taken up again, and taken back when it fails then', async () => {
    const rig = await startRig('[{ fault: server-error, after: 60s }]')
    const killed = new Set<string>()
    const fileSystem = reactingFileSystem(nodeFileSystem, ({ name, path }) => {
      if (name === 'sync' && path === rig.configFile) killed.add(path)
      return { kind: 'go-on' }
    })
    // Ends as a process would that is killed while it waits: nothing is rolled back.
    const first = rig.run(onboard(rig, '--yes --monitor 10m'), { fileSystem })
    await expect.poll(() => killed.size, { timeout: 20_000 }).toBe(1)
    const result = await first
    expect(result.stderr).toMatch(/^provops: onboard.monitor: /)
    expect(rig.config()).toBe(rig.before)
  })
})
