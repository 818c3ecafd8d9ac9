import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isHalfWritten, locate } from '../../src/changes/locate.ts'

const before = '# keys\nport: 8317\nproviders: []\n'
const after = '# keys\nport: 8317\nproviders:\n  - name: a\n'

test.each([
  ['before', before],
  ['after', after],
  ['half-written', after.slice(0, 34) + before.slice(34)],
  [
    'rewritten-after',
    'providers:\n    - name: "a"\nport: 8317\n# keys moved away by a save of the gateway\n',
  ],
  ['rewritten-before', 'providers: []\nport: 8317\n'],
  ['other', `${after}debug: true\n`],
  ['other', 'not: [yaml\n'],
] as const)('recognises the text as %s', (location, text) => {
  expect(locate(Buffer.from(text), before, after)).toBe(location)
})

test('a character cut in two is recognised as half-written', () => {
  const [old, next] = ['name: x, y, z\n', 'name: äöü\n']
  const cut = Buffer.concat([Buffer.from(next).subarray(0, 7), Buffer.from(old).subarray(7)])
  expect(locate(cut, old, next)).toBe('half-written')
})

test('a change of comments alone is never recognised by its values', () => {
  const commented = `# more\n${before}`
  expect(locate(Buffer.from('port: 8317\nproviders: []\n'), before, commented)).toBe('other')
})

test('every cut-off write, over every other one, is recognised as half-written', () => {
  const texts = fc.uint8Array({ minLength: 1, maxLength: 40 })
  const cuts = fc.array(fc.tuple(fc.boolean(), fc.nat(40)), { maxLength: 4 })
  fc.assert(
    fc.property(texts, texts, cuts, (old, next, writes) => {
      let current = Buffer.from(old)
      for (const [isForward, length] of writes) {
        const written = Buffer.from(isForward ? next : old).subarray(0, length)
        current = Buffer.concat([written, current.subarray(written.length)])
      }
      expect(isHalfWritten(current, Buffer.from(old), Buffer.from(next))).toBe(true)
    }),
  )
})

test('an inserted or foreign byte is not half-written', () => {
  const old = Buffer.from('abcdefgh')
  const next = Buffer.from('abXdefgh')
  expect(isHalfWritten(Buffer.from('abYdefgh'), old, next)).toBe(false)
  expect(isHalfWritten(Buffer.from('abcdefghi'), old, next)).toBe(false)
  expect(isHalfWritten(Buffer.from('abcdefg'), old, next)).toBe(false)
})
