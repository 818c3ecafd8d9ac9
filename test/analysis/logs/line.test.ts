import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lineTime, parseLine } from '../../../src/analysis/logs/line.ts'
import { coolingItems } from '../../../src/analysis/logs/message.ts'
import { fixture } from './support.ts'

const wall = (text: string) => Date.parse(`${text.replace(' ', 'T')}Z`) / 1000

describe('access lines', () => {
  it('are read in the current form', () => {
    const text =
      '[2026-03-30 12:42:35] [6b2dfd51] [warn ] [gin_logger.go:91] 401 |          51ms |  198.51.100.10 | POST    "/v1/responses"'
    expect(parseLine(text)).toEqual({
      kind: 'record',
      wallSeconds: wall('2026-03-30 12:42:35'),
      stampMs: null,
      level: 'warn',
      requestId: '6b2dfd51',
      message: {
        kind: 'access',
        status: 401,
        latencyMs: 51,
        ip: '198.51.100.10',
        method: 'POST',
        path: '/v1/responses',
        pathEnd: 'closed',
      },
    })
  })

  it.each([
    ['0s', 0],
    ['7ms', 7],
    ['1.192s', 1192],
    ['59.999s', 59_999],
    ['1m0s', 60_000],
    ['1m32s', 92_000],
    ['1h2m3s', 3_723_000],
    ['87.542µs', 0.087542],
    ['soon', null],
  ])('with the latency %s take %s ms', (latency, latencyMs) => {
    const text = `[2026-03-30 12:42:35] [--------] [info ] [gin_logger.go:91] 200 | ${latency.padStart(13)} |  198.51.100.10 | GET     "/"`
    expect(parseLine(text)).toMatchObject({ requestId: null, message: { kind: 'access', latencyMs } })
  })

  it.each([
    ['an empty address', '200 |            0s |                 | GET     "/"', '', '/'],
    [
      'an address longer than its column',
      '200 |            0s | 2001:db8:1111:2222:3333:4444:5555:6666 | GET     "/healthz"',
      '2001:db8:1111:2222:3333:4444:5555:6666',
      '/healthz',
    ],
    [
      'quotes in the path',
      '200 |            0s |       127.0.0.1 | GET     "/healthz?q="x""',
      '127.0.0.1',
      '/healthz?q="x"',
    ],
    [
      'credits',
      '200 |            0s |       127.0.0.1 | POST    "/v1/messages" [credits]',
      '127.0.0.1',
      '/v1/messages',
    ],
    [
      'an error behind',
      '500 |            0s |       127.0.0.1 | POST    "/v1/messages" | EOF',
      '127.0.0.1',
      '/v1/messages',
    ],
    [
      'a failure text as path',
      '404 |            0s |       127.0.0.1 | GET     "/upstream execution failed: provider=a model=b auth=c err=d"',
      '127.0.0.1',
      '/upstream execution failed: provider=a model=b auth=c err=d',
    ],
  ])('are read with %s', (_, message, ip, path) => {
    const text = `[2026-03-30 12:42:35] [--------] [info ] [gin_logger.go:91] ${message}`
    expect(parseLine(text)).toMatchObject({ message: { kind: 'access', ip, path, pathEnd: 'closed' } })
  })

  it('tell that their path is not closed', () => {
    const text =
      '[2026-03-30 12:42:35] [--------] [warn ] [gin_logger.go:91] 404 |            0s |       127.0.0.1 | GET     "/x'
    expect(parseLine(text)).toMatchObject({ message: { kind: 'access', path: '/x', pathEnd: 'open' } })
  })
})

