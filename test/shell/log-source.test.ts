import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { LogScan } from '../../src/analysis/logs/log-scan.ts'
import { scanLog } from '../../src/analysis/logs/scan.ts'
import type { LogSource } from '../../src/shell/log-source.ts'
import { findLog, logDirectories } from '../../src/shell/log-source.ts'
import { access, clockOf, lines, plain, repeat, START_MS } from '../analysis/logs/support.ts'

const clock = clockOf('UTC')
let dir: string

beforeEach(async () => {
  dir = await fs.mkdtemp(join(tmpdir(), 'provops-logs-'))
})
afterEach(async () => {
  await fs.rm(dir, { recursive: true })
})

const path = (name: string) => join(dir, name)
const write = (name: string, content: string | Uint8Array) => fs.writeFile(path(name), content)
const at = (wish: string, sinceMs?: number) => findLog({ kind: 'path', path: wish }, { clock, sinceMs }, fs)

async function scanOf(source: LogSource, sinceMs?: number): Promise<LogScan> {
  if (source.outcome !== 'found') throw new Error(source.outcome)
  return scanLog(source.parts, { clock, sinceMs })
}

/** The name of a log that was rotated so many seconds after the start. */
function rotated(second: number): string {
  const stamp = new Date(START_MS + second * 1000).toISOString().slice(0, 19).replaceAll(':', '-')
  return `main-${stamp}.000.log`
}

describe('a directory of logs', () => {
  it('is read from the oldest file to main.log, compressed ones too, and nothing else of it', async () => {
    await write(rotated(10), lines(access({ second: 1 })))
    await write(`${rotated(20)}.gz`, gzipSync(lines(access({ second: 11 }), access({ second: 12 }))))
    await write('main.log', lines(access({ second: 21 })))
    await write('error-v1-responses-2026-08-22T214003-9f3c11aa.log', '=== REQUEST INFO ===\n')
    const source = await at(dir)
    expect(source).toMatchObject({ outcome: 'found', from: dir, leftOut: [] })
    const times: number[] = []
    const parts = source.outcome === 'found' ? source.parts : []
    await scanLog(parts, { clock, onRecord: (_, atMs) => times.push((atMs - START_MS) / 1000) })
    expect(times).toEqual([1, 11, 12, 21])
    expect(parts.map(({ name }) => name)).toEqual([rotated(10), `${rotated(20)}.gz`, 'main.log'])
  })

  it('is read without the files that end before the period', async () => {
    await write(rotated(1000), lines(access({ second: 1 })))
    await write(rotated(9000), lines(access({ second: 8999 })))
    await write('main.log', lines(access({ second: 9100 })))
    const sinceMs = START_MS + 8000 * 1000
    const source = await at(dir, sinceMs)
    expect(source).toMatchObject({ outcome: 'found', leftOut: [rotated(1000)] })
    expect((await scanOf(source, sinceMs)).requests.total).toBe(2)
  })

  it('is never read as empty because all of it is old', async () => {
    await write(rotated(1000), lines(access({ second: 1 })))
    const sinceMs = START_MS + 1e9
    expect((await scanOf(await at(dir, sinceMs), sinceMs)).content).toBe('outside')
  })

  it('is listed again when a file of it was removed meanwhile', async () => {
    await write(rotated(10), lines(access({ second: 1 })))
    await write('main.log', lines(access({ second: 21 })))
    const stat = (async (file: string) => {
      if (file === path(rotated(10))) await fs.rm(file, { force: true })
      return fs.stat(file)
    }) as typeof fs.stat
    const source = await findLog({ kind: 'path', path: dir }, { clock }, { ...fs, stat })
    expect((await scanOf(source)).requests.total).toBe(1)
  })

  it('without a main log says how many dumps of requests it holds', async () => {
    expect(await at(dir)).toEqual({ outcome: 'no-main-log', path: dir, requestLogs: 0 })
    await write('error-v1-responses-2026-08-22T214003-9f3c11aa.log', 'x')
    expect(await at(dir)).toEqual({ outcome: 'no-main-log', path: dir, requestLogs: 1 })
  })

  it('of empty files is empty', async () => {
    await write('main.log', '')
    expect(await at(dir)).toEqual({ outcome: 'empty', path: dir })
  })

  it('whose log was rotated between looking and reading is not taken for complete', async () => {
    await write('main.log', lines(access()))
    const source = await at(dir)
    await fs.rename(path('main.log'), path(rotated(10)))
    await write('main.log', lines(access()))
    const { parts, blindSpots } = await scanOf(source)
    expect(parts).toEqual([{ name: 'main.log', outcome: 'broken', sizeBytes: 0, reason: 'ROTATED' }])
    expect(blindSpots).toContain('broken-part')
  })
})

