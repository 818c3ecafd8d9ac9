import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCooldownText } from '../../../src/analysis/tokens/cooldown-file.ts'

function recorded(path: string): string {
  return readFileSync(new URL(`../../../fixtures/config/${path}`, import.meta.url), 'utf8')
}

describe('a cooldown file', () => {
  it('of an account is read as a real gateway wrote it', () => {
    const reading = readCooldownText(recorded('upstream-auth/codex-limited_example.com.cds'))
    expect(reading).toMatchObject({
      kind: 'cooldowns',
      file: { authId: 'codex-limited@example.com.json', provider: 'codex', unusable: 0 },
    })
    const records = reading.kind === 'cooldowns' ? reading.file.records : []
    expect(records.map(({ model, reason, status }) => [model, reason, status])).toEqual([
      [null, 'quota', 429],
      ['gpt-5.4', 'quota', 429],
    ])
    expect(records[0]?.untilMs).toBe(records[0]?.recoversMs)
  })

  it('of a key has the raw answer as its reason, and year 1 for "no quota"', () => {
    const reading = readCooldownText(recorded('upstream-auth/codex_apikey_0123456789ab.cds'))
    const [record] = reading.kind === 'cooldowns' ? reading.file.records : []
    expect(record).toMatchObject({ status: 400, recoversMs: null })
    expect(record?.reason).toContain('not supported')
  })

  it('counts records that make no sense, and accepts none at all', () => {
    expect(readCooldownText('{"auth_id":"a","records":[1,{}]}')).toMatchObject({
      file: { records: [], unusable: 2 },
    })
    expect(readCooldownText('{"auth_id":"a","records":null}')).toMatchObject({ file: { records: [] } })
  })

  it.each(['', '{', '[]', '{}', '{"auth_id":"a","records":3}'])('is unreadable when it reads %j', (text) => {
    expect(readCooldownText(text)).toEqual({ kind: 'unreadable' })
  })

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        (json) => void readCooldownText(JSON.stringify({ auth_id: 'a', records: [json] })),
      ),
    )
  })
})