describe('eras and wrappings', () => {
  const kindsOf = (name: string) =>
    fixture(`eras/${name}`)
      .toString()
      .trimEnd()
      .split('\n')
      .map((text) => {
        const line = parseLine(text)
        return line.kind === 'record' ? line.message.kind : line.kind
      })

  it('era A has bare access lines', () => {
    expect(kindsOf('era-a.log')).toEqual(['start', 'access', 'access', 'access', 'other', 'access'])
    const [, bare = ''] = fixture('eras/era-a.log').toString().split('\n')
    expect(parseLine(bare)).toMatchObject({
      wallSeconds: wall('2025-08-27 10:21:08'),
      level: null,
      requestId: null,
      message: { status: 200, latencyMs: 48.237458, path: '/v1/chat/completions' },
    })
  })

  it('era B has its access lines behind a prefix without a request id', () => {
    expect(kindsOf('era-b.log')).toEqual(['access', 'access', 'access', 'access', 'use', 'access'])
    const [, , text = ''] = fixture('eras/era-b.log').toString().split('\n')
    expect(parseLine(text)).toMatchObject({ level: 'warn', requestId: null, message: { status: 429 } })
  })

  it('era D has the request id inside the message', () => {
    const kinds = ['use', 'request-error', 'continuation', 'continuation', 'continuation']
    expect(kindsOf('era-d.log')).toEqual([...kinds, 'access', 'access', 'access'])
    const texts = fixture('eras/era-d.log').toString().split('\n')
    expect(parseLine(texts[5] ?? '')).toMatchObject({ requestId: 'a1b2c3d4', message: { status: 429 } })
    expect(parseLine(texts[6] ?? '')).toMatchObject({ requestId: null, message: { status: 200 } })
  })

  it('docker compose puts the service in front of every physical line', () => {
    const kinds = ['continuation', 'access', 'access', 'upstream-failure', 'continuation', 'continuation']
    expect(kindsOf('compose-prefix.log')).toEqual([...kinds, 'access', 'access'])
  })

  it('docker and journald stamps are instants', () => {
    const stampOf = (name: string, index: number) => {
      const line = parseLine(fixture(`eras/${name}`).toString().split('\n')[index] ?? '')
      return line.kind === 'record' ? line.stampMs : undefined
    }
    expect(stampOf('docker-stamps.log', 1)).toBe(Date.UTC(2026, 9, 25, 1, 0, 1, 500))
    expect(stampOf('journald.log', 0)).toBe(null)
    expect(stampOf('journald.log', 1)).toBe(Date.UTC(2026, 7, 22, 19, 40, 2))
  })

  it('colours, a carriage return and a byte order mark make no difference', () => {
    const bare = '[2026-08-22 21:40:03] [9f3c11aa] [info ] [main.go:1] hello'
    const wrapped = `\ufeff\u001b[36m[2026-08-22 21:40:03]\u001b[0m [9f3c11aa] [info ] [main.go:1] hello\r`
    expect(parseLine(wrapped)).toEqual(parseLine(bare))
  })

  it('a line with a date or time that does not exist begins no record', () => {
    for (const time of [
      '2026-13-01 00:00:00',
      '2026-00-01 00:00:00',
      '2026-04-31 00:00:00',
      '2026-04-30 24:00:00',
    ]) {
      expect(parseLine(`[${time}] [9f3c11aa] [info ] [main.go:1] hello`)).toEqual({ kind: 'continuation' })
    }
  })

  it('any text has an answer, and text that is no prefix is continuation', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const line = parseLine(text)
        expect(line.kind).toBe(text.includes('[') ? line.kind : 'continuation')
      }),
    )
  })
})

