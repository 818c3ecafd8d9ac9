import { describe, expect, it } from 'vitest'
import type { Profile } from '../../../../src/gateway/embedded/profile.ts'
import {
  brokenBody,
  codexFailure,
  errorBody,
  errorFrame,
} from '../../../../src/gateway/embedded/translation/errors.ts'
import type { Endpoint } from '../../../../src/wire/routes.ts'

const body = (
  status: number,
  text: string,
  endpoint: Endpoint = 'chat',
  profile: Profile = 'upstream',
  stream = false,
) => JSON.parse(errorBody({ status, text }, { endpoint, profile, stream }))

describe('the body of an error', () => {
  it('is the upstream JSON as it is', () => {
    const text = '{"error":{"message":"no","x":1}}'
    expect(errorBody({ status: 402, text }, { endpoint: 'chat', profile: 'fork', stream: false })).toBe(text)
  })

  it.each([
    [401, { type: 'authentication_error', code: 'invalid_api_key' }],
    [403, { type: 'permission_error', code: 'insufficient_quota' }],
    [404, { type: 'invalid_request_error', code: 'model_not_found' }],
    [429, { type: 'rate_limit_error', code: 'rate_limit_exceeded' }],
    [500, { type: 'server_error', code: 'internal_server_error' }],
    [529, { type: 'server_error', code: 'internal_server_error' }],
    [422, { type: 'invalid_request_error' }],
  ])('wraps other text by status %i', (status, words) => {
    expect(body(status, 'Sorry\n')).toEqual({ error: { message: 'Sorry', ...words } })
  })

  it('escapes a page as Go does', () => {
    const text = errorBody(
      { status: 403, text: '<html>' },
      { endpoint: 'chat', profile: 'fork', stream: false },
    )
    expect(text).toContain('\\u003chtml\\u003e')
  })

  it.each([
    [402, 'billing_error'],
    [413, 'request_too_large'],
    [504, 'timeout_error'],
    [529, 'overloaded_error'],
    [503, 'api_error'],
    [400, 'invalid_request_error'],
  ])('for Claude clients has the type of status %i', (status, type) => {
    expect(body(status, 'Sorry', 'messages')).toEqual({ type: 'error', error: { type, message: 'Sorry' } })
  })

  it('for Claude clients loses all but type and message', () => {
    const cooldown = '{"error":{"code":"model_cooldown","message":"wait","reset_seconds":60}}'
    expect(body(429, cooldown, 'messages')).toEqual({
      type: 'error',
      error: { type: 'rate_limit_error', message: 'wait' },
    })
    expect(body(429, cooldown, 'messages', 'fork-old')).toHaveProperty('error.reset_seconds', 60)
  })

  it('before a Responses stream is reduced upstream, even when it tells how long to wait', () => {
    const text = '{"error":{"message":"no","type":"t","param":null,"code":"c"},"extra":1}'
    expect(body(400, text, 'responses', 'upstream', true)).toEqual({
      error: { type: 't', code: 'c', message: 'no' },
    })
    expect(body(400, text, 'responses', 'fork', true)).toHaveProperty('extra')
    const cooldown = '{"error":{"code":"model_cooldown","message":"wait","reset_seconds":60}}'
    expect(body(429, cooldown, 'responses', 'upstream', true)).toEqual({
      error: { code: 'model_cooldown', message: 'wait' },
    })
    expect(body(429, cooldown, 'responses', 'upstream')).toHaveProperty('error.reset_seconds', 60)
  })
})

describe('an error inside a stream', () => {
  const failure = { status: 502, text: '{"error":{"message":"busy","code":"overloaded"}}' }
  const frame = (endpoint: Endpoint, profile: Profile) =>
    errorFrame(failure, { endpoint, profile, stream: true })

  it('is flat for Responses clients, and nested in the old fork', () => {
    expect(frame('responses', 'upstream')).toBe(
      '\nevent: error\ndata: {"type":"error","code":"overloaded","message":"busy","sequence_number":0}\n\n',
    )
    expect(frame('responses', 'fork-old')).toBe(`event: error\ndata: ${failure.text}\n\n`)
  })

  it('is an unnamed frame for chat clients and a named one for Claude clients', () => {
    expect(frame('chat', 'upstream')).toBe(`data: ${failure.text}\n\n`)
    expect(frame('messages', 'fork-old')).toBe(
      'event: error\ndata: {"type":"error","error":{"type":"api_error","message":"busy"}}\n\n',
    )
  })
})

describe('a refusal of Codex', () => {
  it('becomes auth_unavailable when it is 401, except in the old fork', () => {
    const failure = { status: 401, text: '{"error":{"message":"expired","code":"token_expired"}}' }
    expect(codexFailure(failure, 'upstream').text).toBe(
      '{"error":{"message":"expired","type":"authentication_error","code":"auth_unavailable"}}',
    )
    expect(codexFailure(failure, 'fork-old')).toEqual(failure)
  })

  it('is a limit whatever its status when it says so', () => {
    expect(
      codexFailure({ status: 400, text: '{"error":{"type":"usage_limit_reached"}}' }, 'fork').status,
    ).toBe(429)
  })
})

describe('a reply that breaks off', () => {
  it('is a fault of the gateway, and for Codex a timeout', () => {
    expect(brokenBody('openai', 'upstream')).toEqual({ status: 500, text: 'unexpected EOF' })
    expect(brokenBody('codex', 'fork')).toEqual({ status: 500, text: 'unexpected EOF' })
    expect(brokenBody('codex', 'upstream')).toMatchObject({ status: 408, requestScoped: true })
  })
})
