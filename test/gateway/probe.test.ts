import { readFile } from 'node:fs/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { ClientOptions } from '../../src/gateway/client.ts'
import type { Aliveness } from '../../src/gateway/probe/alive.ts'
import { type Capabilities, probeCapabilities } from '../../src/gateway/probe.ts'
import { CLIENT_KEY, clientOf, jsonReply, MANAGEMENT_KEY, systemClock } from './client-rig.ts'
import { type GoodReply, type MutatingServer, startMutatingServer } from './mutating-server.ts'

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** The key a request came with, as a word. */
type KeyWord = 'client' | 'management' | 'other' | 'none'
type Routes = Readonly<Record<string, GoodReply | ((key: KeyWord) => GoodReply)>>

const NOW_MS = Date.UTC(2026, 7, 1)

const MISSING: GoodReply = { status: 404, contentType: 'text/plain', body: Buffer.alloc(0) }
const GO_MISSING: GoodReply = { ...MISSING, body: Buffer.from('404 page not found') }
const MODELS = jsonReply({ object: 'list', data: [{ id: 'gpt-5.3-codex', owned_by: 'openai' }] })
const HEALTHY = jsonReply({ status: 'ok' })

function page(title: string): GoodReply {
  return {
    status: 200,
    contentType: 'text/html',
    body: Buffer.from(`<!doctype html><html><head><title>${title}</title></head></html>`),
  }
}

function banner(...more: string[]): GoodReply {
  const endpoints = ['POST /v1/chat/completions', 'GET /v1/models', ...more]
  return jsonReply({ message: 'CLI Proxy API Server', endpoints })
}

function exposing(reply: GoodReply, names: string): GoodReply {
  return { ...reply, headers: [`Access-Control-Expose-Headers: ${names}`] }
}

/** The door of every real gateway: the right key, a wrong one, none. */
function modelsBehindKey(key: KeyWord): GoodReply {
  if (key === 'client') return MODELS
  return jsonReply({ error: key === 'none' ? 'Missing API key' : 'Invalid API key' }, 401)
}

const VERSION_HEADERS = ['X-CPA-VERSION: v7.2.140', 'X-CPA-COMMIT: a7e3596b']

function versioned(reply: GoodReply): GoodReply {
  return { ...reply, headers: VERSION_HEADERS }
}

const DEBUG = versioned(jsonReply({ debug: false }))

interface Rig {
  readonly capabilities: Capabilities
  readonly server: MutatingServer
  readonly asked: () => readonly string[]
  readonly forget: () => void
}

async function probing(
  routes: Routes,
  changes: Partial<ClientOptions> = {},
  missing: GoodReply = MISSING,
): Promise<Rig> {
  const server = await startMutatingServer({
    pick: () => null,
    good: ({ path, head }) => {
      const reply = routes[path] ?? missing
      return typeof reply === 'function' ? reply(keyWord(head)) : reply
    },
  })
  const { gateway } = clientOf(server.origin, changes)
  closing.push(
    () => server.close(),
    () => gateway.close(),
  )
  return {
    capabilities: probeCapabilities(gateway, { ...systemClock, nowMs: () => NOW_MS }),
    server,
    asked: () => server.requests.map(({ path, head }) => `${path} ${keyWord(head)}`),
    forget: () => gateway.forget(),
  }
}

function keyWord(head: string): KeyWord {
  const key = /^authorization: Bearer (?<key>\S+)/im.exec(head)?.groups?.key
  if (key === undefined) return 'none'
  return key === CLIENT_KEY ? 'client' : key === MANAGEMENT_KEY ? 'management' : 'other'
}

function triedOf({ tried }: Aliveness): string[] {
  return tried.map(({ route, result }) =>
    result.kind === 'ok' ? `${route} ${result.value.status}` : `${route} ${result.fault.kind}`,
  )
}

