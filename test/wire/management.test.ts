import { describe, expect, it } from 'vitest'
import { readApiKeyUsage, readAuthFiles, readLogPage } from '../../src/wire/management.ts'

const buckets = [{ time: '10:00-10:10', success: 5, failed: 1 }]

describe('auth files', () => {
  it('are read from their wrapper, and from a bare array', () => {
    const file = {
      name: 'codex-a.json',
      type: 'codex',
      auth_index: 7,
      success: 5,
      failed: '1',
      recent_requests: buckets,
    }
    const expected = {
      kind: 'list',
      unusable: 0,
      entries: [
        {
          name: 'codex-a.json',
          provider: 'codex',
          authIndex: '7',
          success: 5,
          failed: 1,
          buckets: [{ label: '10:00-10:10', success: 5, failed: 1 }],
        },
      ],
    }
    expect(readAuthFiles({ files: [file] })).toMatchObject(expected)
    expect(readAuthFiles([file])).toMatchObject(expected)
  })

  it('keep a version without buckets apart from one without traffic', () => {
    expect(readAuthFiles({ files: [{ name: 'a', type: 'codex' }] })).toMatchObject({
      entries: [{ success: null, failed: null, buckets: null }],
    })
    expect(readAuthFiles({ files: null })).toEqual({ kind: 'list', entries: [], unusable: 0 })
  })

  it('count what is no file, and read the rest of an entry whose details are odd', () => {
    const reading = readAuthFiles({
      files: [
        null,
        {},
        { name: 'a', provider: 'X', id_token: 3, disabled: 'maybe', recent_requests: 'none' },
      ],
    })
    expect(reading).toMatchObject({
      kind: 'list',
      unusable: 2,
      entries: [{ provider: 'x', disabled: false, plan: null, buckets: null }],
    })
  })

  it.each([null, {}, { files: 3 }, 'x'])('are unreadable when the body is %j', (body) => {
    expect(readAuthFiles(body).kind).toBe('unreadable')
  })
})

describe('usage of API keys', () => {
  it('drops the raw key that stands in the object key', () => {
    const reading = readApiKeyUsage({
      glm: {
        'https://user:pw@api.example.com/v1|sk-canary-1': { success: 3, failed: 0, recent_requests: buckets },
      },
    })
    expect(JSON.stringify(reading)).not.toContain('canary')
    expect(JSON.stringify(reading)).not.toContain('pw')
    expect(reading).toMatchObject({
      kind: 'list',
      entries: [{ provider: 'glm', upstream: 'https://api.example.com', ordinal: 0, success: 3 }],
    })
  })

  it.each([null, [], 'x'])('is unreadable when the body is %j', (body) => {
    expect(readApiKeyUsage(body).kind).toBe('unreadable')
  })
})

describe('a page of the log', () => {
  it('is its lines', () => {
    expect(readLogPage({ lines: ['a'], 'line-count': 9 })).toEqual({
      kind: 'lines',
      lines: ['a'],
      latestMs: null,
    })
    expect(readLogPage({ lines: null })).toEqual({ kind: 'lines', lines: [], latestMs: null })
    expect(readLogPage({ error: 'x' }).kind).toBe('unreadable')
  })
})
