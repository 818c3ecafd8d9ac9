import { describe, expect, it } from 'vitest'
import { diffInventories, presenceOf } from '../../src/analysis/inventory.ts'

describe('two inventories', () => {
  it('differ by what is gone, what is new and who owns it', () => {
    const before = [
      { id: 'a', ownedBy: 'openai' },
      { id: 'b', ownedBy: 'codex' },
    ]
    const now = [
      { id: 'c', ownedBy: 'x' },
      { id: 'b', ownedBy: 'copilot' },
    ]
    expect(diffInventories(before, now)).toEqual({
      gone: ['a'],
      added: ['c'],
      ownerChanged: [{ id: 'b', before: 'codex', now: 'copilot' }],
    })
  })
})

describe('the presence of an id', () => {
  it('is exact, prefixed, or a lookalike that does not count', () => {
    const listed = [
      'gpt-5.3-codex',
      'team/gpt-5.3-codex',
      'gpt-5.3-codex-spark',
      'GPT-5.3-Codex',
      'my-gpt-5.3-codex',
    ]
    expect(presenceOf('gpt-5.3-codex', listed)).toEqual({
      exact: true,
      prefixed: ['team/gpt-5.3-codex'],
      lookalikes: ['gpt-5.3-codex-spark', 'GPT-5.3-Codex', 'my-gpt-5.3-codex'],
    })
  })
})
