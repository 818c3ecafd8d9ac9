import { appendFileSync, copyFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeFileSystem } from '../../src/changes/file-system.ts'
import { type Call, type Reaction, reactingFileSystem } from '../changes/support/failing-fs.ts'
import { type ChangeRig, outcomesOf, specOf, startRig } from './change-rig.ts'

function onboard({ configFile }: ChangeRig, flags = '--yes --monitor 2s'): string {
  return `onboard spec.yaml --config-file ${configFile} ${flags}`
}

/** Reacts to writes of the configuration itself. */
function onConfig(rig: ChangeRig, name: Call['name'], reaction: () => Reaction) {
  return reactingFileSystem(nodeFileSystem, (call) =>
    call.name === name && call.path === rig.configFile ? reaction() : { kind: 'go-on' },
  )
}

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
    const { code } = await rig.run(onboard(rig, '--yes --monitor 10m --deadline 20s'))
    expect([code, rig.config()]).toEqual([8, rig.before])
  })
})

describe('a run of onboard that was killed', () => {
  // Every later call of the dead process fails too, as if it were not there any more.
  it.each([
    ['before the backup', 'create'],
    ['before the write', 'update'],
  ])('%s leaves the old file, and the next run carries on', async (_name, mode) => {
    const rig = await startRig()
    let isDead = false
    const fileSystem = reactingFileSystem(nodeFileSystem, (call) => {
      isDead ||= call.name === 'open' && call.mode === mode && call.path.startsWith(rig.configFile)
      return isDead ? { kind: 'fail', code: 'EIO' } : { kind: 'go-on' }
    })
    await rig.run(onboard(rig), { fileSystem })
    expect(rig.config()).toBe(rig.before)
    const again = await rig.run(onboard(rig))
    expect(again.stderr).toMatch(/^provops: closed run|^provops: finished run/)
    expect(again.code).toBe(0)
  })

  it('in the middle of the write leaves half a file, which undo mends', async () => {
    const rig = await startRig()
    let isDead = false
    const fileSystem = reactingFileSystem(nodeFileSystem, (call) => {
      if (isDead) return { kind: 'fail', code: 'EIO' }
      if (call.name !== 'write' || call.path !== rig.configFile) return { kind: 'go-on' }
      return {
        kind: 'half',
        afterwards: () => {
          isDead = true
        },
      }
    })
    await rig.run(onboard(rig), { fileSystem })
    const undone = await rig.report('undo --yes')
    expect(outcomesOf(undone)['undo.restored']).toBe('pass')
    expect(rig.config()).toBe(rig.before)
  })

  it('after the write is taken up by the next run, and taken back when that fails', async () => {
    const rig = await startRig('[{ fault: bad-request }]')
    let writes = 0
    const fileSystem = onConfig(rig, 'open', () =>
      ++writes > 1 ? { kind: 'fail', code: 'EIO' } : { kind: 'go-on' },
    )
    const killed = await rig.report(onboard(rig), { fileSystem })
    expect(outcomesOf(killed)).toMatchObject({ 'onboard.change': 'pass', 'onboard.rollback': 'fail' })
    expect(rig.config()).not.toBe(rig.before)
    const again = await rig.report(onboard(rig))
    expect(again.findings.find(({ id }) => id === 'onboard.change')?.saw).toContain('since run onboard-')
    expect(outcomesOf(again)).toMatchObject({ 'onboard.canary:nc/m3': 'fail', 'onboard.rollback': 'pass' })
    expect(rig.config()).toBe(rig.before)
  })
})
