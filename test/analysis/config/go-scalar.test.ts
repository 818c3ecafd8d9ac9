import { describe, expect, it } from 'vitest'
import { resolvePlain } from '../../../src/analysis/config/go-scalar.ts'

describe('An unquoted value', () => {
  it.each(['', '~', 'null', 'Null', 'NULL'])('%j is null', (text) => {
    expect(resolvePlain(text)).toEqual({ kind: 'null' })
  })

  it.each([
    ['true', true],
    ['True', true],
    ['FALSE', false],
  ])('%s is a truth value', (text, value) => {
    expect(resolvePlain(text)).toEqual({ kind: 'bool', value })
  })

  it.each([
    ['8317', 8317],
    ['-5', -5],
    ['+5', 5],
    ['0x10', 16],
    ['0o17', 15],
    ['017', 15],
    ['0b101', 5],
    ['1_000', 1000],
    ['-0', -0],
  ])('%s is a whole number in every notation of both YAML versions', (text, value) => {
    expect(resolvePlain(text)).toEqual({ kind: 'int', value: value + 0 })
  })

  it.each([
    ['5.0', 5],
    ['.5', 0.5],
    ['1e3', 1000],
    ['089', 89],
  ])('%s is a number with a fraction', (text, value) => {
    expect(resolvePlain(text)).toEqual({ kind: 'float', value })
  })

  it('beyond 64 bits is no whole number any more', () => {
    expect(resolvePlain('18446744073709551615').kind).toBe('int')
    expect(resolvePlain('18446744073709551616').kind).toBe('float')
  })

  it.each(['2026-11-23', '2026-1-2 03:04:05', '2026-01-02T03:04:05Z'])('%s is a date', (text) => {
    expect(resolvePlain(text).kind).toBe('time')
  })

  it.each(['yes', 'on', 'gpt-5.3', '1.2.3', '0x', '1e', '-', '.', '..', '5s', '2026-11', '08:30', '<<'])(
    '%s is text',
    (text) => {
      expect(resolvePlain(text)).toEqual({ kind: 'text', text })
    },
  )
})
