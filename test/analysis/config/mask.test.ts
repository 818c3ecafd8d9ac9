import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskBothSides, maskConfigSecrets } from '../../../src/analysis/config/mask.ts'
import { dice, randomFile } from './random-config.ts'

const FILE = `# my old key was sk-abcdefghijklmnop1234
port: 8317
proxy-url: "socks5://user:pa%20ss@1.2.3.4:1080"
api-keys:
  - "client-key-one"   # client-key-one is for team a
  - 123456
  # - old-client
remote-management: {secret-key: "$2a$10$abcdefghijklmnopqrstuv", allow-remote: false}
openai-compatibility:
  - name: x
    base-url: https://u:p@h/v1?key=abcdef&x=1
    headers:
      Authorization: Bearer foo
      X-Multi: |
        several
        lines
    api-key-entries: [{api-key: sk-1, proxy-url: direct}]
#    api-key: "leftover"
shared: &k one-for-two
claude-api-key:
  - api-key: *k
    excluded-models: [client-*]
kiro:
  - access-token: aoa-token
    token-file: ~/.aws/token.json
---
api-keys: [second-doc-key]
`
const SECRETS = [
  'sk-abcdefghijklmnop1234',
  'user:pa%20ss',
  'client-key-one',
  '123456',
  'old-client',
  '$2a$10$abcdefghijklmnopqrstuv',
  'u:p@',
  'abcdef',
  'Bearer foo',
  'several',
  'sk-1',
  'leftover',
  'one-for-two',
  'aoa-token',
  'second-doc-key',
]

describe('A masked config', () => {
  it('shows tags for secrets and everything else as it is', () => {
    expect(maskConfigSecrets(FILE)).toBe(`# my old key was [secret 15]
port: 8317
proxy-url: "socks5://[secret 12]@1.2.3.4:1080"
api-keys:
  - "[secret 1]"   # [secret 1] is for team a
  - [secret 2]
  # - [secret 10]
remote-management: {secret-key: "[secret 3]", allow-remote: false}
openai-compatibility:
  - name: x
    base-url: https://[secret 13]@h/v1?key=[secret 14]&x=1
    headers:
      Authorization: [secret 4]
      X-Multi: [secret 5]
    api-key-entries: [{api-key: [secret 6], proxy-url: direct}]
#    api-key: "[secret 11]"
shared: &k [secret 7]
claude-api-key:
  - api-key: *k
    excluded-models: [client-*]
kiro:
  - access-token: [secret 8]
    token-file: ~/.aws/token.json
---
api-keys: [[secret 9]]
`)
  })

  it.each([
    ['no YAML at all', FILE.replace('port: 8317', 'port: [8317')],
    ['a tab as indentation', FILE.replace('  - name: x', '\t- name: x')],
    ['a quote that is not closed', FILE.replace('"client-key-one"', '"client-key-one')],
    ['cut in the middle', FILE.slice(0, FILE.indexOf('proxy-url: direct')).replace('port: 8317', 'port: [')],
  ])('holds no secret when the text is %s', (_what, text) => {
    const masked = maskConfigSecrets(text)
    for (const secret of SECRETS) expect(masked).not.toContain(secret)
    expect(masked).toContain('name: x')
  })

  it('has as many lines as before when no secret goes over several lines', () => {
    const text = FILE.replace(/X-Multi: \|\n.*\n.*\n/, '')
    expect(maskConfigSecrets(text).split('\n')).toHaveLength(text.split('\n').length)
    const broken = text.replace('port: 8317', 'port: [')
    expect(maskConfigSecrets(broken).split('\n')).toHaveLength(text.split('\n').length)
  })

  it('keeps CRLF line ends, and empty values visible as such', () => {
    expect(maskConfigSecrets('api-keys:\r\n  - ""\r\n  - ~\r\n  - secret\r\n')).toBe(
      'api-keys:\r\n  - ""\r\n  - ~\r\n  - [secret 1]\r\n',
    )
  })

  it('takes provider sections for what they are, though their names end in api-key', () => {
    expect(maskConfigSecrets('codex-api-key:\n  - api-key: hidden\n    prefix: team\n')).toBe(
      'codex-api-key:\n  - api-key: [secret 1]\n    prefix: team\n',
    )
  })

  it('holds no secret of a random file, whole or cut anywhere', () => {
    fc.assert(
      fc.property(dice, fc.nat({ max: 3000 }), (numbers, length) => {
        const { text } = randomFile(numbers)
        for (const part of [text, text.slice(0, length), `${text}\n"`])
          expect(maskConfigSecrets(part)).not.toMatch(/sk-(?:ant-)?secret/)
      }),
      { numRuns: 300 },
    )
  })
})

describe('Both sides of a change', () => {
  it('show the same tag for the same secret, wherever it moved', () => {
    const { before, after } = maskBothSides(
      'api-keys: [first-client, second-client]\n',
      'api-keys: [new-client-key, second-client]\n',
    )
    expect(before).toBe('api-keys: [[secret 1], [secret 2]]\n')
    expect(after).toBe('api-keys: [[secret 3], [secret 2]]\n')
  })

  it('hide on one side what only the other one tells to be a secret', () => {
    const { before } = maskBothSides('note: to-become-a-key\n', 'api-keys: [to-become-a-key]\n')
    expect(before).toBe('note: [secret 1]\n')
  })
})