describe('whether a gateway is alive', () => {
  it('is told by /healthz alone where there is one', async () => {
    const { capabilities, asked } = await probing({ '/healthz': HEALTHY })
    expect(await capabilities.alive()).toMatchObject({ kind: 'alive', by: 'healthz', reply: { status: 200 } })
    expect(asked()).toEqual(['/healthz none'])
  })

  it('is told by the banner of an older gateway', async () => {
    const { capabilities } = await probing({ '/': banner() }, {}, GO_MISSING)
    const alive = await capabilities.alive()
    expect(alive).toMatchObject({ kind: 'alive', by: 'banner' })
    expect(triedOf(alive)).toEqual(['healthz 404', 'banner 200'])
  })

  it.each([
    { sign: 'a model list', reply: MODELS },
    { sign: 'a refusal in its own words', reply: jsonReply({ error: 'Missing API key' }, 401) },
    { sign: 'safe mode', reply: jsonReply({ error: 'unsafe_example_api_key', message: 'no' }, 403) },
  ])('is told by /v1/models through $sign, without showing a key', async ({ reply }) => {
    const { capabilities, asked } = await probing({ '/v1/models': reply })
    expect(await capabilities.alive()).toMatchObject({ kind: 'alive', by: 'models' })
    expect(asked()).toContain('/v1/models none')
  })

  it('is told by /health last', async () => {
    const { capabilities, asked } = await probing({ '/health': HEALTHY })
    expect(await capabilities.alive()).toMatchObject({ kind: 'alive', by: 'health' })
    expect(asked()).toHaveLength(4)
  })

  it('is told by the page of safe mode', async () => {
    const { capabilities } = await probing({ '/': page('Example API key detected') }, {}, GO_MISSING)
    expect(await capabilities.alive()).toMatchObject({ kind: 'alive', by: 'banner' })
  })

  it.each([
    { stranger: 'a sign-in page everywhere', reply: page('Sign in') },
    { stranger: 'another status', reply: jsonReply({ status: 'starting' }) },
    { stranger: 'a refusal of somebody else', reply: jsonReply({ message: 'Unauthorized' }, 401) },
    { stranger: 'a page of some web server', reply: MISSING },
    { stranger: 'a gateway whose remote control is gone', reply: { ...MISSING, status: 503 } },
  ])('is not known of $stranger', async ({ reply }) => {
    const { capabilities } = await probing({}, {}, reply)
    const alive = await capabilities.alive()
    expect(alive).toMatchObject({ kind: 'not-recognised', reply: { status: reply.status } })
    expect(alive.tried).toHaveLength(4)
  })

  it('is not known where nobody listens, after one attempt', async () => {
    const { capabilities, server } = await probing({})
    await server.close()
    expect(await capabilities.alive()).toMatchObject({
      kind: 'no-answer',
      fault: { kind: 'unreachable', code: 'ECONNREFUSED' },
      tried: { length: 1 },
    })
  })

  it('is asked once per run, and again after forget', async () => {
    const { capabilities, asked, forget } = await probing({ '/healthz': HEALTHY })
    await Promise.all([capabilities.alive(), capabilities.alive()])
    expect(asked()).toHaveLength(1)
    forget()
    await capabilities.alive()
    expect(asked()).toHaveLength(2)
  })
})

describe('a client key', () => {
  it('is accepted by a gateway that shuts others out', async () => {
    const { capabilities } = await probing({ '/v1/models': modelsBehindKey })
    expect(await capabilities.auth()).toMatchObject({ kind: 'accepted', withoutKey: 'refused' })
  })

  it('that is refused is told with the words of the gateway', async () => {
    const { capabilities } = await probing({ '/v1/models': modelsBehindKey })
    expect(await capabilities.auth(1)).toMatchObject({
      kind: 'refused',
      by: 'gateway',
      text: 'Invalid API key',
    })
  })

  it('that somebody else refuses is told apart', async () => {
    const { capabilities } = await probing({
      '/v1/models': jsonReply({ error: { message: 'expired' } }, 401),
    })
    expect(await capabilities.auth()).toMatchObject({ kind: 'refused', by: 'other', text: 'status 401' })
  })

  it('says nothing to an open gateway', async () => {
    const given = await probing({ '/v1/models': MODELS })
    const none = await probing({ '/v1/models': MODELS }, { clientKeys: [] })
    expect(await given.capabilities.auth()).toMatchObject({ kind: 'open' })
    expect(await none.capabilities.auth()).toMatchObject({ kind: 'open' })
    expect(none.asked()).toEqual(['/v1/models none'])
  })

  it('is missed by a gateway that wants one', async () => {
    const { capabilities } = await probing({ '/v1/models': modelsBehindKey }, { clientKeys: [] })
    expect(await capabilities.auth()).toMatchObject({ kind: 'no-key' })
  })

  it.each([
    {
      version: 'new',
      routes: { '/v1/models': jsonReply({ error: 'unsafe_example_api_key', message: 'sample' }, 403) },
    },
    { version: 'old', routes: { '/': page('Example API key detected') } },
  ])('is of no use to a $version gateway in safe mode', async ({ routes }) => {
    const { capabilities } = await probing(routes, {}, GO_MISSING)
    expect(await capabilities.auth()).toMatchObject({
      kind: 'safe-mode',
      message: expect.stringContaining('sample'),
    })
  })

  it.each([
    { answer: 'a page', reply: page('Sign in') },
    { answer: 'an empty object', reply: jsonReply({}) },
    { answer: 'an error of the server', reply: jsonReply({ error: 'Authentication service error' }, 500) },
    { answer: 'nothing of the kind', reply: MISSING },
  ])('is neither accepted nor refused by $answer', async ({ reply }) => {
    const { capabilities } = await probing({ '/v1/models': reply })
    expect(await capabilities.auth()).toMatchObject({ kind: 'unclear' })
  })
})

