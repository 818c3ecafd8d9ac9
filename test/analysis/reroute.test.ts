import { describe, expect, it } from 'vitest'
import { planReroute, type RerouteInput } from '../../src/analysis/reroute.ts'

const TEXT = `openai-compatibility:
  - name: agg
    prefix: team
    base-url: https://agg.example.com/v1
    api-key-entries:
      - api-key: sk-agg-1
    models:
      - name: z-ai/glm-5
        alias: glm
      - name: kimi-k2
        alias: kimi
  - name: direct
    base-url: https://direct.example.com/v1
    api-key-entries:
      - api-key: sk-direct-1
    models:
      - name: z-ai/glm-5
        alias: glm-direct
      - name: kimi-k2
        alias: kimi
claude-api-key:
  - api-key: sk-claude-1
    models:
      - name: claude-sonnet-4-5
        alias: kimi
`

function plan(input: Partial<RerouteInput>) {
  return planReroute({
    text: TEXT,
    flavour: 'upstream',
    what: { kind: 'ids', ids: ['glm'] },
    from: 'agg',
    to: 'direct',
    way: 'alias',
    upstreamModel: null,
    ...input,
  })
}

describe('planReroute', () => {
  it('finds the model that takes over by its upstream name, and says what clients lose', () => {
    const planning = plan({})
    expect(planning).toMatchObject({
      kind: 'plan',
      standing: 'new',
      moved: ['glm'],
      vanish: ['team/glm'],
      provingId: 'glm-direct',
      routes: [
        { id: 'glm', before: ['agg'], after: ['direct'] },
        { id: 'team/glm', before: ['agg'], after: [] },
      ],
    })
  })

  it('refuses while a third provider answers, too', () => {
    expect(plan({ what: { kind: 'ids', ids: ['kimi'] } })).toMatchObject({
      kind: 'refused',
      problems: [{ saw: 'kimi would be answered by claude, direct, not by direct alone' }],
    })
  })

  it('moves by priority, which leaves every id where it is', () => {
    expect(plan({ what: { kind: 'ids', ids: ['kimi'] }, way: 'priority', from: 'claude' })).toMatchObject({
      kind: 'plan',
      vanish: [],
      routes: [{ id: 'kimi', before: ['agg', 'claude', 'direct'], after: ['direct'] }],
    })
  })

  it('excludes an id at a section that knows exclusions', () => {
    const text = TEXT.replace(
      '      - name: kimi-k2\n        alias: kimi\n  - name: direct',
      '  - name: direct',
    )
    expect(
      plan({ text, what: { kind: 'ids', ids: ['kimi'] }, way: 'exclusion', from: 'claude' }),
    ).toMatchObject({
      kind: 'plan',
      after: expect.stringContaining('excluded-models'),
      routes: [{ id: 'kimi', before: ['claude', 'direct'], after: ['direct'] }],
    })
  })

  it('moves a prefix only where every id behind it lives on', () => {
    expect(plan({ what: { kind: 'prefix', prefix: 'team' } })).toMatchObject({
      kind: 'refused',
      problems: [{ saw: expect.stringContaining('team/glm would be answered by nobody') }],
    })
    const text = TEXT.replace('glm-direct', 'glm')
    expect(plan({ text, what: { kind: 'prefix', prefix: 'team' } })).toMatchObject({
      kind: 'plan',
      moved: ['team/glm', 'team/kimi'],
      vanish: [],
    })
  })
})
