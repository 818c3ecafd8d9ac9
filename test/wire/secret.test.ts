import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hiding, Secret } from '../../src/wire/secret.ts'

const KEY = 'sk-canary/+"key~\\42'

function secretOf(text: string): Secret {
  const reading = Secret.read(text)
  if (reading.kind !== 'secret') throw new Error(reading.kind)
  return reading.secret
}

describe('a secret', () => {
  it('opens only when asked to reveal itself', () => {
    const secret = secretOf(KEY)
    const shown = [
      String(secret),
      `${secret}`,
      JSON.stringify({ secret }),
      inspect({ secret }, { depth: 9, showHidden: true }),
      JSON.stringify({ ...secret }),
      JSON.stringify(Object.getOwnPropertyNames(secret)),
    ]
    expect(shown.join()).not.toContain('canary')
    expect(shown[0]).toBe('[secret]')
    expect(secret.reveal()).toBe(KEY)
  })

  it('is read without the white space around it', () => {
    expect(secretOf('  sk-1\r\n').reveal()).toBe('sk-1')
  })

  it('is not read from nothing, nor from what no header can carry', () => {
    expect(Secret.read(' \n')).toEqual({ kind: 'empty' })
    for (const text of ['two\nlines', 'two words', 'schlüssel', 'a\u0000b', '“quoted”', 'x'.repeat(100_000)])
      expect(Secret.read(text)).toEqual({ kind: 'unsendable' })
  })
})

describe('hiding', () => {
  const forms: readonly { readonly form: string; readonly text: string }[] = [
    { form: 'as it is', text: KEY },
    { form: 'in JSON', text: JSON.stringify({ key: KEY }) },
    { form: 'in JSON inside JSON', text: JSON.stringify({ text: JSON.stringify(KEY) }) },
    { form: 'in a query', text: encodeURIComponent(KEY) },
    { form: 'in a form', text: new URLSearchParams({ key: KEY }).toString() },
    { form: 'escaped as Go does', text: KEY.replace('"', '\\u0022').replace('+', '\\u002b') },
    { form: 'in hex', text: Buffer.from(KEY).toString('hex') },
    { form: 'in upper-case hex', text: Buffer.from(KEY).toString('hex').toUpperCase() },
  ]

  it.each(forms)('finds a key $form', ({ text }) => {
    const hidden = hiding([KEY])(`before ${text} after`)
    expect(hidden).toMatch(/^before .*\[secret\].* after$/)
    expect(hidden).not.toContain('canary')
    expect(hidden).not.toContain(Buffer.from('canary').toString('hex'))
  })

  it('finds a key that is as long as a token with all groups of its owner', () => {
    const token = Array.from({ length: 400 }, (_, index) => `${index}`.padStart(10, 'k')).join('')
    const hidden = hiding([token, KEY])(`before ${token} and ${KEY}, ${encodeURIComponent(token)} after`)
    expect(hidden.replaceAll('[secret]', '')).toBe('before  and ,  after')
    expect(hiding([token])(Buffer.from(token).toString('base64'))).not.toMatch(/[^[\]]{9}/)
  })

  it('finds a key in base64 wherever it begins, so that it cannot be read back', () => {
    const printable = fc.string({
      unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)),
      minLength: 10,
      maxLength: 40,
    })
    fc.assert(
      fc.property(
        printable,
        fc.string(),
        fc.string(),
        fc.constantFrom('base64', 'base64url'),
        (key, before, after, encoding) => {
          const encoded = Buffer.from(before + key + after).toString(encoding as BufferEncoding)
          const hidden = hiding([key])(encoded)
          expect(hidden).toContain('[secret]')
          const left = hidden.split('[secret]').map((part) => Buffer.from(part, 'base64').toString('latin1'))
          expect(left.join('')).not.toContain(key)
        },
      ),
    )
  })

  it('leaves everything else alone', () => {
    const hide = hiding([KEY, 'abc', ''])
    expect(hide('nothing here: abc sk-')).toBe('nothing here: abc sk-')
    expect(hiding([])('text')).toBe('text')
  })

  it('hides the longer of two keys whole when one begins like the other', () => {
    expect(hiding(['sk-one', 'sk-one-and-more'])('sk-one-and-more sk-one')).toBe('[secret] [secret]')
  })
})
