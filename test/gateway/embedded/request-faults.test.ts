import { describe, expect, it } from 'vitest'
import { isRequestFault, quotaHintMs } from '../../../src/gateway/embedded/request-faults.ts'

const body = (fields: Record<string, string>): string => JSON.stringify({ error: fields })

describe('a fault of the request', () => {
  it.each([400, 409, 413, 422])('is what status %d says by itself', (status) => {
    expect(isRequestFault({ status, text: 'no' }, 'by-body')).toBe(true)
  })

  it('is what the body says, even under 401 and 404', () => {
    const text = body({ type: 'invalid_request_error', code: 'invalid_api_key' })
    expect(isRequestFault({ status: 401, text }, 'by-body')).toBe(true)
    expect(isRequestFault({ status: 404, text }, 'by-body')).toBe(true)
  })

  it('is never seen under 402 and 429, nor in an authentication error', () => {
    const text = body({ type: 'invalid_request_error' })
    expect([402, 429].map((status) => isRequestFault({ status, text }, 'by-body'))).toEqual([false, false])
    const authentication = body({ type: 'authentication_error', code: 'invalid_request_error' })
    expect(isRequestFault({ status: 401, text: authentication }, 'by-body')).toBe(false)
  })

  it('is not a model that the provider does not serve: another credential may', () => {
    const text = '{"detail":"The model is not supported for this account"}'
    expect(isRequestFault({ status: 400, text }, 'by-body')).toBe(false)
    expect(isRequestFault({ status: 400, text }, 'by-status')).toBe(false)
  })

  it('is told by the status first in the fork', () => {
    const text = body({ type: 'invalid_request_error' })
    const faults = [400, 401, 404, 422].map((status) => isRequestFault({ status, text }, 'by-status'))
    expect(faults).toEqual([true, false, false, true])
    expect(isRequestFault({ status: 400, text: 'no words' }, 'by-status')).toBe(false)
  })

  it('is whatever the translation says it is', () => {
    expect(isRequestFault({ status: 500, text: '', requestScoped: true }, 'by-status')).toBe(true)
  })
})

describe('a quota hint', () => {
  const limited = (fields: Record<string, unknown>): string =>
    JSON.stringify({ error: { type: 'usage_limit_reached', ...fields } })

  it('is a moment or a number of seconds', () => {
    expect(quotaHintMs({ status: 429, text: limited({ resets_at: 100 }) }, 40_000)).toBe(60_000)
    expect(quotaHintMs({ status: 429, text: limited({ resets_in_seconds: 7 }) }, 0)).toBe(7_000)
  })

  it('is not taken from other refusals, nor from the past', () => {
    expect(quotaHintMs({ status: 429, text: body({ type: 'requests' }) }, 0)).toBeNull()
    expect(quotaHintMs({ status: 429, text: limited({ resets_at: 1 }) }, 40_000)).toBeNull()
    expect(quotaHintMs({ status: 503, text: limited({ resets_in_seconds: 7 }) }, 0)).toBeNull()
    expect(quotaHintMs({ status: 429, text: '<html>' }, 0)).toBeNull()
  })
})
