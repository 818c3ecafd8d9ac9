import { describe, expect, it } from 'vitest'
import { accessEntry, logLine, maskKey, maskQuery } from '../../../src/gateway/embedded/log-line.ts'

const timeMs = new Date(2026, 7, 22, 21, 40, 3).getTime()

describe('a line of main.log', () => {
  it('has stamp, request id, padded level and caller', () => {
    const line = logLine({
      timeMs,
      level: 'warn',
      caller: 'gin_logger.go:93',
      message: 'text',
      requestId: '9f3c11aa',
    })
    expect(line).toBe('[2026-08-22 21:40:03] [9f3c11aa] [warn ] [gin_logger.go:93] text\n')
  })

  it('shows dashes where there is no request id', () => {
    expect(logLine({ timeMs, level: 'info', caller: 'main.go:1', message: 'x' })).toContain(
      '[--------] [info ]',
    )
  })

  it('follows the clock from one second to the next', () => {
    const entry = { level: 'info', caller: 'a.go:1', message: 'x' } as const
    const stamps = [0, 999, 1_000].map((ms) => logLine({ ...entry, timeMs: timeMs + ms }).slice(1, 20))
    expect(stamps).toEqual(['2026-08-22 21:40:03', '2026-08-22 21:40:03', '2026-08-22 21:40:04'])
  })
})

const callers = { ok: 'a.go:1', warn: 'a.go:2', error: 'a.go:3' }

describe('the line of an answered request', () => {
  const access = { status: 429, latencyMs: 4, address: '10.0.0.2', method: 'POST', target: '/v1/responses' }

  it('is aligned as the gateway aligns it', () => {
    expect(accessEntry(access, callers).message).toBe(
      '429 |           4ms |        10.0.0.2 | POST    "/v1/responses"',
    )
  })

  it.each([
    [200, 'info', 'a.go:1'],
    [301, 'info', 'a.go:1'],
    [400, 'warn', 'a.go:2'],
    [499, 'warn', 'a.go:2'],
    [500, 'error', 'a.go:3'],
    [503, 'error', 'a.go:3'],
  ])('has the level of its status: %d', (status, level, caller) => {
    expect(accessEntry({ ...access, status }, callers)).toMatchObject({ level, caller })
  })
})

describe('masking', () => {
  it('keeps the ends of a key, fewer of a short one, none of a very short one', () => {
    expect(maskKey('sk-fixture-client-1')).toBe('sk-f...nt-1')
    expect(maskKey('abcdef')).toBe('ab...ef')
    expect(maskKey('abc')).toBe('a...c')
    expect(maskKey('ab')).toBe('**')
  })

  it('hides the values of key-like parameters only', () => {
    expect(maskQuery('key=sk-fixture-client-1&x=sk-fixture-client-1&auth_token=0123456789')).toBe(
      'key=sk-f...nt-1&x=sk-fixture-client-1&auth_token=0123...6789',
    )
  })
})