describe('management', () => {
  const debug = (reply: GoodReply): Routes => ({ '/v0/management/debug': reply })

  it('is on, and tells the build', async () => {
    const { capabilities } = await probing(debug(DEBUG))
    expect(capabilities.knownVersion()).toBeNull()
    expect(await capabilities.management()).toMatchObject({
      kind: 'on',
      build: { version: 'v7.2.140', commit: 'a7e3596b' },
    })
    expect(capabilities.knownVersion()).toBe('v7.2.140')
  })

  it('is not asked for without a key', async () => {
    const { capabilities, asked } = await probing(debug(DEBUG), { managementKey: null })
    expect(await capabilities.management()).toEqual({ kind: 'no-key' })
    expect(asked()).toEqual([])
  })

  it.each([
    { state: 'off', reply: MISSING },
    { state: 'off', reply: GO_MISSING },
    { state: 'refused', reply: versioned(jsonReply({ error: 'invalid management key' }, 401)) },
    { state: 'refused', reply: { ...page('Forbidden'), status: 403 } },
    { state: 'remote-disabled', reply: versioned(jsonReply({ error: 'remote management disabled' }, 403)) },
    { state: 'key-not-set', reply: versioned(jsonReply({ error: 'remote management key not set' }, 403)) },
    { state: 'unclear', reply: page('Sign in') },
    { state: 'unclear', reply: jsonReply({}) },
    { state: 'unclear', reply: { ...MISSING, status: 503 } },
  ])('is $state after $reply.status', async ({ state, reply }) => {
    const { capabilities, asked } = await probing(debug(reply))
    expect(await capabilities.management()).toMatchObject({ kind: state })
    expect(asked()).toEqual(['/v0/management/debug management'])
  })

  it('tells when a ban ends', async () => {
    const text = 'IP banned due to too many failed attempts. Try again in 29m59s'
    const { capabilities } = await probing(debug(versioned(jsonReply({ error: text }, 403))))
    expect(await capabilities.management()).toMatchObject({
      kind: 'banned',
      leftText: '29m59s',
      untilMs: NOW_MS + 1_799_000,
      build: { version: 'v7.2.140' },
    })
  })

  it('stays refused for the whole run after one request', async () => {
    const { capabilities, asked, forget } = await probing(
      debug(jsonReply({ error: 'invalid management key' }, 401)),
    )
    await capabilities.ask('config')
    forget()
    expect(await capabilities.management()).toMatchObject({ kind: 'refused', text: 'invalid management key' })
    expect(asked()).toHaveLength(1)
  })
})

describe('a route that not every gateway has', () => {
  it('is told apart from one whose handler finds nothing', async () => {
    const { capabilities } = await probing({
      '/v0/management/debug': DEBUG,
      '/v0/management/config.yaml': jsonReply({ error: 'not_found', message: 'config file not found' }, 404),
      '/v1/metrics/providers': jsonReply({}),
    })
    expect(await capabilities.ask('kiroQuota')).toMatchObject({ kind: 'not-offered' })
    expect(await capabilities.ask('configYaml')).toMatchObject({ kind: 'reply', reply: { status: 404 } })
    expect(await capabilities.ask('metrics', { as: 'none' })).toMatchObject({ kind: 'reply' })
    expect(await capabilities.ask('health')).toMatchObject({ kind: 'not-offered' })
  })

  it('of management is not asked while management is not on', async () => {
    const { capabilities, asked } = await probing({})
    expect(await capabilities.ask('usage')).toMatchObject({
      kind: 'no-management',
      management: { kind: 'off' },
    })
    expect(asked()).toEqual(['/v0/management/debug management'])
  })

  it('passes a fault on', async () => {
    const { capabilities } = await probing({}, { clientKeys: [] })
    expect(await capabilities.ask('metrics')).toEqual({
      kind: 'fault',
      fault: { kind: 'no-key', key: 'client' },
    })
  })
})

