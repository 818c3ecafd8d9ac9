import { setMaxListeners } from 'node:events'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Pool } from 'undici'
import { afterEach, describe, expect, it } from 'vitest'
import { CLIENT_KEY, closeAll, type Started, start, UPSTREAM } from './harness.ts'

afterEach(closeAll)

const MIB = 1_048_576
const HEADERS = { authorization: `Bearer ${CLIENT_KEY}` }
const CHAT = { model: 'glm', messages: [{ role: 'user', content: 'ping' }] }

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What is held after everything that can go is gone, in bytes. */
async function heldBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    collect()
  }
  return process.memoryUsage().heapUsed
}

const openSockets = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length

/** Lists and chats in turn, over a few connections, time going on as it does. */
async function ask({ gateway, clock }: Started, count: number): Promise<Record<number, number>> {
  const pool = new Pool(gateway.url, { connections: 8 })
  const statuses: Record<number, number> = {}
  let sent = 0
  const worker = async (): Promise<void> => {
    while (sent++ < count) {
      if (sent % 20 === 0) clock.advance(1_000)
      const { statusCode, body } = await pool.request(
        sent % 10 === 0
          ? { path: '/v1/chat/completions', method: 'POST', headers: HEADERS, body: JSON.stringify(CHAT) }
          : { path: '/v1/models', method: 'GET', headers: HEADERS },
      )
      await body.dump()
      statuses[statusCode] = (statuses[statusCode] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  await pool.close()
  return statuses
}

// A minute and more for machines that are busy with something else; idle ones take a few seconds.
describe('under load', { timeout: 120_000 }, () => {
  it('answers 10,000 requests and holds on to none', async () => {
    const started = await start()
    await ask(started, 1_000)
    const before = await heldBytes()
    expect(await ask(started, 10_000)).toEqual({ 200: 10_000 })
    expect((await heldBytes()) - before).toBeLessThan(3 * MIB)
  })

  it('holds 200 streams at once, and nothing of them when they end or are left', async () => {
    const rule = {
      when: {},
      afterMs: 0,
      forMs: null,
      pick: { kind: 'all' as const },
      fault: { kind: 'slow-stream' as const, gapMs: 1_000 },
    }
    const started = await start({ scenario: { upstreams: [{ ...UPSTREAM, rules: [rule] }] } })
    const round = async (): Promise<string[]> => {
      const pool = new Pool(started.gateway.url)
      const left = new AbortController()
      setMaxListeners(0, left.signal)
      const replies = await Promise.all(
        Array.from({ length: 200 }, (_, i) =>
          pool.request({
            path: '/v1/chat/completions',
            method: 'POST',
            headers: HEADERS,
            body: JSON.stringify({ ...CHAT, stream: true }),
            signal: i % 2 === 0 ? null : left.signal,
          }),
        ),
      )
      left.abort()
      let done = false
      const texts = Promise.allSettled(replies.map(({ body }) => body.text())).finally(() => {
        done = true
      })
      while (!done) {
        started.clock.advance(1_000)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      await pool.destroy()
      // The queue of usage records forgets them after a minute.
      started.clock.advance(120_000)
      return (await texts).map((text) => (text.status === 'fulfilled' ? text.value : 'left'))
    }
    const first = await round()
    expect(first.filter((text) => text.endsWith('data: [DONE]\n\n'))).toHaveLength(100)
    expect(first.filter((text) => text === 'left')).toHaveLength(100)
    const before = await heldBytes()
    for (let i = 0; i < 2; i++) await round()
    expect((await heldBytes()) - before).toBeLessThan(2 * MIB)
    // Both ends of the idle connections to the provider that the streams read to their end have left.
    await expect.poll(openSockets).toBeLessThanOrEqual(2 * 100 + 10)
    await closeAll()
    await expect.poll(openSockets).toBeLessThanOrEqual(10)
  })
})
