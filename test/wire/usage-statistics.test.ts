import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readUsageStatistics } from '../../src/wire/usage-statistics.ts'

const RECORDING = new URL(
  '../../fixtures/wire/forkmetrics/management-usage-provider-keys.json',
  import.meta.url,
)

describe('the statistics of older gateways', () => {
  it('are read request by request from a real reply, without the keys that stand in it', () => {
    const { response } = JSON.parse(readFileSync(RECORDING, 'utf8'))
    const reading = readUsageStatistics(JSON.parse(response.body))
    expect(reading).toMatchObject({ kind: 'records', unusable: 0 })
    const records = reading.kind === 'records' ? reading.records : []
    expect(records.map(({ outcome }) => outcome).sort()).toEqual([
      'failed',
      'success',
      'success',
      'success',
      'success',
    ])
    expect(JSON.stringify(reading)).not.toMatch(/sk-|fixture-main/)
  })

  it('count what is no request, and are unreadable without their map', () => {
    const usage = {
      apis: { key: { models: { m: { details: [{ auth_index: 'a' }, null, { failed: true }] } } } },
    }
    expect(readUsageStatistics({ usage })).toEqual({ kind: 'records', records: [], unusable: 3 })
    expect(readUsageStatistics({ usage: { apis: null } })).toMatchObject({ kind: 'records', records: [] })
    for (const body of [null, [], {}, { usage: {} }, { usage: { apis: [] } }])
      expect(readUsageStatistics(body).kind).toBe('unreadable')
  })

  it('never throw', () => {
    fc.assert(fc.property(fc.jsonValue(), (body) => void readUsageStatistics({ usage: { apis: body } })))
  })
})
