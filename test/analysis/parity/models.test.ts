import { describe, expect, it } from 'vitest'
import { isSameModel, judgeModels } from '../../../src/analysis/parity/models.ts'

describe('the asked model', () => {
  it.each([
    ['glm-4.7', 'glm-4.7'],
    ['team-a/glm-4.7', 'glm-4.7'],
    ['z-ai/glm-5', 'z-ai/glm-5'],
    ['team-a/z-ai/glm-5', 'z-ai/glm-5'],
    ['gpt-5(high)', 'gpt-5'],
    ['claude-sonnet-4-5', 'claude-sonnet-4-5-20250929'],
    ['gpt-4o', 'gpt-4o-2024-08-06'],
    ['team-a/claude-sonnet-4-5(8192)', 'claude-sonnet-4-5-20250929'],
  ])('%s is answered by %s', (asked, named) => {
    expect(isSameModel(asked, named)).toBe(true)
  })

  it.each([
    ['glm', 'glm-4.7'],
    ['gpt-5.3-codex', 'gpt-5.3-codex-spark'],
    ['gpt-5.3-codex', 'gpt-5.2-codex'],
    ['glm-4.7', ''],
    ['team-a/glm', 'team-b/glm'],
  ])('%s is not answered by %s', (asked, named) => {
    expect(isSameModel(asked, named)).toBe(false)
  })

  it('is compared with the one side that names a model', () => {
    expect(judgeModels('chat', 'glm', null, 'other').notes).toEqual([
      { kind: 'model-unnamed', where: 'plain' },
      { kind: 'other-model', where: 'stream', asked: 'glm', named: 'other' },
    ])
  })
})
