import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { OrdinaryLineReader } from '../../../src/analysis/logs/ordinary-lines.ts'
import type { LogPart } from '../../../src/analysis/logs/scan.ts'
import { scanLog } from '../../../src/analysis/logs/scan.ts'
import { Tally } from '../../../src/analysis/logs/tally.ts'
import { access, clockOf, failure, fixture, lines, plain, repeat, START_MS, scan, stamp } from './support.ts'

/** A few ordinary lines behind a log. */
const TAIL = lines(...repeat(6, () => access({ second: 3600 })))

/** How many bytes of a log are taken by a reader that has seen its first line. */
function takenOf(log: string, tally = new Tally({ clock: clockOf('UTC') })) {
  const reader = OrdinaryLineReader.create(tally)
  if (reader === null) throw new Error('no WebAssembly here')
  const bytes = Buffer.from(log)
  for (const line of log.split('\n').filter(Boolean))
    reader.learn(Buffer.from(line), line.includes('gin') ? 'access' : 'upstream-failure')
  tally.time.moveTo(Date.parse(`${stamp(0)}Z`) / 1000, null)
  reader.startChunk(bytes)
  return reader.read(bytes, 0)
}

/** The scan of a log by both readers, cut into chunks anyhow. */
async function bothReaders(log: string | Uint8Array, chunkSizes?: readonly number[]) {
  const cut = chunkSizes === undefined ? {} : { chunkSizes }
  const byBytes = plain(await scan(log, { ...cut, reader: 'bytes' }))
  const byLines = plain(await scan(log, { reader: 'lines' }))
  return [byBytes, byLines] as const
}