describe('messages', () => {
  const messageOf = (message: string) => {
    const line = parseLine(`[2026-08-22 21:40:03] [9f3c11aa] [warn ] [x.go:1] ${message}`)
    return line.kind === 'record' ? line.message : undefined
  }

  it('a provider failure names provider, model, credential and error', () => {
    expect(
      messageOf(
        'upstream execution failed: provider=openai-compatible-team model=glm 5 auth=provider=codex auth_file=codex-a@example.com.json duration=1m2s err={"error":{"code":429}}',
      ),
    ).toEqual({
      kind: 'upstream-failure',
      provider: 'team',
      model: 'glm 5',
      credential: 'provider=codex auth_file=codex-a@example.com.json',
      status: null,
      error: '{"error":{"code":429}}',
    })
  })

  it('a provider failure that begins like an access line is none', () => {
    expect(
      messageOf('401 |           6ms | upstream execution failed: provider=codex model=m auth=unknown err=x'),
    ).toMatchObject({ kind: 'upstream-failure', status: 401, credential: 'unknown' })
  })

  it('a local refusal names model, providers and the cooling credentials', () => {
    const message = messageOf(
      'auth unavailable: 2 of 3 candidate(s) for model "a\\"b" (providers=codex,openai-compatible-team) are in cooldown: [api_key=sk-f...dd-1, reason=quota, remaining=1h6m40s], [auth_file=x.json, reason=quota, remaining=28s]',
    )
    expect(message).toMatchObject({
      kind: 'cooling',
      cooling: 2,
      candidates: 3,
      model: 'a"b',
      providers: ['codex', 'team'],
    })
    expect([...coolingItems(message?.kind === 'cooling' ? message.list : '')]).toEqual([
      { credential: 'api_key=sk-f...dd-1', reason: 'quota', remainingMs: 4_000_000 },
      { credential: 'auth_file=x.json', reason: 'quota', remainingMs: 28_000 },
    ])
  })

  it('a local refusal of the newest versions ends behind "cooldown"', () => {
    expect(
      messageOf('auth unavailable: 1 of 1 candidate(s) for model "m" (provider=codex) are in cooldown'),
    ).toMatchObject({ kind: 'cooling', list: '' })
  })

  it.each([
    [
      'Use API key sk-9...0RHO for model gpt-5.2 via http proxy',
      { kind: 'use', credential: 'api_key=sk-9...0RHO', provider: null, model: 'gpt-5.2' },
    ],
    [
      'Use OAuth provider=codex auth_file=codex-a@example.com.json for model gpt-5.2',
      { kind: 'use', provider: 'codex', model: 'gpt-5.2' },
    ],
    [
      'Use OAuth person@example.com for model gemini-2.5-pro',
      { kind: 'use', credential: 'person@example.com', provider: null },
    ],
    [
      'request error, error status: 429, error message: slow down',
      { kind: 'request-error', status: 429, error: 'slow down' },
    ],
    ['request error, error status: 400 error body: {', { kind: 'request-error', status: 400, error: '{' }],
    [
      'session-affinity: cache hit | session=abc auth=codex-a.json provider=codex model=gpt-5.2',
      { kind: 'affinity', credential: 'codex-a.json', provider: 'codex', model: 'gpt-5.2' },
    ],
    [
      'session-affinity: fallback cache hit | session=abc fallback=def auth=x provider=codex model=m',
      { kind: 'affinity', credential: 'x' },
    ],
    ['refreshed codex, codex-a.json, <nil>', { kind: 'refresh', result: 'refreshed' }],
    ['refreshed codex, codex-a.json, refresh_token_reused', { kind: 'refresh', result: 'failed' }],
    ['Token refresh attempt 1 failed: {', { kind: 'refresh', result: 'failed' }],
    ['config successfully reloaded, triggering client reload', { kind: 'reload', result: 'reloaded' }],
    ['failed to reload config: yaml: line 3', { kind: 'reload', result: 'failed' }],
    [
      'CLIProxyAPI Version: v7.2.140, Commit: a7e3596b, BuiltAt: 2026-11-23',
      { kind: 'start', version: 'v7.2.140' },
    ],
    ['upstream', { kind: 'other' }],
    ['2 of 3', { kind: 'other' }],
    ['', { kind: 'other' }],
  ])('%s', (message, expected) => {
    expect(messageOf(message)).toMatchObject(expected)
  })
})

describe('the time of a line', () => {
  const timeOf = (text: string) => {
    const line = parseLine(text)
    return line.kind === 'record' ? { wallSeconds: line.wallSeconds, stampMs: line.stampMs } : null
  }
  const LOGS = ['eras/era-a.log', 'eras/era-b.log', 'eras/era-d.log', 'eras/compose-prefix.log']
  const MORE = ['eras/docker-stamps.log', 'eras/journald.log', 'fork-hostile-main.log', 'upstream-main.log']

  it.each([...LOGS, ...MORE])('is the same without the rest of it, in %s', (name) => {
    for (const text of fixture(name).toString().split('\n')) {
      const time = lineTime(text)
      expect(time && { wallSeconds: time.wallSeconds, stampMs: time.stampMs }, text).toEqual(timeOf(text))
    }
  })
})

describe('recorded logs', () => {
  it.each(['upstream', 'fork', 'forkold'])('every gin line of %s is an access line', (name) => {
    const texts = fixture(`${name}-main.log`)
      .toString()
      .split('\n')
      .filter((text) => text.includes('gin_logger.go'))
    const kinds = texts.map((text) => {
      const line = parseLine(text)
      return line.kind === 'record' ? line.message.kind : line.kind
    })
    expect(kinds.length).toBeGreaterThan(200)
    expect(new Set(kinds)).toEqual(new Set(['access']))
  })
})
