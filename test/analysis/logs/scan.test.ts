import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { requestIdText } from '../../../src/analysis/logs/events.ts'
import { linesPart, MAX_LINE_BYTES, scanLog } from '../../../src/analysis/logs/scan.ts'
import { access, clockOf, failure, fixture, lines, plain, repeat, START_MS, scan, stamp } from './support.ts'

describe('a scan of a recorded log', () => {
  it('counts what the gateway answered, apart by class and route', async () => {
    const {
      requests,
      span,
      lines: counts,
      content,
      gatewayVersion,
    } = await scan(fixture('upstream-main.log'))
    expect(content).toBe('records')
    expect(requests.total).toBe(262)
    expect(requests.byClass['client-api'].statuses.get(429)).toBe(11)
    expect(requests.byClass.management.statuses.get(401)).toBe(5)
    expect(requests.routes[0]).toMatchObject({ route: '/v1/chat/completions', total: 74 })
    expect(counts).toMatchObject({ total: 310, records: 306, continued: 4, unparsed: 0 })
    expect(span).toEqual({
      firstMs: Date.parse('2026-11-23T00:56:48Z'),
      lastMs: Date.parse('2026-11-23T00:57:00Z'),
    })
    expect(gatewayVersion).toBe('v7.2.140')
  })

  it('joins provider failures with what their clients got', async () => {
    const { upstream, refusals, blindSpots } = await scan(fixture('upstream-main.log'))
    expect(upstream).toMatchObject({ hidden: 1, passedOn: 29, unanswered: 0 })
    const hidden = [...upstream.failures].filter(({ clientStatus }) => clientStatus === 200)
    expect(hidden).toMatchObject([
      { provider: 'fixture-mixed', model: 'mixed-1', credential: 'sk-f...-401', status: 401 },
    ])
    const origins = [...refusals].filter(({ status }) => status === 429).map(({ origin }) => origin)
    expect(origins.filter((origin) => origin === 'upstream')).toHaveLength(4)
    expect(origins.filter((origin) => origin === 'local')).toHaveLength(7)
    expect(blindSpots).toEqual(['successes'])
  })

  it('of a fork at info level says that hidden failures cannot be seen', async () => {
    const { upstream, blindSpots, seen } = await scan(fixture('fork-main.log'))
    expect(upstream.failures.size).toBe(0)
    expect(seen.debug).toBe(0)
    expect(blindSpots).toEqual(['hidden-failures'])
  })

  it('of a fork at debug level finds the failures and the tries in the debug lines', async () => {
    const { upstream, models, seen, blindSpots } = await scan(fixture('fork-debug-main.log'))
    expect(seen).toMatchObject({ use: 17, 'request-error': 9, reload: 2, failedReloads: 1 })
    expect(upstream).toMatchObject({ hidden: 1, passedOn: 8 })
    expect(models.find(({ model }) => model === 'gpt-5.3-codex-spark')).toMatchObject({
      tries: 1,
      failures: 1,
    })
    expect(blindSpots).toEqual([])
  })

  it('does not count a failure twice that a debug log tells twice', async () => {
    const { seen, upstream } = await scan(fixture('upstream-debug-main.log'))
    expect(seen).toMatchObject({ 'upstream-failure': 9, 'request-error': 9 })
    // Eight are told by both lines; a 404 with an OpenAI body and a cut stream by one each.
    expect(upstream.failures.size).toBe(10)
  })

  it('leaves forged lines out and says so', async () => {
    for (const name of ['upstream', 'fork', 'forkold']) {
      const { forged, refusals, blindSpots, requests } = await scan(fixture(`${name}-hostile-main.log`))
      expect(forged).toMatchObject({ blocks: 1, lines: 1 })
      expect(forged.claimedRefusals).toEqual(new Map([[401, 1]]))
      expect(refusals.size).toBe(0)
      expect(blindSpots).toContain('forged-lines')
      expect(requests.byClass.other.statuses.get(404)).toBeGreaterThanOrEqual(4)
    }
  })

  it('reads on behind the hole of zeros that clearing the log leaves', async () => {
    const log = fixture('upstream-cleared-main.log')
    expect(log[0]).toBe(0)
    expect((await scan(log)).lines).toMatchObject({ records: 4, unparsed: 0 })
  })

  it.each([
    [
      'era-a.log',
      4,
      [
        [401, 'local'],
        [429, 'presumed-upstream'],
      ],
    ],
    ['era-b.log', 5, [[429, 'local']]],
    ['era-d.log', 3, [[429, 'upstream']]],
    ['compose-prefix.log', 4, [[401, 'local']]],
    ['newest-status.log', 2, [[429, 'upstream']]],
  ])('reads %s', async (name, total, refused) => {
    const { requests, refusals } = await scan(fixture(`eras/${name}`))
    expect(requests.total).toBe(total)
    expect([...refusals].map(({ status, origin }) => [status, origin])).toEqual(refused)
  })

  it('shows no e-mail address', async () => {
    const result = plain(await scan(fixture('eras/newest-status.log')))
    expect(JSON.stringify(result)).not.toMatch(/jane|doe|john|roe/)
    expect(result.upstream.groups.map(({ credential, status }) => [credential, status])).toEqual([
      ['codex-j***@example.com-plus.json', 401],
      ['codex-j***@example.com-pro.json', 429],
    ])
  })
})

