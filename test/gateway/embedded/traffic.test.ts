import { afterEach, describe, expect, it } from 'vitest'
import { closeAll, type Started, start } from './harness.ts'

afterEach(closeAll)

const client = (model: string, weight: number) => ({
  model,
  endpoint: 'chat' as const,
  stream: false,
  weight,
  key: null,
  prompt: 'ping',
})

async function requestsOf({ client: ask }: Started): Promise<number> {
  const metrics = (await (await ask('/v1/metrics/providers')).json()) as Record<
    string,
    { request_count: number }
  >
  return metrics.main?.request_count ?? 0
}

describe('synthetic traffic', () => {
  const scenario = { traffic: { requestsPerSecond: 0, clients: [client('glm', 3), client('kimi-k2', 1)] } }

  it('comes at its rate of the lent clock, made up for after a leap', async () => {
    const started = await start({ scenario, trafficPerSecond: 2 })
    for (let i = 0; i < 4; i++) {
      started.clock.advance(5_000)
      await expect.poll(() => requestsOf(started)).toBe((i + 1) * 10)
    }
  })

  it('is spread by weight', async () => {
    const started = await start({ scenario, trafficPerSecond: 10 })
    for (let i = 0; i < 8; i++) {
      started.clock.advance(5_000)
      await expect.poll(() => requestsOf(started)).toBe((i + 1) * 50)
    }
    const usage = (await (await started.manage('/usage-queue?count=1000')).json()) as { alias: string }[]
    const share = usage.filter(({ alias }) => alias === 'glm').length / usage.length
    expect(share).toBeGreaterThan(0.65)
    expect(share).toBeLessThan(0.85)
  })

  it('is not there without a rate or without clients', async () => {
    for (const options of [{ scenario }, { trafficPerSecond: 5 }]) {
      const started = await start(options)
      started.clock.advance(60_000)
      await new Promise((resolve) => setTimeout(resolve, 30))
      expect(await requestsOf(started)).toBe(0)
    }
  })
})
