import { describe, expect, it } from 'vitest'
import { CredentialLabels, maskCredential } from '../../../src/analysis/logs/credential.ts'

describe('a credential', () => {
  it.each([
    ['api_key=sk-9...0RHO', 'sk-9...0RHO'],
    ['api_key=ab...yz', 'ab...yz'],
    ['api_key=sk-live-0123456789', '***'],
    ['api_key=ab', '***'],
    ['provider=codex auth_file=codex-jane-doe@example.com-plus.json', 'codex-j***@example.com-plus.json'],
    ['auth_file=mary-ann@example.com.json', 'm***@example.com.json'],
    ['person@example.com', 'p***@example.com'],
    ['auth_id=openai-compatibility:team:0', 'openai-compatibility:team:0'],
    ['unknown', 'unknown'],
  ])('%s is shown as %s', (named, shown) => {
    expect(maskCredential(named)).toBe(shown)
  })

  it('keeps its label, and gets a number when another looks the same', () => {
    const labels = new CredentialLabels(10)
    expect(labels.labelOf('codex-jane@example.com.json')).toBe('codex-j***@example.com.json')
    expect(labels.labelOf('codex-john@example.com.json')).toBe('codex-j***@example.com.json #2')
    expect(labels.labelOf('codex-jane@example.com.json')).toBe('codex-j***@example.com.json')
  })
})