describe('who refused', () => {
  const originOf = async (log: string) => [...(await scan(log)).refusals].map(({ origin }) => origin)

  it.each([
    [401, '4ms', 'local'],
    [401, '5ms', 'presumed-upstream'],
    [403, '0s', 'local'],
    [403, '5ms', 'presumed-upstream'],
    [429, '20ms', 'local'],
    [429, '21ms', 'presumed-upstream'],
    [503, '49ms', 'local'],
    [503, '50ms', 'presumed-upstream'],
  ])('a %i after %s without a failure line was %s', async (status, latency, origin) => {
    expect(await originOf(lines(access({ status, latency })))).toEqual([origin])
  })

  it('a failure line of the same request proves a provider, however fast', async () => {
    expect(
      await originOf(lines(failure(0, '9f3c11aa', 'x'), access({ status: 429, latency: '1ms' }))),
    ).toEqual(['upstream'])
    expect(
      await originOf(lines(failure(0, '00000001', 'x'), access({ status: 429, latency: '1ms' }))),
    ).toEqual(['local'])
  })

  it('the same id counts as the same request for half an hour', async () => {
    const originAt = (second: number) =>
      originOf(lines(failure(0, '9f3c11aa', 'x'), access({ second, status: 429, latency: '1ms' })))
    expect(await originAt(1800)).toEqual(['upstream'])
    expect(await originAt(1801)).toEqual(['local'])
  })

  it('a refusal on a management path is the gateway itself, however slow', async () => {
    expect(
      await originOf(lines(access({ status: 401, latency: '92ms', path: '/v0/management/config' }))),
    ).toEqual(['local'])
  })

  it('a cooldown line makes a slow refusal local, a try makes a fast one the provider’s', async () => {
    const prefix = `[${stamp(0)}] [9f3c11aa]`
    const cooling = `${prefix} [warn ] [x.go:1] auth unavailable: 1 of 1 candidate(s) for model "m" (provider=codex) are in cooldown`
    const tried = `${prefix} [debug] [x.go:1] Use API key sk-9...0RHO for model m`
    expect(await originOf(lines(cooling, access({ status: 429, latency: '4s' })))).toEqual(['local'])
    expect(await originOf(lines(tried, access({ status: 401, latency: '1ms' })))).toEqual(['upstream'])
  })
})

describe('the status of a provider failure', () => {
  const statusOf = async (...log: string[]) =>
    [...(await scan(lines(...log))).upstream.failures].map(({ status }) => status)

  it.each([
    ['{"error":{"code":429}}', 429],
    ['{"error":{"status": "403"}}', 403],
    ['503 Service Unavailable', 503],
    ['unexpected status 502: bad', 502],
    ['<html><title>403 Forbidden</title>', 403],
    ['{"type":"error","error":{"type":"rate_limit_error"}}', 429],
    ['{"type":"overloaded_error"}', 529],
    ['{"detail":"The \'x\' model is not supported when using Codex with a ChatGPT account."}', 400],
    ['EOF', null],
  ])('is read out of %s', async (error, status) => {
    expect(await statusOf(failure(0, '9f3c11aa', error))).toEqual([status])
  })

  it('is what the client got when nothing better is known of the last try', async () => {
    const log = [
      failure(0, '9f3c11aa', 'EOF'),
      failure(1, '9f3c11aa', 'EOF'),
      access({ second: 2, status: 502 }),
    ]
    expect(await statusOf(...log)).toEqual([null, 502])
  })

  it('is never what the client got when that was a success', async () => {
    expect(await statusOf(failure(0, '9f3c11aa', 'EOF'), access({ second: 2 }))).toEqual([null])
  })
})

