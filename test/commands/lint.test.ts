import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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

const GOOD = `api-keys:
  - sk-own-1
request-retry: 3
logging-to-file: true
usage-statistics-enabled: true
openai-compatibility:
  - name: glm
    base-url: https://api.example.com/v1
    api-key-entries:
      - api-key: sk-canary-1
    models:
      - name: glm-4.7
        alias: glm
`

async function lint(text: string, flags = ''): Promise<Report> {
  writeFileSync(join(home, 'config.yaml'), text)
  const { stdout, stderr } = await provops(`lint ${flags} -o json`, { home })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

describe('lint', () => {
  it('folds the rules that are kept into one line, and passes', async () => {
    const report = await lint(GOOD)
    expect(report.findings[0]).toMatchObject({ id: 'config.kept', outcome: 'pass' })
    expect(report.exit.code).toBe(0)
  })

  it('names line and column of each finding, what the gateway does, and the fix', async () => {
    const report = await lint(
      GOOD.replace('    base-url: https://api.example.com/v1\n', '    prefix: team/a\n'),
    )
    const found = report.findings.filter(({ outcome }) => outcome === 'fail')
    expect(found.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^config\.missing-base-url:7:\d+$/),
        expect.stringMatching(/^config\.bad-prefix:8:\d+$/),
      ]),
    )
    for (const { why, next } of found) expect([why, next]).not.toContain(null)
    expect(report.exit.code).toBe(1)
  })

  it('tells only why, and calls no rule kept, when the gateway would refuse the whole file', async () => {
    const report = await lint(`${GOOD}api-keys: []\n`)
    expect(report.findings).toMatchObject([
      { id: 'config.yaml-dup-key:14:1', outcome: 'fail' },
      { id: 'config.not-judged', outcome: 'skip' },
    ])
    expect(report.exit.code).toBe(1)
  })

  it('shows no key of the file', async () => {
    writeFileSync(join(home, 'config.yaml'), GOOD.replace('sk-own-1', 'your-api-key-1'))
    const { stdout } = await provops('lint', { home })
    expect(stdout).not.toContain('sk-canary-1')
  })

  it('takes workload classes from provops.yaml', async () => {
    writeFileSync(
      join(home, 'provops.yaml'),
      'workloads:\n  - { name: chat, models: [glm], priority: critical }\n',
    )
    const report = await lint(GOOD)
    expect(
      report.findings.filter(({ outcome }) => outcome === 'warn' || outcome === 'fail').length,
    ).toBeGreaterThan(0)
  })

  it('chooses single rules', async () => {
    const report = await lint(GOOD, '--only config.bad-prefix')
    expect(report.findings.map(({ id }) => id)).toEqual(['config.bad-prefix'])
  })

  it('tells who answers a name, in a table', async () => {
    const report = await lint(GOOD, '--who glm')
    expect(report.findings).toMatchObject([{ id: 'config.who', outcome: 'pass' }])
    expect(report.attachments).toMatchObject([
      { kind: 'table', rows: [['0', 'openai-compatible-glm', expect.any(String), 'glm-4.7', '100 %']] },
    ])
  })

  it('tells why an id is missing, with the line', async () => {
    const report = await lint(GOOD, '--why-missing glm-4.7')
    expect(report.findings).toMatchObject([
      { outcome: 'fail', saw: expect.stringContaining('config.yaml:12:') },
    ])
    expect((await lint(GOOD, '--why-missing glm')).findings).toMatchObject([{ outcome: 'pass' }])
  })

  it('says where it looked when there is no file', async () => {
    const { code, stderr } = await provops('lint nowhere.yaml', { home })
    expect(code).toBe(2)
    expect(stderr).toContain('nowhere.yaml: ENOENT')
  })
})
