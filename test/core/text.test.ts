import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { groupedNumber, percent, printable, shellWord, span } from '../../src/core/text.ts'

describe('foreign text', () => {
  it('loses what could move, colour or hide in a terminal', () => {
    expect(printable('a\u001b[31mred\u001b[0m\r\nb\u202ec\u0007')).toBe('ared b c')
  })

  it('never has a control character or more than its length, whatever comes in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 40 }), (text, limit) => {
        const shown = printable(text, limit)
        expect(shown.length).toBeLessThanOrEqual(limit)
        expect(shown).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/)
      }),
    )
  })
})

describe('numbers for people', () => {
  it.each([
    [0, '0 ms'],
    [12.4, '12 ms'],
    [4200, '4.2 s'],
    [250_000, '4 m 10 s'],
    [7_200_000, '2 h'],
    [273_600_000, '3 d 4 h'],
  ])('shows a span of %d ms as %s', (ms, text) => {
    expect(span(ms)).toBe(text)
  })

  it.each([
    [0, '0 %'],
    [0.0004, '0.04 %'],
    [0.02, '2 %'],
    [0.051, '5.1 %'],
    [1, '100 %'],
  ])('shows a share of %d as %s', (share, text) => {
    expect(percent(share)).toBe(text)
  })
})

describe('a word of a command that is printed', () => {
  it('is what the shell reads back, control characters left out', async () => {
    const words = ['plain', 'a  b', "it's", '$HOME `x`', '', 'tab\tgone', '-g', 'https://gw/?a=1&b=2']
    const line = `printf '%s\\n' ${words.map(shellWord).join(' ')}`
    const { stdout } = await promisify(execFile)('/bin/sh', ['-c', line])
    expect(stdout.trimEnd().split('\n')).toEqual(words.map((word) => word.replace('\t', '')))
  })
})

describe('a whole number', () => {
  it('has commas between thousands, as Intl writes it', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (number) => {
        expect(groupedNumber(number)).toBe(number.toLocaleString('en-US'))
      }),
    )
  })
})