describe('a period', () => {
  const log = lines(
    failure(0, '00000001', '429'),
    access({ second: 1, id: '00000001' }),
    failure(99, '00000002', '429'),
    '  continued',
    access({ second: 100, id: '00000002', status: 429, latency: '1ms' }),
    '  continued',
    access({ second: 101, id: '00000003' }),
  )

  it('leaves out what was logged before it and uses it to understand the rest', async () => {
    const result = await scan(log, { sinceMs: START_MS + 100_000 })
    expect(result.requests.total).toBe(2)
    expect(result.lines).toMatchObject({ total: 3, records: 2, continued: 1 })
    expect([...result.refusals]).toMatchObject([
      { origin: 'upstream', provider: 'codex', ordinal: 1, requestId: 2 },
    ])
    expect(requestIdText(2)).toBe('00000002')
    expect(result.upstream.failures.size).toBe(0)
    expect(result.span?.firstMs).toBe(START_MS + 100_000)
  })

  it('after the end of the log is told from a file that is no log, and from no lines', async () => {
    expect((await scan(log, { sinceMs: START_MS + 1_000_000 })).content).toBe('outside')
    expect((await scan('hello\nworld\n')).content).toBe('none')
    expect((await scan('\n\r\n')).content).toBe('empty')
    expect((await scan('')).content).toBe('empty')
  })

  it('ends before what the reading run itself causes', async () => {
    const result = await scan(log, { untilMs: START_MS + 100_000 })
    expect(result.requests.total).toBe(1)
    expect(result.upstream).toMatchObject({ hidden: 1, passedOn: 1 })
    expect(result.span).toEqual({ firstMs: START_MS, lastMs: START_MS + 99_000 })
    expect(result.endMs).toBe(START_MS + 101_000)
  })

  it('follows the clock through the hour that comes twice', async () => {
    const at = (time: string, id: string) => access({ id }).replace(/^\[[^\]]+/, `[2026-10-25 ${time}`)
    const twice = lines(
      at('01:59:00', '1'),
      at('02:30:00', '2'),
      at('02:59:00', '3'),
      at('02:30:00', '4'),
      at('03:00:00', '5'),
    )
    const clock = clockOf('Europe/Berlin')
    const seen: string[] = []
    await scan(twice, { clock, onRecord: (_, atMs) => seen.push(new Date(atMs).toISOString().slice(11, 16)) })
    expect(seen).toEqual(['23:59', '00:30', '00:59', '01:30', '02:00'])
    const late = await scan(twice, { clock, sinceMs: Date.parse('2026-10-25T01:15:00Z') })
    expect(late.requests.total).toBe(2)
  })

  it('goes by a container’s stamps where there are some, whatever the zone', async () => {
    const { span } = await scan(fixture('eras/docker-stamps.log'), { clock: clockOf('America/New_York') })
    expect(span).toEqual({
      firstMs: Date.parse('2026-10-25T00:59:58.120Z'),
      lastMs: Date.parse('2026-10-25T01:00:01.500Z'),
    })
  })
})

describe('a request', () => {
  it('is answered once, also when others failed long after it', async () => {
    const minute = 60
    const result = await scan(
      lines(
        failure(0, '00000001', '429'),
        failure(20 * minute, '00000002', '429'),
        failure(31 * minute, '00000003', '429'),
        access({ second: 32 * minute, id: '00000002' }),
        access({ second: 33 * minute, id: '00000002', status: 500 }),
      ),
    )
    expect([...result.upstream.failures].map(({ clientStatus }) => clientStatus)).toEqual([null, 200, null])
  })
})

describe('forged lines', () => {
  const forged = access({ second: 5, status: 429, id: 'deadbeef' })
  const inject = (payload: string) =>
    access({ second: 1, status: 404, id: '--------', method: 'GET', path: `/x\n${payload}` })
  const real = [access({ second: 2 }), access({ second: 3, status: 429, latency: '1ms' })]

  it('between an open path and its odd quote are counted nowhere, the request itself is', async () => {
    const result = await scan(lines(inject([forged, forged].join('\n')), ...real))
    expect(result.forged).toMatchObject({ blocks: 1, lines: 2, firstMs: START_MS + 1000 })
    expect(result.requests.total).toBe(3)
    expect(result.refusals.size).toBe(1)
  })

  it('that close the path themselves are cut off at the first line that can be its end', async () => {
    const result = await scan(lines(inject(forged.slice(0, -1)), ...real))
    expect(result.forged).toMatchObject({ blocks: 1, lines: 1 })
    expect(result.refusals.size).toBe(1)
  })

  it('a mere line break in a path is no forgery', async () => {
    const result = await scan(lines(inject('Set-Cookie: crlf=injection'), ...real))
    expect(result.forged.blocks).toBe(0)
    expect(result.lines.continued).toBe(1)
    expect(result.requests.total).toBe(3)
  })

  it('cannot hide more than 200 lines', async () => {
    const many = repeat(400, (index) => access({ second: 10 + index }))
    const result = await scan(lines(inject('"'), ...many, access({ second: 500, path: '/a"b' })))
    expect(result.requests.total).toBeGreaterThanOrEqual(400)
  })

  it('end with their file', async () => {
    const clock = clockOf('UTC')
    const parts = [linesPart('a', inject('').split('\n').slice(0, 1)), linesPart('b', real)]
    const result = await scanLog(parts, { clock })
    expect(result.requests.total).toBe(3)
    expect(result.forged.blocks).toBe(0)
  })
})