describe('one file', () => {
  it('is read alone, whatever its name, and compressed by its content', async () => {
    await write('main.log', lines(access()))
    await write('saved.txt', gzipSync(lines(access(), access())))
    expect((await scanOf(await at(path('saved.txt')))).requests.total).toBe(2)
  })

  it('that is not there, empty, or a dump of one request is named as such', async () => {
    await write('empty.log', '')
    await write('dump.log', '=== REQUEST INFO ===\nVersion: v7.2.140\nURL: /v1/messages\n')
    expect(await at(path('none.log'))).toEqual({ outcome: 'missing', path: path('none.log') })
    expect(await at(path('empty.log/x'))).toEqual({ outcome: 'missing', path: path('empty.log/x') })
    expect(await at(path('empty.log'))).toEqual({ outcome: 'empty', path: path('empty.log') })
    expect(await at(path('dump.log'))).toEqual({ outcome: 'request-log', path: path('dump.log') })
  })

  it('is a log although a client asked for a path that looks like a dump', async () => {
    await write('main.log', lines(access({ path: '/=== REQUEST INFO ===' })))
    expect(await at(path('main.log'))).toMatchObject({ outcome: 'found' })
  })

  it('that may not be read says so, alone and in its directory', async () => {
    await write('main.log', lines(access()))
    const denied: typeof fs.open = async () => {
      throw Object.assign(new Error('denied'), { code: 'EACCES' })
    }
    const files = { ...fs, open: denied }
    for (const wish of [dir, path('main.log')]) {
      const source = await findLog({ kind: 'path', path: wish }, { clock }, files)
      expect(source).toEqual({ outcome: 'unreadable', path: wish, code: 'EACCES' })
    }
  })

  it('that is no log at all is found, and its scan has nothing', async () => {
    await write('letter.txt', 'Dear gateway,\nhow are you?\n')
    expect((await scanOf(await at(path('letter.txt')))).content).toBe('none')
  })

  it('that ends in the middle of its compression is broken, and what came before it is counted', async () => {
    const whole = gzipSync(lines(...repeat(50_000, (index) => access({ second: index }))))
    await write('main.log.1.gz', whole.subarray(0, whole.length / 2))
    const { parts, requests } = await scanOf(await at(dir))
    expect(parts).toMatchObject([{ name: 'main.log.1.gz', outcome: 'broken', reason: 'Z_BUF_ERROR' }])
    expect(requests.total).toBeGreaterThan(1000)
  })

  it('is read from where the period begins, and says the same as when it is read from its start', async () => {
    const log = lines(...repeat(40_000, (second) => access({ second, status: second % 7 === 0 ? 429 : 200 })))
    await write('main.log', log)
    for (const second of [0, 20_000, 39_500, 39_999]) {
      const sinceMs = START_MS + second * 1000
      const scan = await scanOf(await at(path('main.log'), sinceMs), sinceMs)
      const whole = await scanOf(await at(path('main.log')), sinceMs)
      expect({ ...plain(scan), parts: [] }).toEqual({ ...plain(whole), parts: [] })
      if (second > 30_000) expect(scan.parts[0]?.sizeBytes).toBeLessThan(log.length / 5)
    }
  })

  it('larger than what is read at once keeps all its lines', async () => {
    await write(
      'main.log',
      lines(...repeat(20_000, (second) => access({ second, path: `/v1/videos/${second}` }))),
    )
    const { requests, span } = await scanOf(await at(path('main.log')))
    expect(requests.total).toBe(20_000)
    expect(span?.lastMs).toBe(START_MS + 19_999_000)
  })

  it('can be a pipe', async () => {
    execFileSync('mkfifo', [path('pipe')])
    const source = await at(path('pipe'), START_MS)
    const writing = fs.writeFile(path('pipe'), lines(access(), access()))
    expect((await scanOf(source, START_MS)).requests.total).toBe(2)
    await writing
  })
})

describe('a stream', () => {
  it('is one part', async () => {
    const stream = (async function* () {
      yield Buffer.from(lines(access()))
    })()
    const source = await findLog({ kind: 'stream', name: 'standard input', stream }, { clock }, fs)
    expect(source).toMatchObject({ outcome: 'found', from: 'standard input' })
    expect((await scanOf(source)).requests.total).toBe(1)
  })
})

describe('a search', () => {
  it('looks where gateways have their logs', () => {
    expect(
      logDirectories({
        env: { WRITABLE_PATH: '/data' },
        cwd: '/srv',
        configDir: '/etc/gw',
        authDir: '/root/auth',
      }),
    ).toEqual(['/data/logs', '/etc/gw/logs', '/srv/logs', '/root/auth/logs'])
    expect(
      logDirectories({ env: { writable_path: '/srv' }, cwd: '/srv', configDir: null, authDir: null }),
    ).toEqual(['/srv/logs'])
  })

  it('takes the first directory with a main log', async () => {
    await fs.mkdir(path('without'))
    await fs.mkdir(path('with'))
    await write('with/main.log', lines(access()))
    const directories = [path('none'), path('without'), path('with'), dir]
    const source = await findLog({ kind: 'search', directories }, { clock }, fs)
    expect(source).toMatchObject({ outcome: 'found', from: path('with') })
  })

  it('that finds nothing says where it looked, and rather what it may not read', async () => {
    const directories = [path('none'), dir]
    expect(await findLog({ kind: 'search', directories }, { clock }, fs)).toEqual({
      outcome: 'nowhere',
      directories,
    })
    const denied: typeof fs.stat = async () => {
      throw Object.assign(new Error('denied'), { code: 'EACCES' })
    }
    expect(await findLog({ kind: 'search', directories }, { clock }, { ...fs, stat: denied })).toEqual({
      outcome: 'unreadable',
      path: path('none'),
      code: 'EACCES',
    })
  })
})
