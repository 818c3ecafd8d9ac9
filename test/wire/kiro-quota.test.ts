import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readKiroQuota } from '../../src/wire/kiro-quota.ts'

const REPLY = {
  auth_index: 'd0373ee7e6466bef',
  profile_arn: 'arn:aws:codewhisperer:us-east-1:000000000000:profile/DEMO',
  remaining_quota: 12.5,
  usage_percentage: 87.5,
  quota_exhausted: false,
  usage: {
    usageBreakdownList: [
      { resourceType: 'CREDIT', usageLimitWithPrecision: 100, currentUsageWithPrecision: 87.5 },
    ],
    subscriptionInfo: { subscriptionTitle: 'KIRO PRO' },
    nextDateReset: 1788000000,
  },
}

describe('the quota of a Kiro account', () => {
  it('is read with its limit, plan and reset', () => {
    expect(readKiroQuota(REPLY)).toEqual({
      kind: 'quota',
      quota: {
        authIndex: 'd0373ee7e6466bef',
        remaining: 12.5,
        limit: 100,
        used: 87.5,
        usedShare: 0.875,
        exhausted: false,
        resetsMs: 1788000000_000,
        plan: 'KIRO PRO',
      },
    })
  })

  it('adds a free trial to the plan', () => {
    const [plan] = REPLY.usage.usageBreakdownList
    const trial = { usageLimitWithPrecision: 50, currentUsageWithPrecision: 10 }
    const usage = { ...REPLY.usage, usageBreakdownList: [{ ...plan, freeTrialInfo: trial }] }
    expect(readKiroQuota({ ...REPLY, usage })).toMatchObject({ quota: { limit: 150, used: 97.5 } })
  })

  it.each([
    ['a null list', null],
    ['an empty list', []],
  ])('is not known from %s, for which the gateway answers "exhausted" by itself', (_name, list) => {
    const made = { ...REPLY, remaining_quota: 0, usage_percentage: 100, quota_exhausted: true }
    expect(readKiroQuota({ ...made, usage: { usageBreakdownList: list } })).toEqual({
      kind: 'unreadable',
      reason: 'the provider told no usage',
    })
  })

  it('is taken from the breakdown when the sums are missing, and never from nothing', () => {
    expect(readKiroQuota({ usage: REPLY.usage })).toMatchObject({
      quota: { remaining: 12.5, usedShare: 0.875, exhausted: false, authIndex: null },
    })
    const usage = { usageBreakdownList: [{ usageLimitWithPrecision: 100 }] }
    expect(readKiroQuota({ usage })).toMatchObject({ kind: 'unreadable' })
    expect(readKiroQuota({ auth_index: 'x' })).toMatchObject({ kind: 'unreadable' })
  })

  it.each([
    [1788000000, 1788000000_000],
    [1788000000_000, 1788000000_000],
    [1.788e9, 1788000000_000],
    ['2026-08-29T10:40:00Z', 1788000000_000],
    [0, null],
    [-1, null],
    [1e300, null],
    ['soon', null],
  ])('reads the reset %j', (nextDateReset, resetsMs) => {
    const reading = readKiroQuota({ ...REPLY, usage: { ...REPLY.usage, nextDateReset } })
    expect(reading).toMatchObject({ quota: { resetsMs } })
  })

  it('never throws, and never invents a number', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        const reading = readKiroQuota(body)
        if (reading.kind === 'unreadable') return
        const { remaining, usedShare, exhausted } = reading.quota
        expect([remaining, usedShare, exhausted]).not.toEqual([null, null, null])
      }),
    )
  })
})
