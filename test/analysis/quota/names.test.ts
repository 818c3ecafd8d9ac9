import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CredentialNames, maskEmails, maskFileName } from '../../../src/analysis/quota/names.ts'

describe('an e-mail address', () => {
  it.each([
    ['jane.doe@example.com', 'j…@example.com'],
    ['mail jane@x.org and bob@y.z', 'mail j…@x.org and b…@y.z'],
    ['jane%40example.com', 'j…%40example.com'],
    ['{"email":"jane@x.com"}', '{"email":"j…@x.com"}'],
    ['no address', 'no address'],
  ])('in %j is shown as %j', (text, shown) => {
    expect(maskEmails(text)).toBe(shown)
  })

  it('leaves nothing of its owner but the first character', () => {
    const local = fc.stringMatching(/^[a-z][a-z0-9._+-]{5,40}$/)
    fc.assert(
      fc.property(local, fc.constantFrom('', 'codex-', 'kiro-google-', 'codex-1a2b3c4d-'), (name, before) => {
        const shown = maskFileName(`${before}${name}@example.com.json`)
        expect(shown).not.toContain(name.slice(1))
        expect(shown).toMatch(/…@example\.com\.json$/)
      }),
    )
  })

  it('is found in a long text without a blank', () => {
    expect(maskEmails(`${'a'.repeat(100_000)}@example.com`)).toMatch(/…@example.com$/)
  })
})

describe('the name of a token file', () => {
  it.each([
    ['codex-jane@example.com-plus.json', null, 'codex-j…@example.com-plus.json'],
    ['codex-1a2b3c4d-jane@example.com.json', null, 'codex-1a2b3c4d-j…@example.com.json'],
    ['jane@example.com-my-project.json', null, 'j…@example.com-my-project.json'],
    ['jane-marie@example.com.json', null, 'j…@example.com.json'],
    ['minimax-jane@example.com.json', 'jane@example.com', 'minimax-j…@example.com.json'],
    ['antigravity-jane_doe_example_com.json', null, 'antigravity-j….json'],
    ['antigravity-jane_doe_example_shop.json', 'jane.doe@example.shop', 'antigravity-j…@example.shop.json'],
    ['codex-jane_example.com.cds', null, 'codex-j….cds'],
    ['kiro-aws-demo.json', null, 'kiro-aws-demo.json'],
    ['codex-demo-pro.json', null, 'codex-demo-pro.json'],
    ['gitlab-17-pat.json', null, 'gitlab-17-pat.json'],
  ])('%s (of %s) is shown as %s', (name, email, shown) => {
    expect(maskFileName(name, email)).toBe(shown)
  })
})

describe('names of credentials', () => {
  const files = ['codex-b@x.com.json', 'codex-bob@x.com.json', 'codex-a@x.com.json'].map((name) => ({
    name,
    email: null,
  }))

  it('tell those apart that look the same once masked, always in the same order', () => {
    for (const order of [files, files.toReversed()]) {
      const names = new CredentialNames('masked', order)
      expect(files.map(({ name }) => names.ofFile(name))).toEqual([
        'codex-b…@x.com.json',
        'codex-b…@x.com.json #2',
        'codex-a…@x.com.json',
      ])
    }
  })

  it('are whole when addresses are asked for, and free of control characters', () => {
    const names = new CredentialNames('shown', files)
    expect(names.ofFile('codex-bob@x.com.json')).toBe('codex-bob@x.com.json')
    expect(names.ofFile('a\u001b[31m\nb.json')).toBe('a b.json')
  })
})
