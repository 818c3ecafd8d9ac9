import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Cause } from '../../src/core/check.ts'
import { EXIT_CODES, EXIT_STYLES, exitOf, styledExitCode } from '../../src/core/exit-codes.ts'
import type { Finding } from '../../src/core/finding.ts'
import { OUTCOMES, type Outcome } from '../../src/core/outcome.ts'

function finding(outcome: Outcome, cause: Cause | null = null, id = `a.${outcome}`): Finding {
  return {
    id,
    title: '',
    group: 'a',
    outcome,
    saw: '',
    expected: null,
    why: null,
    next: null,
    source: null,
    data: null,
    cause,
    durationMs: 0,
    attempts: 1,
  }
}

describe('the exit code', () => {
  it.each([
    ['a pass', [finding('pass')], 0],
    ['a warning beside a pass', [finding('pass'), finding('warn')], 0],
    ['a warning alone', [finding('warn')], 0],
    ['nothing asked', [], 7],
    ['only skips', [finding('skip')], 7],
    ['a failure among passes', [finding('pass'), finding('fail')], 1],
    ['an unknown among passes', [finding('pass'), finding('unknown')], 7],
    ['a blocked check', [finding('pass'), finding('blocked')], 7],
    ['a refused key', [finding('pass'), finding('fail', 'auth')], 4],
    ['a missing key', [finding('unknown', 'auth')], 4],
    ['a real failure beside a refused key', [finding('fail'), finding('unknown', 'auth')], 1],
    ['a check that ran out of time', [finding('pass'), finding('unknown', 'deadline')], 8],
    ['an unknown beside one that ran out of time', [finding('unknown'), finding('unknown', 'deadline')], 7],
    ['a step only a person can take', [finding('fail', 'human')], 5],
    ['a file that changed meanwhile', [finding('fail', 'conflict'), finding('fail')], 6],
  ])('of %s', (_name, findings, code) => {
    expect(exitOf(findings, 'fail').code).toBe(code)
  })

  it('names the findings that decided it', () => {
    expect(exitOf([finding('pass'), finding('fail', null, 'b.c'), finding('warn')], 'fail').because).toEqual([
      'b.c',
    ])
  })

  it('is 3 for warnings only when they are asked to count', () => {
    expect(exitOf([finding('pass'), finding('warn')], 'warn')).toEqual({
      code: 3,
      name: 'warned',
      because: ['a.warn'],
    })
    expect(exitOf([finding('fail'), finding('warn')], 'warn').code).toBe(1)
  })

  it('is 0 whatever is found when findings must never fail the run', () => {
    expect(exitOf([finding('fail'), finding('unknown')], 'never').code).toBe(0)
  })

  it('is never 0 without a pass or a warning, and never 0 with a failure, an unknown or a blocked check', () => {
    const anyFinding = fc.record({
      outcome: fc.constantFrom(...OUTCOMES),
      cause: fc.constantFrom<(Cause | null)[]>(null, 'auth', 'deadline', 'human', 'conflict'),
    })
    fc.assert(
      fc.property(fc.array(anyFinding), (raw) => {
        const findings = raw.map(({ outcome, cause }) => finding(outcome, cause))
        const green = findings.some((f) => f.outcome === 'pass' || f.outcome === 'warn')
        const open = findings.some((f) => ['fail', 'unknown', 'blocked'].includes(f.outcome))
        expect(exitOf(findings, 'fail').code === 0).toBe(green && !open)
      }),
    )
  })

  it('follows the monitoring plugins in nagios style', () => {
    const styled = (findings: Finding[]) =>
      styledExitCode(
        exitOf(findings, 'fail'),
        'nagios',
        findings.some((f) => f.outcome === 'warn'),
      )
    expect(styled([finding('pass')])).toBe(0)
    expect(styled([finding('pass'), finding('warn')])).toBe(1)
    expect(styled([finding('fail')])).toBe(2)
    expect(styled([finding('unknown')])).toBe(3)
    expect(styled([finding('unknown', 'auth')])).toBe(3)
  })

  it('is 0 in every style exactly when the verdict is ok, but for warnings in nagios style', () => {
    for (const name of Object.keys(EXIT_CODES) as (keyof typeof EXIT_CODES)[]) {
      for (const style of EXIT_STYLES) {
        const code = styledExitCode({ name, code: EXIT_CODES[name].code, because: [] }, style, false)
        expect(code === 0, `${name} in ${style}`).toBe(name === 'ok')
      }
    }
  })
})
