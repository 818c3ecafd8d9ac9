import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Check, Judgement } from '../../src/core/check.ts'
import type { Clock } from '../../src/core/clock.ts'
import { runChecks } from '../../src/core/runner.ts'

const clock: Clock = { nowMs: () => Date.now(), sleep: (ms) => sleep(ms) }
const advice = { expected: 'e', why: 'w', next: 'n' }

function check(
  id: string,
  answer: Judgement | readonly Judgement[] | Promise<Judgement>,
  needs: string[] = [],
): Check<null> {
  return {
    id,
    title: id,
    group: 'g',
    asks: '',
    why: '',
    cost: 'nothing',
    fix: '',
    runbook: '',
    needs,
    ask: async () => answer,
  }
}

const pass = { outcome: 'pass', saw: 'well' } as const
const unknown = { outcome: 'unknown', saw: 'silence', ...advice } as const

function run(checks: Check<null>[], options: Partial<Parameters<typeof runChecks<null>>[1]> = {}) {
  return runChecks(checks, { context: null, clock, signal: new AbortController().signal, ...options })
}

describe('a run of checks', () => {
  it('has one finding per check, in plan order, however they finish', async () => {
    const slow = check(
      'a.slow',
      sleep(20).then(() => pass),
    )
    const findings = await run([slow, check('a.fast', pass)])
    expect(findings.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['a.slow', 'pass'],
      ['a.fast', 'pass'],
    ])
  })

  it('blocks those that need an answer nobody has, naming the first cause, and asks the others', async () => {
    const findings = await run([
      check('a.root', unknown),
      check('b.leaf', pass, ['b.middle']),
      check('b.middle', pass, ['a.root']),
      check('c.free', pass),
    ])
    expect(findings.map(({ outcome }) => outcome)).toEqual(['unknown', 'blocked', 'blocked', 'pass'])
    expect(findings[2]?.saw).toBe('not asked: a.root is unknown')
  })

  it('asks a check whose need is not in the plan', async () => {
    expect(await run([check('b.leaf', pass, ['a.root'])])).toMatchObject([{ outcome: 'pass' }])
  })

  it('does not wait longer than the deadline for a check that hangs', async () => {
    const over = new AbortController()
    setTimeout(() => over.abort(), 20)
    const findings = await run([check('a.hangs', new Promise(() => {})), check('a.fine', pass)], {
      signal: over.signal,
    })
    expect(findings).toMatchObject([{ outcome: 'unknown', cause: 'deadline' }, { outcome: 'pass' }])
  })

  it('turns the skip of a required check into unknown', async () => {
    const skip = { outcome: 'skip', saw: 'no key', next: 'give one' } as const
    expect(await run([check('a.b', skip)], { required: new Set(['a.b']) })).toMatchObject([
      { outcome: 'unknown', saw: 'no key' },
    ])
  })

  it('names several subjects of one check, keeps those asked for, and knows those nobody saw', async () => {
    const both = [
      { ...pass, subject: 'codex' },
      { ...pass, subject: 'kiro' },
    ]
    expect((await run([check('a.b', both)])).map(({ id }) => id)).toEqual(['a.b:codex', 'a.b:kiro'])
    const chosen = await run([check('a.b', both)], { subjects: new Map([['a.b', new Set(['kiro', 'roo'])]]) })
    expect(chosen.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['a.b:kiro', 'pass'],
      ['a.b:roo', 'unknown'],
    ])
  })

  it('does not swallow a defective check', async () => {
    await expect(run([check('a.b', Promise.reject(new Error('bug')))])).rejects.toThrow('bug')
    await expect(run([check('a.b', [])])).rejects.toThrow('nothing at all')
    await expect(run([check('a.b', pass, ['a.c']), check('a.c', pass, ['a.b'])])).rejects.toThrow(
      'need each other',
    )
  })
})