describe('the byte reader', () => {
  it('takes all ordinary lines of a log and counts them', () => {
    const tally = new Tally({ clock: clockOf('UTC') })
    const ordinary = [
      access(),
      access({ second: 1, id: '--------', method: 'GET', path: '/', ip: '::1' }),
      access({ second: 1, status: 429, latency: '4ms' }),
      failure(2, '9f3c11ab', '{"code":429}'),
      failure(2, '9f3c11ab', '{"code":429}').replace('812ms', '1m2.5s'),
      access({ second: 3, status: 502, id: '9f3c11ab', latency: '1m32s', path: '/v1/messages?beta=true' }),
      access({ second: 7000, ip: '', path: '/no/such/path' }),
    ]
    expect(takenOf(lines(...ordinary), tally)).toBe(lines(...ordinary).length)
    const { requests, refusals, upstream } = tally.result([])
    expect(requests.total).toBe(5)
    expect(requests.routes.map(({ route, total }) => [route, total])).toEqual([
      ['/v1/responses', 2],
      ['other', 1],
      ['/v1/messages', 1],
      ['/', 1],
    ])
    expect([...refusals]).toMatchObject([{ status: 429, latencyMs: 4, origin: 'local' }])
    expect([...upstream.failures]).toMatchObject([
      { status: 429, clientStatus: 502 },
      { status: 429, clientStatus: 502 },
    ])
  })

  it('takes lines behind the prefix of docker compose and lines that end in a carriage return', () => {
    for (const line of [`cli-proxy-api  | ${access()}\r`, `app | ${access()}`]) {
      const log = lines(...repeat(20, () => line))
      expect(takenOf(log)).toBe(log.length)
    }
  })

  it('takes lines of a journal, whose prefixes differ in digits', async () => {
    const journal = (i: number) => `Aug 22 21:4${i}:0${i} host-${i} unit[1${i}]: `
    const log = lines(...repeat(10, (i) => journal(i) + access({ second: i, status: 429 })))
    expect(takenOf(log)).toBe(log.length)
    const [byBytes, byLines] = await bothReaders(
      `${log}${log.replaceAll('Aug', 'Sep')}${log.replaceAll('unit', 'u-1t')}`,
    )
    expect(byBytes).toEqual(byLines)
    expect(byBytes.refusals).toHaveLength(30)
  })

  it('tells failures apart whose names hold a duration', async () => {
    const named = (model: string) => failure(1, '9f3c11ab', 'x').replace('gpt-5.3-codex', model)
    const models = ['m duration=7ms err=q', 'm duration=8ms err=q']
    const { upstream } = await scan(lines(access(), named('m'), ...models.map(named)), { reader: 'bytes' })
    expect(upstream.groups.map(({ model }) => model)).toEqual(['m', ...models])
  })

  it('leaves what is cut off by the end of a chunk', () => {
    const whole = lines(access(), failure(1, '9f3c11ab', 'x'), access())
    for (let cut = 1; cut < 300; cut++) {
      const log = whole.slice(0, -cut)
      expect(takenOf(log)).toBe(log.lastIndexOf('\n') + 1)
    }
  })

  it('reads chunks that are larger than its window, and those in its own memory', async () => {
    const log = lines(
      ...repeat(4000, (i) =>
        i % 7 === 0 ? failure(i, 'c0ffee00', `{"n":${i % 400}}`) : access({ second: i }),
      ),
    )
    const copied = plain(await scan(log))
    const own: LogPart = {
      name: 'test.log',
      async *chunks(allocate) {
        const buffer = allocate(300_000)
        for (let at = 0; at < log.length; at += buffer.length) {
          yield buffer.subarray(0, buffer.write(log.slice(at, at + buffer.length)))
        }
      },
    }
    expect(plain(await scanLog([own, own], { clock: clockOf('UTC') })).lines.records).toBe(8000)
    expect(plain(await scanLog([own], { clock: clockOf('UTC') }))).toEqual({
      ...copied,
      parts: expect.anything(),
    })
    expect(copied).toEqual(plain(await scan(log, { reader: 'lines' })))
  })

  it('awaits the answer of a failed request for half an hour', () => {
    const tally = new Tally({ clock: clockOf('UTC') })
    takenOf(lines(access(), failure(1, '9f3c11ab', 'x')), tally)
    const answersElsewhere = (minute: number) => {
      tally.time.moveTo(START_MS / 1000 + 60 * minute, null)
      tally.answered(0, 200, null, 7)
      return tally.awaitsAnswers
    }
    expect([29, 30, 31].map(answersElsewhere)).toEqual([true, true, false])
  })

  it('is done without where there is no WebAssembly', async () => {
    const log = lines(...repeat(1000, (i) => access({ second: i, status: i % 9 === 0 ? 429 : 200 })))
    const withIt = plain(await scan(log))
    vi.stubGlobal('WebAssembly', undefined)
    try {
      expect(OrdinaryLineReader.create(new Tally({ clock: clockOf('UTC') }))).toBeNull()
      expect(plain(await scan(log))).toEqual(withIt)
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it('shows every record of a large log to who wants to see them', async () => {
    const log = lines(...repeat(1000, (i) => access({ second: i })))
    let seen = 0
    await scan(log, { onRecord: () => seen++ })
    expect(seen).toBe(1000)
  })

  it('says the same as the line reader of all recorded logs', async () => {
    for (const name of ['upstream', 'fork', 'forkold']) {
      for (const kind of ['main', 'debug-main', 'hostile-main', 'cleared-main', 'accounts-main']) {
        const [byBytes, byLines] = await bothReaders(fixture(`${name}-${kind}.log`))
        expect(byBytes).toEqual(byLines)
      }
    }
  })

  it('takes a hole of zeros for no time, also before it has read any', async () => {
    const first = access({ method: 'PUT' })
    const [byBytes, byLines] = await bothReaders(
      lines(first, `${'\0'.repeat(20)}${access().slice(20)}`) + TAIL,
    )
    expect(byBytes).toEqual(byLines)
    expect(byBytes.lines.records).toBe(7)
  })

  it('says the same as the line reader when any one byte of a line is another', async () => {
    const before = lines(access(), access({ status: 401, latency: '0s' }), access({ status: 500 }))
    const line = access({ second: 7, status: 429, latency: '1.5s', path: '/v1/messages?a=b' })
    const others = [
      0x00, 0x09, 0x0a, 0x0d, 0x1b, 0x20, 0x22, 0x2d, 0x2e, 0x30, 0x39, 0x3f, 0x41, 0x5b, 0x5d, 0x66, 0x73,
      0x7c, 0x7f, 0x80, 0xc3,
    ]
    for (let at = 0; at < line.length; at++) {
      const variants = others.map((byte) => {
        const variant = Buffer.from(`${line}\n${access({ second: 8 })}\n`)
        variant[at] = byte
        return variant
      })
      const log = Buffer.concat([Buffer.from(before), ...variants, Buffer.from(TAIL)])
      const [byBytes, byLines] = await bothReaders(log)
      expect(byBytes, `at ${at}`).toEqual(byLines)
    }
  }, 60_000)

  it('says the same as the line reader when any one byte of a failure line is another', async () => {
    const error = '{"error":{"code":429}}'
    const before = lines(access(), failure(1, '0badcafe', error), access({ second: 2, id: '0badcafe' }))
    const line = failure(7, '9f3c11aa', error)
    for (let at = 0; at < line.length; at++) {
      const variants = [0x00, 0x0a, 0x0d, 0x1b, 0x20, 0x30, 0x3d, 0x41, 0x5d, 0x66, 0x80].map((byte) => {
        const variant = Buffer.from(`${line}\n${access({ second: 8, status: 429 })}\n`)
        variant[at] = byte
        return variant
      })
      const [byBytes, byLines] = await bothReaders(
        Buffer.concat([Buffer.from(before), ...variants, Buffer.from(TAIL)]),
      )
      expect(byBytes, `at ${at}`).toEqual(byLines)
    }
  }, 60_000)

  it('reads every latency like the line reader', async () => {
    const number = fc.oneof(
      fc.nat({ max: 99_999 }).map(String),
      fc.tuple(fc.nat({ max: 9999 }), fc.nat({ max: 99_999 })).map((parts) => parts.join('.')),
      fc.constantFrom('', '.', '1.', '.5', '0.001', '1..2', '007', '1.050', '-1', '1.234.5'),
    )
    const latency = fc
      .tuple(number, fc.constantFrom('ms', 's', 'm', 'ns', 'h', '', 'ms ', 's ', 'mms', 'ss'))
      .map(([amount, unit]) => amount + unit)
    await fc.assert(
      fc.asyncProperty(fc.array(latency, { minLength: 50, maxLength: 50 }), async (latencies) => {
        const log = lines(access(), ...latencies.map((text) => access({ status: 429, latency: text })))
        const [byBytes, byLines] = await bothReaders(log)
        expect(byBytes).toEqual(byLines)
      }),
      { numRuns: 40 },
    )
  })

  it('counts lines before, just before, within and behind the period like the line reader', async () => {
    const log = lines(
      ...repeat(600, (i) =>
        i % 5 === 0
          ? failure(i, `0000${1000 + i}`, 'x')
          : access({ second: i, id: `0000${1000 + i - (i % 2)}`, status: i % 3 === 0 ? 429 : 200 }),
      ),
    )
    for (const zone of ['UTC', 'Asia/Shanghai', 'America/St_Johns']) {
      const startMs = clockOf(zone).instantMs(START_MS / 1000, null)
      const period = { clock: clockOf(zone), sinceMs: startMs + 200_000, untilMs: startMs + 400_000 }
      const byBytes = plain(await scan(log, { ...period, reader: 'bytes' }))
      expect(byBytes).toEqual(plain(await scan(log, { ...period, reader: 'lines' })))
      expect(byBytes.lines.records).toBe(200)
    }
  })

  it('says the same as the line reader of any mixture of lines, cut anywhere', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyLine, { minLength: 1, maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 8 }),
        fc.boolean(),
        async (mixture, chunkSizes, ended) => {
          const log = Buffer.concat(mixture.map((line) => Buffer.concat([line, Buffer.from('\n')])))
          const whole = Buffer.concat([log, Buffer.from(ended ? TAIL : TAIL.slice(0, -1))])
          const [byBytes, byLines] = await bothReaders(whole, chunkSizes)
          expect(byBytes).toEqual(byLines)
        },
      ),
      { numRuns: 300 },
    )
  }, 60_000)
})

