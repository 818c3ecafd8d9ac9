import { describe, expect, it } from 'vitest'
import {
  goDuration,
  goJson,
  localFileStamp,
  localRfc3339,
  localStamp,
} from '../../../src/gateway/embedded/go-text.ts'

describe('Go durations', () => {
  it.each([
    [0, '0s'],
    [7, '7ms'],
    [999, '999ms'],
    [1_000, '1s'],
    [1_192, '1.192s'],
    [48_237.9, '48.237s'],
    [59_999, '59.999s'],
    [60_000, '1m0s'],
    [92_400, '1m32s'],
    [3_723_000, '1h2m3s'],
    [3_600_000, '1h0m0s'],
    [-5, '0s'],
  ])('%d ms is %s', (durationMs, text) => {
    expect(goDuration(durationMs)).toBe(text)
  })
})

describe('local stamps', () => {
  const timeMs = new Date(2026, 7, 2, 3, 4, 5, 678).getTime()

  it('stand in the zone of the process, without zone and fraction', () => {
    expect(localStamp(timeMs)).toBe('2026-08-02 03:04:05')
    expect(localFileStamp(timeMs)).toBe('2026-08-02T030405')
  })

  it('with an offset name the same moment', () => {
    expect(Date.parse(localRfc3339(timeMs))).toBe(Math.floor(timeMs / 1_000) * 1_000)
  })
})

describe('Go JSON', () => {
  it('escapes what could be markup, and stays the same JSON', () => {
    const value = { text: '<a href="x">&\u2028' }
    expect(goJson(value)).toBe('{"text":"\\u003ca href=\\"x\\"\\u003e\\u0026\\u2028"}')
    expect(JSON.parse(goJson(value))).toEqual(value)
  })
})
