import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readModelList } from '../../src/wire/models.ts'

function ids(body: unknown): string[] | string {
  const reading = readModelList(body)
  return reading.kind === 'list' ? reading.list.models.map((model) => model.id) : reading.kind
}

describe('a model list', () => {
  it('is read in the OpenAI form, sorted, each id once', () => {
    const body = { object: 'list', data: [{ id: 'b', owned_by: 'x' }, { id: 'a' }, { id: 'b' }] }
    expect(readModelList(body)).toEqual({
      kind: 'list',
      list: {
        shape: 'openai',
        models: [
          { id: 'a', ownedBy: '' },
          { id: 'b', ownedBy: 'x' },
        ],
        unusable: 0,
        duplicates: ['b'],
        hasMore: false,
      },
    })
  })

  it('is read in the Claude form, with cloaked ids turned back', () => {
    const body = {
      data: [
        { id: 'claude-fable-5-dd-o4-tpg', type: 'model', display_name: 'x' },
        { id: 'claude-opus', type: 'model' },
      ],
      has_more: false,
    }
    expect(ids(body)).toEqual(['claude-opus', 'gpt-4o'])
  })

  it('is read in the Gemini and Codex forms', () => {
    expect(ids({ models: [{ name: 'models/gemini-3' }] })).toEqual(['gemini-3'])
    expect(ids({ models: [{ slug: 'gpt-5.3-codex' }] })).toEqual(['gpt-5.3-codex'])
  })

  it('is empty when the list is null, as Go prints no entries', () => {
    expect(ids({ object: 'list', data: null })).toEqual([])
  })

  it.each([null, 42, 'models', [], {}, { error: 'no' }, { data: 'x' }, { data: {} }, Number.NaN])(
    'is unreadable, not empty, when it is %j',
    (body) => {
      expect(readModelList(body).kind).toBe('unreadable')
    },
  )

  it('counts entries that are no models instead of dropping them', () => {
    const reading = readModelList({ data: [{ id: 'a' }, null, 7, { id: '' }, { id: ' ' }, { name: 'x' }] })
    expect(reading).toMatchObject({ kind: 'list', list: { models: [{ id: 'a' }], unusable: 5 } })
  })

  it('says when there are more pages', () => {
    expect(readModelList({ data: [{ id: 'a' }], has_more: true })).toMatchObject({ list: { hasMore: true } })
  })

  it('never throws and never invents a model', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        const text = JSON.stringify(body)
        const found = ids(body)
        if (typeof found === 'string') return
        for (const id of found) expect(text.includes('data') || text.includes('models')).toBe(id.length > 0)
      }),
    )
  })
})
