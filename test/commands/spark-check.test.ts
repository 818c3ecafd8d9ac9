import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Finding } from '../../src/core/finding.ts'
import type { Report } from '../../src/core/report.ts'
import { provops } from './cli.ts'

async function sparkCheck(flags: string): Promise<Report> {
  const { stdout, stderr } = await provops(`spark-check ${flags} -o json`)
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

const SCENARIOS = resolve(import.meta.dirname, '../../fixtures/scenarios')

/** A healthy scenario, as a file, in which an alias already sends Spark to its fallback. */
function withAlias(): string {
  const directory = mkdtempSync(join(tmpdir(), 'provops-spark-'))
  onTestFinished(() => rmSync(directory, { recursive: true }))
  const alias = `
oauth-model-alias:
  codex:
    - { name: gpt-5.3-codex, alias: gpt-5.3-codex-spark, fork: true }
`
  const base = readFileSync(join(SCENARIOS, 'config/base.yaml'), 'utf8')
  writeFileSync(join(directory, 'config.yaml'), base + alias)
  const scenario = join(directory, 'alias.yaml')
  writeFileSync(
    scenario,
    'name: alias\ntitle: an alias\ndescription: in place\nextends: healthy\nconfigFile: config.yaml\n',
  )
  return scenario
}

function finding({ findings }: Report, id: string): Finding | undefined {
  return findings.find((candidate) => candidate.id === id)
}

describe('the error ratio of Spark', () => {
  it.each([
    ['spark-1.9', 'pass', 0.019],
    ['spark-2.1', 'warn', 0.021],
    ['spark-5.1', 'fail', 0.051],
  ])('of %s is judged %s', async (scenario, outcome, ratio) => {
    const found = finding(await sparkCheck(`--embedded=${scenario} --profile fork-old`), 'spark.error-ratio')
    expect(found).toMatchObject({ outcome, data: { evidence: 'exact' } })
    const data = found?.data as { failed: number; total: number } | undefined
    expect((data?.failed ?? 0) / (data?.total ?? 1)).toBeCloseTo(ratio, 3)
  })

  it('is at least what the log proves, and no pass when it proves nothing', async () => {
    const bad = finding(await sparkCheck('--embedded=spark-5.1'), 'spark.error-ratio')
    expect(bad).toMatchObject({ outcome: 'warn', data: { evidence: 'at-least' } })
    const good = finding(await sparkCheck('--embedded'), 'spark.error-ratio')
    expect(good?.outcome).toBe('skip')
  })

  it('comes from own samples when they are taken, which are counted as probes', async () => {
    const report = await sparkCheck('--embedded --sample 25')
    expect(finding(report, 'spark.error-ratio')).toMatchObject({
      outcome: 'pass',
      data: { failed: 0, total: 25 },
    })
    expect(report.requests.probes).toBe(25)
  })

  it('is not judged from too few requests', async () => {
    const report = await sparkCheck('--embedded --sample 3')
    expect(finding(report, 'spark.error-ratio')).toMatchObject({ outcome: 'skip' })
  })
})

describe('a probe of Spark', () => {
  it('is not sent unless asked for', async () => {
    expect((await sparkCheck('--embedded')).requests.probes).toBe(0)
    expect((await sparkCheck('--embedded --probe --no-probe')).requests.probes).toBe(0)
  })

  it.each([
    ['healthy', 'gpt-5.3-codex-spark', 'listed-answers', 'pass'],
    ['spark-listed-refused', 'gpt-5.3-codex-spark', 'listed-refused', 'fail'],
    ['spark-missing', 'gpt-5.3-codex-spark', 'unlisted-refused', 'warn'],
    // A thinking suffix is accepted and not listed (contract, HTTP 2.6).
    ['healthy', 'gpt-5.3-codex-spark(high)', 'unlisted-answers', 'warn'],
  ])('in %s finds %s %s', async (scenario, model, quadrant, outcome) => {
    const report = await sparkCheck(`--embedded=${scenario} --probe --model ${model}`)
    expect(finding(report, 'spark.entitled:client 1')).toMatchObject({ outcome, data: { quadrant } })
  })

  it('asks once per key and the fallback once, and says which credential answered', async () => {
    const report = await sparkCheck('--embedded --probe')
    expect(report.requests.probes).toBe(3)
    expect(finding(report, 'spark.fallback')).toMatchObject({ outcome: 'pass' })
    expect(finding(report, 'spark.fallback')?.saw).toMatch(/credential [0-9a-f]{16}, request [0-9a-f]{8}/)
  })
})

describe('a gateway that does not let the question in', () => {
  async function probing(url: string) {
    const { stdout, code } = await provops(`spark-check --probe -g ${url} -o json`, {
      env: { PROVOPS_API_KEY: 'sk-wrong' },
    })
    const report: Report = JSON.parse(stdout)
    const found = ['spark.listed', 'spark.entitled', 'spark.fallback'].map((id) => finding(report, id))
    return { code, outcomes: found.map((one) => one?.outcome), fallback: found.at(-1) }
  }

  it('says nothing about the models, when it cannot be reached', async () => {
    const { code, outcomes, fallback } = await probing('http://127.0.0.1:1')
    expect([code, outcomes]).toEqual([7, ['unknown', 'unknown', 'unknown']])
    expect(fallback?.next).toContain('check --gateway')
  })

  it('says nothing about the models, when it refuses the key', async () => {
    const server = createServer((_request, reply) => {
      reply.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"Invalid API key"}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const { code, outcomes, fallback } = await probing(`http://127.0.0.1:${port}`)
    expect([code, outcomes]).toEqual([4, ['unknown', 'unknown', 'unknown']])
    expect(fallback?.next).toBe('compare the key with api-keys in config.yaml')
  })
})

describe('too few requests in the statistics', () => {
  it('leave the verdict to own samples', async () => {
    const report = await sparkCheck(
      '--embedded --profile fork-old --sample 25 --model gpt-5.3-codex-spark(high)',
    )
    const found = finding(report, 'spark.error-ratio')
    expect(found?.source).toMatch(/^25 own requests/)
  })
})

describe('the mitigation', () => {
  it('is shown as a diff that takes nobody else’s name away', async () => {
    const report = await sparkCheck('--embedded=spark-5.1 --profile fork-old')
    expect(finding(report, 'spark.mitigation')).toMatchObject({ outcome: 'warn' })
    const [diff] = report.attachments
    expect(diff).toMatchObject({ kind: 'diff' })
    const text = diff && 'text' in diff ? diff.text : ''
    expect(text).toContain('+      fork: true')
    expect(text.split('\n').filter((line) => /^-[^-]/.test(line))).toEqual([])
  })

  it('is not proposed when the fallback is not listed; another one is', async () => {
    const report = await sparkCheck('--embedded=spark-no-fallback --profile fork-old')
    const found = finding(report, 'spark.mitigation')
    expect(found).toMatchObject({ outcome: 'fail', saw: 'the fallback gpt-5.3-codex is not listed' })
    expect(found?.next).toContain('--fallback gpt-5.1-codex')
    expect(report.attachments).toEqual([])
  })
})

describe('the way back', () => {
  it('is not known to be unneeded when the configuration cannot be read', async () => {
    const home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
    onTestFinished(() => rmSync(home, { recursive: true }))
    writeFileSync(join(home, 'provops.yaml'), 'config-file: gone.yaml\n')
    const { stdout } = await provops('spark-check --embedded --sample 25 -o json', { home })
    const report: Report = JSON.parse(stdout)
    expect(finding(report, 'spark.mitigation')).toMatchObject({
      outcome: 'skip',
      saw: expect.stringContaining('whether an alias is still in place is not known'),
    })
  })

  it('is not needed when no alias is in place', async () => {
    const report = await sparkCheck('--embedded --sample 25')
    expect(finding(report, 'spark.mitigation')).toMatchObject({
      outcome: 'pass',
      saw: 'none: the ratio is good, and no alias is in place',
    })
  })
})

describe('wrong flags', () => {
  it.each([
    ['--config-file /', '--config-file: / is not a file'],
    ['--logs nowhere.log', '--logs: nowhere.log does not exist'],
    ['--window soon', '--window: "soon" is not a duration'],
    ['--sample 5000', '--sample: "5000" is not a number from 0 to 200'],
    ['--endpoint nope', 'Allowed choices are responses, chat, messages'],
  ])('%s is refused with 2', async (flags, message) => {
    const { code, stderr } = await provops(`spark-check --embedded ${flags}`)
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})

describe('--auto-mitigate', () => {
  const CRITICAL = '--embedded=spark-5.1 --profile fork-old --auto-mitigate'

  it('writes nothing without a yes, and prints the command that says yes', async () => {
    const report = await sparkCheck(CRITICAL)
    expect(report.exit.code).toBe(5)
    expect(finding(report, 'spark.applied')?.next).toContain('--auto-mitigate -o json --yes')
    expect(finding(report, 'spark.verified')?.outcome).toBe('blocked')
  })

  it('proves the fallback by one request, writes, and sees that the gateway took it', async () => {
    const report = await sparkCheck(`${CRITICAL} --yes`)
    expect(report.requests.probes).toBe(1)
    expect(finding(report, 'spark.applied')).toMatchObject({
      outcome: 'pass',
      saw: expect.stringContaining('provops undo'),
    })
    expect(finding(report, 'spark.verified')).toMatchObject({ outcome: 'pass' })
    expect(finding(report, 'spark.error-ratio')).toMatchObject({
      outcome: 'warn',
      saw: expect.stringContaining('mitigated in this run'),
    })
    expect(report.exit.code).toBe(0)
  })

  it('does not take the alias out by itself while the good ratio may be that of the fallback', async () => {
    const report = await sparkCheck(`--embedded=${withAlias()} --sample 25 --auto-mitigate --yes`)
    expect(finding(report, 'spark.mitigation')).toMatchObject({
      outcome: 'warn',
      saw: 'the ratio is good, and the alias to gpt-5.3-codex is still in place',
    })
    expect(finding(report, 'spark.applied')).toMatchObject({ outcome: 'skip', next: 'provops undo' })
    expect(report.attachments).toMatchObject([{ kind: 'diff', title: 'the way back' }])
  })

  it('does nothing when nothing is due', async () => {
    const report = await sparkCheck('--embedded=spark-1.9 --profile fork-old --auto-mitigate --yes')
    expect(finding(report, 'spark.applied')).toMatchObject({ outcome: 'skip' })
    expect(report.requests.probes).toBe(0)
  })
})

describe('what is spent', () => {
  it('is announced before: the proof of the fallback, and samples only when they are taken', async () => {
    const critical = 'spark-check --embedded=spark-5.1 --profile fork-old -o short'
    const mitigated = await provops(`${critical} --auto-mitigate`)
    expect(mitigated.stderr).toContain('sending 1 request to gpt-5.3-codex, which costs tokens')
    // The gateway's own statistics come first, so that no sample is needed.
    const sampled = await provops(`${critical} --sample 3`)
    expect(sampled.stderr).not.toContain('sending')
    const asked = await provops('spark-check --embedded -o short --sample 3')
    expect(asked.stderr).toContain('sending 3 requests to gpt-5.3-codex-spark, which cost tokens')
  })
})
