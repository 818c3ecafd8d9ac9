import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Burst } from '../../../src/analysis/logs/bursts.ts'
import { BURST_DEFINITION, findBursts } from '../../../src/analysis/logs/bursts.ts'
import { access, failure, lines, repeat, START_MS, scan } from './support.ts'

/** Refusals so many seconds apart, each after some answers that are no refusals. */
function refusals(count: number, everySeconds: number, answersBetween = 0, status = 429): string[] {
  return repeat(count, (index) => [
    ...repeat(answersBetween, () => access({ second: index * everySeconds })),
    access({ second: index * everySeconds, status, latency: '900ms' }),
  ]).flat()
}

async function burstsIn(log: readonly string[], definition = BURST_DEFINITION) {
  return findBursts(await scan(lines(...log)), definition)
}

describe('a sustained burst', () => {
  it('needs ten events', async () => {
    expect(await burstsIn(refusals(9, 1))).toEqual([])
    expect(await burstsIn(refusals(10, 1))).toHaveLength(1)
  })

  it('has neighbours at most a minute apart', async () => {
    expect(await burstsIn(refusals(10, 60))).toHaveLength(1)
    expect(await burstsIn(refusals(10, 61))).toEqual([])
  })

  it('lasts two minutes or is five percent of the requests in its span', async () => {
    // 10 events in 117 s: 10 of 10 + 9 * 21 = 199 requests are more than 5 %, of 10 + 9 * 22 = 208 less.
    expect(await burstsIn(refusals(10, 13, 21))).toMatchObject([
      { count: 10, requests: 199, sustainedBy: ['share'] },
    ])
    expect(await burstsIn(refusals(10, 13, 22))).toEqual([])
    expect(await burstsIn(refusals(11, 12, 100))).toMatchObject([
      { sustainedBy: ['span'], endMs: START_MS + 120_000 },
    ])
    expect(await burstsIn(refusals(10, 20))).toMatchObject([{ sustainedBy: ['span', 'share'], share: 1 }])
  })

  it('is still going when the log ends within a minute of it', async () => {
    const burst = refusals(10, 1)
    expect(await burstsIn([...burst, access({ second: 69 })])).toMatchObject([{ state: 'ongoing' }])
    expect(await burstsIn([...burst, access({ second: 70 })])).toMatchObject([{ state: 'over' }])
  })

  it('is told with its routes, origins and providers', async () => {
    const log = repeat(12, (second) => {
      const id = second.toString(16).padStart(8, '0')
      if (second < 4) return [access({ second, id, status: 429, latency: '2ms', path: '/v1/messages' })]
      if (second < 6) return [access({ second, id, status: 429, latency: '2s' })]
      return [
        failure(second, id, '429', second < 8 ? 'claude' : 'codex'),
        access({ second, id, status: 429 }),
      ]
    }).flat()
    // The six failures themselves are too few for a burst.
    const [client, ...others] = await burstsIn(log)
    expect(others).toEqual([])
    expect(client).toMatchObject({
      kind: 'client',
      status: 429,
      routeClass: 'client-api',
      startMs: START_MS,
      endMs: START_MS + 11_000,
      count: 12,
      requests: 12,
      routes: [
        { name: '/v1/responses', count: 8 },
        { name: '/v1/messages', count: 4 },
      ],
      origins: { local: 4, upstream: 6, 'presumed-upstream': 2 },
      providers: [
        { name: 'codex', count: 4 },
        { name: 'claude', count: 2 },
      ],
    })
  })

  it('of provider failures is found although every client got an answer', async () => {
    const log = repeat(10, (second) => {
      const id = second.toString(16).padStart(8, '0')
      return [failure(second, id, '429'), access({ second, id })]
    }).flat()
    expect(await burstsIn(log)).toMatchObject([
      { kind: 'upstream', status: 429, count: 10, hidden: 10, providers: [{ name: 'codex', count: 10 }] },
    ])
  })

  it('is kept apart by status and by whose paths it is on', async () => {
    const mixed = refusals(9, 1).concat(
      repeat(9, (second) => access({ second, status: 401, latency: '0s' })),
      repeat(9, (second) => access({ second, status: 429, path: '/v0/management/config' })),
    )
    expect(await burstsIn(mixed)).toEqual([])
    const panel = repeat(10, (second) =>
      access({ second, status: 403, latency: '0s', path: '/v0/management/config' }),
    )
    const traffic = repeat(1000, (second) => access({ second: second % 10 }))
    expect(await burstsIn([...traffic, ...panel])).toMatchObject([
      { routeClass: 'management', requests: 10, share: 1 },
    ])
  })

  it('is none for 503 and others unless the definition has them', async () => {
    const log = refusals(10, 1, 0, 503)
    expect(await burstsIn(log)).toEqual([])
    expect(await burstsIn(log, { ...BURST_DEFINITION, statuses: [503] })).toHaveLength(1)
  })

  it('that is still going comes first, then the one with more events', async () => {
    const early = (count: number, status: number) => refusals(count, 1, 0, status)
    const late = repeat(10, (index) => access({ second: 1000 + index, status: 429, latency: '900ms' }))
    const found = await burstsIn([...early(20, 401), ...early(30, 403), ...late])
    expect(found.map(({ status, state }) => `${status} ${state}`)).toEqual([
      '429 ongoing',
      '403 over',
      '401 over',
    ])
  })

  it('meets its definition in any log', async () => {
    const step = fc.record({
      wait: fc.constantFrom(0, 1, 20, 60, 61, 100),
      status: fc.constantFrom(200, 200, 401, 403, 429),
      times: fc.integer({ min: 1, max: 12 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
        let end = 0
        const events = steps.flatMap(({ wait, status, times }) => {
          end += wait
          const second = end
          return repeat(times, () => ({ second, status }))
        })
        const found = await burstsIn(events.map(({ second, status }) => access({ second, status })))
        for (const burst of found) expectSustained(burst, events, end)
      }),
    )
  })
})

function expectSustained(
  { status, startMs, endMs, count, requests, share, state }: Burst,
  events: readonly { second: number; status: number }[],
  logEnd: number,
) {
  const [start, end] = [(startMs - START_MS) / 1000, (endMs - START_MS) / 1000]
  const seconds = events.filter((event) => event.status === status).map(({ second }) => second)
  const own = seconds.filter((second) => second >= start && second <= end)
  expect(own).toHaveLength(count)
  expect(count).toBeGreaterThanOrEqual(10)
  expect(share).toBe(count / requests)
  expect(end - start >= 120 || share >= 0.05).toBe(true)
  const gaps = own.slice(1).map((second, index) => second - (own[index] ?? 0))
  expect(Math.max(...gaps)).toBeLessThanOrEqual(60)
  const before = Math.max(...seconds.filter((second) => second < start))
  const after = Math.min(...seconds.filter((second) => second > end))
  expect(Math.min(start - before, after - end)).toBeGreaterThan(60)
  expect(state).toBe(logEnd - end <= 60 ? 'ongoing' : 'over')
}
