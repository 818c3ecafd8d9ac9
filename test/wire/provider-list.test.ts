import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { authIndexesOf } from '../../src/wire/provider-list.ts'

describe('authIndexesOf', () => {
  it('finds the indexes of all keys of an entry, whatever the case of its name', () => {
    const body = {
      'openai-compatibility': [
        { name: 'Glm ', 'api-key-entries': [{ 'auth-index': 'a1' }, { 'auth-index': 7 }, {}] },
        { name: 'keyless', 'auth-index': 'b1' },
      ],
    }
    expect(authIndexesOf(body, 'glm')).toEqual(['a1', '7'])
    expect(authIndexesOf(body, 'KEYLESS')).toEqual(['b1'])
    expect(authIndexesOf(body, 'other')).toEqual([])
  })

  it('finds none in a list that is null', () => {
    expect(authIndexesOf({ 'openai-compatibility': null }, 'glm')).toEqual([])
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.jsonValue(), (body) => Array.isArray(authIndexesOf(body, 'glm'))))
  })
})
