import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Report } from '../../src/core/report.ts'
import { provops } from './cli.ts'

let home: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
})

afterEach(() => {
  rmSync(home, { recursive: true })
})

async function parityCheck(flags: string): Promise<Report> {
  const { stdout, stderr } = await provops(`parity-check ${flags} -o json`, { home })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

describe('parity-check', () => {
  it.each([
    ['responses', 'gpt-5.1-codex'],
    ['chat', 'gpt-5.1-codex'],
    ['messages', 'gpt-5.1-codex'],
    ['messages', 'claude-sonnet-4-5'],
    ['responses', 'claude-sonnet-4-5'],
  ])('passes on /v1 %s with %s when both sides agree', async (endpoint, model) => {
    const report = await parityCheck(`--embedded --endpoint ${endpoint} --model ${model}`)
    expect(report.findings[0]).toMatchObject({ id: `parity.usage:${model}`, outcome: 'pass' })
    expect(report.requests).toEqual({ total: 2, probes: 2 })
  })

  it.each([
    ['parity-different', 'input differs'],
    ['parity-null', 'input is null on both sides'],
    ['parity-zero', 'input is 0 on stream'],
    ['parity-stream-usage-missing', 'input is missing on stream'],
  ])('fails in %s and names the kind', async (scenario, kind) => {
    const report = await parityCheck(`--embedded=${scenario}`)
    expect(report.findings[0]).toMatchObject({ outcome: 'fail' })
    expect(report.findings[0]?.saw).toContain(kind)
  })

  it('shows the diff of the runbook for a pair that differs, and none for one that does not', async () => {
    const [diff] = (await parityCheck('--embedded=parity-different')).attachments
    expect(diff).toMatchObject({ kind: 'diff', text: expect.stringContaining('+  "input_tokens": 24') })
    expect((await parityCheck('--embedded')).attachments).toEqual([])
  })

  it('explains an interrupted stream, as the runbook allows', async () => {
    const report = await parityCheck('--embedded=stream-cut')
    expect(report.findings[0]).toMatchObject({ outcome: 'pass', data: { verdict: 'explained' } })
  })

  it('warns when every stream is interrupted', async () => {
    const report = await parityCheck('--embedded=stream-cut --repeat 2')
    expect(report.findings[0]).toMatchObject({ outcome: 'warn' })
    expect(report.findings[0]?.saw).toMatch(/^every one of 2 streams/)
  })

  it('does not know when it was refused', async () => {
    const report = await parityCheck('--embedded --model nope')
    expect(report.findings.map(({ outcome }) => outcome)).toEqual(['unknown', 'skip'])
    expect(report.exit.code).toBe(7)
  })

  it('warns when another model answers', async () => {
    const report = await parityCheck('--embedded=parity-different')
    expect(report.findings[1]).toMatchObject({ id: 'parity.model:gpt-5.1-codex', outcome: 'warn' })
  })

  it('repeats, and says how many pairs were alike', async () => {
    const report = await parityCheck('--embedded --repeat 3 --model gpt-5.1-codex,gpt-5.3-codex')
    expect(report.requests.probes).toBe(12)
    expect(report.findings[0]?.saw).toMatch(/\(3 times\)$/)
  })

  it('keeps both raw answers, and compares saved ones without any gateway', async () => {
    await parityCheck('--embedded=parity-different --save kept')
    expect(readdirSync(join(home, 'kept')).sort()).toEqual([
      'responses-gpt-5.1-codex-1-nonstream.json',
      'responses-gpt-5.1-codex-1-stream.sse',
    ])
    const files =
      '--nonstream-file kept/responses-gpt-5.1-codex-1-nonstream.json --stream-file kept/responses-gpt-5.1-codex-1-stream.sse'
    const report = await parityCheck(files)
    expect(report.gateway.kind).toBe('none')
    expect(report.findings[0]).toMatchObject({ outcome: 'fail' })
    expect(report.requests.total).toBe(0)
  })

  it('never passes on files that say nothing', async () => {
    writeFileSync(join(home, 'empty'), '')
    writeFileSync(join(home, 'page'), '<html><title>Sign in</title></html>')
    for (const [plain, stream] of [
      ['empty', 'empty'],
      ['page', 'page'],
      ['page', 'empty'],
    ]) {
      const report = await parityCheck(`--nonstream-file ${plain} --stream-file ${stream}`)
      expect(report.findings[0]?.outcome).toBe('unknown')
    }
  })

  it.each([
    ['--repeat 0', '--repeat: "0" is not a number from 1 to 100'],
    ['--nonstream-file a.json', 'needs both sides'],
    ['--nonstream-file a --stream-file b', 'cannot read'],
    ['--endpoint nope', 'Allowed choices'],
  ])('refuses %s with 2', async (flags, message) => {
    const { code, stderr } = await provops(`parity-check --embedded ${flags}`, { home })
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })

  it('refuses a --save that is no folder before it sends anything', async () => {
    writeFileSync(join(home, 'taken'), '')
    const { code, stdout, stderr } = await provops('parity-check --embedded --save taken', { home })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('EEXIST')
    expect(stderr).not.toContain('cost tokens')
  })
})