const second = fc.nat({ max: 200 })
const id = fc.oneof(
  fc.constantFrom('9f3c11aa', '0badcafe', '--------', '[REDACTED]', 'a-b', 'DEADBEEF', 'id 12345'),
  fc.integer({ min: 0, max: 0xffffffff }).map((number) => number.toString(16).padStart(8, '0')),
)
const look = fc.record({
  second,
  id,
  status: fc.constantFrom(200, 200, 200, 204, 400, 401, 403, 429, 499, 500, 502, 503, 99, 600),
  latency: fc.constantFrom(
    '0s',
    '4ms',
    '21ms',
    '812ms',
    '1.192s',
    '2.5s',
    '1m32s',
    '1h2m3s',
    '87.542µs',
    'soon',
    '1.2345s',
    '-1s',
    '5|ms',
  ),
  ip: fc.constantFrom(
    '127.0.0.1',
    '::1',
    '',
    '2001:db8::1',
    '2001:db8:1111:2222:3333:4444:5555:6666',
    'a|b',
    'ü',
  ),
  method: fc.constantFrom('POST', 'GET', 'OPTIONS', 'HEAD', 'PUT', 'M-SEARCH', 'X'),
  path: fc.constantFrom(
    '/v1/responses',
    '/v1/chat/completions?x=1',
    '/v1/messages',
    '/v1beta/models/gemini-2.5-pro:generateContent',
    '/v0/management/logs?after=1',
    '/',
    '',
    '/x"y',
    '/x\ny',
    '/x\u001b[31mred',
    `/${'long'.repeat(60)}`,
    '/ünïcode',
    `/x\n${access({ status: 429 })}`,
    `/x"\n${access({ status: 429 }).slice(0, -1)}`,
  ),
})
const ordinary = look.map(access)
const failing = fc
  .tuple(
    second,
    id,
    fc.constantFrom('codex', 'openai-compatible-x', ''),
    fc.constantFrom(
      '',
      'ü',
      '4\u001b[0m29',
      '\n',
      '\r',
      '"',
      '{"code":429}',
      'x duration=5ms err=status 403',
    ),
    fc.constantFrom(
      ' duration=812ms',
      ' duration=7ms',
      ' duration=1m2.5s',
      '',
      ' duration=soon',
      ' duration=1.s',
      ' duration=429ms duration=503ms',
      ' err=status duration=429ms',
    ),
    fc.constantFrom('gpt-5.3-codex', 'gpt-5.3-codex', 'm duration=7ms err=q', 'm duration=8ms err=q'),
  )
  .map(([at, who, provider, error, duration, model]) =>
    failure(at, who, error, provider).replace(' duration=812ms', duration).replace('gpt-5.3-codex', model),
  )
