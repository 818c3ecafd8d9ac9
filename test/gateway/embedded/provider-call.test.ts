import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createProviders, type Providers } from '../../../src/gateway/embedded/provider-call.ts'
import type { ProviderReply, ProviderRequest } from '../../../src/gateway/embedded/provider-request.ts'
import { type RunningUpstream, startUpstream } from '../../../src/gateway/embedded/upstream/server.ts'
import type { Fault, UpstreamSpec } from '../../../src/gateway/embedded/upstream/types.ts'
import { movedClock, UPSTREAM } from './harness.ts'

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})

const clock = movedClock()

async function upstreamWith(fault: Fault | null, spec: Partial<UpstreamSpec> = {}): Promise<RunningUpstream> {
  const rules = fault ? [{ when: {}, afterMs: 0, forMs: null, pick: { kind: 'all' as const }, fault }] : []
  const upstream = await startUpstream({ ...UPSTREAM, ...spec, rules }, { clock })
  closing.push(upstream.close)
  return upstream
}

const WAYS = {
  'over its socket': () => createProviders(new Map()),
  directly: ({ baseUrl, provider }: RunningUpstream) => createProviders(new Map([[baseUrl, provider]])),
} as const

function ways(upstream: RunningUpstream): readonly Providers[] {
  return Object.values(WAYS).map((make) => {
    const providers = make(upstream)
    closing.push(providers.close)
    return providers
  })
}

function request({ baseUrl }: { baseUrl: string }, body: Record<string, unknown> = {}): ProviderRequest {
  return {
    baseUrl: `${baseUrl}/v1`,
    path: '/chat/completions',
    headers: { 'content-type': 'application/json', authorization: 'Bearer k' },
    body: { model: 'glm-4.7', messages: [{ role: 'user', content: 'ping' }], ...body },
    asker: { gone: new AbortController().signal },
  }
}

/** All that a reply shows, ids and times left out. */
async function shown(reply: ProviderReply): Promise<unknown> {
  if (reply.kind === 'broken') return reply
  const { status, headers } = reply
  const texts: string[] = []
  let how = ''
  for await (const piece of reply.body.pieces())
    if (piece.kind === 'text') texts.push(piece.text)
    else how = piece.how
  const text = texts.join('').replace(/simulated\d+/g, 'simulated')
  const id = typeof headers['x-request-id'] === 'string'
  return { status, type: headers['content-type'], wait: headers['retry-after'], id, text, how }
}

const FAULTS: readonly (Fault | null)[] = [
  null,
  { kind: 'unauthorized', reason: 'token-expired' },
  { kind: 'forbidden', reason: 'edge-page' },
  { kind: 'rate-limited', hint: 'retry-after', resetsInMs: 7_000, plan: '' },
  { kind: 'server-error', status: 503, page: 'html' },
  { kind: 'half-json' },
  { kind: 'drop' },
  { kind: 'cut', how: 'close', at: 'start' },
  { kind: 'cut', how: 'close', at: 'middle' },
  { kind: 'cut', how: 'reset', at: 'start' },
  { kind: 'cut', how: 'reset', at: 'middle' },
  { kind: 'cut', how: 'reset', at: 'before-terminal' },
  { kind: 'no-done' },
  { kind: 'error-in-stream', reason: 'overloaded' },
  { kind: 'usage', how: 'missing' },
]

describe('a simulated provider', () => {
  it.each(FAULTS)('answers directly as it does over its socket, plain and streamed: %o', async (fault) => {
    const upstream = await upstreamWith(fault)
    for (const stream of [false, true]) {
      const [overSocket, directly] = await Promise.all(
        ways(upstream).map(async (providers) => shown(await providers.post(request(upstream, { stream })))),
      )
      expect(directly).toEqual(overSocket)
    }
    expect(upstream.counts().reduce((sum, { count }) => sum + count, 0)).toBe(4)
  })

  it('refuses other keys and paths alike', async () => {
    const upstream = await upstreamWith(null, { keys: ['other'] })
    const asked = { ...request(upstream), path: '/nowhere?x=1' }
    for (const each of [request(upstream), asked]) {
      const replies = await Promise.all(
        ways(upstream).map(async (providers) => shown(await providers.post(each))),
      )
      expect(replies[1]).toEqual(replies[0])
      expect(replies[0]).toMatchObject({ status: each === asked ? 404 : 401 })
    }
  })

  it.each(['hang', 'slow'] as const)('is left when the client leaves: %s', async (kind) => {
    const upstream = await upstreamWith(kind === 'hang' ? { kind } : { kind, delayMs: 60_000 })
    const replies = ways(upstream).map(async (providers) => {
      const client = new AbortController()
      const reply = providers.post({ ...request(upstream), asker: { gone: client.signal } })
      setTimeout(() => client.abort(), 20)
      return reply
    })
    const [overSocket, directly] = await Promise.all(replies)
    expect(directly).toEqual(overSocket)
    expect(directly).toMatchObject({ kind: 'broken', message: expect.stringContaining('context canceled') })
  })

  it('is left in the middle of a stream, which then ends', async () => {
    const upstream = await upstreamWith({ kind: 'slow-stream', gapMs: 60_000 })
    for (const providers of ways(upstream)) {
      const client = new AbortController()
      const asker = { gone: client.signal }
      const reply = await providers.post({ ...request(upstream, { stream: true }), asker })
      if (reply.kind === 'broken') throw new Error(reply.message)
      const pieces = reply.body.pieces()
      expect((await pieces.next()).value).toMatchObject({ kind: 'text' })
      client.abort()
      expect((await pieces.next()).value).toEqual({ kind: 'end', how: 'reset' })
    }
  })

  it('stops its stream when the reader stops', async () => {
    const upstream = await upstreamWith({ kind: 'slow-stream', gapMs: 60_000 })
    const providers = createProviders(new Map([[upstream.baseUrl, upstream.provider]]))
    const reply = await providers.post(request(upstream, { stream: true }))
    if (reply.kind === 'broken') throw new Error(reply.message)
    const pieces = reply.body.pieces()
    await pieces.next()
    await pieces.return()
    clock.advance(120_000)
    expect(await reply.body.whole()).toEqual({ kind: 'cut', text: '' })
  })
})

describe('a real provider', () => {
  it('is called over the network, with the headers and the body', async () => {
    const simulated = await upstreamWith(null)
    const seen: unknown[] = []
    const server = createServer(async (incoming, outgoing) => {
      let text = ''
      for await (const chunk of incoming) text += chunk
      seen.push({ url: incoming.url, authorization: incoming.headers.authorization, body: JSON.parse(text) })
      outgoing.end('{"ok":true}')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closing.push(() => new Promise((resolve) => server.close(resolve)))
    const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/base`
    const providers = createProviders(new Map([[simulated.baseUrl, simulated.provider]]))
    closing.push(providers.close)
    const reply = await providers.post({ ...request(simulated), baseUrl })
    expect(await shown(reply)).toMatchObject({ status: 200, text: '{"ok":true}', how: 'closed' })
    expect(seen).toEqual([
      { url: '/base/chat/completions', authorization: 'Bearer k', body: request(simulated).body },
    ])
    expect(simulated.counts()).toEqual([])
  })

  it('is no provider without a URL', async () => {
    const providers = createProviders(new Map())
    expect(await providers.post({ ...request({ baseUrl: '' }), baseUrl: 'nonsense' })).toEqual({
      kind: 'broken',
      message: 'parse "nonsense/chat/completions": invalid URL',
    })
  })
})
