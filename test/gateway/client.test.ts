import type { AddressInfo } from 'node:net'
import { createServer, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { Clock } from '../../src/core/clock.ts'
import type { ClientOptions } from '../../src/gateway/client.ts'
import { ROUTES } from '../../src/wire/routes.ts'
import {
  CLIENT_KEY,
  clientOf,
  jsonReply,
  MANAGEMENT_KEY,
  SECOND_KEY,
  seen,
  systemClock,
} from './client-rig.ts'
import {
  type GoodReply,
  headOf,
  type MutatingServer,
  type Mutation,
  type SeenRequest,
  startMutatingServer,
  whole,
} from './mutating-server.ts'

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** A server whose replies are a list, one after the other; the last one is given again and again. */
async function answering(...replies: (GoodReply | Mutation['reply'])[]): Promise<MutatingServer> {
  let at = 0
  const server = await startMutatingServer({
    good: () => jsonReply({}),
    pick: () => {
      const reply = replies[Math.min(at++, replies.length - 1)] ?? jsonReply({})
      const send: Mutation['reply'] =
        typeof reply === 'function' ? reply : ({ socket }) => socket.write(whole(reply))
      return { name: 'next', sees: 'json', reply: send }
    },
  })
  closing.push(() => server.close())
  return server
}

function client(baseUrl: string, changes: Partial<ClientOptions> = {}) {
  const rig = clientOf(baseUrl, changes)
  closing.push(() => rig.gateway.close())
  return rig
}

/** A clock whose sleeps are over at once and are written down. */
function recordingClock(): { readonly clock: Clock; readonly slept: number[] } {
  const slept: number[] = []
  return { slept, clock: { nowMs: systemClock.nowMs, sleep: async (ms) => void slept.push(ms) } }
}

function header(request: SeenRequest | undefined, name: string): string | null {
  return new RegExp(`^${name}: *(?<value>.*)$`, 'im').exec(request?.head ?? '')?.groups?.value?.trim() ?? null
}

const hangUp: Mutation['reply'] = ({ socket }) => socket.resetAndDestroy()
const silence: Mutation['reply'] = () => {}

describe('keys', () => {
  it('goes out as a bearer token, the one that was asked for', async () => {
    const server = await answering(jsonReply({ data: [] }))
    const { gateway } = client(server.origin)
    await gateway.get(ROUTES.models)
    await gateway.get(ROUTES.models, { as: 1 })
    await gateway.get(ROUTES.models, { as: 'none' })
    await gateway.get(ROUTES.healthz)
    await gateway.get(ROUTES.debug)
    expect(server.requests.map((request) => header(request, 'authorization'))).toEqual([
      `Bearer ${CLIENT_KEY}`,
      `Bearer ${SECOND_KEY}`,
      null,
      null,
      `Bearer ${MANAGEMENT_KEY}`,
    ])
  })

  it('sends nothing where a key is missing', async () => {
    const server = await answering(jsonReply({}))
    const { gateway } = client(server.origin, { clientKeys: [], managementKey: null })
    expect(await gateway.get(ROUTES.models)).toEqual({
      kind: 'fault',
      fault: { kind: 'no-key', key: 'client' },
    })
    expect(await gateway.get(ROUTES.models, { as: 4 })).toMatchObject({ fault: { kind: 'no-key' } })
    expect(await gateway.send(ROUTES.putConfigYaml)).toMatchObject({ fault: { key: 'management' } })
    expect(await gateway.stream(ROUTES.chat)).toMatchObject({ fault: { key: 'client' } })
    expect(server.requests).toEqual([])
    expect(gateway.tally.total).toBe(0)
  })

  it('says who is asking and asks for plain bytes', async () => {
    const server = await answering(jsonReply({}))
    await client(server.origin).gateway.get(ROUTES.healthz)
    expect(header(server.requests[0], 'user-agent')).toBe('provops/0.0')
    expect(header(server.requests[0], 'accept-encoding')).toBe('identity')
  })
})

describe('an address', () => {
  it('may have a path before every route', async () => {
    const server = await answering(jsonReply({}))
    const { gateway } = client(`${server.origin}/team/gw/`)
    expect(gateway.url).toBe(`${server.origin}/team/gw`)
    await gateway.get(ROUTES.logs, { query: { limit: '5', after: 'a b' } })
    expect(server.requests[0]?.path).toBe('/team/gw/v0/management/logs?limit=5&after=a+b')
  })

  it('is known without what must not be shown', () => {
    const { gateway } = client('http://user:canary@gateway.test:8317/gw?key=canary#canary')
    expect(gateway.url).toBe('http://gateway.test:8317/gw')
  })

  it('is not connected to before the first call', async () => {
    const server = await answering(jsonReply({}))
    const { gateway } = client(server.origin)
    await gateway.close()
    expect(server.connections()).toBe(0)
  })

  it('is connected to once for calls that follow each other, and at most as often as allowed', async () => {
    const server = await answering(jsonReply({}))
    const { gateway, events } = client(server.origin, { connections: 3 })
    const paths = Array.from({ length: 40 }, (_, at) => `/p${at}`)
    await gateway.get({ method: 'GET', path: '/first', key: 'none' })
    await gateway.get({ method: 'GET', path: '/second', key: 'none' })
    expect(server.connections()).toBe(1)
    await Promise.all(paths.map((path) => gateway.get({ method: 'GET', path, key: 'none' })))
    expect(server.connections()).toBe(3)
    expect(events.filter(({ kind }) => kind === 'connected')).toHaveLength(3)
  })

  it('where nobody listens is tried once', async () => {
    const server = await answering(jsonReply({}))
    await server.close()
    const { gateway } = client(server.origin, { retries: 2 })
    const result = await gateway.get(ROUTES.healthz)
    expect(result).toMatchObject({ kind: 'fault', fault: { kind: 'unreachable', code: 'ECONNREFUSED' } })
    expect(gateway.tally.total).toBe(1)
  })

  it('where nobody listens is tried once for many questions at the same time', async () => {
    const server = await answering(jsonReply({}))
    await server.close()
    const { gateway } = client(server.origin)
    const routes = [ROUTES.healthz, ROUTES.banner, ROUTES.health]
    const results = await Promise.all(routes.map((route) => gateway.get(route)))
    for (const result of results) expect(result).toMatchObject({ fault: { code: 'ECONNREFUSED' } })
    expect(gateway.tally.total).toBe(1)
  })

  it('takes the next question when the one that tried to reach it is given up', async () => {
    const server = await answering(jsonReply({}))
    const { gateway } = client(server.origin)
    const givenUp = new AbortController()
    const first = gateway.send(ROUTES.healthz, { signal: givenUp.signal })
    const second = gateway.get(ROUTES.banner)
    givenUp.abort()
    expect(await first).toMatchObject({ fault: { kind: 'aborted' } })
    expect(await second).toMatchObject({ kind: 'ok' })
  })

  it('whose name is not known is unreachable', async () => {
    const { gateway } = client('http://no-such-host.invalid:1')
    const result = await gateway.get(ROUTES.healthz)
    expect(result).toMatchObject({
      fault: { kind: 'unreachable', code: expect.stringMatching(/ENOTFOUND|EAI_AGAIN/) },
    })
  })
})

describe('a shared read', () => {
  it('is sent once while it is on its way and after', async () => {
    const server = await answering(jsonReply({ n: 1 }), jsonReply({ n: 2 }))
    const { gateway } = client(server.origin)
    const [first, second] = await Promise.all([gateway.get(ROUTES.models), gateway.get(ROUTES.models)])
    expect(second).toBe(first)
    expect(await gateway.get(ROUTES.models)).toBe(first)
    expect(server.requests).toHaveLength(1)
  })

  it('is asked again after forget, and for another key, query or header', async () => {
    const server = await answering(jsonReply({}))
    const { gateway } = client(server.origin)
    await gateway.get(ROUTES.models)
    await gateway.get(ROUTES.models, { as: 1 })
    await gateway.get(ROUTES.models, { query: { client_version: '1' } })
    await gateway.get(ROUTES.models, { headers: { 'anthropic-version': '2023-06-01' } })
    gateway.forget()
    await gateway.get(ROUTES.models)
    expect(server.requests).toHaveLength(5)
  })

  it('goes on for the others when one caller stops waiting', async () => {
    const server = await answering(({ socket }) =>
      setTimeout(() => socket.write(whole(jsonReply({ n: 1 }))), 50),
    )
    const { gateway } = client(server.origin)
    const impatient = new AbortController()
    const stopped = gateway.get(ROUTES.models, { signal: impatient.signal })
    const patient = gateway.get(ROUTES.models)
    impatient.abort()
    expect(await stopped).toEqual({ kind: 'fault', fault: { kind: 'aborted' } })
    expect(seen(await patient)).toBe('json')
    expect(server.requests).toHaveLength(1)
  })

  it('shares a failure too', async () => {
    const server = await answering(hangUp)
    const { gateway } = client(server.origin)
    await gateway.get(ROUTES.models)
    await gateway.get(ROUTES.models)
    expect(server.requests).toHaveLength(1)
  })
})

describe('a retry', () => {
  it.each([502, 503, 504])('follows %i, and the attempts are told', async (status) => {
    const server = await answering(jsonReply({}, status), jsonReply({}, status), jsonReply({ ok: true }))
    const { clock, slept } = recordingClock()
    const { gateway } = client(server.origin, { retries: 2, clock, random: () => 1 })
    expect(await gateway.get(ROUTES.models)).toMatchObject({ value: { status: 200, attempts: 3 } })
    expect(slept).toEqual([200, 400])
    expect(gateway.tally.total).toBe(3)
  })

  it('follows a broken connection and a cut body', async () => {
    const cut: Mutation['reply'] = ({ socket }) => socket.end(whole(jsonReply({ a: 1 })).subarray(0, -2))
    const server = await answering(hangUp, cut, jsonReply({}))
    const { clock } = recordingClock()
    const { gateway } = client(server.origin, { retries: 2, clock })
    expect(await gateway.get(ROUTES.models)).toMatchObject({ value: { attempts: 3 } })
  })

  it('ends with the last answer when the tries are used up', async () => {
    const server = await answering(jsonReply({ n: 1 }, 503))
    const { clock } = recordingClock()
    const { gateway } = client(server.origin, { retries: 2, clock })
    expect(await gateway.get(ROUTES.models)).toMatchObject({ value: { status: 503, attempts: 3 } })
    expect(server.requests).toHaveLength(3)
  })

  it.each([200, 400, 401, 404, 429, 500])('does not follow %i', async (status) => {
    const server = await answering(jsonReply({}, status))
    const { gateway } = client(server.origin, { retries: 2 })
    expect(await gateway.get(ROUTES.models)).toMatchObject({ value: { status, attempts: 1 } })
    expect(server.requests).toHaveLength(1)
  })

  it('waits as long as Retry-After asks', async () => {
    const busy: Mutation['reply'] = ({ socket }) =>
      socket.write(whole(jsonReply({}, 503), ['Retry-After: 3']))
    const server = await answering(busy, jsonReply({}))
    const { clock, slept } = recordingClock()
    const { gateway } = client(server.origin, { retries: 2, clock })
    expect(await gateway.get(ROUTES.models)).toMatchObject({ value: { attempts: 2 } })
    expect(slept).toEqual([3000])
  })

  it('is not made when Retry-After asks for more than the time left', async () => {
    const busy: Mutation['reply'] = ({ socket }) =>
      socket.write(whole(jsonReply({}, 503), ['Retry-After: 3600']))
    const server = await answering(busy)
    const { clock, slept } = recordingClock()
    const { gateway } = client(server.origin, { retries: 2, clock })
    expect(await gateway.get(ROUTES.models)).toMatchObject({ value: { status: 503, attempts: 1 } })
    expect(slept).toEqual([])
  })

  it('is never made of what is sent, streamed, or asked with the management key', async () => {
    const server = await answering(jsonReply({}, 503))
    const { gateway } = client(server.origin, { retries: 2 })
    await gateway.send(ROUTES.chat, { json: { model: 'm' } })
    await gateway.stream(ROUTES.chat, { json: { model: 'm' } })
    await gateway.get(ROUTES.debug)
    expect(server.requests).toHaveLength(3)
    expect(gateway.tally).toEqual({ total: 3, probes: 2 })
  })
})

describe('a management key', () => {
  it('is held back after the first refusal, which is repeated', async () => {
    const server = await answering(jsonReply({ error: 'invalid management key' }, 401))
    const { gateway } = client(server.origin)
    const results = await Promise.all([
      gateway.get(ROUTES.debug),
      gateway.get(ROUTES.config),
      gateway.send(ROUTES.putConfigYaml, { text: 'a: 1' }),
    ])
    expect(results.map(seen)).toEqual(['status 401', 'fault held-back', 'fault held-back'])
    expect(results[1]).toMatchObject({ fault: { refusal: 'invalid management key' } })
    gateway.forget()
    expect(seen(await gateway.get(ROUTES.debug))).toBe('fault held-back')
    expect(server.requests).toHaveLength(1)
    expect(seen(await gateway.get(ROUTES.models))).toBe('status 401')
  })

  it('goes out one call at a time until one has succeeded, then side by side', async () => {
    let open = 0
    let most = 0
    const slow: Mutation['reply'] = ({ socket }) => {
      most = Math.max(most, ++open)
      setTimeout(() => {
        open--
        socket.write(whole(jsonReply({}, 404)))
      }, 20)
    }
    const server = await startMutatingServer({
      good: () => jsonReply({}),
      pick: ({ path }) => (path.endsWith('/debug') ? null : { name: 'slow', sees: 'json', reply: slow }),
    })
    closing.push(() => server.close())
    const { gateway } = client(server.origin)
    await Promise.all([gateway.get(ROUTES.logs), gateway.get(ROUTES.config), gateway.get(ROUTES.usage)])
    expect(most).toBe(1)
    await gateway.get(ROUTES.debug)
    gateway.forget()
    await Promise.all([gateway.get(ROUTES.logs), gateway.get(ROUTES.config), gateway.get(ROUTES.usage)])
    expect(most).toBe(3)
  })

  it('is held back after a call without an answer, which may have counted as a failure', async () => {
    const server = await answering(silence)
    const { gateway } = client(server.origin, { timeoutMs: 100 })
    expect(seen(await gateway.get(ROUTES.debug))).toBe('fault timeout')
    expect(seen(await gateway.get(ROUTES.config))).toBe('fault held-back')
    expect(server.requests).toHaveLength(1)
  })

  it('is not held back for a connection that never came about', async () => {
    const server = await answering(jsonReply({}))
    await server.close()
    const { gateway } = client(server.origin)
    await gateway.get(ROUTES.debug)
    expect(seen(await gateway.get(ROUTES.config))).toBe('fault unreachable')
  })

  it('does not make a waiting call outlast its limit', async () => {
    const server = await answering(silence)
    const { gateway } = client(server.origin, { timeoutMs: 150 })
    const results = await Promise.all(
      [ROUTES.debug, ROUTES.config, ROUTES.usage].map((route) => gateway.get(route)),
    )
    expect(results.map(seen)).toEqual(['fault timeout', 'fault held-back', 'fault held-back'])
    expect(server.requests).toHaveLength(1)
  })
})

describe('a limit', () => {
  it('names the phase it fell in', async () => {
    const half: Mutation['reply'] = ({ socket }) => socket.write(headOf({ headers: ['Content-Length: 10'] }))
    const silent = client((await answering(silence)).origin, { timeoutMs: 100 })
    const stalled = client((await answering(half)).origin, { timeoutMs: 100 })
    expect(await silent.gateway.get(ROUTES.healthz)).toEqual({
      kind: 'fault',
      fault: { kind: 'timeout', phase: 'headers', afterMs: 100 },
    })
    expect(await stalled.gateway.get(ROUTES.healthz)).toMatchObject({ fault: { phase: 'body' } })
  })

  it('also ends a connection that does not come about, and close leaves none behind', async () => {
    const silentTls = await silentServer()
    const { gateway } = client(`https://127.0.0.1:${portOf(silentTls)}`, { timeoutMs: 100 })
    expect(await gateway.get(ROUTES.healthz)).toMatchObject({ fault: { kind: 'timeout', phase: 'connect' } })
    await gateway.close()
    await expect.poll(() => connectionsOf(silentTls)).toBe(0)
  })

  it('can be longer for one call', async () => {
    const late: Mutation['reply'] = ({ socket }) => setTimeout(() => socket.write(whole(jsonReply({}))), 120)
    const { gateway } = client((await answering(late)).origin, { timeoutMs: 50 })
    expect(seen(await gateway.get(ROUTES.models, { timeoutMs: 5000 }))).toBe('json')
  })

  it('holds for all tries together', async () => {
    const server = await answering(hangUp, silence)
    const { gateway } = client(server.origin, { retries: 2, timeoutMs: 800 })
    expect(await gateway.get(ROUTES.models)).toMatchObject({ fault: { kind: 'timeout', phase: 'headers' } })
    expect(server.requests).toHaveLength(2)
  })
})

describe('the end of a run', () => {
  it('breaks off what is on its way and lets nothing follow', async () => {
    const run = new AbortController()
    const server = await answering(silence)
    const { gateway } = client(server.origin, { signal: run.signal })
    const pending = Promise.all([
      gateway.get(ROUTES.models),
      gateway.get(ROUTES.debug),
      gateway.send(ROUTES.chat),
    ])
    await expect.poll(() => server.requests.length).toBe(3)
    run.abort()
    expect((await pending).map(seen)).toEqual(['fault aborted', 'fault aborted', 'fault aborted'])
    expect(seen(await gateway.get(ROUTES.healthz))).toBe('fault aborted')
    expect(server.requests).toHaveLength(3)
  })

  it('ends a wait between two tries', async () => {
    const run = new AbortController()
    const server = await answering(jsonReply({}, 503))
    const clock: Clock = {
      nowMs: systemClock.nowMs,
      sleep: (ms, signal) => {
        run.abort()
        return systemClock.sleep(ms, signal)
      },
    }
    const { gateway } = client(server.origin, { retries: 2, clock, signal: run.signal })
    expect(seen(await gateway.get(ROUTES.models))).toBe('fault aborted')
    expect(server.requests).toHaveLength(1)
  })

  it('comes with close as well', async () => {
    const server = await answering(silence)
    const { gateway } = client(server.origin)
    const pending = gateway.get(ROUTES.models)
    await expect.poll(() => server.requests.length).toBe(1)
    await gateway.close()
    expect(seen(await pending)).toBe('fault aborted')
    expect(seen(await gateway.get(ROUTES.healthz))).toBe('fault aborted')
  })

  it('may come for many calls at once without a warning from node', async () => {
    const warnings: Error[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    const server = await answering(jsonReply({}))
    const run = new AbortController()
    const { gateway } = client(server.origin, { signal: run.signal })
    const paths = Array.from({ length: 50 }, (_, at) => `/p${at}`)
    await Promise.all(paths.map((path) => gateway.get({ method: 'GET', path, key: 'none' })))
    await new Promise((resolve) => setTimeout(resolve, 10))
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
  })
})

describe('what is sent', () => {
  it('carries JSON or text as it is', async () => {
    const server = await answering(jsonReply({}))
    const { gateway } = client(server.origin)
    await gateway.send(ROUTES.chat, { json: { model: 'é' } })
    await gateway.send(ROUTES.putConfigYaml, {
      text: 'a: 1\n',
      headers: { 'content-type': 'application/yaml' },
    })
    const sent = server.requests.map((request) => [
      request.method,
      header(request, 'content-type'),
      request.body.toString(),
    ])
    expect(sent).toEqual([
      ['POST', 'application/json', '{"model":"é"}'],
      ['PUT', 'application/yaml', 'a: 1\n'],
    ])
  })
})

describe('an event', () => {
  it('tells of each exchange and hides what a query holds', async () => {
    const server = await answering(jsonReply({ a: 1 }), jsonReply({}, 404), silence)
    const { gateway, events } = client(server.origin)
    await gateway.get(ROUTES.logs, { query: { limit: '5', key: 'hush' } })
    await gateway.send(ROUTES.resetQuota, { json: {} })
    await gateway.get(ROUTES.metrics, { timeoutMs: 60 })
    const times = { waitMs: expect.any(Number), headMs: expect.any(Number), totalMs: expect.any(Number) }
    expect(events).toEqual([
      {
        kind: 'connected',
        host: new URL(server.origin).host,
        lookupMs: null,
        connectMs: expect.any(Number),
        tlsMs: null,
      },
      {
        ...times,
        kind: 'answered',
        method: 'GET',
        path: '/v0/management/logs?limit=…&key=…',
        attempt: 1,
        status: 200,
        receivedBytes: 7,
      },
      {
        ...times,
        kind: 'answered',
        method: 'POST',
        path: '/v0/management/reset-quota',
        attempt: 1,
        status: 404,
        receivedBytes: 2,
      },
      {
        ...times,
        headMs: null,
        kind: 'failed',
        method: 'GET',
        path: '/v1/metrics/providers',
        attempt: 1,
        status: null,
        receivedBytes: 0,
        fault: { kind: 'timeout', phase: 'headers', afterMs: 60 },
      },
    ])
  })
})

/** Takes connections and never says a word. */
async function silentServer(): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => {}).resume())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(() => new Promise((resolve) => server.close(resolve)))
  return server
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
  })
}
