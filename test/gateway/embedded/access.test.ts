import { afterEach, describe, expect, it } from 'vitest'
import { CLIENT_KEY, CONFIG, closeAll, MANAGEMENT_KEY, post, start } from './harness.ts'

afterEach(closeAll)

describe('client keys', () => {
  it.each([
    ['a bearer', '', { authorization: `bearer ${CLIENT_KEY}` }],
    ['a bare header', '', { authorization: CLIENT_KEY }],
    ['X-Goog-Api-Key', '', { 'x-goog-api-key': CLIENT_KEY }],
    ['X-Api-Key', '', { 'x-api-key': CLIENT_KEY }],
    ['the query', `?key=${CLIENT_KEY}`, {}],
    ['the token of the query', `?auth_token=${CLIENT_KEY}`, {}],
    ['a right one beside a wrong one', '', { authorization: 'Bearer wrong', 'x-api-key': CLIENT_KEY }],
  ])('are found in %s', async (_, query, headers) => {
    const { client } = await start()
    expect((await client(`/v1/models${query}`, { key: null, headers })).status).toBe(200)
  })

  it('are told apart: missing, and wrong', async () => {
    const { client } = await start()
    const missing = await client('/v1/models', { key: null })
    expect([missing.status, await missing.json()]).toEqual([401, { error: 'Missing API key' }])
    const wrong = await client('/v1/messages', { ...post({}), key: 'wrong' })
    expect([wrong.status, await wrong.json()]).toEqual([401, { error: 'Invalid API key' }])
  })

  it('are not asked for where none is configured', async () => {
    const { client } = await start({ config: CONFIG.replace(/api-keys:\n.*\n/, '') })
    expect((await client('/v1/models', { key: null })).status).toBe(200)
  })
})

describe('safe mode', () => {
  const config = CONFIG.replace(CLIENT_KEY, 'your-api-key-1')

  it('refuses every client route, right key or not, and leaves health and management alone', async () => {
    const { client, manage } = await start({ config })
    for (const key of ['your-api-key-1', null]) {
      const reply = await client('/v1/models', { key })
      expect([reply.status, reply.headers.get('x-cpa-safe-mode')]).toEqual([403, 'example-api-key'])
      expect(await reply.json()).toMatchObject({ error: 'unsafe_example_api_key' })
    }
    expect((await client('/')).headers.get('content-type')).toContain('text/html')
    expect((await client('/healthz')).status).toBe(200)
    expect((await manage('/debug')).status).toBe(200)
  })

  it('is unknown to the fork', async () => {
    const { client } = await start({ config, profile: 'fork' })
    expect((await client('/v1/models', { key: 'your-api-key-1' })).status).toBe(200)
  })
})

describe('the management key', () => {
  it('is taken from either header, and every reply names the version', async () => {
    const { manage, gateway } = await start()
    const replies = [
      await manage('/debug'),
      await manage('/debug', { key: null, headers: { authorization: MANAGEMENT_KEY } }),
      await manage('/debug', { key: null, headers: { 'x-management-key': MANAGEMENT_KEY } }),
      await manage('/debug', { key: null }),
    ]
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 401])
    expect(replies.map(({ headers }) => headers.get('x-cpa-version'))).toEqual(Array(4).fill(gateway.version))
  })

  it('is not taken from the query nor from X-Management-Secret', async () => {
    const { manage } = await start()
    expect((await manage(`/debug?key=${MANAGEMENT_KEY}`, { key: null })).status).toBe(401)
    const headers = { 'x-management-secret': MANAGEMENT_KEY }
    expect(await (await manage('/debug', { key: null, headers })).json()).toEqual({
      error: 'missing management key',
    })
  })

  it('bans the address after five refusals, for 30 minutes, right key or not', async () => {
    const { manage, clock } = await start()
    for (let i = 0; i < 5; i++) expect((await manage('/debug', { key: 'wrong' })).status).toBe(401)
    const banned = await manage('/debug')
    expect([banned.status, await banned.json()]).toEqual([
      403,
      { error: 'IP banned due to too many failed attempts. Try again in 30m0s' },
    ])
    clock.advance(29 * 60_000)
    expect((await manage('/debug')).status).toBe(403)
    clock.advance(60_000)
    expect((await manage('/debug')).status).toBe(200)
  })

  it('counts unknown routes, too, and forgets after a right key', async () => {
    const { manage } = await start()
    for (let i = 0; i < 4; i++) await manage('/no-such-route', { key: 'wrong' })
    expect((await manage('/no-such-route')).status).toBe(404)
    for (let i = 0; i < 4; i++) await manage('/debug', { key: 'wrong' })
    expect((await manage('/debug')).status).toBe(200)
  })

  it('is refused to other machines unless they are allowed', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.9, 127.0.0.1' }
    const { manage } = await start()
    const refused = await manage('/debug', { headers })
    expect([refused.status, await refused.json()]).toEqual([403, { error: 'remote management disabled' }])
    const open = await start({ config: CONFIG.replace('secret-key', 'allow-remote: true\n  secret-key') })
    expect((await open.manage('/debug', { headers })).status).toBe(200)
  })

  it('does not exist where management is off: every route is 404 without a version', async () => {
    const { manage, gateway } = await start({ config: CONFIG.replace(/secret-key: .*/, 'secret-key: ""') })
    const reply = await manage('/debug')
    expect([reply.status, await reply.text(), reply.headers.get('x-cpa-version')]).toEqual([404, '', null])
    expect(gateway.managementKey).toBeNull()
  })

  it('of a scenario may be banned from the start', async () => {
    const { manage, clock } = await start({
      scenario: { bans: [{ address: '127.0.0.1', remainingMs: 60_000 }] },
    })
    expect((await manage('/debug')).status).toBe(403)
    clock.advance(60_000)
    expect((await manage('/debug')).status).toBe(200)
  })
})