describe('hostile bytes', () => {
  it('a single line of ten megabytes is cut, and the next one is read', async () => {
    const log = Buffer.concat([Buffer.alloc(10_000_000, 'x'), Buffer.from(`\n${access()}\n`)])
    for (const chunkSizes of [[log.length], [100_000], [MAX_LINE_BYTES + 1]]) {
      const result = await scan(log, { chunkSizes })
      expect(result.lines).toMatchObject({ total: 2, records: 1, unparsed: 1, cut: 1 })
    }
  })

  it('the head of a cut line is enough', async () => {
    const items = repeat(5000, (index) => `[auth_file=a${index}.json, reason=quota, remaining=28s]`).join(
      ', ',
    )
    const line = `[${stamp(0)}] [9f3c11aa] [warn ] [x.go:1] auth unavailable: 5000 of 5000 candidate(s) for model "m" (provider=codex) are in cooldown: ${items}`
    const result = await scan(lines(line, access({ path: `/${'x'.repeat(100_000)}` }), access()))
    expect(result.seen.cooling).toBe(1)
    expect(result.requests.total).toBe(2)
    expect(result.lines.cut).toBe(2)
    expect(result.blindSpots).toContain('cut-lines')
  })

  it('a missing line feed at the end loses nothing', async () => {
    expect((await scan(lines(access(), access()).slice(0, -1))).requests.total).toBe(2)
  })

  it('any bytes are counted and nothing is thrown', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), fc.nat({ max: 500 }), async (bytes, size) => {
        const result = await scan(bytes, { chunkSizes: [size] })
        const { total, records, continued, blank, unparsed } = result.lines
        expect(records + continued + blank + unparsed + result.forged.lines).toBe(total)
      }),
    )
  })

  it('a record’s further lines are its own up to 200', async () => {
    const result = await scan(lines(access(), ...repeat(300, () => '  stack'), access()))
    expect(result.lines).toMatchObject({ records: 2, continued: 200, unparsed: 100 })
    expect(result.blindSpots).toContain('unparsed-lines')
  })

  it('failure lines of more requests than are remembered are all counted', async () => {
    const result = await scan(
      lines(...repeat(100_000, (index) => failure(0, index.toString(16).padStart(8, '0'), '429'))),
    )
    expect(result.upstream).toMatchObject({ unanswered: 100_000, groups: [{ count: 100_000, status: 429 }] })
  })
})

describe('parts', () => {
  it('that fail in the middle are named, and the others are read', async () => {
    const broken = {
      name: 'main.log.1',
      async *chunks() {
        yield Buffer.from(lines(access()))
        throw Object.assign(new Error('/secret/path'), { code: 'EIO' })
      },
    }
    const result = await scanLog([broken, linesPart('main.log', [access()])], { clock: clockOf('UTC') })
    expect(result.parts).toEqual([
      { name: 'main.log.1', outcome: 'broken', sizeBytes: access().length + 1, reason: 'EIO' },
      { name: 'main.log', outcome: 'read', sizeBytes: access().length + 1 },
    ])
    expect(result.requests.total).toBe(2)
    expect(result.blindSpots).toContain('broken-part')
  })

  it('can be the lines of a management reply', async () => {
    const result = await scanLog(
      [
        linesPart(
          'reply',
          repeat(5000, () => access()),
        ),
      ],
      { clock: clockOf('UTC') },
    )
    expect(result.requests.total).toBe(5000)
  })
})

describe('records one by one', () => {
  it('come in the order of the log with their instants, and without forged ones', async () => {
    const kinds: string[] = []
    const log = lines(failure(0, '9f3c11aa', '{'), '  1', access({ second: 1 }))
    const result = await scan(log, {
      clock: clockOf('Asia/Shanghai'),
      onRecord: ({ message }, atMs) => kinds.push(`${message.kind} ${new Date(atMs).toISOString()}`),
    })
    expect(kinds).toEqual(['upstream-failure 2026-08-22T13:40:00.000Z', 'access 2026-08-22T13:40:01.000Z'])
    expect(result.requests.total).toBe(1)
  })
})
