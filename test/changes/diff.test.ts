import { expect, test } from 'vitest'
import { maskedDiff } from '../../src/changes/diff.ts'
import { maskKeys } from './support/world.ts'

const before = 'port: 8317\nprovider:\n  - api-key: sk-old-secret\n    name: a\n'

test('a diff shows the changed lines under the name of the file, with counts', () => {
  const diff = maskedDiff('/etc/config.yaml', before, `${before}debug: true\n`, maskKeys)
  expect(diff).toEqual({
    kind: 'unified',
    addedLines: 1,
    removedLines: 0,
    text: [
      '--- /etc/config.yaml\tbefore',
      '+++ /etc/config.yaml\tafter',
      '@@ -2,3 +2,4 @@',
      ' provider:',
      '   - api-key: ***',
      '     name: a',
      '+debug: true',
      '',
    ].join('\n'),
  })
})

test('a changed secret shows as a changed line and never as itself', () => {
  const diff = maskedDiff('c', before, before.replace('sk-old-secret', 'sk-new-secret'), maskKeys)
  expect(diff).toMatchObject({ kind: 'unified', addedLines: 1, removedLines: 1 })
  expect(JSON.stringify(diff)).not.toMatch(/secret/)
})

test('a mask that swallows lines is applied before comparing, so nothing shifts', () => {
  const swallow = (text: string) => text.replace(/.*api-key.*\n/g, '')
  expect(maskedDiff('c', before, before.replace('old', 'new'), swallow)).toEqual({ kind: 'none' })
  const diff = maskedDiff('c', before, before.replace('old', 'new').replace('name: a', 'name: b'), swallow)
  expect(diff).toMatchObject({ kind: 'unified', addedLines: 1, removedLines: 1 })
  expect(JSON.stringify(diff)).not.toMatch(/sk-/)
})

test('equal texts have no diff', () => {
  expect(maskedDiff('c', before, before, maskKeys)).toEqual({ kind: 'none' })
})

test('texts that have nothing in common are not compared to the end', () => {
  const lines = (word: string) => Array.from({ length: 3000 }, (_, n) => `${word}${n}`).join('\n')
  expect(maskedDiff('c', lines('a'), lines('b'), maskKeys).kind).toBe('too-different')
})

test('what hides in a line is spelled out, and a carriage return at its end is not', () => {
  const diff = maskedDiff('c', 'a\r\n', 'a\r\n\u001b[31mred\u202e\u200b\r\n', maskKeys)
  expect(diff).toMatchObject({ text: expect.stringContaining('\n+\\u001b[31mred\\u202e\\u200b\n') })
})

test('a missing line end at the end of the file is told', () => {
  const diff = maskedDiff('c', 'a: 1', 'a: 2\n', maskKeys)
  expect(diff).toMatchObject({
    text: expect.stringContaining('-a: 1\n\\ No newline at end of file\n+a: 2\n'),
    addedLines: 1,
    removedLines: 1,
  })
})
