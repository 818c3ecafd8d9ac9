import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROUTES } from '../../src/wire/routes.ts'
import { CLIENT_KEY, clientOf, jsonReply, MANAGEMENT_KEY, seen } from './client-rig.ts'
import { type MutatingServer, type Mutation, replyOf, startMutatingServer } from './mutating-server.ts'
import { MUTATIONS, ODD_BUT_RIGHT } from './mutations.ts'

const GOOD = { status: 'ok', object: 'list', data: [{ id: 'gpt-5.3-codex', owned_by: 'fixture-é' }] }

/** Only what never ends is worth a short limit: all else must not depend on how busy the machine is. */
const SHORT_LIMIT_MS = 300
const LONG_LIMIT_MS = 15_000

const everything = [...MUTATIONS, ...ODD_BUT_RIGHT]

let elsewhere: MutatingServer
let server: MutatingServer

/** A path for each mutation, so that one server answers all of them. */
function pathOf(mutation: Mutation): string {
  return `/m${everything.indexOf(mutation)}`
}

beforeAll(async () => {
  elsewhere = await startMutatingServer({ pick: () => null, good: () => jsonReply(GOOD) })
  server = await startMutatingServer({
    pick: ({ path }) => everything[Number(/^\/m(\d+)/.exec(path)?.[1])] ?? null,
    good: () => jsonReply(GOOD),
    elsewhere: elsewhere.origin,
  })
})

afterAll(async () => {
  await server.close()
  await elsewhere.close()
})

async function ask(mutation: Mutation) {
  const { gateway, events } = clientOf(server.origin, {
    timeoutMs: mutation.sees === 'fault timeout' ? SHORT_LIMIT_MS : LONG_LIMIT_MS,
  })
  const result = await gateway.get({ method: 'GET', path: pathOf(mutation), key: 'client' })
  await gateway.close()
  return { result, events }
}

describe('a damaged reply', () => {
  it('comes in at least sixty forms', () => {
    expect(MUTATIONS.length).toBeGreaterThanOrEqual(60)
    expect(new Set(everything.map(({ name }) => name)).size).toBe(everything.length)
  })

  it.concurrent.each(MUTATIONS)('$name is seen as $sees', async (mutation) => {
    const { result } = await ask(mutation)
    expect(seen(result)).toBe(mutation.sees)
    if (result.kind === 'ok' && result.value.status === 200 && result.value.body.kind === 'json')
      expect(result.value.body.value).not.toEqual(GOOD)
  })

  it('never brings a key into a fault, an event or another origin', async () => {
    const asked = await Promise.all(everything.map(ask))
    const faults = asked.map(({ result }) => (result.kind === 'fault' ? result.fault : null))
    const shown = JSON.stringify([faults, asked.map(({ events }) => events)])
    expect(shown).not.toContain(CLIENT_KEY)
    expect(shown).not.toMatch(/password|key=1/)
    expect(shown).not.toContain(Buffer.from(CLIENT_KEY).toString('base64').slice(0, 20))
    expect(elsewhere.requests).toEqual([])
    expect(server.requests.every(({ head }) => head.includes(`Bearer ${CLIENT_KEY}`))).toBe(true)
  })
})

describe('a mutating server before another one', () => {
  it('passes on what it is not told to damage', async () => {
    const front = await startMutatingServer({ pick: () => null, good: replyOf(elsewhere.origin) })
    const { gateway } = clientOf(front.origin)
    const result = await gateway.get(ROUTES.models)
    await gateway.close()
    await front.close()
    expect(result).toMatchObject({ value: { status: 200, body: { value: GOOD } } })
    expect(elsewhere.requests.splice(0)).toMatchObject([{ method: 'GET', path: '/v1/models' }])
  })
})

describe('an odd reply that is right', () => {
  it.concurrent.each(ODD_BUT_RIGHT)('$name is read as what it is', async (mutation) => {
    const { result } = await ask(mutation)
    expect(seen(result)).toBe('json')
    expect(result).toMatchObject({ value: { body: { value: GOOD } } })
  })
})

describe('a gateway that repeats the key it was given', () => {
  const echoes: readonly { readonly where: string; readonly reply: Mutation['reply'] }[] = [
    {
      where: 'a redirect',
      reply: echo((key) => `HTTP/1.1 302 F\r\nLocation: http://192.0.2.1/${key}\r\n\r\n`),
    },
    {
      where: 'a redirect that is too long to be shown whole',
      reply: echo((key) => `HTTP/1.1 302 F\r\nLocation: http://192.0.2.1/${'x'.repeat(170)}${key}\r\n\r\n`),
    },
    {
      where: 'a redirect with a terminal command inside',
      reply: echo((key) => `HTTP/1.1 302 F\r\nLocation: [${key.replace('-', '\u001b[1m-')}\r\n\r\n`),
    },
    {
      where: 'an encoding',
      reply: echo((key) => `HTTP/1.1 200 OK\r\nContent-Encoding: ${key}\r\nContent-Length: 1\r\n\r\nx`),
    },
    { where: 'bytes that are no HTTP', reply: echo((key) => `${key}\r\n\r\n`) },
    { where: 'a header that is no header', reply: echo((key) => `HTTP/1.1 200 OK\r\n${key}\r\n\r\n`) },
    {
      where: 'a refusal',
      reply: echo((key) => `HTTP/1.1 401 U\r\nContent-Length: ${key.length + 12}\r\n\r\n{"error":"${key}"}`),
    },
  ]

  function echo(text: (key: string) => string): Mutation['reply'] {
    return ({ socket, request }) =>
      socket.end(text(/Bearer (?<key>\S+)/.exec(request.head)?.groups?.key ?? ''))
  }

  it.each(echoes)('in $where does not get it shown', async ({ reply }) => {
    const mirror = await startMutatingServer({
      pick: () => ({ name: 'echo', sees: 'text', reply }),
      good: () => jsonReply({}),
    })
    const { gateway, events } = clientOf(mirror.origin, { timeoutMs: LONG_LIMIT_MS })
    await gateway.get(ROUTES.debug)
    const heldBack = await gateway.get(ROUTES.config)
    await gateway.close()
    await mirror.close()
    expect(mirror.requests[0]?.head).toContain(MANAGEMENT_KEY)
    expect(JSON.stringify([events, heldBack])).not.toContain(MANAGEMENT_KEY.slice(0, 6))
  })
})