describe('the family of a gateway', () => {
  const plugin = 'X-CPA-VERSION, X-CPA-SUPPORT-PLUGIN'
  const families: readonly { readonly what: string; readonly routes: Routes; readonly family: string }[] = [
    {
      what: 'a trace id',
      routes: { '/': exposing(banner(), `X-CPA-TRACE-ID, ${plugin}`) },
      family: 'upstream likely',
    },
    { what: 'no trace id', routes: { '/': exposing(banner(), plugin) }, family: 'fork likely' },
    {
      what: 'no trace id and a version of line 7',
      routes: { '/': exposing(banner(), plugin), '/v0/management/debug': DEBUG },
      family: 'upstream likely',
    },
    {
      what: 'a version with -plus',
      routes: {
        '/': banner(),
        '/v0/management/debug': { ...DEBUG, headers: ['X-CPA-VERSION: v6.9.4-0-plus'] },
      },
      family: 'fork sure',
    },
    {
      what: 'provider metrics',
      routes: { '/': banner('GET /v1/metrics/providers'), '/v1/metrics/providers': jsonReply({}) },
      family: 'fork-old sure',
    },
    { what: 'a bare banner', routes: { '/': banner() }, family: 'old likely' },
    {
      what: '/health',
      routes: { '/': banner(), '/health': HEALTHY, '/v1/metrics/providers': jsonReply({}) },
      family: 'runbook-like sure',
    },
    {
      what: 'the page of safe mode',
      routes: { '/': page('Example API key detected') },
      family: 'old likely',
    },
    { what: 'somebody else', routes: { '/': page('Welcome to nginx') }, family: 'unknown none' },
  ]

  it.each(families)('is guessed as $family from $what', async ({ routes, family }) => {
    const { capabilities } = await probing(routes)
    const lineage = await capabilities.lineage()
    expect(`${lineage.family} ${lineage.certainty}`).toBe(family)
    expect(lineage.evidence.length > 0).toBe(lineage.family !== 'unknown')
  })
})

interface Recording {
  readonly response: {
    readonly status: number
    readonly headers: Record<string, string>
    readonly body: string
  }
}

/** What a real gateway answered, under the paths it was asked for. */
async function recorded(folder: string, names: Readonly<Record<string, string>>): Promise<Routes> {
  const read = async (name: string): Promise<GoodReply> => {
    const file = new URL(`../../fixtures/wire/${folder}/${name}.json`, import.meta.url)
    const { response } = JSON.parse(await readFile(file, 'utf8')) as Recording
    const { 'Content-Type': contentType = '', ...others } = response.headers
    const lines = Object.entries(others).filter(
      ([name]) => name.startsWith('X-') || name.startsWith('Access-'),
    )
    return {
      status: response.status,
      contentType,
      body: Buffer.from(response.body),
      headers: lines.map(([name, value]) => `${name}: ${value}`),
    }
  }
  const entries = Object.entries(names).map(async ([path, name]) => [path, await read(name)] as const)
  const replies = Object.fromEntries(await Promise.all(entries))
  const { '/v1/models without key': shut, ...routes } = replies
  const models = routes['/v1/models']
  return shut && models ? { ...routes, '/v1/models': (key) => (key === 'client' ? models : shut) } : routes
}

const RECORDED_PATHS = {
  '/healthz': 'healthz',
  '/health': 'health-404',
  '/': 'root',
  '/v1/models': 'models-openai',
  '/v1/models without key': 'models-no-key',
  '/v1/metrics/providers': 'metrics-providers',
  '/v0/management/debug': 'management-debug',
}

describe('a real gateway', () => {
  it.each([
    { folder: 'upstream', family: 'upstream', version: 'v7.2.140' },
    { folder: 'fork', family: 'fork', version: 'v6.9.3-0-900-gb9b58029' },
  ])('of $folder is recognised', async ({ folder, family, version }) => {
    const { capabilities } = await probing(await recorded(folder, RECORDED_PATHS))
    expect(await capabilities.alive()).toMatchObject({ kind: 'alive', by: 'healthz' })
    expect(await capabilities.auth()).toMatchObject({ kind: 'accepted', withoutKey: 'refused' })
    expect(await capabilities.auth(1)).toMatchObject({ kind: 'refused', by: 'gateway' })
    expect(await capabilities.management()).toMatchObject({ kind: 'on', build: { version } })
    expect(await capabilities.lineage()).toMatchObject({ family })
    expect(await capabilities.ask('metrics', { as: 'none' })).toMatchObject({ kind: 'not-offered' })
  })

  it('in safe mode is recognised', async () => {
    const routes = await recorded('upstream', {
      '/healthz': 'template-key-healthz',
      '/': 'template-key-root',
      '/v1/models': 'template-key-models',
      '/v0/management/debug': 'template-key-management-debug',
    })
    const { capabilities } = await probing(routes)
    expect(await capabilities.alive()).toMatchObject({ kind: 'alive' })
    expect(await capabilities.auth()).toMatchObject({ kind: 'safe-mode' })
    expect(await capabilities.management()).toMatchObject({ kind: 'on' })
  })

  it('without client keys is recognised as open', async () => {
    const { capabilities } = await probing(await recorded('upstream', { '/v1/models': 'open-models-no-key' }))
    expect(await capabilities.auth()).toMatchObject({ kind: 'open' })
  })

  it('that has banned this address says until when', async () => {
    const routes = await recorded('upstream', { '/v0/management/debug': 'ban-6-wrong-key' })
    const { capabilities } = await probing(routes)
    expect(await capabilities.management()).toMatchObject({ kind: 'banned', leftText: '30m0s' })
  })
})