const mutated = fc
  .tuple(
    fc.oneof(ordinary, failing),
    fc.nat({ max: 200 }),
    fc.nat({ max: 255 }),
    fc.constantFrom('put', 'cut', 'drop'),
  )
  .map(([line, at, byte, how]) => {
    const bytes = Buffer.from(line)
    const place = at % bytes.length
    if (how === 'cut') return bytes.subarray(0, place)
    if (how === 'drop') return Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1)])
    bytes[place] = byte
    return bytes
  })
const attribution = fc
  .tuple(second, id)
  .chain(([at, who]) =>
    fc.constantFrom(
      failure(at, who, '{"error":{"code":429}}'),
      failure(at, who, '<!DOCTYPE html>\n<title>403 Forbidden</title>', 'claude'),
      `[${stamp(at)}] [${who}] [debug] [conductor.go:1] Use API key sk-9...0RHO for model glm`,
      `[${stamp(at)}] [${who}] [debug] [x.go:1] request error, error status: 500, error message: x`,
      `[${stamp(at)}] [${who}] [warn ] [x.go:1] auth unavailable: 1 of 1 candidate(s) for model "glm" (provider=team) are in cooldown`,
      `[${stamp(at)}] [${who}] [info ] [x.go:1] session-affinity: cache hit | session=s auth=a.json provider=codex model=glm`,
    ),
  )
const foreign = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom(
      '',
      '\r',
      '{',
      '  "error": 1',
      'y"',
      '"',
      '\0\0\0',
      `\0\0${access()}`,
      `${access()}\r`,
      `\ufeff${access()}`,
      `cli-proxy-api  | ${access()}`,
      `2026-08-22T21:40:03.123Z ${access()}`,
      `Aug 22 21:40:01 host unit[12]: ${access()}`,
      `Aug 22 21:40:02 host unit[13]: ${access()}`,
      `Aug 2x 21:40:02 host unit[13]: ${access()}`,
      `cli-proxy-apx  | ${access()}`,
      `app-1  | ${access()}`,
      `app-2  | ${access()}`,
      '[2026-08-22 21:40:03] [info] [gin_logger.go:58] [GIN] 2026/08/22 - 21:40:03 | 429 |           7ms |       127.0.0.1 | GET     "/v1/models"',
      '[GIN] 2026/08/22 - 21:40:04 | 401 |      87.542µs |       127.0.0.1 | POST     "/v1/messages"',
      '[2026-08-22 21:40:05] [warn ] [gin_logger.go:92] | a1b2c3d4 | 429 |       23.559s |       127.0.0.1 | POST    "/v1/messages"',
      access().replace(':103]', ':104]'),
      access().replace('gin_logger.go:103', `${'long'.repeat(20)}.go:1`),
      access().replace('[gin_logger.go:103] ', ''),
    )
    .map((text) => Buffer.from(text)),
)
const asBytes = (text: string) => Buffer.from(text)
const anyLine = fc.oneof(
  { weight: 6, arbitrary: second.map((at) => asBytes(access({ second: at }))) },
  { weight: 4, arbitrary: ordinary.map(asBytes) },
  { weight: 2, arbitrary: failing.map(asBytes) },
  { weight: 3, arbitrary: mutated },
  { weight: 3, arbitrary: attribution.map(asBytes) },
  { weight: 3, arbitrary: foreign },
)
