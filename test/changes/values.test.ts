import { expect, test } from 'vitest'
import { compareSecretKeys, compareValues } from '../../src/changes/values.ts'

test('comments, order, quotes and layout do not make another value', () => {
  expect(compareValues('# hello\na: "x"\nb: [1, 2]\n', 'b:\n  - 1\n  - 2\na: x\n')).toBe('same')
})

test('the management secret is left out, for the gateway replaces it by its hash', () => {
  const plain = 'remote-management:\n  allow-remote: false\n  secret-key: "plain"\n'
  const hash = 'remote-management:\n  allow-remote: false\n  secret-key: $2a$10$abc\n'
  expect(compareValues(plain, hash)).toBe('same')
  expect(compareSecretKeys(plain, hash)).toBe('different')
  expect(compareSecretKeys(plain, 'a: 1\n')).toBe('different')
  expect(compareSecretKeys(plain, `debug: true\n${plain.replaceAll('"', '')}`)).toBe('same')
  expect(compareSecretKeys(plain, `${plain}${plain}`)).toBe('unreadable')
})

test('another value is different', () => {
  expect(compareValues('a: 1\n', 'a: 2\n')).toBe('different')
  expect(compareValues('a: 1\n', 'a: 1\nb: 1\n')).toBe('different')
})

test('only the first document counts, as for the gateway', () => {
  expect(compareValues('a: 1\n---\nb: 1\n', 'a: 1\n')).toBe('same')
})

test.each([
  ['broken text', 'a: [1\n'],
  ['a repeated key', 'a: 1\na: 2\n'],
  ['no mapping', '- 1\n'],
  ['nothing at all', ''],
  ['an alias without anchor', 'a: *nowhere\n'],
])('%s is unreadable, not equal to itself', (_name, text) => {
  expect(compareValues(text, text)).toBe('unreadable')
})
