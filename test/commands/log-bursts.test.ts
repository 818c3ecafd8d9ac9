import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Report } from '../../src/core/report.ts'
import { NOON_MS, provops } from './cli.ts'

let home: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'provops-cli-'))
})

afterEach(() => {
  rmSync(home, { recursive: true })
})

/** One access line `secondsAgo` before the moment of the run, in UTC. */
function line(secondsAgo: number, status: number, path = '/v1/responses', latency = '812ms'): string {
  const time = new Date(NOON_MS - secondsAgo * 1000).toISOString().slice(0, 19).replace('T', ' ')
  const level = status >= 500 ? 'error' : status >= 400 ? 'warn ' : 'info '
  return `[${time}] [a1b2c3d4] [${level}] [gin_logger.go:93] ${status} | ${latency.padStart(13)} | 127.0.0.1 | POST    "${path}"\n`
}

/** `count` answers of a status, one every `everySeconds`, the last `lastAgo` seconds before the run. */
function series(count: number, everySeconds: number, lastAgo: number, status: number): string {
  return Array.from({ length: count }, (_, index) =>
    line(lastAgo + (count - 1 - index) * everySeconds, status),
  ).join('')
}

/** The same lines as a gateway this many hours east of Greenwich writes them. */
function inZone(hours: number, lines: string): string {
  return lines.replace(/^\[([^\]]*)\]/gm, (_, time: string) => {
    const local = new Date(Date.parse(`${time}Z`) + hours * 3_600_000)
    return `[${local.toISOString().slice(0, 19).replace('T', ' ')}]`
  })
}

async function scan(flags: string, stdin?: string): Promise<Report> {
  const { stdout, stderr } = await provops(`daily-check --only logs ${flags} -o json`, {
    home,
    ...(stdin === undefined ? {} : { stdin }),
  })
  if (stdout === '') throw new Error(stderr)
  return JSON.parse(stdout)
}

async function scanText(text: string, flags = ''): Promise<Record<string, string>> {
  writeFileSync(join(home, 'main.log'), text)
  const { findings } = await scan(`--logs main.log ${flags}`)
  return Object.fromEntries(findings.map(({ id, outcome }) => [id, outcome]))
}

describe('a log that has nothing in the period', () => {
  it.each([
    ['began this very second', line(0, 200), 'skip'],
    ['ends before it', line(3 * 86_400, 200), 'unknown'],
    ['is ahead of the clock', line(-60, 200), 'unknown'],
  ])('and %s', async (_name, text, outcome) => {
    expect((await scanText(text))['logs.bursts']).toBe(outcome)
  })
})

describe('a sustained burst', () => {
  const quiet = series(400, 2, 100, 200)

  it.each([
    ['is not nine answers', series(9, 20, 10, 429), 'pass'],
    ['is ten answers over two minutes', series(10, 20, 10, 429), 'fail'],
    ['is ten answers in nine seconds when they are a large share', series(10, 1, 10, 429), 'fail'],
    ['is over when the log goes on without it', `${series(20, 20, 300, 429)}${line(1, 200)}`, 'warn'],
    ['is not answers more than a minute apart', series(20, 61, 5, 429), 'pass'],
  ])('%s', async (_name, lines, outcome) => {
    expect((await scanText(quiet + lines))['logs.bursts:429']).toBe(outcome)
  })

  it('is told in the time of the log, also where only its offset from UTC is known', async () => {
    writeFileSync(join(home, 'main.log'), inZone(8, quiet + series(10, 20, 10, 429)))
    const { findings } = await scan('--logs main.log --tz +08:00')
    expect(findings.find(({ id }) => id === 'logs.bursts:429')?.saw).toContain('since 19:56, still going')
  })

  it('is not what runs of provops itself leave behind, one refusal on /v1/models each', async () => {
    const own = Array.from({ length: 30 }, (_, index) =>
      line(1750 - index * 60, 401, '/v1/models', '0s'),
    ).join('')
    expect((await scanText(quiet + own))['logs.bursts:401']).toBe('pass')
  })

  it('is a client that polls /v1/models with a wrong key', async () => {
    const polling = Array.from({ length: 30 }, (_, index) =>
      line(60 - index * 2, 401, '/v1/models', '0s'),
    ).join('')
    expect((await scanText(quiet + polling))['logs.bursts:401']).toBe('fail')
  })

  it('on management paths is told apart from clients', async () => {
    const probes = Array.from({ length: 30 }, (_, index) =>
      line(300 - index * 10, 403, '/v0/management/debug', '1ms'),
    ).join('')
    expect((await scanText(quiet + probes))['logs.bursts:403']).toBe('warn')
  })
})

describe('a log', () => {
  it('is found in a directory, rotated and packed, in the order of time', async () => {
    mkdirSync(join(home, 'logs'))
    writeFileSync(join(home, 'logs/main-2026-11-23T11-00-00.000.log.gz'), gzipSync(series(50, 60, 3700, 200)))
    writeFileSync(join(home, 'logs/main.log'), series(50, 60, 10, 200))
    const [finding] = (await scan('--logs logs')).findings
    expect(finding).toMatchObject({ outcome: 'pass', data: { requests: 100 } })
  })

  it('comes from standard input', async () => {
    const [finding] = (await scan('--logs -', series(30, 10, 5, 200))).findings
    expect(finding).toMatchObject({ outcome: 'pass', source: 'standard input' })
  })

  it('is only looked at as far back as asked', async () => {
    writeFileSync(join(home, 'main.log'), series(120, 60, 10, 200))
    const [finding] = (await scan('--logs main.log --since 10m')).findings
    expect(finding).toMatchObject({ data: { requests: 10 } })
  })

  it.each([
    ['is empty', ''],
    ['is no log', 'some words\nand more\n'],
    ['has nothing in the period', series(5, 10, 400_000, 200)],
  ])('that %s is unknown, never a pass', async (_name, text) => {
    expect(Object.values(await scanText(text))).toEqual(['unknown'])
  })

  it('without any client request is skipped', async () => {
    expect(Object.values(await scanText(line(10, 200, '/healthz')))).toEqual(['skip'])
  })

  it.each([
    ['nothing', '', ['logs.bursts:unread']],
    ['no client request', line(10, 200, '/healthz'), ['logs.bursts', 'logs.bursts:unread']],
  ])('that breaks off after %s is not taken for the whole', async (_name, text, ids) => {
    const rest = gzipSync(series(20, 1, 10, 429)).subarray(0, 12)
    writeFileSync(join(home, 'main.log'), Buffer.concat([gzipSync(text), rest]))
    const { findings, exit } = await scan('--logs main.log')
    expect(findings.map(({ id }) => id)).toEqual(ids)
    expect(exit.code).toBe(7)
  })

  it('read in the wrong zone is known by its end in the future', async () => {
    writeFileSync(join(home, 'main.log'), series(30, 10, 5, 200))
    const [finding] = (await scan('--logs main.log --tz America/New_York')).findings
    expect(finding).toMatchObject({
      outcome: 'unknown',
      saw: 'the log ends 4 h 59 m in the future when read as America/New_York',
    })
  })

  it('that cannot be found says where it was looked for', async () => {
    expect((await scan('--logs nowhere')).findings).toMatchObject([
      { outcome: 'unknown', saw: expect.stringContaining('nowhere') },
    ])
  })

  it('with planted lines is reported, and the lines are not counted', async () => {
    const planted = line(100, 200, '/x').replace('"\n', '\n') + series(30, 5, 10, 429).trimEnd().concat('"\n')
    const outcomes = await scanText(series(100, 5, 600, 200) + planted)
    expect(outcomes['logs.bursts:429']).toBe('pass')
    expect(outcomes['logs.bursts:forged']).toBe('warn')
  })
})
